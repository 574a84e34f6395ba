"""What every answer tells the browser, and what is refused before anything reads it."""

import html.parser
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import path

from config.foundation.models import User
from config.urls import urlpatterns as ours
from tests.access_matrix import ROWS, THIRD_PARTY
from tests.foundation.test_access_matrix import ALL, Address

pytestmark = [pytest.mark.once, pytest.mark.django_db]


def break_down(request):
    raise RuntimeError("Alex Sample, born 1985-02-03")


urlpatterns = [*ours, path("break-down/", break_down), path("fine/", lambda request: HttpResponse("fine"))]


class Inline(html.parser.HTMLParser):
    """Collects what a strict policy would block, and what comes from another host."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.in_script = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = dict(attrs)
        self.found += [f"<{tag} {name}>" for name in said if name.startswith("on") or name == "style"]
        if tag == "style":
            self.found.append("<style>")
        data = said.get("type") in {"application/json", "application/ld+json"}
        if tag == "script" and "src" not in said and not data:
            self.found.append("<script> without src")
        if tag == "link" and said.get("rel") in {"canonical", "alternate"}:
            return  # says where a page is; nothing is loaded from there
        for name in ("src", "href", "action", "formaction"):
            value = (said.get(name) or "").strip().lower()
            if value.startswith(("javascript:", "data:text", "vbscript:")):
                self.found.append(f"<{tag} {name}={value[:20]}>")
            elif tag not in {"a"} and value.startswith(("http:", "https:", "//")):
                self.found.append(f"<{tag} {name}> from elsewhere")


def inline(response: Any) -> list[str]:
    parser = Inline()
    parser.feed(response.content.decode())
    return parser.found


def policy(response: Any) -> dict[str, list[str]]:
    parts = (part.split() for part in response.headers["Content-Security-Policy"].split(";"))
    return {part[0]: part[1:] for part in parts if part}


@pytest.fixture
def owner() -> Client:
    client = Client()
    user = User.objects.create_superuser("owner@example.com")
    client.force_login(user, "allauth.account.auth_backends.AuthenticationBackend")
    return client


@pytest.fixture
def with_bad_pages(settings):
    settings.ROOT_URLCONF = "tests.foundation.test_headers"
    return Client(raise_request_exception=False)


@pytest.mark.parametrize("address", ALL, ids=lambda address: address.route)
def test_every_answer_carries_the_headers(address: Address, owner: Client) -> None:
    for client in (Client(), owner):
        response = client.get(address.filled(ROWS[address.route].args if address.route in ROWS else {}))
        check_headers(response, may_style=address.route.endswith(PREVIEW))


# A mail carries its styles in its tags. Its preview may style and nothing else.
PREVIEW = "catalogue/<slug:code>/<slug:language>/"


def check_headers(response: Any, *, may_style: bool = False) -> None:
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["X-Frame-Options"] == "DENY"
    assert response.headers["Referrer-Policy"] == "same-origin"
    assert response.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert response.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "camera=()" in response.headers["Permissions-Policy"]
    assert "Access-Control-Allow-Origin" not in response.headers
    said = policy(response)
    assert said["default-src"] == ["'none'"]
    assert said["frame-ancestors"] == ["'none'"]
    if may_style and said["style-src"] == ["'unsafe-inline'"]:
        assert said["script-src"] == ["'none'"]
        del said["style-src"]
    assert not [value for values in said.values() for value in values if "unsafe" in value or value == "*"]


@pytest.mark.parametrize("address", ALL, ids=lambda address: address.route)
def test_no_page_has_inline_script_or_style_or_parts_from_elsewhere(address: Address, owner: Client) -> None:
    for client in (Client(), owner):
        response = client.get(address.filled(ROWS[address.route].args if address.route in ROWS else {}))
        if response.headers.get("Content-Type", "").startswith("text/html") and not response.streaming:
            assert inline(response) == []


@pytest.mark.parametrize("address", ALL, ids=lambda address: address.route)
def test_what_staff_see_is_kept_in_no_cache(address: Address, owner: Client) -> None:
    response = owner.get(address.filled(ROWS[address.route].args if address.route in ROWS else {}))
    assert "no-store" in response.headers["Cache-Control"]


def test_third_party_pages_are_among_those_walked() -> None:
    assert {start for start in THIRD_PARTY if any(a.name.startswith(start) for a in ALL)} == set(THIRD_PARTY)


# --- when something is wrong -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "status", "words"),
    [
        ({"path": "/nothing/"}, 404, "There is nothing here"),
        ({"path": "/break-down/"}, 500, "Something broke on our side"),
        ({"path": "/fine/", "headers": {"host": "evil.example"}}, 400, "We could not read that"),
        ({"path": "/fine/%00"}, 400, "We could not read that"),
        ({"path": "/fine/?x=%00"}, 400, "We could not read that"),
    ],
    ids=["not found", "broken", "host", "nul in path", "nul in query"],
)
def test_each_refusal_is_a_kind_page_with_all_headers(with_bad_pages, said, status, words):
    response = with_bad_pages.get(**said)
    assert response.status_code == status
    assert words in response.content.decode()
    check_headers(response)
    assert inline(response) == []


def test_a_broken_page_says_nothing_of_what_broke(with_bad_pages, caplog, capfd):
    page = with_bad_pages.get("/break-down/").content.decode()
    assert "Alex" not in page
    assert "RuntimeError" not in page


def test_the_broken_page_needs_no_database(with_bad_pages, django_assert_num_queries):
    with django_assert_num_queries(0):
        with_bad_pages.get("/break-down/")


def test_it_is_translated(with_bad_pages):
    page = with_bad_pages.get("/break-down/", headers={"accept-language": "es"}).content.decode()
    assert '<html lang="es"' in page


def test_a_body_too_large_is_refused_unread(client, settings):
    response = client.post("/set-language/", {"x": "y" * (settings.BODY_LIMIT + 1)})
    assert response.status_code == 413
    assert "too large" in response.content.decode()
    check_headers(response)


@pytest.mark.parametrize(
    "body",
    [
        {"data": {f"field{number}": "" for number in range(1_500)}},
        {"data": b"\x00\xff" * 100, "content_type": "multipart/form-data; boundary=x"},
        {"data": b"x", "content_type": "multipart/form-data"},
        {"data": b"\x1f\x8b\x08", "content_type": "application/x-www-form-urlencoded"},
        {"data": b"{}", "content_type": "application/json"},
        {"data": b"%ff%fe=%ff", "content_type": "application/x-www-form-urlencoded"},
    ],
    ids=["too many fields", "broken multipart", "no boundary", "packed", "json", "not utf-8"],
)
def test_a_body_that_is_no_form_never_breaks_a_page(body):
    response = Client(raise_request_exception=False).post("/accounts/login/", **body)
    assert response.status_code < 500


@pytest.mark.parametrize(
    "headers",
    [
        {"accept-language": "xx-€"},
        {"accept-language": "a" * 5_000},
        {"cookie": "sessionid=\xff\xfe; csrftoken=\x01"},
        {"cookie": "; ".join(f"c{number}=x" for number in range(1_000))},
        {"user-agent": "x\x1b[31m\r\nX-Evil: 1"},
        {"x-forwarded-for": ", ".join(["1.2.3.4"] * 100)},
        {"x-forwarded-host": "evil.example"},
    ],
)
def test_strange_headers_never_break_a_page(headers):
    response = Client(raise_request_exception=False).get("/accounts/login/", headers=headers)
    assert response.status_code < 500
    assert "evil.example" not in response.content.decode()


@pytest.mark.parametrize("origin", ["https://evil.example", "null"])
def test_a_form_from_elsewhere_is_refused_with_a_way_on(origin):
    client = Client(enforce_csrf_checks=True)
    client.get("/accounts/login/")
    token = client.cookies["csrftoken"].value
    response = client.post("/accounts/login/", {"csrfmiddlewaretoken": token}, headers={"origin": origin})
    assert response.status_code == 403
    assert "What you typed is still there" in response.content.decode()


@pytest.mark.parametrize(
    "next_page", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)"]
)
def test_changing_the_language_never_leads_elsewhere(client, next_page):
    response = client.post("/set-language/", {"language": "es", "next": next_page})
    assert response.url == "/"
