"""Whoever opens a page about one person is written down before the page is shown."""

import pytest

from config.foundation.models import AccessEvent
from tests.access_matrix import ROWS
from tests.foundation.test_access_matrix import OURS
from tests.lived_in import lived_in_clinic
from tests.privacy.test_get_changes_nothing import answering, signed_in

# About no person: forms of the clinic. Answers with a sentence or a time, and shows nobody.
SHOWS_NOBODY = ("staff/forms/", "staff/settings/", "staff/request/<uuid:pk>/why/")


@pytest.mark.once
@pytest.mark.django_db
def test_every_page_about_one_person_says_who_opened_it() -> None:
    clinic = lived_in_clinic()
    owner = signed_in(clinic.owner)
    silent = []
    for address in OURS:
        about_one = "<uuid:" in address.route and address.route.startswith("staff/")
        if not about_one or ROWS[address.route].get is None or address.route.startswith(SHOWS_NOBODY):
            continue
        for path in answering(owner, address)[:1]:
            before = AccessEvent.objects.filter(actor=str(clinic.owner.pk)).count()
            owner.get(path)
            if AccessEvent.objects.filter(actor=str(clinic.owner.pk)).count() == before:
                silent.append(address.route)

    assert silent == []
