"""`manage.py demo_staff`: people who can sign in on a development machine."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from config.foundation.models import User
from intake.models import Practitioner

PASSWORD = "try-the-clinic"  # noqa: S105 (known to everyone, works in debug only)

STAFF = {
    "robin@example.com": ("Robin", "Example", {"is_front_desk", "is_therapist", "is_administrator"}, "P1"),
    "jordan@example.com": ("Jordan", "Sample", {"is_therapist"}, "P2"),
    "desk@example.com": ("Dana", "Deskworth", {"is_front_desk"}, None),
    "admin@example.com": ("Avery", "Settings", {"is_administrator"}, None),
}


class Command(BaseCommand):
    help = "Create the demo logins of the sample clinic. Works with DEBUG=1 only."

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEBUG:
            raise CommandError("Demo logins have a known password: they exist with DEBUG=1 only.")
        for email, (first_name, last_name, roles, practitioner) in STAFF.items():
            if User.objects.filter(email=email).exists():
                continue
            names = {"first_name": first_name, "last_name": last_name}
            user = User.objects.create_user(email, PASSWORD, **names, **dict.fromkeys(roles, True))
            Practitioner.objects.filter(code=practitioner, user=None).update(user=user)
