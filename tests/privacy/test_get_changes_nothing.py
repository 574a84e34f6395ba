"""A GET changes nothing but the access log: every address, as everybody, in a clinic with real rows.

Mail scanners open links, browsers fetch ahead, people press "back". Each address is asked as every role,
then whatever the pages link to. All tables are compared before and after, and every statement that would
write is noted with the address that caused it.
"""

import html
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import islice, permutations
from typing import Any

import pytest
from django.apps import apps
from django.db import connection, models
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.utils import timezone

from config.foundation import links
from config.foundation.links import Link, by_link
from config.urls import PURPOSE_VIEWS
from notifications import catalogue
from tests.access_matrix import ROWS
from tests.foundation.test_access_matrix import OURS, ROLES, Address
from tests.lived_in import BIRTH_DATES, LivedIn, lived_in_clinic, model_of

pytestmark = [pytest.mark.timeout(240), pytest.mark.once]

ROOMS = ["foundation", "notifications", "intake", "scheduling"]
# Who saw what, who is signed in and since when. Nothing else may differ.
MAY_CHANGE = {"foundation_accessevent", "django_session", "usersessions_usersession"}
WRITES = re.compile(r'^\s*(?:INSERT INTO|UPDATE|DELETE FROM|REPLACE INTO)\s+"?(\w+)"?', re.IGNORECASE)
LINKS = re.compile(r'(?:href|hx-get|src)="(/[^"#]*)')
ID = re.compile(r"<(uuid|int):(\w+)>")
REFUSED = {403, 404, 405, 500}
FOLLOWED = 60  # addresses with their query strings that the pages of one person link to


class Walk:
    """One person going through addresses, noting what each of them wrote."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.wrote: dict[str, set[str]] = {}
        self.seen: dict[str, int] = {}
        self.linked: list[str] = []

    def asks(self, address: str, *, method: str = "GET", **headers: str) -> HttpResponse:
        with noting_writes() as tables:
            response: Any = self.client.generic(method, address, headers=headers)
        if tables:
            self.wrote.setdefault(address, set()).update(tables)
        self.seen[address] = response.status_code
        if "text/html" in response.headers.get("Content-Type", ""):
            self.linked += [html.unescape(found) for found in LINKS.findall(response.content.decode())]
        return response

    def follows_links(self) -> None:
        pages = (address for address in self.linked if not address.startswith(("/static/", "/v/")))
        for address in list(dict.fromkeys(pages))[:FOLLOWED]:
            if address not in self.seen:
                self.asks(address)


@contextmanager
def noting_writes() -> Iterator[set[str]]:
    tables: set[str] = set()

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if (found := WRITES.match(sql)) and found[1] not in MAY_CHANGE:
            tables.add(found[1])
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        yield tables


def everything() -> dict[str, list[tuple[Any, ...]]]:
    """All rows of all tables but those that may change."""
    held = {}
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            if table not in MAY_CHANGE:
                cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")  # noqa: S608
                held[table] = sorted(cursor.fetchall(), key=repr)
    return held


def changed(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    return [table for table in before if before[table] != after[table]]


# --- real ids for every address -----------------------------------------------------------------------


def first_rows(model: type[models.Model]) -> list[str]:
    return [str(pk) for pk in model._default_manager.order_by("pk").values_list("pk", flat=True)[:3]]


def hanging_on(model: type[models.Model]) -> list[tuple[str, str]]:
    """Ids of rows of a model, each before the id of a row that belongs to it."""
    found = []
    for field in model._meta.related_objects:
        if field.one_to_many:
            rows = field.related_model._default_manager.order_by("pk")
            found += [(str(above), str(pk)) for above, pk in rows.values_list(field.field.attname, "pk")[:1]]
    return found


def answering(owner: Client, address: Address) -> list[str]:
    """The address with ids of rows that are there: two such addresses, where two answer."""
    given = {"code": next(iter(catalogue.kinds())).code, "language": "en", **ROWS[address.route].args}
    wanted = [name for _kind, name in ID.findall(address.route) if name not in given]
    if not wanted:
        return [address.filled(given)]
    model = model_of(address.route)
    rows = first_rows(model)
    keys: list[tuple[str, ...]] = [(key,) for key in rows]
    if len(wanted) == 2:  # two of a kind, or a thing and what hangs on it
        keys = [*hanging_on(model), *permutations(rows, 2)]
    paths = (address.filled({**given, **dict(zip(wanted, key, strict=True))}) for key in keys)
    return list(islice((path for path in paths if owner.get(path).status_code not in REFUSED), 2))


def real_addresses(owner: Client) -> list[str]:
    """Every address that answers to GET, with ids of rows that are there."""
    asked = [one for one in OURS if ROWS[one.route].get is not None and "<str:token>" not in one.route]
    real = {address.route: answering(owner, address) for address in asked}
    unknown = [route for route, paths in real.items() if not paths]
    assert unknown == [], "no row of the lived-in clinic answers here; add one to tests/lived_in.py"
    return [path for paths in real.values() for path in paths]


def private_links() -> list[Link]:
    """Live links of every purpose: the product's own, else one to whatever row its view knows."""
    stranger = Client()
    live = Link.objects.live(now=timezone.now())
    found = [link for link in live if stranger.get(link.path()).status_code == 200]
    for purpose in set(PURPOSE_VIEWS) - {link.purpose for link in found}:
        for subject in (key for model in models_with_uuids() for key in first_rows(model)):
            link = links.issue(
                purpose=purpose, subject_id=subject, expires_at=timezone.now() + timedelta(days=9)
            )
            if stranger.get(link.path()).status_code == 200:
                found.append(link)
                break
            link.delete()
    assert {link.purpose for link in found} == set(PURPOSE_VIEWS)
    return found


def models_with_uuids() -> Iterator[type[models.Model]]:
    for label in ROOMS:
        for model in apps.get_app_config(label).get_models():
            if isinstance(model._meta.pk, models.UUIDField):
                yield model


# --- the walks ----------------------------------------------------------------------------------------


@pytest.fixture
def clinic(db: None) -> LivedIn:
    return lived_in_clinic()


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user, "allauth.account.auth_backends.AuthenticationBackend")
    return client


def test_no_address_changes_anything_for_anybody(clinic: LivedIn) -> None:
    addresses = real_addresses(signed_in(clinic.owner))
    people = {"nobody": Client(), "somebody with a draft": Client()}
    people["somebody with a draft"].post("/request/", {"service": "ORTHO-EVAL"})
    for name, bits in ROLES.items():
        user = type(clinic.owner).objects.create_user(
            f"walks.as.{name.replace(' ', '.')}@clinic.example", **bits
        )
        people[name] = signed_in(user)
    before = everything()

    walks = {name: Walk(client) for name, client in people.items()}
    for name, walk in walks.items():
        for address in addresses:
            walk.asks(address)
            if name == "owner":
                walk.asks(address, method="HEAD")
                walk.asks(address, **{"HX-Request": "true"})
        if name in {"owner", "nobody", "somebody with a draft"}:
            walk.follows_links()

    assert {name: walk.wrote for name, walk in walks.items() if walk.wrote} == {}
    assert changed(before, everything()) == []
    # The owner saw pages, not refusals: a walk that is turned away proves nothing.
    answers = walks["owner"].seen
    assert {address: status for address, status in answers.items() if status in REFUSED} == {}
    assert len(answers) > len(addresses)


def test_no_private_link_changes_anything_by_being_opened(clinic: LivedIn) -> None:
    reader = Walk(Client())
    opened = private_links()
    for link in opened:
        month, day, year = BIRTH_DATES["R01"]
        reader.client.post(link.path(), {"born_month": month, "born_day": day, "born_year": year})
    before = everything()

    for link in opened:
        for _again in range(2):
            assert reader.asks(link.path()).status_code == 200
        for query in ("?calendar=1", "?document=pdf", "?act=cancel&version=1", "?time=1", "?ask=paper"):
            reader.asks(link.path() + query)
        reader.asks(link.path(), method="HEAD")

    assert reader.wrote == {}
    assert changed(before, everything()) == []


def test_a_page_that_writes_when_it_is_opened_is_caught(
    clinic: LivedIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    @by_link("visit")
    def careless(request: HttpRequest, link: Link) -> HttpResponse:
        links.mark_used(link, now=timezone.now())
        return HttpResponse("confirmed by a mail scanner")

    monkeypatch.setitem(PURPOSE_VIEWS, "visit", careless)
    link = Link.objects.filter(purpose="visit").latest("created_at")
    scanner, before = Walk(Client()), everything()

    scanner.asks(link.path())

    assert scanner.wrote == {link.path(): {"foundation_link"}}
    assert changed(before, everything()) == ["foundation_link"]
