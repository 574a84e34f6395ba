"""Groups 50 to 60: protocol and the mechanics of forms."""

import json
import socket
import subprocess
import time
import tracemalloc
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from django.core import signing
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.test import Client as Browser
from django.test.client import encode_multipart

from config.commands import web_command
from config.servers import answers
from config.wsgi import application
from intake.models import AppointmentRequest, Client, RequestDraft
from notifications.models import Message
from tests.access_matrix import ROWS
from tests.intake.bad_input.conftest import STILL_HERE, Asker, is_kind
from tests.lived_in import lived_in_clinic
from tests.privacy.test_get_changes_nothing import changed, everything, real_addresses, signed_in

ROOT = Path(__file__).resolve().parents[3]


def test_group_50_pressed_twice_is_one_request_and_one_mail(asker: Asker) -> None:
    first, second = asker.send(), asker.post("send/")

    assert (first["Location"], second["Location"]) == ("/request/received/", "/request/received/")
    assert AppointmentRequest.objects.count() == 1
    assert Message.objects.filter(kind="received").count() == 1


def test_group_50_two_tabs_keep_what_both_said(asker: Asker) -> None:
    asker.post("about/", reason=["from the first tab"])
    asker.post("you/", first_name=["Second"])

    assert "from the first tab" in asker.browser.get("/request/about/").content.decode()


def test_group_51_the_same_submission_with_other_answers(asker: Asker) -> None:
    asker.send()

    answer = asker.post("you/", first_name=["Other"])

    assert answer.status_code == 409
    assert is_kind(answer)


@pytest.mark.parametrize("token", ["", "forged", str(uuid.uuid4()), "x:y:z"], ids=["52 none", "52 forged", "52 unsigned", "52 odd"])  # fmt: skip
def test_group_52_a_draft_that_is_not_theirs_starts_a_new_one_with_what_was_typed(
    token: str, asker: Asker
) -> None:
    stranger = Browser()
    answer = stranger.post(
        "/request/about/", {**asker.said, "reason": "typed without a draft", "draft": token}
    )

    assert answer.status_code == 302
    assert RequestDraft.objects.count() == 2
    assert "typed without a draft" in stranger.get("/request/about/").content.decode()


def test_group_52_an_expired_draft_starts_a_new_one(asker: Asker) -> None:
    RequestDraft.objects.update(expires_at="2020-01-01T00:00:00Z")

    answer = asker.post("about/", reason=["typed a month later"])

    assert answer.status_code == 302
    assert "typed a month later" in asker.browser.get("/request/about/").content.decode()


@pytest.mark.parametrize(
    ("headers", "with_token"),
    [
        ({}, False),
        ({"HTTP_ORIGIN": "https://evil.example"}, True),
        ({"HTTP_ORIGIN": "null"}, True),
        ({"HTTP_REFERER": "https://evil.example/"}, True),
    ],
    ids=["53 no token", "53 other origin", "53 null origin", "53 other page over https"],
)
def test_group_53_a_post_from_elsewhere_is_refused_with_help(
    headers: dict[str, str], with_token: bool, asker: Asker
) -> None:
    """Even with the right token, which a page elsewhere cannot read."""
    stranger = Browser(enforce_csrf_checks=True)
    stranger.get("/request/", secure=True)
    token = {"csrfmiddlewaretoken": stranger.cookies["csrftoken"].value} if with_token else {}

    answer = stranger.post("/request/", {"service": "not_sure", **token}, secure=True, **headers)

    assert answer.status_code == 403
    assert "What you typed is still there" in answer.content.decode()
    assert RequestDraft.objects.count() == 1  # the asker's own


def test_group_53_the_control_a_post_from_our_own_page_is_taken(asker: Asker) -> None:
    own = Browser(enforce_csrf_checks=True)
    own.get("/request/", secure=True)
    token = own.cookies["csrftoken"].value

    answer = own.post(
        "/request/",
        {"service": "not_sure", "csrfmiddlewaretoken": token},
        secure=True,
        HTTP_ORIGIN="https://testserver",
    )

    assert answer.status_code == 302


TWICE = {
    "service": "", "for_whom": "", "side": "about/", "reason": "about/", "started_on_day": "about/", "first_name": "you/",
    "email": "you/", "birth_date_year": "you/", "prefer": "you/", "coverage": "paying/", "carrier": "paying/",
    "policy_seen": "send/",
}  # fmt: skip


@pytest.mark.parametrize("name", TWICE)
def test_group_54_one_question_answered_twice(name: str, asker: Asker) -> None:
    answer = asker.post(TWICE[name], **{name: ["a", "b"]})

    assert answer.status_code == 400
    assert STILL_HERE in answer.content.decode()
    assert not AppointmentRequest.objects.exists()


def test_group_55_unknown_fields_change_nothing(asker: Asker) -> None:
    extra = {"status": ["booked"], "is_staff": ["1"], "price": ["0"], "practitioner_id": ["9"], "client": ["1"],
             "priority": ["urgent"], "id": ["1"], "entered_by": ["1"]}  # fmt: skip
    sent = asker.stored(**extra)

    assert (sent.status, sent.priority, sent.entered_by_id) == ("new", "normal", None)
    assert Client.objects.filter(pk=sent.client_id).exists()
    kept = RequestDraft.objects.latest("updated_at").answers["said"]
    assert not extra.keys() & kept.keys()


WRONG_BODIES = {
    "56 array name": ("first_name[]=x", "application/x-www-form-urlencoded"),
    "56 json": (json.dumps({"first_name": "x"}), "application/json"),
    "56 no boundary": ("x", "multipart/form-data"),
    "56 gzip": (b"\x1f\x8b\x08\x00", "application/x-www-form-urlencoded"),
    "56 text": ("first_name=x", "text/plain"),
    "56 charset": ("first_name=x", "application/x-www-form-urlencoded; charset=nonsense"),
}


@pytest.mark.parametrize(("body", "kind"), WRONG_BODIES.values(), ids=WRONG_BODIES)
def test_group_56_another_kind_of_body_is_refused(body: str | bytes, kind: str, asker: Asker) -> None:
    answer = asker.browser.generic("POST", "/request/you/", body, kind)

    assert is_kind(answer)


def test_group_57_ten_thousand_fields(asker: Asker) -> None:
    answer = asker.browser.post("/request/you/", {f"x{number}": "1" for number in range(10_000)})

    assert answer.status_code in (400, 413)
    assert is_kind(answer)


def test_group_57_ten_megabytes_cost_no_memory(asker: Asker) -> None:
    body = b"first_name=" + b"x" * 10_000_000
    tracemalloc.start()

    answer = asker.browser.generic("POST", "/request/you/", body, "application/x-www-form-urlencoded")

    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert answer.status_code == 413
    assert peak < 50_000_000


def test_group_57_two_hundred_files_are_no_reason_to_lose_the_page(asker: Asker) -> None:
    """Some are looked at, all are refused in words; what was typed is kept."""
    files = [SimpleUploadedFile(f"{number}.jpg", b"x") for number in range(200)]

    answer = asker.browser.post("/request/paying/", {**asker.said, "card_front": files})

    assert is_kind(answer)


def test_group_57_a_part_within_a_part(asker: Asker) -> None:
    nested = (
        b'--a\r\nContent-Disposition: form-data; name="first_name"\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n'
        b"--b\r\n\r\nx\r\n--b--\r\n--a--\r\n"
    )

    answer = asker.browser.generic("POST", "/request/you/", nested, "multipart/form-data; boundary=a")

    assert answer.status_code in (302, 400, 422)


@pytest.fixture
def server() -> Iterator[int]:
    """The server of `make run` and of the container, a little less patient; its port."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = subprocess.Popen([*web_command(bind=f"127.0.0.1:{port}"), "--timeout", "2"], cwd=ROOT)
    try:
        wait_until_open(port)
        yield port
    finally:
        process.terminate()
        process.wait(timeout=30)


BODY_WITHOUT_END = (
    b"POST /request/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 500\r\nCookie: csrftoken=%b\r\n\r\n"
    % (b"a" * 32)
)
HEADERS_WITHOUT_END = b"GET /healthz/live HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: "


def test_group_58_who_sends_a_byte_a_second_is_hung_up_on_and_holds_no_other_up(server: int) -> None:
    """The server has eight threads: more slow ones than that wait for each other no longer than its patience."""
    slow = [socket.create_connection(("127.0.0.1", server)) for _each in range(10)]
    for line, begun in zip(slow, [BODY_WITHOUT_END, HEADERS_WITHOUT_END] * 5, strict=True):
        line.sendall(begun)

    open_lines, ends_at = set(slow), time.monotonic() + 12
    while open_lines and time.monotonic() < ends_at:
        time.sleep(0.2)
        open_lines = {line for line in open_lines if not is_over(line)}

    with urllib.request.urlopen(f"http://127.0.0.1:{server}/healthz/live", timeout=5) as answer:
        assert answer.status == 200
    assert open_lines == set()
    for line in slow:
        line.close()


def is_over(line: socket.socket) -> bool:
    """Send one byte more, and see whether the server has hung up."""
    line.setblocking(False)
    try:
        line.send(b"x")
        while line.recv(4096):
            pass
    except BlockingIOError:
        return False
    except OSError:
        pass
    return True


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=b"])
def test_group_58_half_a_form_changes_nothing_of_what_was_there(kind: str, asker: Asker) -> None:
    asker.post("about/", reason=["All of what I wrote before"])
    asker.browser.get("/request/about/")
    token = asker.browser.cookies["csrftoken"].value
    typed = {
        "csrfmiddlewaretoken": token,
        **asker.said,
        "reason": "All of what I wrote before, and more",
    }
    body = encode_multipart("b", typed) if "multipart" in kind else urlencode(typed, doseq=True).encode()

    status = sent(asker, body[: body.index(b"before") + 6], kind, announced=len(body))

    assert 400 <= status < 500
    assert "All of what I wrote before<" in asker.browser.get("/request/about/").content.decode()
    assert sent(asker, body, kind, announced=len(body)) == 302, "whole it is taken"


def sent(asker: Asker, body: bytes, kind: str, *, announced: int) -> int:
    """The status of the answer of what our server serves to a body that may be shorter than it says."""
    environ = asker.browser._base_environ(
        REQUEST_METHOD="POST",
        PATH_INFO="/request/about/",
        CONTENT_TYPE=kind,
        CONTENT_LENGTH=str(announced),
        **{"wsgi.input": BytesIO(body)},
    )
    statuses: list[str] = []
    with own_line_kept():
        answer: Any = application(environ, lambda status, headers: statuses.append(status))
        answer.close()
    return int(statuses[0][:3])


@contextmanager
def own_line_kept() -> Iterator[None]:
    """The application may not close the test's own line to the database."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


def wait_until_open(port: int) -> None:
    until = time.monotonic() + 60
    while not answers(port):
        assert time.monotonic() < until
        time.sleep(0.2)


@pytest.fixture
def stranger(db: None) -> Browser:
    return Browser()


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "PUT", "DELETE", "PATCH", "TRACE"])
def test_group_59_other_methods_change_nothing(method: str, stranger: Browser) -> None:
    addresses = [f"/{pattern}" for pattern in ROWS if "<" not in pattern and "(" not in pattern]

    statuses = {address: stranger.generic(method, address).status_code for address in addresses}

    assert statuses
    statuses.pop("/healthz/ready", None)  # 503 here: there is no worker to be ready
    allowed = {200, 302, 403, 404, 405} if method in ("HEAD", "OPTIONS") else {302, 403, 404, 405}
    assert {address: status for address, status in statuses.items() if status not in allowed} == {}
    assert not AppointmentRequest.objects.exists()


@pytest.mark.parametrize(
    "host", ["evil.example", "testserver, evil.example", "testserver@evil.example", "[::1", "a" * 300, ""]
)
def test_group_60_another_host_is_refused(host: str, asker: Asker) -> None:
    answer = asker.browser.get("/request/", HTTP_HOST=host, SERVER_NAME="evil.example")

    assert answer.status_code == 400


def test_group_60_links_in_mails_do_not_follow_the_host(asker: Asker) -> None:
    asker.browser.defaults["HTTP_X_FORWARDED_HOST"] = "evil.example"

    asker.stored()

    assert Message.objects.exists()
    assert not [message for message in Message.objects.all() if "evil.example" in message.html]


def test_a_forged_draft_signature_is_no_signature() -> None:
    """The control of group 52: only our own signature opens a draft."""
    with pytest.raises(signing.BadSignature):
        signing.loads("forged", salt="request-draft")


@pytest.mark.once
def test_group_59_no_method_but_get_and_post_does_anything_even_for_the_owner(db: None) -> None:
    """Every address, with ids of rows that are there, for somebody who may do everything."""
    clinic = lived_in_clinic()
    owner = signed_in(clinic.owner)
    addresses = real_addresses(owner)
    before = everything()

    statuses = {
        f"{method} {address}": owner.generic(method, address).status_code
        for address in addresses
        for method in ("PUT", "PATCH", "DELETE", "TRACE", "OPTIONS")
    }

    assert len(addresses) > 50
    # The pages of the sign-in library answer any method with the page they give to GET.
    assert {
        asked: status for asked, status in statuses.items() if status not in {200, 302, 403, 404, 405}
    } == {}
    assert {status for asked, status in statuses.items() if asked.startswith("TRACE")} == {405}
    assert changed(before, everything()) == []


@pytest.fixture(scope="module")
def server_port() -> Iterator[int]:
    """The web server of `make run` and of the container, without a database: what it refuses needs none."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    server = subprocess.Popen(web_command(bind=f"127.0.0.1:{port}", workers=1), cwd=ROOT)
    try:
        wait_until_open(port)
        yield port
    finally:
        server.terminate()
        server.wait(timeout=30)


RAW = {
    "60 two hosts": "GET /healthz/live HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\nConnection: close\r\n\r\n",
    "60 absolute address": "GET http://evil.example/healthz/live HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n",
}


@pytest.mark.once
@pytest.mark.parametrize("raw", RAW.values(), ids=RAW)
def test_what_only_a_raw_line_can_say_is_refused_by_the_server(raw: str, server_port: int) -> None:
    with socket.create_connection(("127.0.0.1", server_port), timeout=20) as line:
        line.sendall(raw.encode())
        answer = line.makefile("rb").readline().decode()

    assert answer.split()[1] == "400", answer


@pytest.mark.once
def test_group_60_an_absolute_address_of_ours_names_no_other_host(server_port: int) -> None:
    """The Host header counts, whatever the first line says; nothing on a page is built from either."""
    raw = f"GET http://evil.example/accounts/login/ HTTP/1.1\r\nHost: localhost:{server_port}\r\nConnection: close\r\n\r\n"
    with socket.create_connection(("127.0.0.1", server_port), timeout=20) as line:
        line.sendall(raw.encode())
        answer = line.makefile("rb").read().decode()

    assert "evil.example" not in answer
