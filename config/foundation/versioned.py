"""Rows that two people may change at once: the one who read an older version is told, and nothing is lost."""

from typing import Any, Self

from django.db import models


class StaleVersion(Exception):
    """The row changed since it was read. Show what it is now and let the person decide again."""


class Versioned(models.Model):
    version = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        abstract = True

    def move(self, *, to_values: dict[str, Any], expect: int | None = None, **only_if: Any) -> Self:
        """Compare-and-swap: write `to_values` if the row is still as it was read, and raise its version.

        `expect` is the version the decision was made on (a hidden form field, usually); by default that of
        this instance. `only_if` are further look-ups the row must still satisfy. On success the instance
        carries the new values; otherwise `StaleVersion` and nothing changed.
        """
        expected = self.version if expect is None else expect
        rows = type(self)._base_manager.filter(pk=self.pk, version=expected, **only_if)
        if rows.update(version=expected + 1, **to_values) != 1:
            raise StaleVersion
        for name, value in to_values.items():
            setattr(self, name, value)
        self.version = expected + 1
        return self
