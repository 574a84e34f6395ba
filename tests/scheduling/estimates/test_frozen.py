"""What was issued cannot be edited or deleted: not by the ORM, not by SQL, on neither engine."""

import uuid
from datetime import date, timedelta

import pytest
from django.db import IntegrityError, connection, models, transaction

from config.foundation.models import Clinic
from scheduling.models import Estimate, EstimateDocument, EstimateEvent, Trigger
from tests.scheduling.estimates.rows import an_issued_estimate

FROZEN = [Estimate, EstimateDocument, EstimateEvent, Trigger]


@pytest.fixture
def issued(clinic: Clinic) -> Estimate:
    return an_issued_estimate()


def test_an_issued_estimate_cannot_be_saved_again(issued: Estimate) -> None:
    issued.total_cents = 1
    with pytest.raises(IntegrityError), transaction.atomic():
        issued.save()

    issued.refresh_from_db()
    assert issued.total_cents == 210_00


@pytest.mark.parametrize("model", FROZEN)
def test_no_frozen_column_can_be_updated_by_sql(issued: Estimate, model: type[models.Model]) -> None:
    mutable = {model._meta.get_field(name).attname for name in getattr(model, "MUTABLE", ())}
    for field in model._meta.concrete_fields:
        if model is Trigger and field.attname in {"appointment_id", "appointment_request_id"}:
            continue  # a request joined to another takes its clock along
        statement = f'UPDATE {model._meta.db_table} SET "{field.column}" = "{field.column}"'  # noqa: S608
        if field.attname in mutable:
            run(statement)
        else:
            with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
                run(statement)


@pytest.mark.parametrize("model", [EstimateDocument, EstimateEvent, Estimate, Trigger])
def test_nothing_issued_can_be_deleted_by_sql(issued: Estimate, model: type[models.Model]) -> None:
    with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
        run(f"DELETE FROM {model._meta.db_table}")  # noqa: S608


def test_nothing_issued_can_be_deleted_by_the_orm(issued: Estimate) -> None:
    with pytest.raises((IntegrityError, models.ProtectedError)), transaction.atomic():
        issued.delete()
    with pytest.raises(IntegrityError), transaction.atomic():
        Estimate.objects.filter(pk=issued.pk)._raw_delete(using="default")


@pytest.mark.parametrize("model", FROZEN)
@pytest.mark.parametrize("guard", ["the table alone", "our connection"])
def test_no_row_takes_the_place_of_an_issued_one(
    issued: Estimate, model: type[models.Model], guard: str
) -> None:
    with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
        put_in_place(model, with_guard_of_connection=guard == "our connection")


@pytest.mark.parametrize("model", [Estimate, EstimateDocument, Trigger])
def test_no_row_with_another_id_takes_its_place_either(issued: Estimate, model: type[models.Model]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        put_in_place(model, another_id=True, with_guard_of_connection=model is Trigger)


@pytest.mark.sqlite
@pytest.mark.django_db
def test_every_table_that_guards_its_rows_guards_their_places_too() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT tbl_name, name, sql FROM sqlite_master WHERE type = 'trigger'")
        found = cursor.fetchall()
    guarded = {table for table, name, _ in found if name.endswith(("_no_update", "_frozen"))}
    kept = {table for table, name, sql in found if name.endswith("_no_replace") and "BEFORE INSERT" in sql}

    assert len(guarded) >= 8
    assert kept == guarded


def test_after_six_years_a_copy_may_go_unless_a_dispute_is_open(clinic: Clinic) -> None:
    gone = an_issued_estimate(keep_through=date.today() - timedelta(days=1))  # noqa: DTZ011
    disputed = an_issued_estimate(number="2020-0002", keep_through=date(2020, 1, 1), dispute_hold=True)

    for estimate in (gone, disputed):
        Trigger.objects.filter(satisfied_by=estimate).update(satisfied_by=None, provided_at=None)
    EstimateEvent.objects.filter(estimate=gone).delete()
    EstimateDocument.objects.filter(estimate=gone).delete()
    gone.delete()

    with pytest.raises(IntegrityError), transaction.atomic():
        Estimate.objects.filter(pk=disputed.pk)._raw_delete(using="default")


def test_status_document_and_dispute_may_change(issued: Estimate) -> None:
    Estimate.objects.filter(pk=issued.pk).update(
        status=Estimate.Status.SUPERSEDED, document_state=Estimate.DocumentState.MADE, dispute_hold=True
    )


def test_two_estimates_for_one_trigger_are_refused(issued: Estimate) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        an_issued_estimate(number="2027-0999", cause=issued.cause)


def test_a_number_and_version_exist_once(issued: Estimate) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        an_issued_estimate(number=issued.number)


def run(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def put_in_place(
    model: type[models.Model], *, another_id: bool = False, with_guard_of_connection: bool
) -> None:
    """Every row once more, in the place of itself: REPLACE on SQLite, which PostgreSQL spells DO UPDATE."""
    table, columns = model._meta.db_table, [field.column for field in model._meta.concrete_fields]
    names = ", ".join(f'"{name}"' for name in columns)
    values = ", ".join("%s" if another_id and name == "id" else f'"{name}"' for name in columns)
    params = [uuid.uuid4().hex] if another_id else []
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            values = values.replace("%s", "%s::uuid")
            said = f"INSERT INTO {table} ({names}) SELECT {values} FROM {table} "  # noqa: S608
            cursor.execute(said + "ON CONFLICT (id) DO UPDATE SET id = EXCLUDED.id", params)
            return
        cursor.execute(f"PRAGMA recursive_triggers={'ON' if with_guard_of_connection else 'OFF'}")
        try:
            cursor.execute(f"INSERT OR REPLACE INTO {table} ({names}) SELECT {values} FROM {table}", params)  # noqa: S608
        finally:
            cursor.execute("PRAGMA recursive_triggers=ON")
