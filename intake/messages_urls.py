from django.urls import path

from intake.views import messages

urlpatterns = [
    path("", messages.board, name="messages"),
    path("catalogue/", messages.catalogue_page, name="message_catalogue"),
    path("catalogue/<slug:code>/<slug:language>/", messages.preview, name="message_preview"),
    path("test-mail/", messages.test_mail, name="test_mail"),
    path("<uuid:pk>/again/", messages.send_again, name="message_again"),
    path("<uuid:pk>/unblock/", messages.unblock, name="message_unblock"),
    path("<uuid:pk>/told/", messages.handled, name="message_told"),
]
