"""The clinic's forms: take one in, publish, approve, retire, attach. The only writer of Questionnaire rows."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from pathlib import Path

from django.db import transaction
from django.utils.text import slugify

from config.foundation.clinic import Clinic
from config.foundation.user import User
from intake.models import SHIPPED_FORM_URL, Questionnaire, Service, ServiceQuestionnaire
from intake.questionnaires import model as form_model
from intake.questionnaires.lint import PUBLISHABLE, REFUSED, Report, lint
from intake.questionnaires.model import WARNING
from intake.questionnaires.parse import parse

SHIPPED = Path(__file__).parent / "data" / "questionnaires"
OWN_URL = "https://clinic.example.com/fhir/Questionnaire/"


class Refused(ValueError):
    """The file is no form we can take; `report` says why."""

    def __init__(self, report: Report) -> None:
        super().__init__(report.findings[0].message)
        self.report = report


class Conflict(ValueError):
    """The same url and version is here already, with other content."""


class NotPublishable(ValueError):
    """`code`: errors, warnings_unseen, rights_unconfirmed, not_draft."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@transaction.atomic
def take_in(*, content: bytes, by: User | None, now: datetime) -> Questionnaire:
    """Import a file as a draft, byte for byte. The same bytes again give the row that is there."""
    report = lint(content, today=Clinic.get().local(now).date())
    if report.level == REFUSED or report.questionnaire is None:
        raise Refused(report)
    parsed, digest = report.questionnaire, hashlib.sha256(content).hexdigest()
    url = parsed.url or f"{OWN_URL}imported-{digest[:12]}"
    version = parsed.version or "1"
    known = Questionnaire.objects.filter(url=url, version=version).first()
    if known is not None:
        if known.sha256 != digest:
            raise Conflict(f"{url}|{version}")
        return known
    return Questionnaire.objects.create(
        url=url,
        version=version,
        slug=_slug_of(url),
        title=(parsed.title.plain or url)[:200],
        source=content,
        sha256=digest,
        findings=[finding.as_json() for finding in report.findings],
        imported_at=now,
        imported_by=by,
    )


def _slug_of(url: str) -> str:
    """The last word of its url, the same for every version, and with more behind it when another form has that word:
    slugs set the fields of the forms on one page apart, and rules know the forms that we ship by theirs."""
    known = Questionnaire.objects.filter(url=url).values_list("slug", flat=True).first()
    if known:
        return known
    digest = hashlib.sha256(url.encode()).hexdigest()[:8]
    slug = slugify(url.rsplit("/", 1)[-1])[:50] or digest
    is_ours = url == SHIPPED_FORM_URL.format(slug=slug)
    taken = Questionnaire.objects.filter(slug=slug).exists() or (SHIPPED / f"{slug}.json").exists()
    return f"{slug}-{digest}" if taken and not is_ours else slug


@transaction.atomic
def publish(
    *,
    questionnaire: Questionnaire,
    by: User | None,
    now: datetime,
    rights_confirmed: bool,
    warnings_seen: bool,
) -> None:
    """From now on asked under its url; the version before it retires. Raises NotPublishable."""
    questionnaire = Questionnaire.objects.select_for_update().get(pk=questionnaire.pk)
    if questionnaire.status != Questionnaire.Status.DRAFT:
        raise NotPublishable("not_draft")
    report = lint(bytes(questionnaire.source), today=Clinic.get().local(now).date())
    if report.level != PUBLISHABLE or report.questionnaire is None:
        raise NotPublishable("errors")
    if report.questionnaire.copyright and not rights_confirmed:
        raise NotPublishable("rights_unconfirmed")
    if not warnings_seen and any(finding.severity == WARNING for finding in report.findings):
        raise NotPublishable("warnings_unseen")
    earlier = Questionnaire.objects.published().filter(url=questionnaire.url)
    earlier.update(status=Questionnaire.Status.RETIRED, retired_at=now)
    Questionnaire.objects.filter(pk=questionnaire.pk).update(
        status=Questionnaire.Status.PUBLISHED,
        published_at=now,
        published_by=by,
        rights_confirmed=rights_confirmed,
    )


def retire(*, questionnaire: Questionnaire, by: User | None, now: datetime) -> None:
    """No longer asked. Answers keep pointing to it."""
    Questionnaire.objects.published().filter(pk=questionnaire.pk).update(
        status=Questionnaire.Status.RETIRED, retired_at=now
    )


def approve(*, questionnaire: Questionnaire, by: User, now: datetime, language: str = "en") -> None:
    """A named clinician stands for the words of a language; until then the form says that it is a draft."""
    same = Questionnaire.objects.filter(pk=questionnaire.pk)
    if language == "es":
        same.filter(spanish_approved_at=None).update(spanish_approved_at=now, spanish_approved_by=by)
    else:
        same.filter(approved_at=None).update(approved_at=now, approved_by=by)


def speaks_spanish(form: form_model.Questionnaire) -> bool:
    return any("es" in item.text.translations for item in form.walk())


@transaction.atomic
def attach(*, questionnaire: Questionnaire, services: Sequence[Service], by: User | None) -> None:
    """Exactly these services ask the form, after what they ask already."""
    rows = ServiceQuestionnaire.objects.filter(url=questionnaire.url)
    rows.exclude(service__in=services).delete()
    asking = set(rows.values_list("service_id", flat=True))
    for service in services:
        if service.pk not in asking:
            last = service.questionnaires.count()
            ServiceQuestionnaire.objects.create(service=service, url=questionnaire.url, position=last)


def load_shipped(*, now: datetime) -> None:
    """Every form we ship, published and waiting for a clinician's approval. Safe to run again."""
    for path in sorted(SHIPPED.glob("*.json")):
        row = take_in(content=path.read_bytes(), by=None, now=now)
        if row.status == Questionnaire.Status.DRAFT:
            publish(questionnaire=row, by=None, now=now, rights_confirmed=True, warnings_seen=True)


def form_of(questionnaire: Questionnaire) -> form_model.Questionnaire:
    """The form itself; parsed once a process, since its bytes never change.

    One without a url or version goes by those that it was given here, so that every answer says what it answers.
    """
    return _parsed(questionnaire.url, questionnaire.version, bytes(questionnaire.source))


@lru_cache(maxsize=64)
def _parsed(url: str, version: str, content: bytes) -> form_model.Questionnaire:
    found = parse(content).questionnaire
    if found is None:
        raise ValueError("a stored form cannot be read")
    return replace(found, url=url, version=version)
