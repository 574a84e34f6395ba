"""An issued estimate on its way: with its mail, on paper, in one file, and who is told when it is late."""

import base64
import io
import json
import zipfile
from datetime import timedelta

import pytest
from django.test import Client as Browser
from django.utils import timezone

from config.foundation.models import StaffTask, User
from intake.models import Practitioner
from notifications.models import Message, State
from scheduling.estimates import delivery, documents, issue, record, versions, watch
from scheduling.models import Estimate, EstimateEvent, Trigger
from tests.scheduling.estimates.rows import a_client, a_trigger
from tests.scheduling.estimates.test_issue import NOW, a_request, a_visit, confirmed

pytestmark = pytest.mark.usefixtures("clinic")


@pytest.mark.parametrize(("ticked", "attached"), [(False, []), (True, ["estimate-2027-0001.pdf"])])
def test_the_paper_travels_with_the_mail_only_where_that_was_ticked(
    ticked: bool, attached: list[str]
) -> None:
    estimate = confirmed(a_request(client=a_client(email_document_ok=ticked)))
    documents.make_waiting(now=NOW)

    message = Message.objects.get(subject_id=str(estimate.pk))

    assert [one["name"] for one in message.attachments] == attached
    assert all(
        base64.b64decode(one["content"]) == bytes(estimate.document.pdf) for one in message.attachments
    )
    assert ("It is attached." in message.text) is ticked


def test_a_name_without_a_font_is_a_task_and_the_mail_leaves_with_its_page_alone() -> None:
    estimate = confirmed(a_request(client=a_client(first_name="\U000f0000", last_name="X")))

    assert documents.make_waiting(now=NOW) == 0

    estimate.refresh_from_db()
    assert estimate.document_state == "refused"
    message = Message.objects.get()
    assert message.state == State.QUEUED
    assert "attached" not in message.content["text"]
    task = StaffTask.objects.get()
    assert task.kind == "estimate_unprintable"
    assert "print it from your browser" in task.details


def test_a_mail_that_says_attached_waits_when_there_is_no_document() -> None:
    nameless = a_client(first_name="\U000f0000", last_name="X", email_document_ok=True)
    confirmed(a_request(client=nameless))

    documents.make_waiting(now=NOW)

    assert Message.objects.get().state == State.HELD
    assert "Its mail waits" in StaffTask.objects.get().details


def test_a_bounced_price_summary_becomes_a_task_too() -> None:
    estimate = confirmed(a_request(service="TUNE"), practitioner=Practitioner.objects.get(code="P3"))
    documents.make_waiting(now=NOW)
    Message.objects.filter(subject_id=str(estimate.pk)).update(
        state=State.SENT, sent_at=NOW, receipt="bounced"
    )

    delivery.follow(now=NOW + timedelta(minutes=1))

    assert StaffTask.objects.filter(kind="estimate_undelivered", subject_id=str(estimate.pk)).exists()
    assert list(delivery.undelivered()) == [estimate]


def test_staff_get_one_mail_about_all_that_became_due_and_a_task_for_each() -> None:
    for name in ("first", "second", "third"):
        confirmed(a_request(client=a_client(first_name=name, email="", email_ok=False)))

    watch.look(now=NOW + timedelta(days=3))
    watch.look(now=NOW + timedelta(days=3, minutes=1))

    mails = Message.objects.filter(kind="staff_deadline")
    assert {one.subject for one in mails} == {"3 estimates are due"}
    assert len({one.to for one in mails}) == mails.count()
    assert StaffTask.objects.still_open().filter(kind="estimate_due").count() == 3


def test_the_warnings_end_when_the_estimate_is_with_the_client(by: User) -> None:
    estimate = confirmed(a_request(client=a_client(email="", email_ok=False)))
    watch.look(now=NOW + timedelta(days=3))
    assert StaffTask.objects.still_open().filter(kind="estimate_due").exists()
    assert Message.objects.filter(kind="staff_deadline").exists()

    delivery.give(estimate=estimate, what=EstimateEvent.What.POSTED, by=by, now=NOW + timedelta(days=3))

    assert not StaffTask.objects.still_open().filter(kind__startswith="estimate_").exists()


def test_one_file_holds_every_paper_byte_for_byte_with_its_proof(desk: Browser, by: User) -> None:
    estimate = confirmed(a_request())
    documents.make_waiting(now=NOW)
    versions.correct(estimate=estimate, by=by, now=NOW, why="address")
    documents.make_waiting(now=NOW)

    packed = record.one_file(client=estimate.client, now=NOW)

    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        assert sorted(archive.namelist()) == ["2027-0001-1.pdf", "2027-0001-2.pdf", "proof.json"]
        said = json.loads(archive.read("proof.json"))["estimates"]
        assert archive.read("2027-0001-1.pdf") == bytes(estimate.document.pdf)
    assert [one["version"] for one in said] == [1, 2]
    assert said[1]["answers"][0]["tier"] == "T1"
    assert {event["what"] for event in said[0]["events"]} == {"issued", "document_made", "superseded"}
    answer = desk.get(f"/staff/estimates/client/{estimate.client_id}/?save=1")
    assert answer["Content-Type"] == "application/zip"


def test_who_asks_the_price_of_a_booked_visit_gets_its_estimate_again_and_no_other(
    desk: Browser, by: User
) -> None:
    asked = a_request()
    starts_at = timezone.now() + timedelta(days=20)
    estimate = issue.issue_for_appointment(appointment=a_visit(asked, starts_at=starts_at), by=by)
    assert estimate
    Message.objects.update(state=State.SENT, sent_at=timezone.now())
    delivery.follow(now=timezone.now())
    desk.post(f"/staff/estimates/asked/{asked.pk}/")
    [question] = Trigger.objects.running()

    assert desk.post(f"/staff/estimates/clock/{question.pk}/").status_code == 302

    assert Estimate.objects.get() == estimate
    again = Message.objects.get(state=State.QUEUED)
    assert again.subject_id == str(estimate.pk)
    question.refresh_from_db()
    assert question.satisfied_by == estimate
    assert question.is_running
    Message.objects.filter(pk=again.pk).update(state=State.SENT, sent_at=timezone.now())
    delivery.follow(now=timezone.now())
    question.refresh_from_db()
    assert not question.is_running


def test_who_gets_paper_gets_it_printed_again(by: User) -> None:
    client = a_client(email_ok=False, email="")
    estimate = issue.issue_for_appointment(appointment=a_visit(a_request(client=client)), by=by, now=NOW)
    assert estimate
    delivery.give(estimate=estimate, what=EstimateEvent.What.POSTED, by=by, now=NOW)
    question = a_trigger(client=client, happened_at=NOW)

    assert issue.issue_waiting(trigger=question, by=by, now=NOW) == [estimate]

    assert StaffTask.objects.still_open().get().kind == "estimate_by_paper"
    delivery.give(estimate=estimate, what=EstimateEvent.What.HANDED, by=by, now=NOW)
    question.refresh_from_db()
    assert not question.is_running
