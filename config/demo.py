"""Demo logins of `make run`. Never in production: nothing here works without DEBUG."""

from django.apps import apps
from django.conf import settings
from django.contrib.auth import get_user_model

DEMO_PASSWORD = "demo-clinic-only"  # noqa: S105 (public on purpose)
PEOPLE = {
    "robin@example.com": {
        "first_name": "Robin",
        "last_name": "Example",
        # The owner of a small clinic does everything.
        "is_front_desk": True,
        "is_therapist": True,
        "is_administrator": True,
    },
    "jordan@example.com": {"first_name": "Jordan", "last_name": "Sample", "is_therapist": True},
    "desk@example.com": {"first_name": "Frankie", "last_name": "Desk", "is_front_desk": True},
}


def make_demo_users() -> None:
    """The three demo logins, if nobody can sign in yet."""
    users, practitioners = get_user_model().objects, apps.get_model("intake", "Practitioner").objects
    if settings.DEBUG and not users.exists():
        for email, fields in PEOPLE.items():
            user = users.create_user(email, DEMO_PASSWORD, **fields)
            practitioners.filter(user=None, name__startswith=f"{user.first_name} ").update(user=user)


def demo_logins() -> list[str]:
    """Who of them can sign in now: "address  (roles)"."""
    people = get_user_model().objects.filter(email__in=PEOPLE, is_active=True).order_by("pk")
    return [f"{person.email}  ({', '.join(sorted(person.roles))})" for person in people]
