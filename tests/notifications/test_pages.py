"""The ledger, the catalogue, the health pages and the provider's calls."""

import hashlib
import hmac
import json
import secrets
import time
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client as Browser
from django.utils import timezone

from config.celery import app as celery
from config.foundation.access_log import AccessEvent
from config.foundation.staff_tasks import StaffTask
from intake import merging
from notifications import attempts, catalogue, delivery, health, suppression
from notifications.faults import Unknown
from notifications.models import Attempt, Heartbeat, Message, Receipt, State, Suppression
from tests.factories import load_sample_clinic, make_appointment_request, make_client, make_user
from tests.mail_sink import Mode, Sink
from tests.notifications.messages import make_message

pytestmark = pytest.mark.django_db
KEY = "a-signing-key-of-the-provider"


@pytest.fixture
def staff(client: Browser) -> Browser:
    load_sample_clinic()
    client.force_login(make_user(roles="front_desk"))
    return client


def test_every_message_stands_in_the_catalogue_in_each_language(staff: Browser) -> None:
    page = staff.get("/staff/messages/catalogue/").content.decode()

    for kind in catalogue.kinds():
        assert f'id="kind-{kind.code}"' in page
        for language in kind.languages:
            shown = staff.get(f"/staff/messages/catalogue/{kind.code}/{language}/")
            assert shown.status_code == 200
            assert "script-src 'none'" in shown.headers["Content-Security-Policy"]


def test_a_preview_that_does_not_exist_is_not_found(staff: Browser) -> None:
    assert staff.get("/staff/messages/catalogue/nothing/en/").status_code == 404
    assert staff.get("/staff/messages/catalogue/staff_new/es/").status_code == 404


def test_staff_see_what_failed_and_mark_it_as_told_by_phone(staff: Browser) -> None:
    message = make_message()
    Message.objects.filter(pk=message.pk).update(state=State.FAILED, last_code="550 5.1.1")
    delivery.open_task(message, now=timezone.now())

    page = staff.get(f"/staff/messages/?message={message.pk}").content.decode()
    assert "550 5.1.1" in page
    staff.post(f"/staff/messages/{message.pk}/told/", {"how": "called"})

    message.refresh_from_db()
    assert message.handled_how == "called"
    assert StaffTask.objects.get().done_at is not None
    assert staff.post(f"/staff/messages/{message.pk}/told/", {"how": "<b>"}).status_code == 302


def test_send_again_is_refused_for_a_blocked_address(staff: Browser) -> None:
    message = make_message()
    Message.objects.filter(pk=message.pk).update(state=State.SENT, sent_at=timezone.now())
    staff.post(f"/staff/messages/{message.pk}/again/")
    assert Message.objects.count() == 2

    suppression.suppress(address_hash=message.to_hash, why=Suppression.Why.BOUNCE, now=timezone.now())
    staff.post(f"/staff/messages/{message.pk}/again/")
    assert Message.objects.count() == 2


def test_a_blocked_address_is_written_to_again_after_staff_unblock_it_and_that_is_logged(
    staff: Browser,
) -> None:
    message = make_message()
    here = f"/staff/messages/?message={message.pk}"
    suppression.suppress(address_hash=message.to_hash, why=Suppression.Why.BOUNCE, now=timezone.now())
    assert delivery.drain() == 0
    blocked = staff.get(here).content.decode()
    assert "Unblock this address" in blocked
    assert f"{message.pk}/again/" not in blocked

    for _twice in range(2):
        assert staff.post(f"/staff/messages/{message.pk}/unblock/", {"next": here})["Location"] == here

    assert AccessEvent.objects.filter(action="address_unblocked").count() == 1
    assert "Unblock this address" not in staff.get(here).content.decode()
    staff.post(f"/staff/messages/{message.pk}/again/")
    again = Message.objects.get(key__contains=":again:")
    assert (again.state, suppression.is_suppressed(again.to)) == (State.QUEUED, False)


def test_the_button_sends_a_test_mail_to_whoever_presses_it(staff: Browser) -> None:
    staff.post("/staff/messages/test-mail/")

    assert Message.objects.get().kind == "test_mail"


@pytest.mark.parametrize(
    ("event", "more", "receipt", "why"),
    [
        ("failed", {"severity": "permanent"}, Receipt.BOUNCED, Suppression.Why.BOUNCE),
        ("complained", {}, Receipt.COMPLAINED, Suppression.Why.COMPLAINT),
    ],
    ids=["bounce", "complaint"],
)
def test_a_signed_bounce_or_complaint_blocks_the_address_and_asks_staff_and_a_replay_changes_nothing(
    client: Browser, settings: Any, event: str, more: dict[str, str], receipt: str, why: str
) -> None:
    settings.ANYMAIL = {"MAILGUN_WEBHOOK_SIGNING_KEY": KEY}
    message = make_message()  # not marked as sent yet: the receipt overtakes our commit
    call = signed(message, event, **more)

    for _twice in range(2):
        assert client.post("/webhooks/mailgun/", call, content_type="application/json").status_code == 200

    message.refresh_from_db()
    assert message.receipt == receipt
    assert suppression.is_suppressed("Alex.Sample@example.com")  # however it is spelled
    assert (Suppression.objects.get().why, Suppression.objects.get().message) == (why, message)
    task = StaffTask.objects.get()
    assert (task.kind, task.done_at, task.subject_id) == ("message_failed", None, message.subject_id)
    assert "alex" not in task.title.lower()


def test_a_bounce_about_a_request_that_was_joined_to_another_is_seen_with_the_one_that_is_left(
    staff: Browser, settings: Any
) -> None:
    settings.ANYMAIL = {"MAILGUN_WEBHOOK_SIGNING_KEY": KEY}
    person = make_client()
    kept, other = (make_appointment_request(client=person) for _ in range(2))
    message = make_message(subject_type="intake.appointmentrequest", subject_id=other.pk)
    merging.join(
        keep=kept, other=other, by=make_user(), now=timezone.now(),
        expect_version=kept.version, expect_other=other.version,
    )  # fmt: skip

    bounce = signed(message, "failed", severity="permanent")
    staff.post("/webhooks/mailgun/", bounce, content_type="application/json")

    assert StaffTask.objects.get(kind="message_failed").subject_id == str(other.pk)
    for asked in (kept, other):
        page = staff.get(f"/staff/request/{asked.pk}/", follow=True).content.decode()
        assert "did not arrive" in page, asked


def test_a_receipt_that_overtakes_our_own_mark_is_kept_by_it(client: Browser, settings: Any) -> None:
    settings.ANYMAIL = {"MAILGUN_WEBHOOK_SIGNING_KEY": KEY}
    make_message()
    now = timezone.now()
    [message] = delivery.claim(now=now, limit=1, worker="one")
    attempt = attempts.begin(message, worker="one", now=now)
    assert attempt is not None

    client.post("/webhooks/mailgun/", signed(message, "delivered"), content_type="application/json")
    attempts.sent(message, attempt, now=now)

    message.refresh_from_db()
    assert (message.state, message.receipt) == (State.SENT, Receipt.DELIVERED)


def test_a_receipt_after_the_line_was_lost_stops_the_second_copy(
    client: Browser, settings: Any, smtp_sink: Sink
) -> None:
    settings.ANYMAIL = {"MAILGUN_WEBHOOK_SIGNING_KEY": KEY}
    heard, unheard = make_message(), make_message(key="other", to="robin.sample@example.com")
    smtp_sink.mode = Mode.DROP_AFTER_DATA
    delivery.drain()
    smtp_sink.mode = Mode.ACCEPT
    delivery.drain(now=timezone.now() + timedelta(minutes=1))  # the other one, after the pause
    [lost] = Message.objects.filter(state=State.QUEUED)

    call = signed(lost, "delivered")
    assert client.post("/webhooks/mailgun/", call, content_type="application/json").status_code == 200
    delivery.drain(now=timezone.now() + timedelta(minutes=20))

    lost.refresh_from_db()
    assert (lost.state, lost.receipt) == (State.SENT, Receipt.DELIVERED)
    assert len(smtp_sink.messages) == len({heard.pk, unheard.pk})


def test_a_receipt_for_what_was_given_up_takes_the_task_to_call_away(client: Browser, settings: Any) -> None:
    settings.ANYMAIL = {"MAILGUN_WEBHOOK_SIGNING_KEY": KEY}
    message = make_message()
    [message] = delivery.claim(now=timezone.now(), limit=1, worker="one")
    attempts.begin(message, worker="one", now=timezone.now())
    Message.objects.filter(pk=message.pk).update(state=State.FAILED, lease_until=None)
    delivery.open_task(message, now=timezone.now())

    client.post("/webhooks/mailgun/", signed(message, "delivered"), content_type="application/json")

    message.refresh_from_db()
    assert (message.state, message.needs_a_person) == (State.SENT, False)
    assert StaffTask.objects.get().done_at is not None


def test_a_sender_that_hears_nothing_after_the_receipt_queues_no_second_copy(
    client: Browser, settings: Any
) -> None:
    settings.ANYMAIL = {"MAILGUN_WEBHOOK_SIGNING_KEY": KEY}
    make_message()
    now = timezone.now()
    [message] = delivery.claim(now=now, limit=1, worker="one")
    attempt = attempts.begin(message, worker="one", now=now)
    assert attempt is not None

    client.post("/webhooks/mailgun/", signed(message, "delivered"), content_type="application/json")
    delivery._later(message, attempt, fault=Unknown("line lost"), outcome=Attempt.Outcome.UNKNOWN, now=now)

    message.refresh_from_db()
    assert (message.state, message.receipt) == (State.SENT, Receipt.DELIVERED)
    assert not Message.objects.due(now=now + timedelta(days=1)).exists()


def test_a_receipt_for_what_never_left_holds_nothing_back(client: Browser, settings: Any) -> None:
    settings.ANYMAIL = {"MAILGUN_WEBHOOK_SIGNING_KEY": KEY}
    message = make_message()

    client.post("/webhooks/mailgun/", signed(message, "delivered"), content_type="application/json")

    message.refresh_from_db()
    assert message.state == State.QUEUED


def test_a_forged_call_is_refused_and_changes_nothing(client: Browser, settings: Any) -> None:
    settings.ANYMAIL = {"MAILGUN_WEBHOOK_SIGNING_KEY": KEY}
    message = make_message()
    forged = signed(message, "complained", key="another key")

    for body in (forged, "{}", "not json", "[]"):
        assert client.post("/webhooks/mailgun/", body, content_type="application/json").status_code == 400

    assert not suppression.is_suppressed("alex.sample@example.com")


def test_a_call_about_a_mail_that_is_not_ours_is_taken_and_forgotten(client: Browser, settings: Any) -> None:
    settings.ANYMAIL = {"MAILGUN_WEBHOOK_SIGNING_KEY": KEY}
    message = make_message()
    call = signed(message, "complained").replace(str(message.pk), "somebody-elses")

    assert client.post("/webhooks/mailgun/", call, content_type="application/json").status_code == 200
    assert StaffTask.objects.count() == 0


def test_without_a_key_there_is_no_such_page(client: Browser) -> None:
    assert client.post("/webhooks/mailgun/", "{}", content_type="application/json").status_code == 404


def test_other_words_under_an_overheard_signature_change_nothing(client: Browser, settings: Any) -> None:
    settings.ANYMAIL = {"MAILGUN_WEBHOOK_SIGNING_KEY": KEY}
    heard = make_message()
    other = make_message(key="other", to="robin.sample@example.com")
    call = json.loads(signed(heard, "delivered"))
    client.post("/webhooks/mailgun/", json.dumps(call), content_type="application/json")
    call["event-data"] = json.loads(signed(other, "complained"))["event-data"]

    assert (
        client.post("/webhooks/mailgun/", json.dumps(call), content_type="application/json").status_code
        == 200
    )

    assert not suppression.is_suppressed("robin.sample@example.com")
    heard.refresh_from_db()
    assert heard.receipt == Receipt.DELIVERED


def test_a_call_signed_long_ago_changes_nothing(client: Browser, settings: Any) -> None:
    settings.ANYMAIL = {"MAILGUN_WEBHOOK_SIGNING_KEY": KEY}
    call = signed(make_message(), "complained", signed_at=time.time() - 2 * 86400)

    assert client.post("/webhooks/mailgun/", call, content_type="application/json").status_code == 200

    assert not suppression.is_suppressed("alex.sample@example.com")


def test_staff_see_on_every_page_that_mail_does_not_move(staff: Browser) -> None:
    assert "mail-trouble" not in staff.get("/staff/").content.decode()

    make_message(not_before=timezone.now() - timedelta(minutes=6))
    for page in ("/staff/", "/staff/clients/", "/staff/messages/"):
        assert "Mail has not moved for more than five minutes" in staff.get(page).content.decode()


def test_staff_see_that_beat_has_died_or_that_there_are_two(staff: Browser) -> None:
    now = timezone.now()
    Heartbeat.objects.create(name="beat:a", first_at=now - timedelta(hours=1), at=now - timedelta(minutes=4))
    assert "The clock of the mail (beat) has stopped" in staff.get("/staff/").content.decode()

    Heartbeat.objects.filter(name="beat:a").update(at=now - timedelta(seconds=5))
    assert "mail-trouble" not in staff.get("/staff/").content.decode()
    Heartbeat.objects.create(name="beat:b", first_at=now - timedelta(minutes=1), at=now)
    assert "Two clocks of the mail (beat) are running" in staff.get("/staff/").content.decode()


def test_one_busy_worker_is_no_dead_beat() -> None:
    """A sign of life waits out a drain, however long, and is dropped before beat counts as dead."""
    kept = celery.conf.beat_schedule["sign of life"]["options"]["expires"]

    assert 2 * delivery.DRAWN_OUT < kept < health.BEAT_IS_DEAD.total_seconds()


def signed(
    message: Message, event: str, *, key: str = KEY, signed_at: float | None = None, **data: str
) -> str:
    stamp, token = str(int(signed_at or time.time())), secrets.token_hex(25)
    return json.dumps(
        {
            "signature": {
                "timestamp": stamp,
                "token": token,
                "signature": hmac.new(key.encode(), f"{stamp}{token}".encode(), hashlib.sha256).hexdigest(),
            },
            "event-data": {
                "event": event,
                "timestamp": time.time(),
                "recipient": "alex.sample@example.com",
                "message": {"headers": {"message-id": message.message_id.strip("<>")}},
                **data,
            },
        }
    )


def test_ready_says_whether_mail_moves(client: Browser) -> None:
    assert client.get("/healthz/live").status_code == 200
    assert client.get("/healthz/ready").status_code == 503  # nobody has drained yet

    delivery.beat("drain", now=timezone.now())
    answer = client.get("/healthz/ready")
    assert (answer.status_code, answer.json()["oldest_due_seconds"]) == (200, None)

    make_message(not_before=timezone.now() - timedelta(minutes=6))
    assert client.get("/healthz/ready").status_code == 503


def test_a_dead_beat_and_two_beats_are_noticed() -> None:
    now = timezone.now()
    assert not health.look(now=now).is_beat_alive

    Heartbeat.objects.create(name="beat:a", first_at=now - timedelta(hours=1), at=now - timedelta(seconds=10))
    assert health.look(now=now).is_beat_alive
    assert not health.look(now=now).is_beat_doubled

    Heartbeat.objects.create(name="beat:b", first_at=now - timedelta(minutes=1), at=now)
    assert health.look(now=now).is_beat_doubled


def test_a_beat_that_was_restarted_is_not_two() -> None:
    now = timezone.now()
    Heartbeat.objects.create(name="beat:a", first_at=now - timedelta(hours=1), at=now - timedelta(seconds=20))
    Heartbeat.objects.create(name="beat:b", first_at=now - timedelta(seconds=15), at=now)

    assert not health.look(now=now).is_beat_doubled
