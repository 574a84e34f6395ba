"""The client's request by private link: how it stands, the question, the openings, a way out."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client as Browser

from config.foundation import links
from config.foundation.clinic import Clinic
from intake import triage
from intake.models import AppointmentRequest, RequestEvent, Status
from intake.notices import REQUEST_LINK
from scheduling import availability, booking
from scheduling.models import Appointment, Claim
from tests.factories import NOW, make_appointment_request, make_user
from tests.scheduling.booked import confirm, make_offer

pytestmark = pytest.mark.usefixtures("clinic")


@pytest.fixture(autouse=True)
def today():
    with time_machine.travel(NOW, tick=False):
        yield


def link_to(asked: AppointmentRequest) -> str:
    return links.issue(purpose=REQUEST_LINK, subject_id=asked.pk, expires_at=NOW + timedelta(days=90)).path()


def show_openings() -> None:
    Clinic.objects.update(shows_openings=True)


def body(answer) -> str:
    return answer.content.decode()


@pytest.mark.parametrize(
    ("status", "says"),
    [
        (Status.NEW, "You hear from us by"),
        (Status.ON_HOLD, "You hear from us by"),  # why it waits is not told here
        (Status.QUARANTINED, "You hear from us by"),
        (Status.WAITLISTED, "on our waitlist"),
        (Status.DECLINED, "cannot offer you a visit"),
        (Status.REFERRED, "cannot offer you a visit"),
        (Status.WITHDRAWN, "took your request back"),
    ],
)
def test_the_page_says_how_it_stands(client: Browser, status, says):
    asked = make_appointment_request(status=status, story="my secret pain")

    page = client.get(link_to(asked))

    assert page.status_code == 200
    assert says in body(page)
    assert asked.reference in body(page)
    assert "secret" not in body(page)


def test_it_speaks_the_language_of_the_request_unless_another_was_chosen(client: Browser):
    path = link_to(make_appointment_request(language="es"))

    assert '<html lang="es">' in body(client.get(path))
    client.cookies["django_language"] = "en"
    assert '<html lang="en">' in body(client.get(path))


def test_a_question_is_answered_and_staff_read_the_answer(client: Browser):
    asked = make_appointment_request()
    triage.ask(
        appointment_request=asked, question="Which knee is it?", by=make_user(), now=NOW, expect_version=1
    )
    path = link_to(asked)
    assert "Which knee is it?" in body(client.get(path))

    assert client.post(path, {"act": "write", "note": " ", "version": asked.version}).status_code == 422
    values = {"act": "write", "note": "The left one.", "version": asked.version}
    assert client.post(path, values).status_code == 302

    asked.refresh_from_db()
    assert (asked.status, asked.reply_by > NOW) == (Status.NEW, True)
    assert RequestEvent.objects.get(what="answered").why == "The left one."
    assert asked.markers.filter(code="client_wrote").exists()
    assert "Which knee" not in body(client.get(path))
    client.force_login(make_user())
    assert "The left one." in body(client.get(f"/staff/request/{asked.pk}/"))
    replayed = client.post(path, values)
    assert (replayed.status_code, RequestEvent.objects.filter(what="client_wrote").count()) == (409, 0)
    assert "The left one." in body(replayed)  # what was typed is kept


def test_what_the_client_wrote_is_marked_until_somebody_has_read_it(client: Browser):
    asked, staff = make_appointment_request(), make_user()
    written = {"act": "write", "note": "Fridays suit me too.", "version": asked.version}
    assert client.post(link_to(asked), written).status_code == 302
    asked.refresh_from_db()
    client.force_login(staff)
    desk = f"/staff/request/{asked.pk}/"
    assert "I have read it" in body(client.get(desk))
    read = {"act": "read", "version": asked.version}

    assert client.post(f"{desk}decide/", {**read, "version": asked.version - 1}).status_code == 409
    assert asked.markers.get(code="client_wrote").cleared_at is None
    assert client.post(f"{desk}decide/", read).status_code == 302
    assert client.post(f"{desk}decide/", read).status_code == 302  # pressed twice

    shown = body(client.get(desk))
    assert asked.markers.get(code="client_wrote").cleared_by == staff
    assert "I have read it" not in shown
    assert "Fridays suit me too." in shown
    assert asked.events.filter(what="read").count() == 1


def test_openings_are_marked_and_come_first_at_the_desk(client: Browser):
    show_openings()
    asked = make_appointment_request()
    path = link_to(asked)
    page = body(client.get(path))
    values = [part.split('"')[0] for part in page.split('name="time" value="')[1:]]
    assert len(values) == 9

    assert client.post(path, {"act": "mark", "version": 1}).status_code == 422
    assert client.post(path, {"act": "mark", "time": values[:4], "version": 1}).status_code == 422
    for never in ("20270307T0900Z", "20280230T0900Z", "soon", "20270301T0000Z"):
        assert client.post(path, {"act": "mark", "time": [never], "version": 1}).status_code == 409
    chosen = [values[3], values[7]]
    assert client.post(path, {"act": "mark", "time": chosen, "version": 1}).status_code == 302

    asked.refresh_from_db()
    best = availability.best_times(asked, now=NOW)
    assert {f"{slot.starts_at:%Y%m%dT%H%MZ}" for slot in best[:2]} == set(chosen)
    assert not Claim.objects.exists()  # a wish holds nothing
    assert body(client.get(path)).count(" checked") == 2


@pytest.mark.parametrize("careful", [{"priority": "urgent"}, {"status": "on_hold"}, {"service": None}])
def test_openings_are_not_shown_where_somebody_must_look_first(client: Browser, careful):
    show_openings()

    assert 'name="time"' not in body(client.get(link_to(make_appointment_request(**careful))))


def test_openings_are_shown_only_where_the_clinic_wants_it(client: Browser):
    assert 'name="time"' not in body(client.get(link_to(make_appointment_request())))


def test_a_request_is_taken_back_with_the_times_it_holds(client: Browser):
    asked = make_appointment_request()
    make_offer(asked)
    asked.refresh_from_db()
    path = link_to(asked)
    assert client.post(path, {"act": "take_back", "version": asked.version}).status_code == 422

    done = client.post(path, {"act": "take_back", "sure": "yes", "version": asked.version})

    asked.refresh_from_db()
    assert (done.status_code, asked.status, Claim.objects.count()) == (302, Status.WITHDRAWN, 0)
    again = client.post(path, {"act": "take_back", "sure": "yes", "version": asked.version})
    assert again.status_code == 409


def test_it_leads_on_to_the_times_and_to_the_visit(client: Browser):
    offered, booked = make_appointment_request(), make_appointment_request()
    make_offer(offered)
    confirm(booked, "2027-03-08T09:00")

    for asked, act, says in (
        (offered, "times", "We keep them for you"),
        (booked, "visit", "Add to my calendar"),
    ):
        path = link_to(asked)
        assert f'value="{act}"' in body(client.get(path))
        went = client.post(path, {"act": act})
        assert says in body(client.get(went["Location"]))


def test_looking_changes_nothing_and_an_unknown_act_is_refused(client: Browser):
    show_openings()
    asked = make_appointment_request()
    path = link_to(asked)
    before = RequestEvent.objects.count(), links.Link.objects.count(), Appointment.objects.count()

    client.get(path)
    assert client.post(path, {"act": "delete"}).status_code == 422
    assert client.post(path, {}).status_code == 422

    asked.refresh_from_db()
    assert asked.version == 1
    assert (RequestEvent.objects.count(), links.Link.objects.count(), Appointment.objects.count()) == before


def test_a_link_of_another_purpose_or_a_revoked_one_gets_the_neutral_page(client: Browser):
    asked = make_appointment_request()
    path = link_to(asked)
    links.revoke(purpose="request", subject_id=asked.pk, now=NOW)

    page = client.get(path)

    assert page.status_code == 404
    assert "What you can do" in body(page)
    assert client.post(path, {"act": "take_back", "sure": "yes", "version": 1}).status_code == 404
    foreign = links.issue(purpose="offer", subject_id=asked.pk, expires_at=NOW.replace(year=2028)).path()
    assert client.get(foreign).status_code == 404
    booking.expire_offers(now=NOW)
