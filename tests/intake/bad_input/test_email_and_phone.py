"""Groups 21 to 32: mail and telephone."""

import pytest

from config.foundation.clinic import Clinic
from intake import cleaning
from intake.models import Client
from notifications.models import Message
from tests.intake.bad_input.conftest import STILL_HERE, Asker, everywhere

REFUSED = {
    "21 header": "a@x.org\r\nBcc: b@y.org",
    "22 comma": "a@x.org,b@y.org",
    "22 semicolon": "a@x.org;b@y.org",
    "22 angle": "<a@x.org>",
    "23 quoted": '"a,b"@x.org',
    "23 address": "a@[127.0.0.1]",
    "23 localhost": "a@localhost",
    "23 dash at the front": "-a@x.org",
    "23 local part of 65": "a" * 65 + "@x.org",
    "24 letters before the at": "пример@пример.рф",
    "27 two dots": "a@x..org",
    "27 no ending": "a@x",
    "27 nobody": "@x.org",
    "27 nowhere": "a@",
    "28 long": "a" * 64 + "@" + ".".join(["b" * 62] * 3) + ".org",
    "20 bomb": "a" * 50_000 + "!",
}


@pytest.mark.parametrize("email", REFUSED.values(), ids=REFUSED)
def test_an_address_that_cannot_be_is_sent_back(email: str, asker: Asker) -> None:
    answer = asker.post("you/", email=[email])

    assert answer.status_code == 422
    assert STILL_HERE in answer.content.decode()
    assert not Message.objects.exists()


def test_group_24_who_writes_so_is_asked_for_a_phone(asker: Asker) -> None:
    assert "phone number instead" in asker.post("you/", email=["пример@пример.рф"]).content.decode()


TAKEN = {
    "24 domain": ("a@пример.рф", "a@xn--e1afmkfd.xn--p1ai"),
    "25 case": ("  Alex@EXAMPLE.Com ", "Alex@example.com"),
    "25 dot at the end": ("a@example.com.", "a@example.com"),
    "26 plus": ("alex+pt@example.com", "alex+pt@example.com"),
    "26 dots": ("a.l.e.x@example.com", "a.l.e.x@example.com"),
    "29 look-alike": ("a@раypal.com", "a@xn--ypal-43d9g.com"),
}


@pytest.mark.parametrize(("typed", "kept"), TAKEN.values(), ids=TAKEN)
def test_an_address_is_put_right_and_staff_see_it(typed: str, kept: str, asker: Asker) -> None:
    sent = asker.stored(email=[typed])

    assert sent.client.email == kept
    assert kept in everywhere(asker, sent)["request at the desk"]


def test_group_23_a_domain_may_not_begin_with_a_dash() -> None:
    with pytest.raises(cleaning.UnusableEmail):
        cleaning.email("a@-x.org")


def test_group_30_the_clinics_own_address_is_not_written_to(asker: Asker) -> None:
    own = Clinic.get().email
    assert own
    sent = asker.stored(email=[own])

    assert sent.client.email == own
    (receipt,) = Message.objects.filter(kind="received")
    assert (receipt.state, receipt.reason) == ("not_sent", "own_address")


PHONES = {
    "31 brackets": ("(801) 555-0199", "+18015550199", ""),
    "31 international": ("+1 801 555 0199", "+18015550199", ""),
    "31 extension": ("801.555.0199 x12", "+18015550199", "12"),
    "31 full width": ("８０１５５５０１９９", "+18015550199", ""),
}


@pytest.mark.parametrize(("typed", "kept", "extension"), PHONES.values(), ids=PHONES)
def test_a_number_in_any_style(typed: str, kept: str, extension: str, asker: Asker) -> None:
    client: Client = asker.stored(phone=[typed]).client

    assert (str(client.phone), client.phone_extension) == (kept, extension)


@pytest.mark.parametrize("typed", ["911", "12345", "call me", "+9991234567", "1" * 500], ids=["31 911", "31 five", "31 letters", "31 no country", "31 long"])  # fmt: skip
def test_a_number_that_cannot_be_is_sent_back(typed: str, asker: Asker) -> None:
    answer = asker.post("you/", phone=[typed])

    assert answer.status_code == 422
    assert typed[:60] in answer.content.decode()


@pytest.mark.parametrize(
    ("typed", "kept"),
    [("+1 900 555 0199", "+19005550199"), ("+44 20 7946 0958", "+442079460958")],
    ids=["32 premium", "32 foreign"],
)
def test_a_number_that_costs_is_kept_and_staff_are_told(typed: str, kept: str, asker: Asker) -> None:
    sent = asker.stored(phone=[typed])

    assert str(sent.client.phone) == kept
    assert "costly_phone" in sent.markers.values_list("code", flat=True)
    assert "Costly number" in everywhere(asker, sent)["request at the desk"]


def test_group_32_a_number_of_here_costs_nothing(asker: Asker) -> None:
    assert "costly_phone" not in asker.stored(phone=["801-555-0199"]).markers.values_list("code", flat=True)
