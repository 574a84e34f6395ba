"""The price list. A change writes a new version; the lines of an older one stay readable, estimates keep theirs."""

import re
from datetime import datetime
from typing import Any

from django import forms
from django.db import transaction
from django.forms import BaseFormSet, formset_factory
from django.utils.translation import gettext_lazy as _

from config.foundation import access_log
from config.foundation.user import User
from config.foundation.versioned import StaleVersion
from intake.models import PriceLine, Service
from scheduling.models import PriceVersion

MOST_LINES = 6
DEAREST = 1_000_000  # cents of one line
MONEY = re.compile(r"\$?\s*(\d{1,5})(?:[.,](\d{2}))?", re.ASCII)
CODE = re.compile(r"[A-Z0-9]{4,7}(?:-[A-Z0-9]{2})?", re.ASCII)


class Money(forms.CharField):
    """Dollars as people type them, to whole cents."""

    def clean(self, value: Any) -> int | None:
        text = str(super().clean(value)).replace(",", ".").strip()
        if not text and not self.required:
            return None
        found = MONEY.fullmatch(text)
        cents = int(found[1]) * 100 + int(found[2] or 0) if found else -1
        if not 0 <= cents <= DEAREST:
            raise forms.ValidationError(_("Write an amount in dollars, such as 165 or 165.50."))
        return cents

    def prepare_value(self, value: Any) -> Any:
        return f"{value // 100}.{value % 100:02d}" if isinstance(value, int) else value


class LineForm(forms.Form):
    name = forms.CharField(label=_("In our own words"), max_length=120, required=False)
    name_es = forms.CharField(label=_("In Spanish"), max_length=120, required=False)
    codes = forms.CharField(
        label=_("Service codes"), max_length=80, required=False, help_text=_("Numbers only, such as 97161.")
    )
    quantity = forms.IntegerField(label=_("How often"), min_value=1, max_value=99, required=False)
    unit_cents = Money(label=_("Price of one"), required=False)

    def clean_codes(self) -> list[str]:
        codes = [one for one in re.split(r"[\s,;]+", self.cleaned_data["codes"].upper()) if one]
        if not all(CODE.fullmatch(one) for one in codes):
            raise forms.ValidationError(_("A code is 4 to 7 letters or numbers."))
        return codes

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if not cleaned.get("name") and (cleaned.get("unit_cents") is not None or cleaned.get("codes")):
            self.add_error("name", _("Say what it is."))
        if cleaned.get("name") and cleaned.get("unit_cents") is None and "unit_cents" not in self.errors:
            self.add_error("unit_cents", _("Write the price."))
        return cleaned


class Lines(BaseFormSet):  # type: ignore[type-arg]  # not subscriptable at run time
    def clean(self) -> None:
        if not any(self.errors) and not said(self):
            raise forms.ValidationError(_("Write at least one line."))


def said(lines: "BaseFormSet[LineForm]") -> list[dict[str, Any]]:
    """The filled lines of a valid set."""
    cleaned = [form.cleaned_data for form in lines.forms if form.is_valid()]
    return [{**one, "quantity": one.get("quantity") or 1} for one in cleaned if one and one.get("name")]


LineFormSet = formset_factory(LineForm, formset=Lines, extra=2, max_num=MOST_LINES, absolute_max=MOST_LINES)


def lines_of(service: Service) -> list[dict[str, Any]]:
    return [
        {
            "name": line.name,
            "name_es": line.name_es,
            "codes": list(line.service_codes),
            "quantity": line.quantity,
            "unit_cents": line.unit_cents,
        }
        for line in service.price_lines.order_by("position")
    ]


@transaction.atomic
def change(
    *, service: Service, lines: list[dict[str, Any]], by: User, now: datetime, seen: int | None = None
) -> PriceVersion | None:
    """Make these the lines of one visit; None when nothing differs. Raises StaleVersion: somebody was faster."""
    locked = Service.objects.select_for_update().get(pk=service.pk)
    before = lines_of(locked)
    newest = PriceVersion.objects.filter(service=locked).order_by("-number").first()
    number = newest.number if newest else 0
    if seen is not None and seen != number:
        raise StaleVersion
    if lines == before:
        return None
    if newest is None and before:
        number = 1
        PriceVersion.objects.create(
            service=locked, number=1, lines=before, total_cents=locked.price_cents, at=now
        )
    total = sum(line["quantity"] * line["unit_cents"] for line in lines)
    version = PriceVersion.objects.create(
        service=locked, number=number + 1, lines=lines, total_cents=total, at=now, by=by
    )
    locked.price_lines.all().delete()
    PriceLine.objects.bulk_create(
        PriceLine(
            service=locked,
            position=position,
            name=line["name"],
            name_es=line["name_es"],
            service_codes=line["codes"],
            quantity=line["quantity"],
            unit_cents=line["unit_cents"],
        )
        for position, line in enumerate(lines)
    )
    Service.objects.filter(pk=locked.pk).update(price_cents=total)
    access_log.record(
        by=by, action="prices_changed", subject="intake.service", subject_id=locked.pk, fields=["price_lines"]
    )
    return version
