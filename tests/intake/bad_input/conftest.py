"""Somebody at the request form, and every place where staff and clients later see what was typed."""

import pytest
from django.http import HttpResponse
from django.test import Client as Browser

from config.sample_requests import posted
from intake.models import AppointmentRequest, RequestDraft
from notifications.models import Message
from tests.factories import load_sample_clinic, make_user
from tests.intake.test_samples import BY_ID

PAGES = ["", "about/", "safety/", "you/", "paying/", "send/"]
Said = dict[str, list[str]]
STILL_HERE = "Everything you typed is still here."


class Asker:
    """A person with a browser who began a while ago, so that speed does not speak against them."""

    def __init__(self, code: str = "R01") -> None:
        self.browser = Browser()
        typed = posted(BY_ID[code]["form"])
        self.said = {name: v for name, v in typed.items() if not name.startswith(("earliest", "latest"))}
        self.browser.post("/request/", {"service": "not_sure"})
        self.age_draft()

    @staticmethod
    def age_draft() -> None:
        draft = RequestDraft.objects.latest("created_at")
        draft.answers = {**draft.answers, "started_at": "2026-01-01T00:00:00+00:00"}
        draft.save()

    def send(self, **wrong: list[str]) -> HttpResponse:
        """All pages with these answers in place of the sample's; the answer of the last."""
        said = {**self.said, **wrong}
        return [self.browser.post(f"/request/{page}", said) for page in PAGES][-1]

    def post(self, page: str, **wrong: list[str]) -> HttpResponse:
        return self.browser.post(f"/request/{page}", {**self.said, **wrong})

    def stored(self, **wrong: list[str]) -> AppointmentRequest:
        answer = self.send(**wrong)
        assert answer.status_code == 302, answer.content.decode()[:2000]
        return AppointmentRequest.objects.latest("submitted_at")


def everywhere(asker: Asker, sent: AppointmentRequest) -> dict[str, str]:
    """Name of the place → what it shows: receipt, desk, client's page, mails."""
    desk = Browser()
    desk.force_login(make_user(roles="front_desk therapist"))
    pages = {
        "receipt": asker.browser.get("/request/received/"),
        "queue": desk.get("/staff/queue/"),
        "request at the desk": desk.get(f"/staff/request/{sent.pk}/"),
        "person": desk.get(f"/staff/clients/{sent.client_id}/"),
        "search": desk.get("/staff/clients/", {"q": sent.client.first_name[:20]}),
        "lists": desk.get("/staff/lists/"),
        "numbers": desk.get("/staff/numbers.csv"),
    }
    found = {}
    for place, answer in pages.items():
        assert answer.status_code == 200, f"{place}: {answer.status_code}"
        found[place] = answer.content.decode()
    for message in Message.objects.all():
        found[f"mail {message.pk} html"] = message.html
        found[f"mail {message.pk} subject"] = message.subject
    return found


def is_kind(answer: HttpResponse) -> bool:
    """Refused without a crash, in a page with words of ours."""
    return 400 <= answer.status_code < 500 and b"<h1" in answer.content


@pytest.fixture
def asker(db: None) -> Asker:
    load_sample_clinic()
    return Asker()
