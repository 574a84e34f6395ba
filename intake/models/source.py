"""How often one place on the network has asked for something lately."""

import uuid

from django.db import models


class SourceVisit(models.Model):
    """A request or a link mail that somebody at one address asked for. The address itself is not here: only a keyed
    hash of it that changes every day, and the row goes after a day."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    source_hash = models.CharField(max_length=64)
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["source_hash", "at"], name="source_lately")]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M}"
