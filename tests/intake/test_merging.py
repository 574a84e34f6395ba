"""Two requests of one person become one, and are parted again exactly as they were."""

from typing import Any

import pytest
from django.db import IntegrityError, transaction

from config.foundation.versioned import StaleVersion
from intake import merging
from intake.models import AppointmentRequest, Client, Flag, Hold, Joining, Marker, Status
from intake.triage import NotAllowed
from tests.factories import NOW, load_sample_clinic, make_appointment_request, make_client, make_user
from tests.intake.test_samples import send

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clinic(db: None) -> None:
    load_sample_clinic()


def everything() -> dict[str, Any]:
    """Every row that a joining may touch, without the versions, which only rise."""
    found: dict[str, Any] = {}
    for model in (AppointmentRequest, Client, Hold, Flag, Marker):
        names = [field.attname for field in model._meta.concrete_fields if field.name != "version"]
        rows = [{name: getattr(row, name) for name in names} for row in model._base_manager.all()]
        found[model.__name__] = sorted(rows, key=lambda row: str(row["id"]))
    return found


def join(keep: AppointmentRequest, other: AppointmentRequest) -> Joining:
    return merging.join(
        keep=keep,
        other=other,
        by=make_user(),
        now=NOW,
        expect_version=keep.version,
        expect_other=other.version,
    )


def test_the_two_of_one_person_are_joined_with_both_wishes_and_parted_exactly() -> None:
    first, second = send("R02"), send("R30")
    assert first.client_id != second.client_id
    before = everything()
    joining = join(first, second)
    first.refresh_from_db()
    second.refresh_from_db()
    assert set(first.wishes["days"]) == {"tue", "thu", "wed"}
    assert (second.status, second.merged_into) == (Status.MERGED, first)
    assert Client.objects.get(pk=second.client_id).merged_into == first.client
    assert not Marker.objects.filter(code="possible_duplicate", cleared_at=None).exists()
    assert second.story.startswith("Did you get my request")
    merging.part(joining=Joining.objects.get(pk=joining.pk), by=make_user(), now=NOW)
    assert everything() == before
    with pytest.raises(NotAllowed):
        merging.part(joining=Joining.objects.get(pk=joining.pk), by=make_user(), now=NOW)


def test_what_holds_or_flags_the_other_comes_along_and_goes_again() -> None:
    client = make_client()
    keep = make_appointment_request(client=client)
    other = make_appointment_request(client=client, status=Status.ON_HOLD, priority="urgent")
    Hold.objects.create(appointment_request=other, kind="medicare_hold", reason="Ticked", opened_at=NOW)
    Flag.objects.create(appointment_request=other, level="urgent", finding={"code": "saddle"})
    Marker.objects.create(appointment_request=other, code="contact_limits")
    before = everything()
    joining = join(keep, other)
    keep.refresh_from_db()
    assert (keep.status, keep.priority) == (Status.ON_HOLD, "urgent")
    assert [hold.kind for hold in keep.open_holds()] == ["medicare_hold"]
    assert keep.flags.get().finding == {"code": "saddle"}
    assert keep.markers.filter(code="contact_limits").exists()
    merging.part(joining=Joining.objects.get(pk=joining.pk), by=make_user(), now=NOW)
    assert everything() == before


def test_only_ways_that_both_entries_allow_are_left() -> None:
    older = make_client(text_ok=True, voicemail_ok=True, phone="", contact_notes={"best_time": "mornings"})
    newer = make_client(email_ok=False, text_ok=True, voicemail_ok=False, phone="+18015550102")
    join(make_appointment_request(client=older), make_appointment_request(client=newer))
    older.refresh_from_db()
    assert (older.email_ok, older.text_ok, older.voicemail_ok) == (False, True, False)
    assert (str(older.phone), older.contact_notes) == ("+18015550102", {"best_time": "mornings"})
    assert older.events.get().what == "joined"


def test_what_happened_since_stays_when_they_are_parted() -> None:
    client, user = make_client(), make_user()
    keep = make_appointment_request(client=client, wishes={"days": ["mon"]})
    other = make_appointment_request(client=client, wishes={"days": ["tue"]})
    joining = join(keep, other)
    keep.refresh_from_db()
    Hold.objects.create(appointment_request=keep, kind="staff_hold", opened_at=NOW, opened_by=user)
    keep.move_to(Status.ON_HOLD, now=NOW, by=user)
    merging.part(joining=Joining.objects.get(pk=joining.pk), by=user, now=NOW)
    keep.refresh_from_db()
    assert (keep.status, keep.wishes) == (Status.ON_HOLD, {"days": ["mon"]})


@pytest.mark.parametrize("status", [Status.OFFERED, Status.BOOKED, Status.DECLINED])
def test_what_holds_time_or_is_closed_is_not_joined(status: str) -> None:
    client = make_client()
    keep, other = (
        make_appointment_request(client=client),
        make_appointment_request(client=client, status=status),
    )
    for pair in ((keep, other), (other, keep)):
        with pytest.raises(NotAllowed, match="holds_time"):
            join(*pair)
    with pytest.raises(NotAllowed, match="same"):
        join(keep, keep)


def test_an_older_page_joins_nothing_and_one_request_is_joined_once() -> None:
    client = make_client()
    keep, other, third = (make_appointment_request(client=client) for _each in range(3))
    before = everything()
    with pytest.raises(StaleVersion):
        merging.join(keep=keep, other=other, by=make_user(), now=NOW, expect_version=99, expect_other=1)
    assert everything() == before
    done = join(keep, other)
    with pytest.raises(IntegrityError), transaction.atomic():
        Joining.objects.create(kept=third, other=other, at=NOW, by=done.by)
