"""Estimates: how many papers a worker makes, and what it costs to find the clocks that need somebody."""

import time
import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from django.db import connection, transaction

from config.clinic_file.loading import load
from config.clinic_file.reading import read
from config.foundation.models import Clinic
from intake.models import Client
from scheduling.estimates import documents, typeset, watch
from scheduling.models import Estimate, Trigger
from tests.bench.measure import Result, side_by_side
from tests.processes import ROOT
from tests.scheduling.estimates.build import DENVER, an_estimate
from tests.scheduling.estimates.test_issue import a_request, confirmed

NOW = datetime(2027, 3, 3, 11, 0, tzinfo=DENVER)
CLOCKS = 10_000
DUE = 100  # of them need somebody now


def cases(full: bool) -> Iterator[Result]:
    with transaction.atomic():
        load(read((ROOT / "sample-clinic.yaml").read_text(encoding="utf-8")))
        yield _documents(100 if full else 20)
        yield _whole_against_typesetting(20 if full else 7)
        yield _due(CLOCKS)
        transaction.set_rollback(True)


def _documents(number: int) -> Result:
    for _ in range(number):
        confirmed(a_request())
    documents.make_waiting(now=NOW, limit=1)  # fonts are found once
    started = time.perf_counter()
    made = documents.make_waiting(now=NOW, limit=number)
    rate = made / (time.perf_counter() - started)
    return Result("documents a second, one worker (a)", rate, 1.0, floor=2, goal=5, more_is_better=True)


def _whole_against_typesetting(rounds: int) -> Result:
    """All the work on a paper (read, check, typeset, store, let the mail go) beside the typesetting alone."""
    for _ in range(rounds + 2):
        confirmed(a_request())
    waiting = iter(list(Estimate.objects.without_document().values_list("pk", flat=True)))
    snapshots = (an_estimate(notes=f"{number}").snapshot() for number in count())
    a, b = side_by_side(
        lambda: documents.make_pdf(next(waiting), now=NOW),
        lambda: typeset.pdf(next(snapshots)),
        rounds=rounds,
    )
    return Result("a paper made, stored and released / typeset alone", a, b, floor=2, goal=1.3)


def _due(number: int) -> Result:
    people = Client.objects.bulk_create(Client(first_name=f"Alex {each}") for each in range(100))
    Trigger.objects.bulk_create(_clock(people[each % 100], is_due=each < DUE) for each in range(number))
    clinic = Clinic.get()
    statement, values = watch.late(clinic=clinic, now=NOW).query.sql_with_params()

    def by_sql() -> list[Any]:
        with connection.cursor() as cursor:
            cursor.execute(statement, values)
            return cursor.fetchall()

    found = len(watch.late(clinic=clinic, now=NOW))
    if found != len(by_sql()) or found < DUE:
        raise AssertionError(f"{found} clocks were found instead of {DUE}.")
    a, b = side_by_side(lambda: list(watch.late(clinic=clinic, now=NOW)), by_sql, rounds=31)
    return Result(
        f"{number:,} clocks scanned for those to warn about / the SQL alone", a, b, floor=2, goal=1.3
    )


def _clock(person: Client, *, is_due: bool) -> Trigger:
    """Due: asked two days ago, to be answered today. Else: asked an hour ago, with three days to go."""
    asked_at = NOW - (timedelta(days=2) if is_due else timedelta(hours=1))
    due_on = NOW.date() if is_due else (NOW + timedelta(days=5)).date()
    return Trigger(
        client=person,
        event=Trigger.Event.REQUESTED,
        source_key=f"bench:{uuid.uuid4()}",
        happened_at=asked_at,
        happened_on=asked_at.date(),
        tier="REQ",
        legal_due_on=due_on,
        target_due_on=due_on,
        rule_version="bench",
    )
