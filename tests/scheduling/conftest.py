import pytest

from tests.factories import load_sample_clinic


@pytest.fixture
def clinic(db: None) -> None:
    load_sample_clinic()
