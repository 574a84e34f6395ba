"""Rows for tests: plain functions with sensible defaults. A test states only what matters to it."""

import json
import uuid
from datetime import date, datetime
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import yaml

from config.clinic_file.loading import load
from config.clinic_file.reading import read
from config.foundation.models import User
from intake import form_library
from intake.models import AppointmentRequest, Client, Questionnaire, Service
from tests import kept_rows

SAMPLE = Path(__file__).resolve().parent.parent / "sample-clinic.yaml"
ZONE = ZoneInfo("America/Denver")
NOW = datetime(2027, 3, 1, 9, 0, tzinfo=ZONE)  # the anchor of the sample clinic, a Monday

_number = count(1)


@cache
def sample_file() -> dict[str, Any]:
    """The sample clinic as the file has it. Read once a process, for all: whoever changes it takes a copy."""
    held: dict[str, Any] = yaml.safe_load(SAMPLE.read_text(encoding="utf-8"))
    return held


def load_sample_clinic(*, visits: bool = False, starting: date | None = None) -> None:
    """The clinic, its people, rooms, hours, services and known clients; no requests, visits when asked for.

    Its dates are those of the file, or shifted by whole weeks to begin in the week of `starting`.
    """

    def make() -> None:
        clinic_file = read(SAMPLE.read_text(encoding="utf-8"))
        if not visits:
            clinic_file.data.pop("appointments", None)
        load(clinic_file, starting=starting)

    kept_rows.put_back(f"sample clinic, visits: {visits}, starting: {starting}", make)


def make_user(*, email: str = "", roles: str = "front_desk", **fields: Any) -> User:
    """A member of staff; `roles` are words such as "front_desk therapist administrator"."""
    held = {f"is_{role}": True for role in roles.split()}
    return User.objects.create_user(
        email or f"staff{next(_number)}@example.com", "a password", **held, **fields
    )


def make_client(*, first_name: str = "Alex", last_name: str = "Sample", **fields: Any) -> Client:
    born = fields.pop("birth_date", date(1986, 4, 19))
    fields.setdefault("email", f"client{next(_number)}@example.com")
    client = Client(first_name=first_name, last_name=last_name, **fields)
    client.set_birth_date(born)
    client.save()
    return client


def make_appointment_request(
    *, service: Service | str | None = "ORTHO-EVAL", client: Client | None = None, **fields: Any
) -> AppointmentRequest:
    """A new request as it lies in the queue; `service` may be the code of one that is loaded."""
    asked = Service.objects.get(code=service) if isinstance(service, str) else service
    values: dict[str, Any] = {
        "reference": f"T{next(_number):06d}",
        "submission_id": uuid.uuid4(),
        "client": client or make_client(),
        "service_asked": asked,
        "service": asked,
        "client_status": AppointmentRequest.ClientStatus.NEW,
        "submitted_at": NOW,
        "reply_by": datetime(2027, 3, 2, 17, 0, tzinfo=ZONE),
    }
    return AppointmentRequest.objects.create(**{**values, **fields})


def publish_form(*questions: dict[str, Any], service: str = "ORTHO-EVAL", name: str = "own") -> Questionnaire:
    """A form of the clinic's own with these questions, published and asked by a service."""
    frame = {"resourceType": "Questionnaire", "status": "active", "version": "1", "title": name}
    raw = {**frame, "url": f"https://forms.example/{name}", "item": list(questions)}
    form = form_library.take_in(content=json.dumps(raw).encode(), by=None, now=NOW)
    form_library.publish(questionnaire=form, by=None, now=NOW, rights_confirmed=True, warnings_seen=True)
    form_library.attach(questionnaire=form, services=[Service.objects.get(code=service)], by=None)
    return form
