import pytest

from notifications import addresses
from notifications.addresses import BadAddress


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        (" Chris.McSample@EXAMPLE.com ", "Chris.McSample@example.com"),
        ("s.o'example@example.com", "s.o'example@example.com"),
        ("a+filter@example.org", "a+filter@example.org"),
        ("a@пример.example.org", "a@xn--e1afmkfd.example.org"),
        ("a@example.org.", "a@example.org"),
    ],
)
def test_an_address_gets_one_spelling(typed: str, stored: str) -> None:
    assert addresses.clean(typed) == stored


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("", "empty"),
        ("x@example.com\nBcc: everyone@example.net", "control_character"),
        ("x@example.com\r\n", "control_character"),
        ("x@example.com\0", "control_character"),
        ("a@example.org,b@example.org", "several"),
        ("a@example.org;b@example.org", "several"),
        ("Alex <a@example.org>", "several"),
        ('"a,b"@example.org', "several"),
        ('"a b"@example.org', "several"),
        ('"ab"@example.org', "not_an_email"),
        ("<a@example.org>", "not_an_email"),
        ("a@[127.0.0.1]", "not_an_email"),
        ("a@127.0.0.1", "not_an_email"),
        ("a@localhost", "not_an_email"),
        ("a@-x.example.org", "not_an_email"),
        ("a@x..example.org", "not_an_email"),
        ("a..b@example.org", "not_an_email"),
        ("a@", "not_an_email"),
        ("@example.org", "not_an_email"),
        ("sam.sample", "not_an_email"),
        ("пример@example.org", "local_part_not_ascii"),
        ("a" * 65 + "@example.org", "too_long"),
        ("a@" + ".".join(["b" * 60] * 5) + ".org", "too_long"),
        ("a" * 50_000 + "!", "not_an_email"),
    ],
)
def test_an_address_that_could_do_harm_is_refused(typed: str, code: str) -> None:
    with pytest.raises(BadAddress) as refused:
        addresses.clean(typed)

    assert refused.value.code == code
