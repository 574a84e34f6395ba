"""The people who work here. They sign in with their e-mail address and hold one or more roles."""

from enum import StrEnum
from typing import Any, ClassVar

from django.contrib.auth.base_user import BaseUserManager
from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _


class Role(StrEnum):
    """What somebody does here. Roles add up: the owner of a small clinic holds all three."""

    FRONT_DESK = "front_desk"
    THERAPIST = "therapist"
    ADMINISTRATOR = "administrator"


class UserManager(BaseUserManager["User"]):
    use_in_migrations = True

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """A user without a password (None) cannot sign in until they have chosen one by invitation."""
        if not email:
            raise ValueError("A user needs an e-mail address.")
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """The first owner of a new clinic: every role, and Django's own superuser bits."""
        every_role = {"is_front_desk": True, "is_therapist": True, "is_administrator": True}
        return self.create_user(
            email, password, **{**every_role, "is_staff": True, "is_superuser": True, **fields}
        )

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email__iexact=username)


class User(AbstractUser):
    username = None  # type: ignore[assignment]
    email = models.EmailField(_("e-mail address"), unique=True)

    is_front_desk = models.BooleanField(_("front desk"), default=False)
    is_therapist = models.BooleanField(_("therapist"), default=False)
    is_administrator = models.BooleanField(_("administrator"), default=False)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects: ClassVar[UserManager] = UserManager()  # type: ignore[assignment]

    class Meta:
        constraints = [
            # Anna@ and anna@ are one person; the unique column alone would let both in.
            models.UniqueConstraint(Lower("email"), name="user_email_once_in_any_case"),
        ]

    def __str__(self) -> str:
        return self.get_full_name() or self.email

    @property
    def roles(self) -> frozenset[Role]:
        """Nobody but an active user has a role."""
        if not self.is_active:
            return frozenset()
        held = {
            Role.FRONT_DESK: self.is_front_desk,
            Role.THERAPIST: self.is_therapist,
            Role.ADMINISTRATOR: self.is_administrator,
        }
        return frozenset(role for role, holds in held.items() if holds)

    @property
    def is_owner(self) -> bool:
        return self.roles == frozenset(Role)
