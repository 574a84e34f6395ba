"""The desk's addresses, under `/staff/`. No address holds anything about a person but an id."""

from django.urls import path

from scheduling.views import desk

app_name = "desk"

urlpatterns = [
    path("", desk.desk_page, name="desk"),
    path("queue/", desk.queue, name="queue"),
    path("bar/", desk.calendar_bar, name="bar"),
    path("pulse/", desk.pulse, name="pulse"),
    path("closed/", desk.closed, name="closed"),
    path("calendar.json", desk.calendar_feed, name="calendar"),
    path("neutral/", desk.neutral, name="neutral"),
    path("request/<uuid:pk>/", desk.request_page, name="request"),
    path("request/<uuid:pk>/why/", desk.why_not, name="why"),
    path("visit/<uuid:pk>/", desk.visit_page, name="visit"),
    path("day/<str:day>/sheet/", desk.day_sheet, name="sheet"),
]
