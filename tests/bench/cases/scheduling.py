"""Time: free times, the month as JSON, confirming, and fifty clients for one slot.

PostgreSQL only. The visits of a case are written by SQL: ten practitioners, eleven visits of half an
hour each day (3,500 claims in the range that is asked for). "Large"
and "small" are two pairs of tables in one database, chosen by the search path, so that both are measured in the
same interleaved run.
"""

import statistics
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from datetime import time as wall

from django.db import connection
from django.db.models import Q, QuerySet
from django.http import HttpResponse, JsonResponse
from django.test.utils import CaptureQueriesContext

from config.foundation.clinic import Location
from intake.models import AppointmentRequest, Practitioner, Service
from scheduling import availability, booking, feeds
from scheduling.availability.rows import LONGEST_CLAIM, EpochMinute
from scheduling.models import Appointment, Claim, Resource, Shift
from tests.bench.measure import Result, side_by_side
from tests.factories import load_sample_clinic, make_appointment_request, make_client

PEOPLE, VISITS_A_DAY, DAYS = 10, 11, 30
FIRST = date(2027, 3, 1)  # a Monday; the range that is asked for begins here
NOW = datetime(2027, 2, 26, 16, tzinfo=UTC)
RIVALS = 20
MANY, FEW = 100_000, 10_000


def cases(full: bool) -> Iterator[Result]:
    load_sample_clinic()
    service = _service("bench", PEOPLE)
    totals = [(FEW, "small"), (MANY, "public"), *([(1_000_000, "huge")] if full else [])]
    for total, schema in totals:
        _fill(service, total=total, schema=schema)
    yield from _availability(service)
    yield from _month()
    for schema, label in [("public", "100,000"), *([("huge", "1,000,000")] if full else [])]:
        yield from _flat(service, schema, label)
    yield _statements()
    yield _contested()


# --- free times and the month -------------------------------------------------------------------------


def _availability(service: Service) -> Iterator[Result]:
    last = FIRST + timedelta(days=DAYS - 1)
    since = datetime.combine(FIRST - timedelta(days=1), wall.min, UTC)
    until = datetime.combine(last + timedelta(days=2), wall.min, UTC)
    keys = list(Resource.objects.filter(practitioner__services=service).values_list("pk", flat=True))

    def whole() -> int:
        diary = availability.load(service, start=FIRST, end=last, now=NOW)
        return len(diary.openings(first_day=FIRST, last_day=last))

    def only_rows() -> int:
        return len(list(_claims(keys, since, until)))

    with CaptureQueriesContext(connection) as seen:
        found = whole()
    if not found or not only_rows():
        raise ValueError("the benchmark's diary is empty or full")
    yield Result("availability: queries, against 3", len(seen), 3, floor=1.0, goal=1.0)
    a, b = side_by_side(whole, only_rows, rounds=15)
    yield Result(f"availability {PEOPLE} x {DAYS} days at 100,000, over its query", a, b, floor=2.0, goal=1.4)


def _claims(keys: list[int], since: datetime, until: datetime) -> QuerySet[Claim, tuple[int, int, int]]:
    """The yardstick: the claims in the range and nothing else, as integers and in order."""
    claims = Claim.objects.filter(
        Q(held_until=None) | Q(held_until__gt=NOW),
        resource_id__in=keys,
        starts_at__lt=until,
        starts_at__gt=since - LONGEST_CLAIM,
        ends_at__gt=since,
    )
    return claims.order_by("resource_id", "starts_at").values_list(
        "resource_id", EpochMinute("starts_at"), EpochMinute("ends_at")
    )


def _month() -> Iterator[Result]:
    start = datetime.combine(FIRST, wall.min, UTC)
    end = start + timedelta(days=31)

    def whole() -> bytes:
        text = feeds.visits_json(start=start, end=end, now=NOW, with_names=True)
        return HttpResponse(text, content_type="application/json").content

    with CaptureQueriesContext(connection) as seen:
        whole()
    statement = seen[0]["sql"]

    def database_alone() -> object:
        with connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchone()

    def by_values() -> bytes:
        names = ("pk", "starts_at", "ends_at", "practitioner_id", "room_id", "status", "version")
        more = ("client__first_name", "client__name_to_use", "client__last_name", "service__code")
        rows = feeds.visits(start=start, end=end, now=NOW).values(*names, *more)
        return JsonResponse(list(rows), safe=False).content

    a, b = side_by_side(whole, database_alone, rounds=15)
    yield Result("month feed over json_agg alone", a, b, floor=2.0, goal=1.3)
    a, b = side_by_side(whole, by_values, rounds=15)
    yield Result("month feed over .values() and JsonResponse", a, b, floor=0.7, goal=0.35)


def _flat(service: Service, schema: str, label: str) -> Iterator[Result]:
    last = FIRST + timedelta(days=DAYS - 1)
    start = datetime.combine(FIRST, wall.min, UTC)

    def free_times() -> None:
        availability.load(service, start=FIRST, end=last, now=NOW)

    def month() -> None:
        feeds.visits_json(start=start, end=start + timedelta(days=31), now=NOW, with_names=True)

    for name, work in (("availability", free_times), ("month feed", month)):
        a, b = side_by_side(_in(schema, work), _in("small", work), rounds=15)
        yield Result(f"{name}: {label} visits over 10,000", a, b, floor=2.0, goal=1.3)


def _in(schema: str, work: Callable[[], object]) -> Callable[[], None]:
    def there() -> None:
        with _search_path(schema):
            work()

    return there


@contextmanager
def _search_path(schema: str) -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute(f"SET search_path TO {schema}, public")
        yield
        cursor.execute("SET search_path TO public")


# --- confirming ---------------------------------------------------------------------------------------


def _statements() -> Result:
    service = _service("bench-count", 1)
    asked = make_appointment_request(service=service)
    with CaptureQueriesContext(connection) as seen:
        _confirm(asked, service.practitioners.get(), FIRST)
    control = ("SAVEPOINT", "RELEASE", "BEGIN", "COMMIT")
    count = len([one for one in seen if not one["sql"].lstrip().upper().startswith(control)])
    return Result("confirm: statements, against 25", count, 25, floor=1.0, goal=1.0)


def _contested() -> Result:
    """p99 of confirms, twenty at once: all for one slot, over all for slots of their own."""
    service = _service("bench-rush", RIVALS)
    people = list(service.practitioners.order_by("code"))
    client = make_client()
    together: list[float] = []
    apart: list[float] = []
    for number in range(8):
        day = FIRST + timedelta(days=7 * number)
        for into, choose in (
            (together, lambda _which, day=day: (people[0], day)),
            (apart, lambda which, day=day: (people[which], day + timedelta(days=1))),
        ):
            asked = [make_appointment_request(service=service, client=client) for _ in range(RIVALS)]
            into.extend(_at_once([(one, *choose(which)) for which, one in enumerate(asked)]))
    p99 = [statistics.quantiles(taken, n=100)[98] for taken in (together, apart)]
    return Result("confirm: p99 of 20 for one slot over 20 for their own", *p99, floor=5.0, goal=3.0)


def _at_once(wanted: list[tuple[AppointmentRequest, Practitioner, date]]) -> list[float]:
    barrier, taken, won = threading.Barrier(len(wanted)), [], []

    def run(asked: AppointmentRequest, who: Practitioner, day: date) -> None:
        connection.ensure_connection()
        barrier.wait()
        start = time.perf_counter()
        try:
            _confirm(asked, who, day)
            won.append(who)
        except booking.SlotTaken:
            pass
        finally:
            taken.append(time.perf_counter() - start)
            connection.close()

    threads = [threading.Thread(target=run, args=one) for one in wanted]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    slots = {(who.pk, day) for _asked, who, day in wanted}
    if len(taken) != len(wanted) or len(won) != len(slots):
        raise ValueError(f"{len(won)} winners of {len(slots)} slots")
    return taken


def _confirm(asked: AppointmentRequest, who: Practitioner, day: date) -> Appointment:
    starts_at = datetime.combine(day, wall(17, 0), UTC)  # 10 in the morning, or 11
    return booking.confirm(
        appointment_request=asked, practitioner=who, room=None, starts_at=starts_at, by=None, now=NOW
    )


# --- the rows -----------------------------------------------------------------------------------------


def _service(code: str, people: int) -> Service:
    """A visit of 25 minutes and its practitioners, Monday to Friday from 8 to 17."""
    place = Location.objects.filter(kind=Location.Kind.CLINIC).first()
    if place is None:
        raise ValueError("the sample clinic has no place")
    service = Service.objects.create(
        code=code,
        public_name="Bench",
        plain="",
        kind="health_care",
        estimate="gfe",
        minutes=25,
        buffer_after_minutes=5,
        price_cents=10_000,
        modes=["in_person"],
        audience=["returning"],
        location=place,
    )
    for number in range(people):
        who = Practitioner.objects.create(
            code=f"{code}-{number}", name=f"Person {number}", role="", minimum_notice_hours=1
        )
        Resource.objects.get_or_create(kind=Resource.Kind.PRACTITIONER, practitioner=who)
        service.practitioners.add(who)
        Shift.objects.bulk_create(
            Shift(practitioner=who, location=place, weekday=day, starts=wall(8), ends=wall(17))
            for day in range(5)
        )
    return service


_TABLES = ("scheduling_appointment", "scheduling_claim")
# Every 45 minutes from 15:00 UTC, the days around the range first, then further and further back.
_VISITS = """
    INSERT INTO {schema}.scheduling_appointment
        (id, version, code, service_id, practitioner_id, client_id, location_id, starts_at, ends_at,
         buffer_before_minutes, buffer_after_minutes, price_cents, is_first_visit, seats_taken, status, sequence,
         created_at, cancel_reason)
    SELECT gen_random_uuid(), 1, '', %(service)s, p.practitioner_id, %(client)s, %(place)s,
        d.at, d.at + interval '25 minutes', 0, 5, 10000, false, 0, 'booked', 0, now(), ''
    FROM (SELECT practitioner_id FROM scheduling_resource WHERE practitioner_id = ANY(%(people)s)) p,
        (SELECT %(last)s::timestamptz - (n / %(a_day)s) * interval '1 day' + (n %% %(a_day)s) * interval '45 minutes' AS at
         FROM generate_series(0, %(total)s / %(many)s - 1) n) d
"""
_CLAIMS = """
    INSERT INTO {schema}.scheduling_claim (resource_id, appointment_id, starts_at, ends_at)
    SELECT r.id, a.id, a.starts_at, a.ends_at + interval '5 minutes'
    FROM {schema}.scheduling_appointment a JOIN scheduling_resource r ON r.practitioner_id = a.practitioner_id
    WHERE a.practitioner_id = ANY(%(people)s)
"""


def _fill(service: Service, *, total: int, schema: str) -> None:
    people = list(service.practitioners.values_list("pk", flat=True))
    last = datetime.combine(FIRST + timedelta(days=DAYS + 10), wall(15), UTC)
    values = {
        "service": service.pk,
        "client": make_client().pk,
        "place": service.location_id,
        "people": people,
        "many": len(people),
        "last": last,
        "a_day": VISITS_A_DAY,
        "total": total,
    }
    with connection.cursor() as cursor:
        if schema != "public":
            cursor.execute(f"CREATE SCHEMA {schema}")
            for table in _TABLES:
                cursor.execute(f"CREATE TABLE {schema}.{table} (LIKE public.{table} INCLUDING ALL)")
        cursor.execute(_VISITS.format(schema=schema), values)
        cursor.execute(_CLAIMS.format(schema=schema), values)
        for table in _TABLES:
            cursor.execute(f"ANALYZE {schema}.{table}")
        cursor.execute(f"SELECT count(*) FROM {schema}.scheduling_appointment")  # noqa: S608 (our own name)
        if cursor.fetchone()[0] < total:
            raise ValueError("too few visits for the benchmark")
