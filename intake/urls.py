"""Addresses for clients. No id, no health word: what a page is about is not in its address."""

from django.urls import path, re_path

from intake.views import later, public, steps

urlpatterns = [
    path("", public.landing, name="landing"),
    path("privacy/", public.privacy, name="privacy"),
    path("help/", public.help_page, name="help"),
    path("request/", steps.step, name="request"),
    path("request/received/", public.received, name="received"),
    path("request/saved/", later.saved, name="saved"),
    path("request/start-over/", later.start_over, name="start_over"),
    re_path(r"^request/(?P<name>about|safety|you|paying|send)/$", steps.step, name="request_step"),
]
