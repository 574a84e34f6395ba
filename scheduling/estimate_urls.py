"""Addresses of estimates for staff."""

from django.urls import path

from scheduling.views import estimates

app_name = "estimates"
urlpatterns = [
    path("", estimates.board, name="board"),
    path("plan/<uuid:client_id>/", estimates.plan, name="plan"),
    path("asked/<uuid:request_id>/", estimates.asked_about_cost, name="asked"),
    path("<uuid:pk>/", estimates.proof, name="proof"),
    path("<uuid:pk>/given/", estimates.given, name="given"),
]
