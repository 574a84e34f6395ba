"""The files of a request as staff see them: who may open which."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.contrib.auth.models import AnonymousUser

from config.foundation.policy import May, may
from config.foundation.user import User
from intake.models import AppointmentRequest, StoredFile

NEEDS = {
    StoredFile.Kind.CARD_FRONT: May.SEE_INSURANCE,
    StoredFile.Kind.CARD_BACK: May.SEE_INSURANCE,
    StoredFile.Kind.REFERRAL: May.SEE_ANSWERS,  # it names what ails somebody
    StoredFile.Kind.ANSWER: May.SEE_ANSWERS,
}


@dataclass(frozen=True, slots=True)
class Shown:
    file: StoredFile
    may_open: bool


def may_open(user: User | AnonymousUser, file: StoredFile) -> bool:
    return may(user, NEEDS[StoredFile.Kind(file.kind)])


def shown_to(user: User | AnonymousUser, requests: Iterable[AppointmentRequest]) -> list[Shown]:
    """Every file of these requests; that there is one everybody sees who sees the request."""
    files = StoredFile.objects.of(requests).without_content().in_order()
    return [Shown(one, may_open(user, one)) for one in files.select_related("appointment_request")]
