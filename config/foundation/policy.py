"""Who may do what. One table; every view says one line about itself.

A view carries exactly one of: `@public` (deliberately open to everyone), `@staff_may(...)`, or a link's
purpose (see `links.py`). The access matrix in the tests holds the whole to it.
"""

from collections.abc import Callable
from enum import StrEnum
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar
from urllib.parse import urlencode

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.cache import add_never_cache_headers

from config.foundation.user import Role, User

P = ParamSpec("P")
V = TypeVar("V", bound=Callable[..., HttpResponseBase])
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]

__all__ = ["May", "Role", "access_of", "may", "public", "staff_may"]


class May(StrEnum):
    SEE_REQUESTS = "see_requests"  # the queue, the calendar, contact details, reasons and flags
    CONFIRM_VISITS = "confirm_visits"  # offer, confirm, move, cancel, decline; enter requests from a call
    SEE_ANSWERS = "see_answers"  # what a client answered to a questionnaire
    SEE_INSURANCE = "see_insurance"  # member numbers, card photos; each view is logged
    ISSUE_ESTIMATES = "issue_estimates"
    LIFT_HOLDS = "lift_holds"  # decide whether we may treat at all: Medicare, red flags, another state
    MANAGE_FORMS = "manage_forms"
    MANAGE_CLINIC = "manage_clinic"
    MANAGE_USERS = "manage_users"
    SEE_MESSAGES = "see_messages"
    SEE_LOG = "see_log"


_WHO: dict[May, frozenset[Role]] = {
    May.SEE_REQUESTS: frozenset({Role.FRONT_DESK, Role.THERAPIST}),
    May.CONFIRM_VISITS: frozenset({Role.FRONT_DESK, Role.THERAPIST}),
    May.SEE_ANSWERS: frozenset({Role.THERAPIST}),
    May.SEE_INSURANCE: frozenset({Role.FRONT_DESK}),
    May.ISSUE_ESTIMATES: frozenset({Role.FRONT_DESK, Role.THERAPIST}),
    May.LIFT_HOLDS: frozenset({Role.FRONT_DESK, Role.THERAPIST}),
    May.MANAGE_FORMS: frozenset({Role.THERAPIST, Role.ADMINISTRATOR}),
    May.MANAGE_CLINIC: frozenset({Role.ADMINISTRATOR}),
    May.MANAGE_USERS: frozenset({Role.ADMINISTRATOR}),
    May.SEE_MESSAGES: frozenset({Role.FRONT_DESK, Role.THERAPIST}),
    May.SEE_LOG: frozenset({Role.ADMINISTRATOR}),
}


def may(user: User | AnonymousUser, permission: May) -> bool:
    """Whether any of the user's roles allows this. Nobody signed out, nobody disabled."""
    return isinstance(user, User) and not user.roles.isdisjoint(_WHO[permission])


def staff_may(permission: May) -> Callable[[View[P]], View[P]]:
    """Signed out: to the sign-in page and back. Signed in without the role: 403. Never kept in a cache."""

    def protect(view: View[P]) -> View[P]:
        @wraps(view)
        def protected(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            if not request.user.is_authenticated:
                # Where to go back to is only kept for a page, not for an act that would be repeated as a GET.
                came_from = request.get_full_path() if request.method in {"GET", "HEAD"} else "/staff/"
                return redirect(f"{reverse('account_login')}?{urlencode({'next': came_from})}")
            if not may(request.user, permission):
                raise PermissionDenied
            response = view(request, *args, **kwargs)
            if hasattr(response, "headers"):
                add_never_cache_headers(response)
            return response

        return mark(protected, f"staff:{permission}")

    return protect


def public(view: View[P]) -> View[P]:
    """Anybody may open this, and that is meant."""
    return mark(view, "public")


def access_of(view: object) -> str | None:
    """What a view said about itself: "public", "staff:<permission>", "link"; None when it said nothing."""
    said: str | None = getattr(view, "access", None)
    return said


def mark(view: V, said: str) -> V:
    """Write on a view who may open it. Only the decorators here and in `links` call this."""
    if access_of(view) is not None:
        raise TypeError(f"{getattr(view, '__name__', view)} says twice who may open it.")
    view.access = said  # type: ignore[attr-defined]
    return view
