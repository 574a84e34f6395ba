"""What holds, and what works, when every statement is committed: these tests empty the tables themselves."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from config.clinic_file.loading import load
from config.clinic_file.reading import read
from config.foundation.models import Clinic, StaffTask
from intake.models import CostQuestion
from scheduling.estimates import triggers, watch
from scheduling.models import Estimate
from tests.scheduling.estimates.conftest import SAMPLE
from tests.scheduling.estimates.rows import an_issued_estimate
from tests.scheduling.estimates.test_issue import NOW, a_request

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_minutes_look_works_outside_of_any_transaction(transactional_db: None) -> None:
    load(read(SAMPLE.read_text(encoding="utf-8")))
    asked = a_request()
    CostQuestion.objects.create(client=asked.client, appointment_request=asked, asked_at=NOW, how="staff")
    triggers.derive_requested(clinic=Clinic.get())

    watch.look(now=NOW + timedelta(days=4, hours=22))

    assert StaffTask.objects.filter(kind="estimate_due", priority="urgent").exists()


@pytest.mark.parametrize("again", [1, 2])
def test_frozen_tables_are_empty_at_the_start_of_every_test(again: int, transactional_db: None) -> None:
    # Tests that commit are emptied by other means; the protection must be back afterwards.
    assert Estimate.objects.count() == 0
    load(read(SAMPLE.read_text(encoding="utf-8")))
    issued = an_issued_estimate()

    with pytest.raises(IntegrityError), transaction.atomic():
        Estimate.objects.filter(pk=issued.pk).update(total_cents=1)
