"""The addresses of the forms pages, under `/staff/forms/`."""

from django.urls import path

from intake.views import questionnaires as views

app_name = "forms"

urlpatterns = [
    path("", views.forms, name="list"),
    path("import/", views.import_form, name="import"),
    path("<uuid:pk>/", views.form, name="form"),
    path("<uuid:pk>/preview/", views.preview, name="preview"),
    path("<uuid:pk>/export/", views.export, name="export"),
    path("<uuid:pk>/publish/", views.publish, name="publish"),
    path("<uuid:pk>/retire/", views.retire, name="retire"),
    path("<uuid:pk>/phone/", views.phone, name="phone"),
    path("<uuid:pk>/approve/", views.approve, name="approve"),
    path("<uuid:pk>/attach/", views.attach, name="attach"),
]
