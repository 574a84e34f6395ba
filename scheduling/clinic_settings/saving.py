"""Save or remove one setting: look first what it breaks, then write it with a line of history, or nothing."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import models, transaction

from config.foundation import access_log
from config.foundation.clinic import Clinic
from config.foundation.user import User
from scheduling.clinic_settings import effects
from scheduling.clinic_settings.effects import Misfit
from scheduling.clinic_settings.forms import SettingForm
from scheduling.models import SettingChange

SECRET = frozenset({"password"})


@dataclass(frozen=True, slots=True)
class Outcome:
    """Saved, or what it would do. `times`: service → (bookable starts in two weeks now, then)."""

    saved: bool
    broken: Mapping[UUID, Misfit] = field(default_factory=dict)
    times: Mapping[str, tuple[int, int]] = field(default_factory=dict)

    @property
    def mark(self) -> str:
        return effects.mark_of(self.broken)


class InUse(Exception):
    """Something else needs this row; it can be switched off, not removed."""


def values_of(row: models.Model) -> dict[str, Any]:
    """Every field of a setting as plain text, for the history."""
    found: dict[str, Any] = {}
    for each in row._meta.concrete_fields:
        if each.name not in SECRET:
            value = getattr(row, each.attname)
            found[each.name] = value if isinstance(value, (bool, int, list)) or value is None else str(value)
    for many in row._meta.many_to_many:
        found[many.name] = sorted(str(one) for one in getattr(row, many.name).all()) if row.pk else []
    return found


def save(
    *, form: SettingForm, kind: str, by: User, now: datetime, clinic: Clinic, confirmed: str, only_look: bool
) -> Outcome:
    """Write a valid form. With visits that it breaks it is written only if `confirmed` names just these."""
    adding = form.instance._state.adding
    before = {} if adding else values_of(type(form.instance)._default_manager.get(pk=form.instance.pk))

    def act() -> models.Model:
        saved: models.Model = form.save()
        return saved

    def remember(row: models.Model) -> None:
        _remember(row, before, kind=kind, what="added" if adding else "changed", by=by, now=now)

    return _weighed(act, remember, now=now, clinic=clinic, confirmed=confirmed, only_look=only_look)


def remove(
    *, row: models.Model, kind: str, by: User, now: datetime, clinic: Clinic, confirmed: str, only_look: bool
) -> Outcome:
    """Delete hours, a closure or time off. Raises InUse for a row that visits point to."""
    before, key = values_of(row), row.pk

    def act() -> models.Model:
        try:
            row.delete()
        except models.ProtectedError as error:
            raise InUse from error
        return row

    def remember(_row: models.Model) -> None:
        changes = {name: [value, None] for name, value in before.items()}
        _line(kind=kind, key=key, what="removed", changes=changes, by=by, now=now)

    return _weighed(act, remember, now=now, clinic=clinic, confirmed=confirmed, only_look=only_look)


def _weighed(
    act: Callable[[], models.Model],
    remember: Callable[[models.Model], None],
    *,
    now: datetime,
    clinic: Clinic,
    confirmed: str,
    only_look: bool,
) -> Outcome:
    with transaction.atomic():
        fitted, times = effects.misfits(now=now, clinic=clinic), effects.counts(now=now, clinic=clinic)
        row = act()
        fresh = Clinic.get()
        now_misfit = effects.misfits(now=now, clinic=fresh)
        broken = {pk: each for pk, each in now_misfit.items() if pk not in fitted}
        if only_look or effects.mark_of(broken) not in {"", confirmed}:
            then = effects.counts(now=now, clinic=fresh)
            transaction.set_rollback(True)
            return Outcome(False, broken, _differing(times, then))
        remember(row)
        return Outcome(True, broken)


def _differing(now_is: Mapping[str, int], then: Mapping[str, int]) -> dict[str, tuple[int, int]]:
    names = [*now_is, *(name for name in then if name not in now_is)]
    pairs = {name: (now_is.get(name, 0), then.get(name, 0)) for name in names}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def _remember(
    row: models.Model, before: dict[str, Any], *, kind: str, what: str, by: User, now: datetime
) -> None:
    after = values_of(row)
    changes = {name: [before.get(name), value] for name, value in after.items() if before.get(name) != value}
    if changes:
        _line(kind=kind, key=row.pk, what=what, changes=changes, by=by, now=now)


def _line(
    *, kind: str, key: object, what: str, changes: dict[str, list[Any]], by: User, now: datetime
) -> None:
    SettingChange.objects.create(at=now, by=by, kind=kind, subject_id=str(key), what=what, changes=changes)
    access_log.record(
        by=by, action=f"setting_{what}", subject=f"setting.{kind}", subject_id=key, fields=changes
    )
