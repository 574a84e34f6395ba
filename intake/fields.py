"""Form fields with our own forgiving rules and kind words (look.md, section 5)."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.dates import MONTHS
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from intake import cleaning, words
from intake.cleaning import Phone
from intake.widgets import DateBoxes

LONGEST_NAME = 100
LONGEST_STORY = 4000
OLDEST_YEAR = 1900
UNUSABLE = _("There is a sign in here that we cannot keep. Please type it again.")


class Line(forms.CharField):
    """One line of text. `optional_note` shows "you can skip this" while the field is not required."""

    lines = False

    def __init__(self, *, optional_note: bool = True, autocomplete: str = "", **kwargs: Any) -> None:
        self.optional_note = optional_note
        kwargs.setdefault("max_length", LONGEST_NAME)
        kwargs.setdefault("required", False)
        super().__init__(strip=False, **kwargs)
        # Never cut silently by the browser: the server says how many letters are over.
        self.widget.attrs.pop("maxlength", None)
        if autocomplete:
            self.widget.attrs["autocomplete"] = autocomplete

    def to_python(self, value: Any) -> str:
        try:
            return cleaning.text(str(value or ""), lines=self.lines)
        except cleaning.UnusableText as error:
            raise ValidationError(UNUSABLE, code="unusable") from error

    def run_validators(self, value: Any) -> None:
        if self.max_length and len(value) > self.max_length:
            raise ValidationError(_too_long(len(value) - self.max_length, self.max_length), code="too_long")


class Story(Line):
    """Several lines, with a count of letters left."""

    widget = forms.Textarea
    lines = True
    extra_template = "components/count.html"

    def __init__(self, *, rows: int = 6, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", LONGEST_STORY)
        super().__init__(**kwargs)
        self.widget.attrs.update({"rows": rows, "data-limit": str(self.max_length)})


def _too_long(over: int, limit: int) -> str:
    return ngettext(
        "This is %(over)s letter too long. It can have %(limit)s. All of it is still here.",
        "This is %(over)s letters too long. It can have %(limit)s. All of it is still here.",
        over,
    ) % {"over": f"{over:,}", "limit": f"{limit:,}"}


class Email(Line):
    widget = forms.EmailInput

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=cleaning.LONGEST_EMAIL, autocomplete="email", **kwargs)

    def to_python(self, value: Any) -> str:
        raw = str(value or "")
        if cleaning.is_blank(raw):
            return ""
        try:
            return cleaning.email(raw)
        except cleaning.UnusableEmail as refused:
            raise ValidationError(
                _why_no_email(refused), code=refused.code, params={"suggestion": refused.suggestion}
            ) from refused


def _why_no_email(refused: cleaning.UnusableEmail) -> str:
    if refused.code == "no_ending" and refused.suggestion:
        return gettext("Please add the ending, such as %(email)s.") % {"email": refused.suggestion}
    if refused.suggestion:
        return gettext("Did you mean %(email)s?") % {"email": refused.suggestion}
    if refused.code == "no_at":
        return gettext("An email has an @ in the middle, such as name@example.com.")
    if refused.code == "letters_before_at":
        return gettext(
            "We cannot send to letters like these before the @. Could you give a phone number instead?"
        )
    if refused.code == "too_long":
        return gettext("This email is too long to be right. Please check it.")
    return gettext("This does not look like one email. It should look like name@example.com.")


class WholeNumber(forms.IntegerField):
    """Digits as people type them. Python would also read `1_000` and digits of other scripts as a number."""

    def to_python(self, value: Any) -> int | None:
        typed = unicodedata.normalize("NFKC", str(value if value is not None else "")).strip()
        if typed and not re.fullmatch(r"[+-]?[0-9]{1,9}", typed):
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        return super().to_python(typed)


class Telephone(Line):
    """Cleans to a Phone (E.164 and extension) or None."""

    widget = forms.TextInput

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=None, autocomplete=kwargs.pop("autocomplete", "tel"), **kwargs)
        self.widget.input_type = "tel"

    def to_python(self, value: Any) -> Phone | None:  # type: ignore[override]
        raw = str(value or "")
        if cleaning.is_blank(raw):
            return None
        try:
            return cleaning.phone(raw)
        except cleaning.UnusablePhone as refused:
            raise ValidationError(_why_no_phone(refused), code=refused.code) from refused

    def run_validators(self, value: Any) -> None:
        return None


def _why_no_phone(refused: cleaning.UnusablePhone) -> str:
    if refused.code == "missing":
        short = cleaning.DIGITS_HERE - refused.digits
        return ngettext(
            "%(n)s number is missing. A phone number here has 10.",
            "%(n)s numbers are missing. A phone number here has 10.",
            short,
        ) % {"n": _count(short)}
    if refused.code == "too_many":
        return gettext("This has too many numbers. A phone number here has 10.")
    if refused.code == "letters":
        return gettext("Please type the phone number in digits, such as 801-555-0100.")
    return gettext(
        "We cannot find this phone number. Please check it. From abroad, start with + and the country."
    )


def _count(n: int) -> str:
    """A small number in words, as the sentence above has it: first in English, inside it in Spanish."""
    said = {
        1: gettext("One"),
        2: gettext("Two"),
        3: gettext("Three"),
        4: gettext("Four"),
        5: gettext("Five"),
        6: gettext("Six"),
    }
    return said.get(n, str(n))


@dataclass(frozen=True, slots=True)
class _Parts:
    month: str
    day: str
    year: str


class BoxedDate(forms.Field):
    """A date in three boxes. Cleans to a date or None.

    A whole date typed or spoken into the first box is taken apart (month first, or year first as ISO writes).
    `earliest` and `latest` are filled in by the form, which knows today.
    """

    widget = DateBoxes
    earliest: date | None = None
    latest: date | None = None

    def __init__(
        self,
        *,
        optional_note: bool = True,
        autocomplete: str = "",
        too_early: Any = "",
        too_late: Any = "",
        **kwargs: Any,
    ) -> None:
        self.optional_note = optional_note
        self.too_early, self.too_late = too_early, too_late
        kwargs.setdefault("required", False)
        kwargs.setdefault("widget", DateBoxes(autocomplete=autocomplete))
        super().__init__(**kwargs)

    def clean(self, value: Any) -> date | None:
        typed = _Parts(
            *[unicodedata.normalize("NFKC", str(box or "")).strip() for box in (value or ["", "", ""])]
        )
        typed = _take_apart(typed)
        if not (typed.month or typed.day or typed.year):
            if self.required:
                raise ValidationError(_("Please write the month, the day and the year."), code="required")
            return None
        found = _real_date(typed)
        if self.earliest and found < self.earliest:
            raise ValidationError(self.too_early, code="in_the_past")
        if self.latest and found > self.latest:
            raise ValidationError(self.too_late, code="in_the_future")
        return found

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(any(data or []))


def _take_apart(typed: _Parts) -> _Parts:
    if typed.day or typed.year:
        return typed
    iso = re.fullmatch(r"(\d{4})-(\d{1,2})-(\d{1,2})", typed.month, re.ASCII)
    if iso:
        return _Parts(iso[2], iso[3], iso[1])
    pieces = [piece for piece in re.split(r"[\s/.,-]+", typed.month) if piece]
    return _Parts(*pieces) if len(pieces) == 3 else typed


def _real_date(typed: _Parts) -> date:
    """Raises ValidationError with what is wrong, in words."""
    month = _month(typed.month)
    day = _number(typed.day)
    if not (typed.month and typed.day and typed.year):
        raise ValidationError(_("Please write the month, the day and the year."), code="not_a_real_date")
    if re.fullmatch(r"\d{1,3}", typed.year, re.ASCII):
        raise ValidationError(
            _("Please write the year with 4 numbers, such as 1985."), code="not_a_real_date"
        )
    year = _number(typed.year)
    if month is None or day is None or year is None or not re.fullmatch(r"\d{4}", typed.year, re.ASCII):
        raise ValidationError(
            _("We need month, day and year in numbers, such as 4 19 1986."), code="not_a_real_date"
        )
    if not OLDEST_YEAR <= year <= 9000:
        raise ValidationError(_("Please check the year."), code="not_a_real_date")
    if not 1 <= month <= 12:
        turned = _turned_round(year, month, day)
        if turned:
            raise ValidationError(
                gettext("We need month, day, year. Did you mean %(day)s?")
                % {"day": words.day(turned, year=True, weekday=False)},
                code="not_a_real_date",
                params={"suggestion": turned.isoformat()},
            )
        raise ValidationError(
            _("The month is a number from 1 to 12. Please check it."), code="not_a_real_date"
        )
    try:
        return date(year, month, day)
    except ValueError as error:
        raise ValidationError(
            gettext("%(month)s %(year)s has no day %(day)s. Please check the day.")
            % {"month": str(MONTHS[month]).capitalize(), "year": year, "day": day},
            code="not_a_real_date",
        ) from error


def _turned_round(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, day, month)
    except ValueError:
        return None


def _number(text: str) -> int | None:
    return int(text) if re.fullmatch(r"\d{1,4}", text, re.ASCII) else None


def _month(text: str) -> int | None:
    """A number, or the name (or its first letters) in either language."""
    if re.fullmatch(r"\d{1,2}", text, re.ASCII):
        return int(text)
    start = text.casefold().rstrip(".")
    names = {
        **{str(name).casefold(): number for number, name in MONTHS.items()},
        **{name: number for number, name in enumerate(_ENGLISH_MONTHS, 1)},
    }
    fits = {number for name, number in names.items() if len(start) >= 3 and name.startswith(start)}
    return fits.pop() if len(fits) == 1 else None


_ENGLISH_MONTHS = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
]
