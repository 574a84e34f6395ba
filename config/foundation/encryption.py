"""Columns that only this application can read, and look-ups that need not read them.

A value is sealed with AES-256-GCM as one blob: ``v1|kid|nonce|ciphertext and tag``. What the blob is
bound to (the additional data) is ``table|column|primary key``, so ciphertext moved to another row,
column or table does not open. The keys come from ``settings.FIELD_KEYS``: the first one writes, all of
them read, which is how a key is replaced.

Reading is lazy: a row loaded from the database carries sealed values, and each is opened when the
attribute is first read. What does not open raises `DecryptionError`; there is no other answer. The
empty blob does not open either, so an encrypted column joins a table that has rows as ``null=True``.
"""

import hmac
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, NoReturn

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django import forms
from django.conf import settings
from django.core import checks, exceptions
from django.core.serializers.json import DjangoJSONEncoder
from django.core.validators import MaxLengthValidator
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.lookups import IsNull
from django.db.models.query_utils import DeferredAttribute
from django.utils.translation import gettext_lazy as _

VERSION = b"v1"
NONCE_BYTES = 12


class DecryptionError(Exception):
    """A sealed value does not open: wrong key, altered, or moved from where it was written."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """What the database holds. It says nothing about itself in logs, templates or `values()`."""

    blob: bytes

    def __repr__(self) -> str:
        return "<sealed>"


# --- blobs: bytes in, bytes out ------------------------------------------------------------------


def seal(plain: bytes, *, bound_to: str) -> bytes:
    """Encrypt with the first key of the ring; `bound_to` must be said again to open it."""
    key_id, key = next(iter(_ring().items()))
    nonce = os.urandom(NONCE_BYTES)
    ciphertext = AESGCM(key).encrypt(nonce, plain, bound_to.encode())
    return b"|".join([VERSION, key_id.encode(), nonce + ciphertext])


def unseal(blob: bytes, *, bound_to: str) -> bytes:
    """The bytes that were sealed. Raises `DecryptionError` for any but an untouched blob in its place."""
    version, _bar, rest = blob.partition(b"|")
    key_id, bar, body = rest.partition(b"|")
    if version != VERSION or not bar:
        raise DecryptionError("A sealed value is not in a form we write.")
    key = _ring().get(key_id.decode("ascii", "replace"))
    if key is None:
        raise DecryptionError("A sealed value was written with a key that is not in FIELD_KEYS.")
    try:
        return AESGCM(key).decrypt(body[:NONCE_BYTES], body[NONCE_BYTES:], bound_to.encode())
    except (InvalidTag, ValueError):  # ValueError: cut so short that even the nonce is missing
        raise DecryptionError("A sealed value was altered, or moved from where it was written.") from None


def lookup_hash(value: str, *, purpose: str) -> str:
    """HMAC-SHA256 (64 hex digits) to find a row by an encrypted value without opening any.

    Equal values give equal hashes, so normalise first, and never hash what few people share, such as a
    diagnosis. `purpose` keeps the hashes of different columns from being compared with each other.
    """
    message = purpose.encode() + b"\0" + value.encode()
    return hmac.digest(settings.LOOKUP_KEY.encode(), message, "sha256").hex()


def _ring() -> Mapping[str, bytes]:
    ring: Mapping[str, bytes] = settings.FIELD_KEYS
    return ring


# --- fields --------------------------------------------------------------------------------------


class _Opener(DeferredAttribute):
    """Opens a sealed value the first time it is read and keeps the result on the instance."""

    field: "EncryptedField"

    def __get__(self, instance: models.Model | None, cls: type[models.Model] | None = None) -> Any:
        value = super().__get__(instance, cls)
        if instance is not None and isinstance(value, Sealed):
            value = self.field.open(value, row=instance)
            instance.__dict__[self.field.attname] = value
        return value

    # Only a descriptor that also sets is asked before the instance's own dictionary.
    def __set__(self, instance: models.Model, value: Any) -> None:
        instance.__dict__[self.field.attname] = value


if TYPE_CHECKING:
    BaseField = models.Field[Any, Any]
else:
    BaseField = models.Field  # has no subscript at run time


class EncryptedField(BaseField):
    """Common ground of the encrypted columns. A row is told apart by its UUID primary key."""

    descriptor_class = _Opener
    max_length: int | None

    def dump(self, value: Any) -> bytes:
        raise NotImplementedError

    def load(self, plain: bytes) -> Any:
        raise NotImplementedError

    def open(self, sealed: Sealed, *, row: models.Model) -> Any:
        """The value as it was saved in this row. Raises `DecryptionError`."""
        return self.load(unseal(sealed.blob, bound_to=self._place(row)))

    def _place(self, row: models.Model) -> str:
        return f"{self.model._meta.db_table}|{self.column}|{self.model._meta.pk.to_python(row.pk)}"

    # -- into the database

    def pre_save(self, model_instance: models.Model, add: bool) -> Sealed | None:
        if model_instance.pk is None:
            raise ValueError(f"{self.model.__name__} needs its id before {self.name} can be encrypted.")
        stored = model_instance.__dict__.get(self.attname)
        if isinstance(stored, Sealed):
            # Never read since it was loaded. Opening it here makes saving a copy under another id fail now,
            # not when somebody wants to read it, and moves the value to the newest key.
            stored = self.open(stored, row=model_instance)
        else:
            stored = getattr(model_instance, self.attname)
        if stored is None:
            return None
        return Sealed(seal(self.dump(stored), bound_to=self._place(model_instance)))

    def get_db_prep_value(self, value: Any, connection: BaseDatabaseWrapper, prepared: bool = False) -> Any:
        if value is None:
            return None
        if isinstance(value, Sealed):
            return connection.Database.Binary(value.blob)  # type: ignore[attr-defined]  # the driver's module
        if value == b"":
            return b""  # what a migration puts into existing rows; it does not open
        raise TypeError(
            f"{self.name} is encrypted for one row, so update() and bulk_update() cannot write it. "
            "Set the attribute and save() the row."
        )

    # -- out of the database

    def from_db_value(self, value: Any, *_args: Any) -> Sealed | None:
        return None if value is None else Sealed(bytes(value))

    def get_lookup(self, lookup_name: str) -> type[IsNull]:
        if lookup_name == "isnull":
            return IsNull
        raise exceptions.FieldError(
            f"{self.name} is encrypted and cannot be searched by value (only isnull). "
            "Store a lookup_hash() beside it if rows must be found by it."
        )

    def get_transform(self, lookup_name: str) -> NoReturn:
        self.get_lookup(lookup_name)
        raise exceptions.FieldError(f"{self.name} is encrypted: {lookup_name} cannot look inside it.")

    # -- for Django

    def get_internal_type(self) -> str:
        return "BinaryField"

    def deconstruct(self) -> tuple[str, str, Sequence[Any], dict[str, Any]]:
        name, path, args, kwargs = super().deconstruct()
        # A default in a migration would be written to existing rows, which cannot be done without their ids.
        if "default" in kwargs:
            del kwargs["default"]
            kwargs["blank"] = True
        return name, path, args, kwargs

    def value_to_string(self, obj: models.Model) -> str:
        """For `dumpdata`: the sealed blob in hexadecimal, never what is in it."""
        sealed = self.pre_save(obj, add=False)
        return "" if sealed is None else sealed.blob.hex()

    def check(self, **kwargs: Any) -> list[checks.CheckMessage]:
        found = list(super().check(**kwargs))
        if not isinstance(self.model._meta.pk, models.UUIDField):
            found.append(
                checks.Error(
                    "A model with encrypted fields needs a UUIDField with a default as its primary key.",
                    hint="The ciphertext is bound to the id, which must be known before the row is inserted.",
                    obj=self,
                    id="foundation.E001",
                )
            )
        if self.unique or self.db_index:  # type: ignore[attr-defined]  # set by Field
            found.append(
                checks.Error(
                    "An index on ciphertext finds nothing.",
                    hint="Index a lookup_hash() beside it.",
                    obj=self,
                    id="foundation.E002",
                )
            )
        return found


class EncryptedTextField(EncryptedField):
    """Text. `max_length` counts characters and is checked by forms and `full_clean`, not by the column."""

    description = _("Encrypted text")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.max_length is not None:
            self.validators.append(MaxLengthValidator(self.max_length))

    def dump(self, value: Any) -> bytes:
        return str(value).encode()

    def load(self, plain: bytes) -> str:
        return plain.decode()

    def to_python(self, value: Any) -> str | None:
        return value if value is None or isinstance(value, str) else str(value)

    def formfield(
        self,
        form_class: type[forms.Field] | None = None,
        choices_form_class: type[forms.ChoiceField] | None = None,
        **kwargs: Any,
    ) -> forms.Field | None:
        defaults: dict[str, Any] = {"max_length": self.max_length}
        if self.choices is None:
            defaults["widget"] = forms.Textarea
        return super().formfield(
            form_class=form_class, choices_form_class=choices_form_class, **{**defaults, **kwargs}
        )


class EncryptedJSONField(EncryptedField):
    """Anything JSON can say. Give `default=dict` or `default=list`."""

    description = _("Encrypted JSON")
    empty_strings_allowed = True  # so that a migration may add the column; see `deconstruct`

    def dump(self, value: Any) -> bytes:
        return json.dumps(value, cls=DjangoJSONEncoder, ensure_ascii=False, separators=(",", ":")).encode()

    def load(self, plain: bytes) -> Any:
        return json.loads(plain)

    def validate(self, value: Any, model_instance: models.Model | None) -> None:
        super().validate(value, model_instance)
        try:
            self.dump(value)
        except TypeError:
            raise exceptions.ValidationError(_("This cannot be stored as JSON."), code="invalid") from None

    def formfield(
        self,
        form_class: type[forms.Field] | None = None,
        choices_form_class: type[forms.ChoiceField] | None = None,
        **kwargs: Any,
    ) -> forms.Field | None:
        return super().formfield(
            form_class=form_class or forms.JSONField, choices_form_class=choices_form_class, **kwargs
        )


class EncryptedDateField(EncryptedField):
    """A calendar date, such as a date of birth."""

    description = _("Encrypted date")

    def dump(self, value: Any) -> bytes:
        day = self.to_python(value)
        if day is None:
            raise exceptions.ValidationError(_("This is not a date."), code="invalid")
        return day.isoformat().encode()

    def load(self, plain: bytes) -> date:
        return date.fromisoformat(plain.decode())

    def to_python(self, value: Any) -> date | None:
        # Django's own date field knows what a date may look like and how to say that it does not.
        day: date | None = models.DateField().to_python(value)
        return day

    def formfield(
        self,
        form_class: type[forms.Field] | None = None,
        choices_form_class: type[forms.ChoiceField] | None = None,
        **kwargs: Any,
    ) -> forms.Field | None:
        return super().formfield(
            form_class=form_class or forms.DateField, choices_form_class=choices_form_class, **kwargs
        )


class EncryptedBinaryField(EncryptedField):
    """Bytes: a document, a photo. Never editable in a form."""

    description = _("Encrypted bytes")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["editable"] = False
        super().__init__(*args, **kwargs)

    def dump(self, value: Any) -> bytes:
        return bytes(value)

    def load(self, plain: bytes) -> bytes:
        return plain
