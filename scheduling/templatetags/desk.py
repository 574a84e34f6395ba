"""What stands around every staff page: the bar at the top, the tabs of a phone."""

from dataclasses import dataclass
from typing import Any

from django import template
from django.template import RequestContext
from django.urls import Resolver404, resolve, reverse
from django.utils.translation import gettext as _

from config.foundation.clinic import Clinic
from config.foundation.policy import May, may

register = template.Library()


@dataclass(frozen=True)
class Item:
    key: str
    label: str
    url: str
    icon: str = ""
    current: bool = False
    count: int = 0


def _is_there(url: str) -> bool:
    """Boards of other apps: no link to a page that this installation does not have."""
    try:
        resolve(url)
    except Resolver404:
        return False
    return True


def _items(context: RequestContext) -> list[Item]:
    request = context["request"]
    counts = context.get("nav_counts") or {}
    desk, user = reverse("desk:desk"), request.user
    named = [
        ("d", _("Desk"), desk, "list", May.SEE_REQUESTS),
        ("l", _("Lists"), "/staff/lists/", "check", May.SEE_REQUESTS),
        ("c", _("Clients"), "/staff/clients/", "eye", May.SEE_REQUESTS),
        ("e", _("Estimates"), "/staff/estimates/", "doc", May.ISSUE_ESTIMATES),
        ("m", _("Messages"), "/staff/messages/", "mail", May.SEE_MESSAGES),
    ]
    here = request.path
    items = []
    for key, label, url, icon, permission in named:
        if not may(user, permission) or not _is_there(url):
            continue
        on_desk = here == desk or here.startswith((f"{desk}request/", f"{desk}visit/", f"{desk}day/"))
        current = on_desk if key == "d" else here.startswith(url)
        items.append(Item(key, label, url, icon, current, counts.get(key, 0)))
    return items


@register.inclusion_tag("desk/top.html", takes_context=True)
def desk_top(context: RequestContext) -> dict[str, Any]:
    request = context["request"]
    clinic = context.get("clinic") or Clinic.get()
    own = [
        (_("Clinic settings"), "/staff/settings/", May.MANAGE_CLINIC),
        (_("Forms"), "/staff/forms/", May.MANAGE_FORMS),
        (_("Numbers"), "/staff/numbers/", May.SEE_REQUESTS),
        (_("Calendar on my phone"), "/staff/calendar-link/", May.SEE_REQUESTS),
    ]
    return {
        "csrf_token": context.get("csrf_token"),
        "clinic_name": str(clinic),
        "items": _items(context),
        "own_items": [
            Item("", label, url)
            for label, url, permission in own
            if may(request.user, permission) and _is_there(url)
        ],
        "user_name": getattr(request.user, "first_name", "") or str(request.user),
        "desk_url": reverse("desk:desk"),
        "clients_url": "/staff/clients/",
        "neutral_url": reverse("desk:neutral"),
        "neutral": is_neutral(request),
        "logout_url": reverse("account_logout"),
        "here": request.get_full_path(),
    }


@register.inclusion_tag("desk/tabbar.html", takes_context=True)
def desk_tabbar(context: RequestContext) -> dict[str, Any]:
    request = context["request"]
    items = [item for item in _items(context) if item.key in {"d", "e", "m"}]
    if items and items[0].key == "d":
        first = items[0]
        agenda = request.GET.get("show") == "agenda"
        items[0] = Item("d", _("Requests"), first.url, "list", first.current and not agenda, first.count)
        items.insert(1, Item("a", _("Agenda"), f"{first.url}?show=agenda", "cal", first.current and agenda))
    return {"items": items}


def is_neutral(request: Any) -> bool:
    """Whether this device shows first names and initials only, because others can see its screen."""
    return bool(request.session.get("neutral", False))
