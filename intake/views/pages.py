"""The pages of the request form: their order, words and addresses."""

from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy

from config.foundation.clinic import Clinic, Closure, reply_by
from intake import words
from intake.forms import Setting
from intake.models import RequestDraft

# Every step: title, lead, minutes left.
WORDS: dict[str, tuple[Any, Any, int]] = {
    "visit": (
        gettext_lazy("What would you like?"),
        gettext_lazy("You see every price before you say anything about yourself."),
        4,
    ),
    "about": (
        gettext_lazy("Where does it bother you?"),
        gettext_lazy("Tick every place. Two or three is normal."),
        4,
    ),
    "safety": (
        gettext_lazy("A few safety questions"),
        gettext_lazy("They help us keep you safe. You can skip any question."),
        3,
    ),
    "you": (
        gettext_lazy("About you"),
        gettext_lazy("We need a name, a birth date and one way to reach you."),
        2,
    ),
    "paying": (
        gettext_lazy("How will you pay?"),
        gettext_lazy("You pay us at the visit. Nothing is due today."),
        1,
    ),
    "send": (
        gettext_lazy("Check and send"),
        gettext_lazy("You can change anything. Nothing is booked yet."),
        0,
    ),
}


def order(setting: Setting) -> list[str]:
    """A class asks neither where it hurts nor about safety."""
    return ["visit", "you", "paying", "send"] if setting.is_workshop else list(WORDS)


def after(name: str, setting: Setting) -> str:
    names = order(setting)
    return names[min(names.index(name) + 1, len(names) - 1)] if name in names else "you"


def first_open(draft: RequestDraft | None) -> str:
    done = draft.answers.get("done", []) if draft else []
    return next((name for name in WORDS if name not in done), "send")


def address(name: str) -> str:
    return reverse("request") if name == "visit" else reverse("request_step", args=[name])


def promise(clinic: Clinic, now: datetime) -> str:
    """By when they hear from us, in words, if they send it now."""
    return words.moment(reply_by(clinic, Closure.objects.all(), now), clinic.zone)
