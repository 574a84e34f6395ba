"""The sample clinic, loaded once a test."""

from pathlib import Path

import pytest

from config.clinic_file.loading import load
from config.clinic_file.reading import read
from config.foundation.models import Clinic

SAMPLE = Path(__file__).resolve().parents[3] / "sample-clinic.yaml"


@pytest.fixture
def clinic(db: None) -> Clinic:
    load(read(SAMPLE.read_text(encoding="utf-8")))
    return Clinic.get()
