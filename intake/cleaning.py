"""What people type, made safe to keep without changing what they said. Pure: no form, no database, no clock.

Letters of a name are never changed, only their Unicode form (NFC) and blanks around and between them.
"""

import re
import unicodedata
from dataclasses import dataclass

import phonenumbers
from phonenumbers import PhoneNumberFormat, PhoneNumberType

_BIDI_AND_INVISIBLE = re.compile(
    "[\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\U000e0001-\U000e007f]"
)
_BLANK = re.compile("[\\s\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180e\u200c\u200d\u2800\u3164\uffa0\ufe0f]+")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_LINES = re.compile("\r\n|[\r\u2028\u2029\u0085]")
_LINK = re.compile(r"https?://|www\.", re.IGNORECASE)
MOST_MARKS_ON_A_LETTER = 4
MOST_EMPTY_LINES = 2
_MANY_EMPTY_LINES = re.compile("\n{4,}")


class UnusableText(ValueError):
    """Holds a character that cannot be kept: a control character, half of a pair, marks piled up."""


def text(raw: str, *, lines: bool = False) -> str:
    """One line (or several with `lines`) in NFC, without invisible direction marks and blanks around.

    Raises UnusableText for control characters, lone surrogates and piles of combining marks.
    """
    try:
        raw.encode("utf-8")
    except UnicodeEncodeError as error:
        raise UnusableText from error
    joined = _LINES.sub("\n", raw)
    if _CONTROL.search(joined):
        raise UnusableText
    kept = unicodedata.normalize("NFC", _BIDI_AND_INVISIBLE.sub("", joined))
    if has_piled_marks(kept):
        raise UnusableText
    if is_blank(kept):
        return ""
    if not lines:
        return re.sub(r"\s+", " ", kept).strip()
    kept = "\n".join(line.rstrip() for line in kept.split("\n"))
    return _MANY_EMPTY_LINES.sub("\n" * (MOST_EMPTY_LINES + 1), kept).strip()


def is_blank(value: str) -> bool:
    """Nothing a reader would see: spaces, Hangul fillers, lone joiners."""
    return not _BLANK.sub("", value)


def has_piled_marks(value: str) -> bool:
    pile = 0
    for character in value:
        pile = pile + 1 if unicodedata.category(character) in {"Mn", "Me"} else 0
        if pile > MOST_MARKS_ON_A_LETTER:
            return True
    return False


def count_links(value: str) -> int:
    return len(_LINK.findall(value))


# --- telephone ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Phone:
    e164: str
    extension: str = ""


class UnusablePhone(ValueError):
    """`code`: missing (some digits), too_many, letters, not_a_phone; `digits`: how many were typed."""

    def __init__(self, code: str, digits: int) -> None:
        super().__init__(code)
        self.code, self.digits = code, digits


LONGEST_PHONE = 60
DIGITS_HERE = 10


def phone(raw: str, *, region: str = "US") -> Phone:
    """A number in any style people type, with its extension. Raises UnusablePhone."""
    if len(raw) > LONGEST_PHONE:
        raise UnusablePhone("too_many", sum(character.isdigit() for character in raw))
    plain = unicodedata.normalize("NFKC", raw).strip()
    if plain.startswith(("+", "00")):
        plain = plain.replace("(0)", " ")  # +44 (0)20: the zero is not dialled from abroad
    body = re.split(r"(?i)\s*(?:extension|ext|x|#)\.?\s*\d{0,7}\s*$", plain)[0]
    digits = sum(character.isdigit() for character in body)
    if re.search(r"[^\W\d_]{3,}", body) or not digits:
        raise UnusablePhone("letters", digits)
    try:
        number = phonenumbers.parse(plain, region)
    except phonenumbers.NumberParseException as error:
        raise UnusablePhone(_why(digits, plain), digits) from error
    if not phonenumbers.is_possible_number(number) or not phonenumbers.is_valid_number(number):
        raise UnusablePhone(_why(digits, plain), digits)
    return Phone(phonenumbers.format_number(number, PhoneNumberFormat.E164), number.extension or "")


def is_costly(e164: str, *, region: str = "US") -> bool:
    """A number abroad, or one that charges who calls it: staff look before they dial."""
    try:
        number = phonenumbers.parse(e164, region)
    except phonenumbers.NumberParseException:
        return False
    is_abroad = phonenumbers.region_code_for_number(number) != region
    return is_abroad or phonenumbers.number_type(number) == PhoneNumberType.PREMIUM_RATE


def _why(digits: int, plain: str) -> str:
    if plain.strip().startswith(("+", "00")):
        return "not_a_phone"
    if digits < DIGITS_HERE:
        return "missing"
    return "too_many" if digits > DIGITS_HERE + 1 else "not_a_phone"


# --- mail --------------------------------------------------------------------------------------------


class UnusableEmail(ValueError):
    """`code` says why; `suggestion` is an address the person may have meant."""

    def __init__(self, code: str, suggestion: str = "") -> None:
        super().__init__(code)
        self.code, self.suggestion = code, suggestion


LONGEST_EMAIL, LONGEST_LOCAL_PART = 254, 64
# No dash at the front: some mail programs would read an option in it.
_LOCAL = re.compile(r"(?!-)[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_SLIPS = {
    "gmial.com": "gmail.com",
    "gmai.com": "gmail.com",
    "gmail.con": "gmail.com",
    "gmail.co": "gmail.com",
    "gnail.com": "gmail.com",
    "hotmial.com": "hotmail.com",
    "hotmail.con": "hotmail.com",
    "yaho.com": "yahoo.com",
    "yahoo.con": "yahoo.com",
    "outlok.com": "outlook.com",
    "iclould.com": "icloud.com",
    "icloud.con": "icloud.com",
}


def email(raw: str) -> str:
    """An address that mail servers take, domain in lower case and punycode, the name part as typed.

    Stricter than the standard on purpose (no quotes, no bare hosts, no IP addresses). Raises UnusableEmail.
    """
    if re.search("[\r\n\x00-\x08\x0b-\x1f\x7f]", raw):
        raise UnusableEmail("not_an_email")
    address = raw.strip().strip("\u00a0\u200b\ufeff").rstrip(".")
    if len(address) > LONGEST_EMAIL:
        raise UnusableEmail("too_long")
    if address.count("@") != 1:
        raise UnusableEmail("no_at" if "@" not in address else "not_an_email")
    local, domain = address.split("@")
    if not local or not domain:
        raise UnusableEmail("not_an_email")
    if not local.isascii():
        raise UnusableEmail("letters_before_at")
    if len(local) > LONGEST_LOCAL_PART:
        raise UnusableEmail("too_long")
    if not _LOCAL.fullmatch(local):
        raise UnusableEmail("not_an_email")
    host = _host(domain)
    if host is None:
        mended = domain.replace(",", ".").replace(";", ".").replace("..", ".").replace(" ", "").strip(".")
        fits = mended != domain and _host(mended) is not None and "." in mended
        raise UnusableEmail("not_an_email", f"{local}@{mended.lower()}" if fits else "")
    if "." not in host:
        raise UnusableEmail("no_ending", f"{local}@{host}.com" if host != "localhost" else "")
    if host in _SLIPS:
        raise UnusableEmail("slip", f"{local}@{_SLIPS[host]}")
    return f"{local}@{host}"


def _host(domain: str) -> str | None:
    try:
        host = domain.lower() if domain.isascii() else domain.lower().encode("idna").decode("ascii")
    except UnicodeError:
        return None
    labels = host.split(".")
    if len(host) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        return None
    if len(labels) > 1 and labels[-1].isdigit():
        return None
    return host
