"""What can be claimed: a practitioner, a room, one machine."""

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class Room(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    code = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=80)
    location = models.ForeignKey("foundation.Location", models.PROTECT, related_name="rooms")
    kind = models.CharField(max_length=40, blank=True)
    features = models.JSONField(default=list)
    services = models.ManyToManyField("intake.Service", related_name="rooms", blank=True)
    position = models.PositiveSmallIntegerField(default=0)
    active = models.BooleanField(default=True)

    def __str__(self) -> str:
        return self.name


class Resource(models.Model):
    """A practitioner, a room, or one machine of a room. Rows are locked in the order of the integer id."""

    class Kind(models.TextChoices):
        PRACTITIONER = "practitioner", _("Practitioner")
        ROOM = "room", _("Room")
        MACHINE = "machine", _("Machine")

    kind = models.CharField(max_length=12, choices=Kind)
    practitioner = models.OneToOneField(
        "intake.Practitioner", models.CASCADE, null=True, blank=True, related_name="resource"
    )
    room = models.ForeignKey(Room, models.CASCADE, null=True, blank=True, related_name="resources")
    machine_number = models.PositiveSmallIntegerField(null=True, blank=True)
    active = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="practitioner", practitioner__isnull=False, room=None, machine_number=None)
                | Q(kind="room", practitioner=None, room__isnull=False, machine_number=None)
                | Q(kind="machine", practitioner=None, room__isnull=False, machine_number__isnull=False),
                name="resource_is_one_thing",
            ),
            models.UniqueConstraint(fields=["room"], condition=Q(kind="room"), name="one_resource_a_room"),
            models.UniqueConstraint(
                fields=["room", "machine_number"], condition=Q(kind="machine"), name="one_resource_a_machine"
            ),
        ]

    def __str__(self) -> str:
        if self.kind == self.Kind.PRACTITIONER:
            return str(self.practitioner)
        return str(self.room) if self.kind == self.Kind.ROOM else f"{self.room} #{self.machine_number}"
