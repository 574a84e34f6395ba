"""What is set aside is never lost: many from one place, and spam that was a person after all."""

import uuid
from datetime import datetime
from typing import Any

import pytest
import time_machine
from django.test import Client as Browser
from django.utils import timezone

from config.foundation.models import StaffTask
from config.sample_requests import posted
from intake import sources, triage
from intake.models import AppointmentRequest, Client, CostQuestion, SourceVisit
from intake.submission import submit_form
from notifications.models import Message
from tests.factories import load_sample_clinic, make_user
from tests.intake.bad_input.conftest import Asker
from tests.intake.test_samples import BY_ID, send

TWO = 2


@pytest.fixture
def small_bound(db: None, settings: Any) -> None:
    settings.REQUESTS_AN_HOUR = TWO
    load_sample_clinic()


def from_one_place(code: str = "R01", address: str = "203.0.113.9", **wrong: list[str]) -> AppointmentRequest:
    asker = Asker(code)
    asker.browser.defaults["REMOTE_ADDR"] = address
    return asker.stored(**wrong)


def test_the_third_of_an_hour_waits_aside_is_thanked_and_nothing_is_sent_to_it(small_bound: None) -> None:
    for code in ("R01", "R02"):
        assert from_one_place(code).status == "new"
    before = Message.objects.count()

    third = from_one_place("R22")

    assert third.status == "quarantined"
    assert "many_from_one_place" in set(third.markers.values_list("code", flat=True))
    assert Message.objects.count() == before
    assert StaffTask.objects.get(kind="set_aside").title.startswith("Many requests")


def test_others_and_the_next_hour_are_not_held_up(small_bound: None) -> None:
    now = timezone.now()
    with time_machine.travel(now, tick=False):
        for code in ("R01", "R02"):
            from_one_place(code)
        assert from_one_place("R03", address="203.0.113.10").status == "new"
    with time_machine.travel(now + sources.WINDOW, tick=False):
        assert from_one_place("R22").status == "new"


def test_whoever_needs_help_today_is_never_set_aside(small_bound: None) -> None:
    for code in ("R01", "R02"):
        from_one_place(code)

    assert from_one_place("R06").priority == "urgent"
    assert from_one_place("R07").status != "quarantined"


def test_a_form_saved_for_later_gets_no_more_links_by_mail_and_says_so(small_bound: None) -> None:
    for code in ("R01", "R02"):
        from_one_place(code)
    asker = Asker("R03")
    before = Message.objects.count()

    asker.browser.defaults["REMOTE_ADDR"] = "203.0.113.9"
    page = asker.browser.post("/request/saved/", {"email": "someone@example.com"})

    assert "We cannot send a link right now." in page.content.decode()
    assert Message.objects.count() == before


def test_no_address_is_kept_and_its_trace_goes_after_a_day(small_bound: None) -> None:
    from_one_place("R01", address="203.0.113.77")
    row = SourceVisit.objects.get()

    assert "203.0.113" not in f"{row.source_hash}{row.pk}"
    sources.forget_old(now=row.at + sources.KEPT)
    assert not SourceVisit.objects.exists()


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ({"REMOTE_ADDR": "203.0.113.9"}, {"REMOTE_ADDR": "203.0.113.9"}, True),
        ({"REMOTE_ADDR": "203.0.113.9"}, {"REMOTE_ADDR": "203.0.113.8"}, False),
        ({"REMOTE_ADDR": "2001:db8::1"}, {"REMOTE_ADDR": "2001:db8::ffff:1"}, True),
        ({"REMOTE_ADDR": "2001:db8::1"}, {"REMOTE_ADDR": "2001:db8:0:1::1"}, False),
        # What a client writes there itself counts for nothing.
        (
            {"REMOTE_ADDR": "203.0.113.9", "HTTP_X_FORWARDED_FOR": "1.2.3.4"},
            {"REMOTE_ADDR": "203.0.113.9"},
            True,
        ),
    ],
)
def test_a_place_is_an_address_or_a_line_of_ipv6(one: dict, other: dict, same: bool, rf: Any) -> None:
    now = timezone.now()
    found = [sources.source_of(rf.get("/", **each), now=now) for each in (one, other)]

    assert all(found)
    assert (found[0] == found[1]) is same


def test_behind_our_proxy_its_own_word_counts(rf: Any, settings: Any) -> None:
    settings.BEHIND_PROXY = True
    now = timezone.now()

    def told(words: str) -> str:
        return sources.source_of(rf.get("/", HTTP_X_FORWARDED_FOR=words), now=now)

    assert told("6.6.6.6, 203.0.113.9") == told("203.0.113.9") != told("203.0.113.9, 6.6.6.6")
    assert told("") == told("unknown") == ""


def test_this_machine_itself_is_no_place(rf: Any) -> None:
    """A proxy that we were not told of would make all the world one place."""
    assert sources.source_of(rf.get("/", REMOTE_ADDR="127.0.0.1"), now=timezone.now()) == ""


# --- restored -----------------------------------------------------------------------------------------


def restored(sent: AppointmentRequest, *, at: str) -> AppointmentRequest:
    by, now = make_user(roles="front_desk"), datetime.fromisoformat(at)
    with time_machine.travel(now, tick=False):
        desk = Browser()
        desk.force_login(by)
        said = {"act": "restore", "version": str(sent.version)}
        desk.post(f"/staff/request/{sent.pk}/decide/", said)
    sent.refresh_from_db()
    return sent


def test_one_press_brings_r33_back_and_tells_the_client_as_everybody_is_told(db: None) -> None:
    load_sample_clinic()
    sent = send("R33")
    assert not Message.objects.exists()

    restored(sent, at="2027-03-02T10:00:00-07:00")

    assert (sent.status, sent.priority) == ("new", "normal")
    mail = Message.objects.get(audience="client")
    assert (mail.kind, mail.to) == ("received", "promo@example.net")
    assert sent.reference in mail.text
    # The promise counts from now: the one made when it came was broken before anybody saw it.
    assert sent.reply_by == datetime.fromisoformat("2027-03-03T17:00:00-07:00")
    assert not sent.markers.filter(cleared_at=None).exists()


def test_a_person_taken_for_spam_keeps_the_hurry_and_the_day_of_asking_a_price(db: None) -> None:
    load_sample_clinic()
    sent = as_spam("R07", ask_estimate=["yes"])
    assert (sent.status, sent.priority) == ("quarantined", "low")

    restored(sent, at="2027-03-02T10:00:00-07:00")

    assert sent.priority == "same_day"
    assert CostQuestion.objects.get().asked_at == sent.submitted_at


def as_spam(code: str, **more: list[str]) -> AppointmentRequest:
    """The sample, sent faster than anybody types."""
    return submit_form(
        {**posted(BY_ID[code]["form"]), **more},
        submission_id=uuid.uuid4(),
        now=datetime.fromisoformat(BY_ID[code]["submitted_at"]),
        seconds_to_fill=1,
    )


def test_who_is_restored_and_was_known_is_the_known_person_with_their_open_request_beside_it(
    db: None,
) -> None:
    load_sample_clinic()
    first = send("R01")
    again = as_spam("R01", reason=["The same once more, in other words."])
    assert again.client_id != first.client_id

    restored(again, at="2027-03-02T10:00:00-07:00")

    assert again.client_id == first.client_id
    marker = again.markers.get(code="possible_duplicate", cleared_at=None)
    assert marker.other_request == first
    assert Client.objects.known().filter(email__iexact=again.client.email).count() == 1
    desk = Browser()
    desk.force_login(make_user(roles="front_desk"))
    assert "Maybe wrote twice" in desk.get(f"/staff/request/{again.pk}/").content.decode()


def test_who_is_restored_and_only_shares_an_address_stays_a_person_of_their_own(db: None) -> None:
    load_sample_clinic()
    first = send("R01")
    other = as_spam("R01", first_name=["Quinn"], birth_date=["1961-02-03"])

    restored(other, at="2027-03-02T10:00:00-07:00")

    assert other.status == "new"
    assert other.client_id != first.client_id
    assert not other.markers.filter(code="possible_duplicate").exists()


def test_what_staff_set_aside_themselves_comes_back_as_it_was(db: None) -> None:
    load_sample_clinic()
    sent, by = send("R01"), make_user(roles="front_desk")
    promise, told = sent.reply_by, Message.objects.count()
    now = datetime.fromisoformat("2027-03-01T10:00:00-07:00")
    triage.set_aside(appointment_request=sent, by=by, now=now, expect_version=sent.version)
    sent.refresh_from_db()

    restored(sent, at="2027-03-02T10:00:00-07:00")

    assert (sent.status, sent.reply_by) == ("new", promise)
    assert Message.objects.count() == told
