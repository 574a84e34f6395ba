"""The price list as clients read it: price, minutes and what the whole is likely to cost. Pure, over models."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from config.foundation.clinic import Clinic
from intake import words
from intake.models import Package, Service, ServiceKind


@dataclass(frozen=True, slots=True)
class PriceRow:
    """One line of the menu, every word already in the language in force."""

    code: str
    name: str
    price: str
    minutes: str
    text: str
    more: tuple[str, ...]
    label: str
    link: str
    kind: str

    @property
    def hint(self) -> str:
        """For a tile: 75 minutes, $210."""
        return f"{self.minutes}, {self.price}"


def price_row(service: Service, packages: Iterable[Package] = ()) -> PriceRow:
    more = [line for line in (_likely_total(service), _for_whom(service)) if line]
    more += [
        _("%(visits)s visits at once: %(price)s.")
        % {"visits": package.visits, "price": words.money(package.price_cents, exact=False)}
        for package in packages
    ]
    return PriceRow(
        code=service.code,
        name=service.name,
        price=words.money(service.price_cents, exact=False),
        minutes=_("a person, %(n)s minutes") % {"n": service.minutes}
        if service.is_workshop
        else ngettext("%(n)s minute", "%(n)s minutes", service.minutes) % {"n": service.minutes},
        text=service.description,
        more=tuple(more),
        label="" if service.kind == ServiceKind.HEALTH_CARE else _("Not medical care"),
        link=_("Ask for this visit") if service.kind == ServiceKind.HEALTH_CARE else _("Ask for a session"),
        kind=service.kind,
    )


def price_rows(services: Iterable[Service]) -> list[PriceRow]:
    """`services` with their packages prefetched."""
    return [
        price_row(service, [pack for pack in service.packages.all() if pack.active]) for service in services
    ]


def _likely_total(service: Service) -> str:
    """What most people pay in all: the first visit and the usual number of visits after it."""
    low, high, after = service.typical_follow_ups_low, service.typical_follow_ups_high, service.follow_up
    if not (low and high and after):
        return ""
    return _("Most people come %(low)s to %(high)s more times. In all: %(least)s to %(most)s.") % {
        "low": low,
        "high": high,
        "least": words.money(service.price_cents + low * after.price_cents, exact=False),
        "most": words.money(service.price_cents + high * after.price_cents, exact=False),
    }


def _for_whom(service: Service) -> str:
    if service.is_health_care and service.audience and set(service.audience) == {"returning"}:
        return _("For people who have been here before.")
    return ""


def change_rule(clinic: Clinic, example: Service | None) -> str:
    """What a late change costs, in dollars for the visit that most people start with."""
    said = [_("It is free until %(hours)s hours before.") % {"hours": clinic.change_notice_hours}]
    if clinic.late_change_fee_percent and example:
        fee = words.money(example.price_cents * clinic.late_change_fee_percent // 100, exact=False)
        said.append(
            _("After that you pay %(fee)s for a visit at %(price)s.")
            % {"fee": fee, "price": words.money(example.price_cents, exact=False)}
        )
    if clinic.first_late_change_waived:
        said.append(_("We let the first late change go."))
    if clinic.no_show_fee_percent == 100:
        said.append(_("If you do not come and do not tell us, you pay the full price."))
    return " ".join(said)


def change_rule_to_tick(clinic: Clinic, service: Service | None) -> str:
    """The same as a sentence to agree to, with the fees of this visit."""
    hours = clinic.change_notice_hours
    if service is None:
        return _(
            "I know that a change is free until %(hours)s hours before. Later it costs a part of the price."
        ) % {"hours": hours}
    late = words.money(service.price_cents * clinic.late_change_fee_percent // 100)
    missed = words.money(service.price_cents * clinic.no_show_fee_percent // 100)
    if clinic.first_late_change_waived:
        return _(
            "I know that a change is free until %(hours)s hours before. Later it costs %(late)s, not the first time."
            " Not coming costs %(missed)s."
        ) % {"hours": hours, "late": late, "missed": missed}
    return _(
        "I know that a change is free until %(hours)s hours before. Later it costs %(late)s. Not coming costs %(missed)s."
    ) % {"hours": hours, "late": late, "missed": missed}
