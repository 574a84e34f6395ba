"""The owner sets the clinic up in the browser: what it breaks is shown first, who changed what is kept."""

from datetime import date, datetime
from typing import Any

import pytest
import time_machine
from django.db import DatabaseError, transaction
from django.test import Client as Browser
from django.urls import reverse

from config.foundation.clinic import Clinic, Closure, Location
from config.foundation.user import User
from intake.models import Package, Practitioner, Service
from notifications.models import Message
from scheduling import booking
from scheduling.models import (
    Appointment,
    DateOverride,
    Estimate,
    PriceVersion,
    Resource,
    Room,
    SettingChange,
    Shift,
    TimeOff,
)
from tests.factories import NOW, ZONE, load_sample_clinic, make_appointment_request, make_user

pytestmark = pytest.mark.django_db
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


@pytest.fixture(autouse=True)
def on_monday(db: None):
    with time_machine.travel(NOW, tick=False):
        load_sample_clinic()
        yield


@pytest.fixture
def owner(client: Browser) -> Browser:
    client.force_login(make_user(roles="front_desk therapist administrator"), backend=BACKEND)
    return client


def row(kind: str, pk: object = "new") -> str:
    return reverse("settings:row", args=[kind, pk])


def visit(start: str = "2027-03-03T09:00") -> Appointment:
    return booking.confirm(
        appointment_request=make_appointment_request(),
        practitioner=Practitioner.objects.get(code="P1"),
        room=Room.objects.get(code="maple"),
        starts_at=datetime.fromisoformat(start).replace(tzinfo=ZONE),
        by=make_user(),
        now=NOW,
    )


def test_a_closure_that_breaks_a_visit_is_shown_and_confirmed_before_it_counts(owner: Browser) -> None:
    broken = visit()
    days = Closure.objects.count()
    typed = {"starts_on": "2027-03-03", "ends_on": "2027-03-03", "reason": "Painters", "act": "save"}
    first = owner.post(row("closures"), typed)
    page = first.content.decode()
    assert first.status_code == 409
    assert "1 visit would no longer fit" in page
    assert "The clinic is closed then." in page
    assert "Bookable times in the next two weeks" in page
    assert Closure.objects.count() == days
    mark = first.context["outcome"].mark
    assert owner.post(row("closures"), {**typed, "confirmed": "0" * 16}).status_code == 409
    assert owner.post(row("closures"), {**typed, "confirmed": mark}).status_code == 302
    assert Closure.objects.count() == days + 1
    broken.refresh_from_db()
    assert broken.status == "booked"
    line = SettingChange.objects.get()
    assert (line.kind, line.what, line.changes["reason"]) == ("closures", "added", [None, "Painters"])


def test_looking_saves_nothing_and_says_what_can_be_booked_then(owner: Browser) -> None:
    typed = {"starts_on": "2027-03-02", "ends_on": "2027-03-02", "act": "look"}
    page = owner.post(row("closures"), typed)
    assert page.status_code == 200
    assert "Every visit in the calendar still fits." in page.content.decode()
    assert any(now > then for _name, now, then in page.context["times"])
    assert not SettingChange.objects.exists()


@pytest.mark.parametrize(
    ("kind", "typed", "sentence"),
    [
        ("closures", {"starts_on": "2027-03-05", "ends_on": "2027-03-03"}, "The last day is before the first day."),
        ("closures", {"starts_on": "2027-03-05", "ends_on": "2027-03-05", "from_time": "12:00"}, "Give both times, or neither."),
        ("closures", {"starts_on": "someday", "ends_on": "2027-03-05"}, "Enter a valid date."),
        ("time-off", {"starts_on": "2027-03-05", "ends_on": "2027-03-04"}, "The end is before the start."),
        ("hours", {"weekday": "0", "starts": "17:00", "ends": "09:00"}, "The end is before the start."),
        ("hours", {"weekday": "1", "starts": "08:30", "ends": "09:30"}, "This overlaps"),
        ("hours", {"weekday": "1", "starts": "21:00", "ends": "22:00", "every_weeks": "2"}, "Give the first date on which it takes place."),
        ("services", {"public_name": "Short", "minutes": "-5"}, "At least 5 minutes."),
        ("services", {"public_name": "Long", "minutes": "60", "buffer_after_minutes": "-1"}, "At least 0 minutes."),
        ("services", {"public_name": "Bad", "minutes": "60", "kind": "wellness", "estimate": "gfe"}, "for health care only"),
        ("practitioners", {"name": "New One", "npi": "12"}, "An NPI has ten digits."),
        ("places", {"name": "Video", "kind": "video", "way_in": "http://video.example/room"}, "Enter a valid URL."),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_and_what_was_typed_stays(
    owner: Browser, kind: str, typed: dict[str, str], sentence: str
) -> None:
    person, place = Practitioner.objects.get(code="P1"), Location.objects.get(code="main")
    page = owner.post(
        row(kind),
        {"practitioner": person.pk, "location": place.pk, "every_weeks": "1", **typed, "act": "save"},
    )
    assert page.status_code == 422
    text = page.content.decode()
    assert sentence in text
    assert all(
        f'value="{value}"' in text
        for value in typed.values()
        if value not in {"wellness", "gfe", "video", "0", "1"}
    )
    assert not SettingChange.objects.exists()


def test_shifts_of_other_weeks_do_not_overlap(owner: Browser) -> None:
    person, place = Practitioner.objects.get(code="P1"), Location.objects.get(code="main")
    typed = {"practitioner": person.pk, "location": place.pk, "weekday": "5", "starts": "09:00", "ends": "12:00", "every_weeks": "2"}  # fmt: skip
    assert owner.post(row("hours"), {**typed, "anchor_on": "2027-03-06", "act": "save"}).status_code == 302
    assert owner.post(row("hours"), {**typed, "anchor_on": "2027-03-13", "act": "save"}).status_code == 302
    assert owner.post(row("hours"), {**typed, "anchor_on": "2027-03-20", "act": "save"}).status_code == 422


def test_time_off_hours_and_a_person_who_leaves_name_the_visits_they_break(owner: Browser) -> None:
    broken = visit()
    person = Practitioner.objects.get(code="P1")
    away = {"practitioner": person.pk, "starts_on": "2027-03-03", "ends_on": "2027-03-03", "reason": "Course"}
    page = owner.post(row("time-off"), {**away, "act": "save"})
    assert [each.visit.pk for each in page.context["outcome"].broken.values()] == [broken.pk]
    assert owner.post(row("time-off"), {**away, "act": "save", "confirmed": page.context["outcome"].mark}).status_code == 302  # fmt: skip
    off = TimeOff.objects.get(practitioner=person, starts_at__date=date(2027, 3, 3))
    assert owner.get(row("time-off", off.pk)).status_code == 200
    assert owner.post(row("time-off", off.pk), {"act": "remove"}).status_code == 302
    wednesday = Shift.objects.filter(practitioner=person, weekday=2).order_by("starts")[0]
    page = owner.post(row("hours", wednesday.pk), {"act": "remove"})
    assert (page.status_code, len(page.context["broken"])) == (409, 1)
    assert Shift.objects.filter(pk=wednesday.pk).exists()
    gone = {"name": person.name, "role": person.role, "languages": ["en"], "minimum_notice_hours": "24", "position": "0",
            "services": [str(each.pk) for each in person.services.all()]}  # fmt: skip
    page = owner.post(row("practitioners", person.pk), {**gone, "act": "save"})
    assert (page.status_code, len(page.context["broken"])) == (409, 1)
    person.refresh_from_db()
    assert person.active


def test_a_room_gets_machines_and_a_person_becomes_bookable_at_once(owner: Browser) -> None:
    main, service = Location.objects.get(code="main"), Service.objects.get(code="PT-FU")
    typed = {"name": "Birch room", "location": main.pk, "services": [service.pk], "position": "9", "machines": "2", "active": "on", "act": "save"}  # fmt: skip
    assert owner.post(row("rooms"), typed).status_code == 302
    room = Room.objects.get(name="Birch room")
    assert Resource.objects.filter(room=room, active=True).count() == 3
    owner.post(row("rooms", room.pk), {**typed, "machines": "1"})
    assert Resource.objects.filter(room=room, active=True).count() == 2
    person = {"name": "Nova New, PT", "role": "therapist", "languages": ["en"], "minimum_notice_hours": "0", "position": "9",
              "services": [service.pk], "active": "on", "act": "save"}  # fmt: skip
    assert owner.post(row("practitioners"), person).status_code == 302
    nova = Practitioner.objects.get(name="Nova New, PT")
    assert Resource.objects.filter(practitioner=nova).exists()
    hours = {"practitioner": nova.pk, "location": main.pk, "weekday": "6", "starts": "09:00", "ends": "12:00", "every_weeks": "1", "act": "save"}  # fmt: skip
    assert owner.post(row("hours"), hours).status_code == 302
    page = owner.get(reverse("settings:preview"), {"service": "PT-FU"}).content.decode()
    assert "am Nova" in page


def test_other_hours_of_one_day_take_the_place_of_the_weekly_ones(owner: Browser) -> None:
    """A day off first shows whom it hits; a Sunday with hours becomes bookable."""
    broken, main = visit(), Location.objects.get(code="main")
    person = Practitioner.objects.get(code="P1")
    off = {"practitioner": person.pk, "on": "2027-03-03"}
    page = owner.post(row("special-days"), {**off, "act": "look"})
    assert list(page.context["outcome"].broken) == [broken.pk]
    assert owner.post(row("special-days"), {**off, "act": "save"}).status_code == 409
    assert not DateOverride.objects.exists()
    sunday = {
        "practitioner": person.pk,
        "on": "2027-03-07",
        "location": main.pk,
        "starts": "10:00",
        "ends": "14:00",
    }
    page = owner.post(row("special-days"), {**sunday, "act": "look"})
    assert all(then > before for _name, before, then in page.context["times"])
    assert page.context["times"]
    assert owner.post(row("special-days"), {**sunday, "act": "save"}).status_code == 302
    assert "2\u00a0pm" in owner.get(reverse("settings:rows", args=["special-days"])).content.decode()
    assert (
        owner.post(row("special-days", DateOverride.objects.get().pk), {"act": "remove"}).status_code == 302
    )
    assert not DateOverride.objects.exists()


SUNDAY = {"on": "2027-03-07", "starts": "10:00", "ends": "14:00"}


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({**SUNDAY, "on": "2027-02-28"}, "This day is over."),
        ({**SUNDAY, "ends": ""}, "Give both times, or neither."),
        ({**SUNDAY, "ends": "09:00"}, "The end is before the start."),
        ({**SUNDAY, "location": ""}, "Say where."),
        ({**SUNDAY, "on": "2027-03-14"}, "This overlaps"),
        ({"on": "2027-03-14"}, "That day has hours already."),
        ({**SUNDAY, "on": "2027-03-21"}, "marked as off already"),
    ],
)
def test_hours_of_one_day_that_make_no_sense_are_said_so(
    typed: dict[str, str], sentence: str, owner: Browser
) -> None:
    person, main = Practitioner.objects.get(code="P1"), Location.objects.get(code="main")
    DateOverride.objects.create(
        practitioner=person, on="2027-03-14", starts="12:00", ends="13:00", location=main
    )
    DateOverride.objects.create(practitioner=person, on="2027-03-21")

    page = owner.post(
        row("special-days"), {"practitioner": person.pk, "location": main.pk, **typed, "act": "save"}
    )

    assert page.status_code == 422
    assert sentence in page.content.decode()
    assert DateOverride.objects.count() == 2


def test_a_package_is_sold_once_it_is_saved_and_costs_no_more_than_its_visits(owner: Browser) -> None:
    service = Service.objects.get(code="PT-FU")
    typed = {"service": service.pk, "visits": "4", "price_cents": "$600", "valid_months": "6", "refund": "Pro rata", "active": "on", "act": "save"}  # fmt: skip
    for wrong in ({"price_cents": "99999"}, {"price_cents": "a lot"}, {"visits": "1"}, {"valid_months": "0"}):
        assert owner.post(row("packages"), {**typed, **wrong}).status_code == 422
    assert owner.post(row("packages"), typed).status_code == 302
    package = Package.objects.get(visits=4)
    assert (package.price_cents, package.code) == (60000, "pt-fu-4")
    assert "600" in Browser().get("/").content.decode()
    owner.post(row("packages", package.pk), {**typed, "active": ""})
    package.refresh_from_db()
    assert not package.active
    assert "600" not in Browser().get("/").content.decode()
    assert SettingChange.objects.filter(kind="packages").count() == 2


def test_a_price_change_is_a_new_version_and_estimates_keep_theirs(owner: Browser) -> None:
    booked = visit()
    before = Estimate.objects.get(appointment=booked)
    service = booked.service
    page = reverse("settings:prices", args=[service.pk])
    line = service.price_lines.get()
    typed: dict[str, Any] = {
        "form-TOTAL_FORMS": "2", "form-INITIAL_FORMS": "1", "seen": "0",
        "form-0-name": line.name, "form-0-name_es": line.name_es, "form-0-codes": ", ".join(line.service_codes), "form-0-quantity": "1",
        "form-0-unit_cents": "199.50", "form-1-name": "Report", "form-1-quantity": "2", "form-1-unit_cents": "$10",
    }  # fmt: skip
    assert owner.post(page, {**typed, "form-0-unit_cents": "a lot"}).status_code == 422
    assert owner.post(page, {**typed, "form-0-unit_cents": "-5"}).status_code == 422
    assert owner.post(page, typed).status_code == 302
    assert owner.post(page, typed).status_code == 409  # an older page
    service.refresh_from_db()
    assert (service.price_cents, service.price_lines.count()) == (21950, 2)
    assert list(PriceVersion.objects.values_list("number", "total_cents")) == [(2, 21950), (1, 21000)]
    kept = Estimate.objects.get(pk=before.pk)
    assert (kept.total_cents, kept.snapshot) == (before.total_cents, before.snapshot)
    with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
        PriceVersion.objects.update(total_cents=1)


def test_the_clinic_itself(owner: Browser) -> None:
    clinic = Clinic.get()
    typed = {"name": clinic.name, "phone": "801-555-0100", "reply_by_time": "16:30", "proposal_hold_hours": "24", "change_notice_hours": "24",
             "late_change_fee_percent": "50", "no_show_fee_percent": "100", "reminders_hours": "3, 48", "reviews_estimates": "on"}  # fmt: skip
    here = reverse("settings:clinic")
    assert owner.post(here, {**typed, "late_change_fee_percent": "150"}).status_code == 422
    assert owner.post(here, {**typed, "reminders_hours": "soon"}).status_code == 422
    assert owner.post(here, {**typed, "booking_horizon_days": "401"}).status_code == 422
    assert owner.post(here, typed).status_code == 302
    clinic = Clinic.get()
    assert (clinic.reminders_hours, clinic.reviews_estimates, clinic.proposal_hold_hours) == (
        [48, 3],
        True,
        24,
    )
    assert "Who changed what" in owner.get(here).content.decode()


def test_staff_are_invited_by_mail_and_the_last_administrator_stays(owner: Browser) -> None:
    typed = {"email": "Nova@Example.com", "first_name": "Nova", "is_front_desk": "on", "is_therapist": "on"}
    assert (
        owner.post(reverse("people:invite"), {**typed, "is_front_desk": "", "is_therapist": ""}).status_code
        == 422
    )
    assert owner.post(reverse("people:invite"), typed).status_code == 302
    assert owner.post(reverse("people:invite"), typed).status_code == 422  # has this address already
    nova = User.objects.get(email="nova@example.com")
    assert {str(role) for role in nova.roles} == {"front_desk", "therapist"}
    invitation = Message.objects.get(kind="invitation")
    link = next(word for word in invitation.text.split() if "/password/reset/key/" in word)
    path = "/" + link.split("/", 3)[3]
    somebody = Browser()
    form = somebody.get(path, follow=True)
    assert form.status_code == 200
    chosen = somebody.post(form.redirect_chain[-1][0], {"password1": "a long new password", "password2": "a long new password"})  # fmt: skip
    assert chosen.status_code == 302
    nova.refresh_from_db()
    assert nova.check_password("a long new password")
    me = User.objects.get(is_administrator=True)
    page = owner.post(reverse("people:person", args=[me.pk]), {"is_front_desk": "on", "is_active": "on"})
    assert "last administrator" in page.content.decode()
    me.refresh_from_db()
    assert me.is_administrator


def test_pages_are_for_the_administrator_only(client: Browser) -> None:
    client.force_login(make_user(roles="front_desk therapist"), backend=BACKEND)
    assert client.get(reverse("settings:index")).status_code == 403
    assert client.post(row("closures"), {"act": "save"}).status_code == 403
    assert client.get(reverse("people:people")).status_code == 403


@pytest.mark.parametrize("address", ["list/nothing/", "list/hours/nothing/", "list/rooms/0000/"])
def test_what_does_not_exist_is_said_so(owner: Browser, address: str) -> None:
    assert owner.get(f"/staff/settings/{address}").status_code == 404
