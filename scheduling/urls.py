"""The desk's addresses, under `/staff/`. No address holds anything about a person but an id."""

from django.urls import path

from scheduling.views import acts, clients, decide, desk, entry, request, visit, visit_acts

app_name = "desk"

urlpatterns = [
    path("", desk.desk_page, name="desk"),
    path("queue/", desk.queue, name="queue"),
    path("bar/", desk.calendar_bar, name="bar"),
    path("pulse/", desk.pulse, name="pulse"),
    path("closed/", desk.closed, name="closed"),
    path("calendar.json", desk.calendar_feed, name="calendar"),
    path("neutral/", desk.neutral, name="neutral"),
    path("requests/new/", entry.entry, name="entry"),
    path("request/<uuid:pk>/", request.request_page, name="request"),
    path("request/<uuid:pk>/why/", request.why_not, name="why"),
    path("request/<uuid:pk>/confirm/", acts.confirm, name="confirm"),
    path("request/<uuid:pk>/offer/", acts.offer, name="offer"),
    path("request/<uuid:pk>/decide/", decide.decide, name="decide"),
    path("request/<uuid:pk>/compare/<uuid:other_pk>/", decide.compare, name="compare"),
    path("request/<uuid:pk>/join/<uuid:other_pk>/", decide.join, name="join"),
    path("request/<uuid:pk>/part/<uuid:other_pk>/", decide.part, name="part"),
    path("visit/<uuid:pk>/", visit.visit_page, name="visit"),
    path("visit/<uuid:pk>/move/", visit_acts.move, name="visit_move"),
    path("visit/<uuid:pk>/cancel/", visit_acts.cancel, name="visit_cancel"),
    path("visit/<uuid:pk>/arrive/", visit_acts.arrive, name="visit_arrive"),
    path("visit/<uuid:pk>/done/", visit_acts.fulfil, name="visit_fulfil"),
    path("visit/<uuid:pk>/no-show/", visit_acts.no_show, name="visit_no_show"),
    path("visit/<uuid:pk>/undo/", visit_acts.undo, name="visit_undo"),
    path("clients/", clients.clients, name="clients"),
    path("clients/<uuid:pk>/", clients.client_page, name="client"),
    path("clients/<uuid:pk>/edit/", clients.edit, name="client_edit"),
    path("clients/<uuid:pk>/messages/<uuid:message_pk>/", clients.send_again, name="client_message"),
    path("day/<str:day>/sheet/", desk.day_sheet, name="sheet"),
]
