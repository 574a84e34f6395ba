import pytest

from notifications import catalogue
from notifications.models import Audience
from scheduling import notices

pytestmark = pytest.mark.django_db
ENGLISH = (" your ", " the ", " you ", " we ", "please", "hello")


@pytest.mark.parametrize(
    "code", [kind.code for kind in catalogue.kinds() if kind.audience == Audience.CLIENT]
)
def test_a_message_in_spanish_has_no_english_left(code: str) -> None:
    assert notices.VISIT
    rendered = catalogue.kind(code).preview("es")
    said = f" {rendered.subject} {rendered.text} ".lower()
    assert not [word for word in ENGLISH if word in said], said
