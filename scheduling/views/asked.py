"""What the address of the desk asks for, who asks, and whether for the whole page or a part of it."""

from dataclasses import dataclass
from datetime import date, timedelta
from urllib.parse import urlencode

from django.http import Http404, HttpRequest

from config.foundation.user import User
from scheduling import desk


@dataclass(frozen=True)
class Asked:
    """What the address asks for: a tab and filters of the queue, a day and columns of the calendar."""

    tab: str
    service: str
    payer: str
    limit: int
    day: date
    week: bool
    by_rooms: bool
    agenda: bool
    who: str = ""  # whose week: a person's or a room's id; empty is everybody's

    @property
    def query(self) -> str:
        """The same again, for links and polling. Ids and codes only."""
        return urlencode({key: value for key, value in self.values().items() if value})

    def values(self) -> dict[str, str]:
        return {
            "tab": "" if self.tab == desk.Tab.ANSWER else self.tab,
            "service": self.service,
            "payer": self.payer,
            "day": self.day.isoformat(),
            "view": "week" if self.week else "",
            "by": "rooms" if self.by_rooms else "",
            "who": self.who,
        }

    @property
    def filtered(self) -> bool:
        return bool(self.service or self.payer)

    @property
    def first(self) -> date:
        return self.day - timedelta(days=self.day.weekday()) if self.week else self.day

    @property
    def last(self) -> date:
        return self.first + timedelta(days=6) if self.week else self.day


def asked_of(request: HttpRequest, *, today: date) -> Asked:
    """Read the address. What makes no sense falls back to the plain desk; nobody is punished for a bad link."""
    values = request.GET
    tab = values.get("tab", desk.Tab.ANSWER)
    rows = values.get("rows", "")
    return Asked(
        tab=tab if tab in desk.Tab.ALL else desk.Tab.ANSWER,
        service=values.get("service", "")[:40],
        payer=values.get("payer", "")[:30],
        limit=min(int(rows), 2000) if rows.isascii() and rows.isdigit() else desk.ROWS_AT_ONCE,
        day=day_from(values.get("day", "")) or today,
        week=values.get("view") == "week",
        by_rooms=values.get("by") == "rooms",
        agenda=values.get("show") == "agenda",
        who=values.get("who", "")[:36] if values.get("view") == "week" else "",
    )


def day_from(text: str) -> date | None:
    """A date within reach of a clinic's life, else None."""
    try:
        day = date.fromisoformat(text[:10])
    except ValueError:
        return None
    return day if 2000 <= day.year < 2100 else None


def signed_in(request: HttpRequest) -> User:
    if not isinstance(request.user, User):  # the decorator let nobody else in
        raise Http404
    return request.user


def is_part(request: HttpRequest) -> bool:
    """Asked for by htmx: answer with the panel alone."""
    return bool(getattr(request, "htmx", False)) and not request.htmx.history_restore_request  # type: ignore[attr-defined]


def text_in(request: HttpRequest, name: str, *, most: int) -> str:
    """What was typed into a field of a form, cut to its length; a NUL is in no text, and no database takes it."""
    return request.POST.get(name, "").replace("\x00", "").strip()[:most]
