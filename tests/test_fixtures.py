"""The fixtures that stand for the world outside do what they promise."""

import smtplib
import socket
from collections.abc import Callable

import pytest
from django.core.mail import get_connection, send_mail

from tests.browser import Visitor
from tests.mail_sink import Mode, Sink
from tests.processes import Worker


def send(sink: Sink) -> None:
    with smtplib.SMTP(sink.host, sink.port, timeout=2) as client:
        client.sendmail("clinic@example.com", ["ana@example.com"], "Subject: Hello\r\n\r\nGood day.\r\n")


def test_the_sink_keeps_what_it_was_given(smtp_sink: Sink) -> None:
    send(smtp_sink)

    assert [message["Subject"] for message in smtp_sink.to("ana@example.com")] == ["Hello"]


def test_django_sends_to_the_sink(smtp_sink: Sink) -> None:
    connection = get_connection("django.core.mail.backends.smtp.EmailBackend")

    send_mail("Hello", "Good day.", None, ["ana@example.com"], connection=connection)

    assert smtp_sink.messages[0]["To"] == "ana@example.com"


@pytest.mark.parametrize(("mode", "code"), [(Mode.REFUSE_4XX, 451), (Mode.REFUSE_5XX, 550)])
def test_the_sink_refuses(smtp_sink: Sink, mode: Mode, code: int) -> None:
    smtp_sink.mode = mode

    with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
        send(smtp_sink)

    assert refused.value.recipients["ana@example.com"][0] == code


def test_the_sink_hangs(smtp_sink: Sink) -> None:
    smtp_sink.mode = Mode.HANG

    with pytest.raises(smtplib.SMTPServerDisconnected, match="timed out"):
        send(smtp_sink)


def test_the_sink_drops_the_line_after_taking_the_message(smtp_sink: Sink) -> None:
    smtp_sink.mode = Mode.DROP_AFTER_DATA

    with pytest.raises(smtplib.SMTPServerDisconnected):
        send(smtp_sink)

    assert len(smtp_sink.messages) == 1


def test_the_sink_comes_back_on_the_same_port(smtp_sink: Sink) -> None:
    with smtp_sink.stopped(), pytest.raises(ConnectionRefusedError):
        send(smtp_sink)

    send(smtp_sink)
    assert len(smtp_sink.messages) == 1


def test_a_worker_starts_and_stops(worker: Worker) -> None:
    assert "ready." in worker.output

    worker.stop()

    assert worker.process.returncode is not None


def test_other_hosts_are_out_of_reach() -> None:
    with pytest.raises(PermissionError):
        socket.create_connection(("192.0.2.1", 80), timeout=1)


@pytest.mark.django_db(transaction=True)
def test_a_browser_opens_a_page(visitor: Visitor, accessible: Callable[..., None]) -> None:
    page = visitor.opens(width=320)

    page.set_content("<html lang=en><title>Hello</title><main><h1>Hello</h1></main></html>")

    accessible(page)
    assert page.title() == "Hello"
