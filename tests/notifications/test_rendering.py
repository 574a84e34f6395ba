"""A template that fails to render fails where the message is written, with all that caused it; never at send time."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction
from django.template import engines
from django.template.loaders.locmem import Loader

from intake import notices
from intake.models import AppointmentRequest
from notifications import delivery, rendering
from notifications.models import Message, State
from notifications.rendering import RenderingError
from tests.factories import NOW, load_sample_clinic, make_appointment_request
from tests.intake.test_samples import send
from tests.mail_sink import Sink

pytestmark = pytest.mark.django_db
Breaks = Callable[[str, str], None]
BROKEN = {
    "unknown tag": "{% no_such_tag %}",
    "unclosed block": "{% if url %}",
    "missing include": '{% include "no/such/part.txt" %}',
    "include of a missing variable": "{% include nothing %}",
    "empty": " ",
}


@pytest.fixture
def breaks(monkeypatch: pytest.MonkeyPatch) -> Breaks:
    """`breaks(name, source)`: from now on the template of that name has this text."""
    engine: Any = engines["django"].engine  # type: ignore[attr-defined]

    def put(name: str, source: str) -> None:
        before = engine.template_loaders
        monkeypatch.setitem(engine.__dict__, "template_loaders", [Loader(engine, {name: source}), *before])

    return put


@pytest.mark.parametrize("source", BROKEN.values(), ids=BROKEN.keys())
def test_a_request_whose_message_cannot_be_written_is_not_stored_either(source: str, breaks: Breaks) -> None:
    load_sample_clinic()
    breaks("intake/mail/received.txt", source)

    with pytest.raises(RenderingError, match="intake/mail/received"):
        send("R01")

    assert not AppointmentRequest.objects.exists()
    assert not Message.objects.exists()


HOLES = {
    "a word": "{{ missing }}",
    "a part of a word": "{{ clinic.missing }}",
    "a word with a filter": "{{ missing|default:'x' }}",
    "a question": "{% if missing %}x{% endif %}",
    "one of two questions": "{% if clinic.name or missing %}x{% endif %}{% if missing == 1 %}x{% endif %}",
    "a list": "{% for one in missing %}{{ one }}{% endfor %}",
    "a word in a translated sentence": "{% load i18n %}{% blocktranslate %}Dear {{ missing }}{% endblocktranslate %}",
    "a word for a translated sentence": (
        "{% load i18n %}{% blocktranslate with who=missing %}Dear {{ who }}{% endblocktranslate %}"
    ),
    "a word for an included part": '{% include "notifications/mail/button.html" with url=missing label="x" %}',
    "a word of an included part": '{% include "notifications/mail/button.html" with label=clinic.name missing=1 only %}',
}


@pytest.mark.parametrize("part", ["subject.txt", "txt", "html"])
@pytest.mark.parametrize("source", HOLES.values(), ids=HOLES.keys())
def test_a_name_that_nobody_gives_the_message_fails_the_tests(source: str, part: str, breaks: Breaks) -> None:
    """The control of a rule that all tests keep (`tests/holes.py`)."""
    load_sample_clinic()
    breaks(f"intake/mail/received.{part}", f"Something. {source}")

    with pytest.raises(RenderingError, match=r"missing|'url'"), transaction.atomic():
        notices.received(appointment_request=make_appointment_request(), now=NOW)


def test_where_no_test_watches_a_hole_is_blank_and_the_message_leaves(
    breaks: Breaks, smtp_sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    load_sample_clinic()
    breaks("intake/mail/received.txt", "Something. {{ missing }}")
    watched = rendering._part
    monkeypatch.setattr(rendering, "_part", lambda name: watched(name).part)  # type: ignore[attr-defined]
    with transaction.atomic():
        message = notices.received(appointment_request=make_appointment_request(), now=NOW)

    assert delivery.drain(now=NOW) == 1
    assert message.text == "Something.\n"


def test_what_is_written_is_sent_as_it_was_though_its_template_breaks_meanwhile(
    breaks: Breaks, smtp_sink: Sink
) -> None:
    load_sample_clinic()
    with transaction.atomic():
        message = notices.received(appointment_request=make_appointment_request(), now=NOW)
    for part in ("subject.txt", "txt", "html"):
        breaks(f"intake/mail/received.{part}", "{% no_such_tag %}")
    with pytest.raises(RenderingError), transaction.atomic():
        notices.received(appointment_request=make_appointment_request(), now=NOW)

    assert delivery.drain(now=NOW) == 1

    message.refresh_from_db()
    assert message.state == State.SENT
    [mail] = smtp_sink.messages
    assert message.text.splitlines()[0] in str(mail)
