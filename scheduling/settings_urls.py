"""Addresses of the clinic's settings, under `/staff/settings/`."""

from django.urls import path

from scheduling.views import clinic_settings

app_name = "settings"
urlpatterns = [
    path("", clinic_settings.index, name="index"),
    path("clinic/", clinic_settings.clinic_page, name="clinic"),
    path("preview/", clinic_settings.preview, name="preview"),
    path("prices/<uuid:pk>/", clinic_settings.price_page, name="prices"),
    path("list/<slug:kind>/", clinic_settings.rows, name="rows"),
    path("list/<slug:kind>/<slug:pk>/", clinic_settings.row, name="row"),
]
