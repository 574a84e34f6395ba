"""What the mail provider tells us later: delivered, bounced, complained.

One provider is wired (Mailgun, whose calls are signed); anymail speaks to others in the same words, so
another one is another view class and another key. We take anymail's parser and its check of the signature,
and call our own verb instead of its signal.
"""

import hashlib
from datetime import timedelta
from typing import Any

from anymail.exceptions import AnymailWebhookValidationFailure
from anymail.webhooks.mailgun import MailgunTrackingWebhookView
from django.conf import settings
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBadRequest
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from config.foundation.policy import public
from notifications import delivery, suppression
from notifications.models import Message, ProviderEvent, Receipt, Suppression

OLDEST = timedelta(days=1)  # a provider repeats for hours; what is older is somebody else's


@csrf_exempt
@require_POST
@public
def mailgun(request: HttpRequest) -> HttpResponse:
    """400 for a call that is not signed by the provider, 404 while no key is set; a replay changes nothing."""
    if not settings.ANYMAIL.get("MAILGUN_WEBHOOK_SIGNING_KEY"):
        raise Http404
    view: Any = MailgunTrackingWebhookView()
    try:
        view.run_validators(request)
        events = view.parse_events(request)
    except AnymailWebhookValidationFailure:
        return HttpResponseBadRequest("signature")
    except (ValueError, KeyError, TypeError, AttributeError):
        return HttpResponseBadRequest("form")
    for event in events:
        take(event)
    return HttpResponse("ok")


@transaction.atomic
def take(event: Any) -> bool:
    """Write one event down. False when there is nothing to do: replayed, too old, or not about our mail.

    Our Message-ID exists from the moment the row was written, before it is sent. So a receipt that
    overtakes our own "sent" finds its row, and neither overwrites the other.
    """
    now = timezone.now()
    if event.timestamp is not None and now - event.timestamp > OLDEST:
        return False
    token = hashlib.sha256(f"{event.event_id}".encode()).hexdigest()
    _row, is_new = ProviderEvent.objects.get_or_create(token_hash=token, defaults={"seen_at": now})
    name = str(event.message_id or "").strip("<>")
    message = Message.objects.filter(message_id=f"<{name}>").first()
    if not is_new or message is None:
        return False
    if event.event_type == "delivered":
        return bool(
            Message.objects.filter(pk=message.pk, receipt=Receipt.NONE).update(
                receipt=Receipt.DELIVERED, receipt_at=now
            )
        )
    if event.event_type not in {"bounced", "complained", "rejected"}:
        return False
    complained = event.event_type == "complained"
    Message.objects.filter(pk=message.pk).update(
        receipt=Receipt.COMPLAINED if complained else Receipt.BOUNCED, receipt_at=now
    )
    suppression.suppress(
        address_hash=message.to_hash,
        why=Suppression.Why.COMPLAINT if complained else Suppression.Why.BOUNCE,
        now=now,
        message=message,
    )
    delivery.open_task(message, now=now)
    return True
