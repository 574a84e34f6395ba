"""Addresses of estimates for staff."""

from django.urls import path

from scheduling.views import estimate_desk as views

app_name = "estimates"
urlpatterns = [
    path("", views.board, name="board"),
    path("prices/", views.prices, name="prices"),
    path("plan/<uuid:client_id>/", views.plan, name="plan"),
    path("asked/<uuid:request_id>/", views.asked_about_cost, name="asked"),
    path("clock/<uuid:pk>/", views.waiting, name="waiting"),
    path("client/<uuid:client_id>/", views.client_file, name="file"),
    path("client/<uuid:client_id>/asked/", views.client_asked_about_cost, name="client_asked"),
    path("client/<uuid:client_id>/payer/", views.payer, name="payer"),
    path("<uuid:pk>/", views.proof, name="proof"),
    path("<uuid:pk>/given/", views.given, name="given"),
    path("<uuid:pk>/take-back/", views.take_back, name="take_back"),
    path("<uuid:pk>/dispute/", views.dispute, name="dispute"),
    path("<uuid:pk>/change/", views.change, name="change"),
]
