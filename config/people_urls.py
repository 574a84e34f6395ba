from django.urls import path

from config import people_views

app_name = "people"
urlpatterns = [
    path("", people_views.people_page, name="people"),
    path("invite/", people_views.invite, name="invite"),
    path("<int:pk>/", people_views.person, name="person"),
    path("<int:pk>/invite/", people_views.invite_again, name="invite_again"),
]
