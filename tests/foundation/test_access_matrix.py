"""Walks every address of the product and asks for it as everybody."""

import re
import uuid
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from config.foundation.models import User
from config.foundation.policy import May, access_of, may
from tests.access_matrix import LINK, PUBLIC, ROWS, THIRD_PARTY, Row

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")
ROLES: dict[str, dict[str, bool]] = {
    "front desk": {"is_front_desk": True},
    "therapist": {"is_therapist": True},
    "administrator": {"is_administrator": True},
    "owner": {"is_front_desk": True, "is_therapist": True, "is_administrator": True},
    "no role": {},
}
STAND_INS = {"uuid": str(uuid.UUID(int=7)), "int": "900000007", "str": "x", "slug": "x", "path": "x"}


@dataclass(frozen=True)
class Address:
    route: str
    view: Any
    name: str

    def filled(self, args: dict[str, str]) -> str:
        def value(match: re.Match[str]) -> str:
            kind, name = match["kind"] or "str", match["name"]
            return args.get(name) or STAND_INS.get(kind, "x")

        return "/" + re.sub(r"<(?:(?P<kind>\w+):)?(?P<name>\w+)>", value, self.route)


def addresses(resolver: URLResolver | None = None, before: str = "", space: str = "") -> Iterator[Address]:
    for entry in (resolver or get_resolver()).url_patterns:
        route = before + _plain(str(entry.pattern))
        if isinstance(entry, URLResolver):
            yield from addresses(entry, route, f"{space}{entry.namespace}:" if entry.namespace else space)
        elif isinstance(entry, URLPattern):
            yield Address(route, entry.callback, space + (entry.name or ""))


def _plain(pattern: str) -> str:
    """allauth writes some patterns as expressions; their groups stand in for converters here."""
    pattern = pattern.removeprefix("^").removesuffix("$")
    return re.sub(r"\(\?P<(\w+)>[^)]*\)", r"<str:\1>", pattern)


def third_party(address: Address) -> tuple[set[int], set[int]] | None:
    return next((said for start, said in THIRD_PARTY.items() if address.name.startswith(start)), None)


ALL = list(addresses())
OURS = [address for address in ALL if third_party(address) is None]


@dataclass(frozen=True)
class Visitor:
    """Somebody who asks for one address after the other; what one of them did is undone before the next."""

    client: Client
    user: User | None = None

    def asks(self, path: str, methods: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
        cookies = deepcopy(self.client.cookies)
        with transaction.atomic():
            for method in methods:
                yield method, self.client.generic(method, path)
            transaction.set_rollback(True)
        self.client.cookies = cookies


def visitor(name: str) -> Visitor:
    client = Client()
    if name == "anonymous":
        return Visitor(client)
    user = User.objects.create_user(f"{name.replace(' ', '.')}@example.com", **ROLES[name])
    client.force_login(user, "allauth.account.auth_backends.AuthenticationBackend")
    return Visitor(client, user)


def test_every_address_has_a_row() -> None:
    assert sorted(address.route for address in OURS if address.route not in ROWS) == []


def test_every_row_has_an_address() -> None:
    assert sorted(set(ROWS) - {address.route for address in OURS}) == []


@pytest.mark.parametrize("address", OURS, ids=lambda address: address.route)
def test_the_view_says_the_same_as_the_row(address: Address) -> None:
    row = ROWS[address.route]
    expected = f"staff:{row.who}" if isinstance(row.who, May) else row.who
    assert access_of(address.view) == expected


@pytest.mark.once
@pytest.mark.django_db
@pytest.mark.parametrize("name", ["anonymous", *ROLES])
def test_everybody_gets_what_the_rows_say(name: str) -> None:
    somebody, wrong = visitor(name), []

    for address in OURS:
        row = ROWS[address.route]
        for method, answer in somebody.asks(address.filled(row.args), METHODS):
            if not _as_said(row, somebody.user, method, answer):
                wrong.append(
                    f"{method} {address.route}: {answer.status_code} {answer.headers.get('Location', '')}"
                )

    assert wrong == []


def _as_said(row: Row, user: User | None, method: str, response: Any) -> bool:
    fine = {"GET": row.get, "HEAD": row.get, "POST": row.post}.get(method)
    if method == "HEAD" and response.status_code == 405:
        return True  # a page made for GET alone
    if fine is None:
        # Who may not look may be sent away before the method is looked at.
        return response.status_code == 405 or (
            row.who not in {PUBLIC, LINK} and _refused(user, row, response)
        )
    if isinstance(row.who, May) and (user is None or not may(user, row.who)):
        return _refused(user, row, response)
    return response.status_code in (fine if isinstance(fine, tuple) else (fine,))


def _refused(user: User | None, row: Row, response: Any) -> bool:
    if user is None:
        return response.status_code == 302 and response.headers["Location"].startswith("/accounts/login/")
    return isinstance(row.who, May) and not may(user, row.who) and response.status_code == 403


@pytest.mark.once
@pytest.mark.django_db
@pytest.mark.parametrize("name", ["anonymous", "front desk"])
def test_other_peoples_pages_answer_as_expected(name: str) -> None:
    somebody, wrong = visitor(name), []

    for address in ALL:
        if said := third_party(address):
            expected = said[0] if somebody.user is None else said[1]
            for method, answer in somebody.asks(address.filled({}), ("GET", "HEAD", "POST")):
                if answer.status_code not in expected:
                    wrong.append(f"{method} {address.route}: {answer.status_code}")

    assert wrong == []
