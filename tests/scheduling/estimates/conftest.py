"""The sample clinic, loaded once a module: every test begins with it as it was loaded."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import transaction
from django.test import Client as Browser
from pytest_django import DjangoDbBlocker

from config.clinic_file.loading import load
from config.clinic_file.reading import read
from config.foundation.models import Clinic, User
from tests.scheduling.estimates.rows import signed_in

SAMPLE = Path(__file__).resolve().parents[3] / "sample-clinic.yaml"


@pytest.fixture(scope="module")
def loaded_clinic(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Tests run in a transaction inside this one, so what they do is undone and the clinic stays."""
    with django_db_blocker.unblock(), transaction.atomic():
        load(read(SAMPLE.read_text(encoding="utf-8")))
        with django_db_blocker.block():
            yield
        transaction.set_rollback(True)


@pytest.fixture
def clinic(loaded_clinic: None, db: None) -> Clinic:
    return Clinic.get()


@pytest.fixture
def by() -> User:
    return User.objects.create_user("desk@example.com", "a long password", is_front_desk=True)


@pytest.fixture
def desk(client: Browser, by: User) -> Browser:
    return signed_in(client, by)
