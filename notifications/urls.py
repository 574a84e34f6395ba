from django.urls import path

from notifications import views, webhooks

urlpatterns = [
    path("healthz/live", views.live, name="live"),
    path("healthz/ready", views.ready, name="ready"),
    path("webhooks/mailgun/", webhooks.mailgun, name="mailgun"),
]
