"""Every address of the product. Each app brings its own; the roof only puts them together."""

from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path
from django.views.i18n import set_language

from config import views
from config.foundation.policy import public

urlpatterns: list[URLPattern | URLResolver] = [
    path("set-language/", public(set_language), name="set_language"),
    path("accounts/", include("allauth.urls")),
]

if settings.DEBUG:
    urlpatterns.append(path("dev/components/", views.components, name="components"))
