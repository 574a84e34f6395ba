"""What the mail provider tells us later: delivered, bounced, complained.

One provider is wired (Mailgun, whose calls are signed); anymail speaks to others in the same words, so
another one is another view class and another key. We take anymail's parser and its check of the signature,
and call our own verb instead of its signal.
"""

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from anymail.exceptions import AnymailWebhookValidationFailure
from anymail.webhooks.mailgun import MailgunTrackingWebhookView
from django.conf import settings
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBadRequest
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from config.foundation import staff_tasks
from config.foundation.policy import public
from notifications import delivery, suppression
from notifications.models import Message, ProviderEvent, Receipt, State, Suppression

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
    signature = json.loads(request.body)["signature"]
    take_all(events, token=str(signature["token"]), signed_at=int(signature["timestamp"]))
    return HttpResponse("ok")


@transaction.atomic
def take_all(events: Sequence[Any], *, token: str, signed_at: int) -> int:
    """The events of one call; how many said something new.

    The provider signs a time and a token, not the words. So a token counts once: who overheard one call
    cannot put other words under its signature.
    """
    now = timezone.now()
    if now.timestamp() - signed_at > OLDEST.total_seconds() or not _is_first(f"token:{token}", now=now):
        return 0
    return sum(take(event) for event in events)


def _is_first(name: str, *, now: datetime) -> bool:
    key = hashlib.sha256(name.encode()).hexdigest()
    return ProviderEvent.objects.get_or_create(token_hash=key, defaults={"seen_at": now})[1]


@transaction.atomic
def take(event: Any) -> bool:
    """Write one event down. False when there is nothing to do: replayed, too old, or not about our mail.

    Our Message-ID exists from the moment the row was written, before it is sent. So a receipt that
    overtakes our own "sent" finds its row, and neither overwrites the other.
    """
    now = timezone.now()
    if event.timestamp is not None and now - event.timestamp > OLDEST:
        return False
    is_new = event.event_id is None or _is_first(f"event:{event.event_id}", now=now)
    name = str(event.message_id or "").strip("<>")
    message = Message.objects.filter(message_id=f"<{name}>").first()
    if not is_new or message is None:
        return False
    if event.event_type == "delivered":
        return _arrived(message, now=now)
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


# What its sender may have handed over without hearing the answer: the line was lost, or the process died.
_UNSURE = (State.QUEUED, State.SENDING, State.FAILED)


def _arrived(message: Message, *, now: datetime) -> bool:
    """It is with its reader, so a second copy is not sent and nobody needs to call about it.

    A sender that has it in hand just now loses nothing: it marks by id what has left, and any other end it
    writes only while the row is still its own.
    """
    settled = Message.objects.filter(pk=message.pk, state__in=_UNSURE, tries__isnull=False)
    if Message.objects.filter(pk__in=settled.values("pk")).update(
        state=State.SENT, sent_at=now, lease_owner="", lease_until=None, last_code=""
    ):
        staff_tasks.close_task(key=f"message:{message.pk}", by=None, outcome="arrived", now=now)
    return bool(
        Message.objects.filter(pk=message.pk, receipt=Receipt.NONE).update(
            receipt=Receipt.DELIVERED, receipt_at=now
        )
    )
