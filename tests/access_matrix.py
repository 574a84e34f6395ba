"""Who gets what where: every address × role × method → status.

One row for every pattern of config.urls; `tests/foundation/test_access_matrix.py` walks them all and fails
for a pattern without a row. Ids in addresses are filled with ones that do not exist, so that a row of an
object says 404 for those who may ask, 403 for staff who may not, and the sign-in page for everyone else.

A row says who may ask and what they get for each method with nothing posted; any other method is 405.
"""

from dataclasses import dataclass, field

from config.foundation.policy import May


@dataclass(frozen=True)
class Row:
    """`who` is a permission, "public" or "link". Several statuses where it depends on what is loaded."""

    who: May | str
    get: int | tuple[int, ...] | None = None
    post: int | tuple[int, ...] | None = None
    # Filled into the address; ids that exist nowhere when nothing is given.
    args: dict[str, str] = field(default_factory=dict)


PUBLIC, LINK = "public", "link"

ROWS: dict[str, Row] = {
    "set-language/": Row(PUBLIC, post=302),
    "v/<str:token>": Row(LINK, get=404, post=404),
    "staff/forms/": Row(May.MANAGE_FORMS, get=200),
    "staff/forms/import/": Row(May.MANAGE_FORMS, post=422),
    "staff/forms/<uuid:pk>/": Row(May.MANAGE_FORMS, get=404),
    "staff/forms/<uuid:pk>/preview/": Row(May.MANAGE_FORMS, get=404),
    "staff/forms/<uuid:pk>/phone/": Row(May.MANAGE_FORMS, get=404),
    "staff/forms/<uuid:pk>/export/": Row(May.MANAGE_FORMS, get=404),
    "staff/forms/<uuid:pk>/publish/": Row(May.MANAGE_FORMS, post=404),
    "staff/forms/<uuid:pk>/retire/": Row(May.MANAGE_FORMS, post=404),
    "staff/forms/<uuid:pk>/approve/": Row(May.MANAGE_FORMS, post=404),
    "staff/forms/<uuid:pk>/attach/": Row(May.MANAGE_FORMS, post=404),
    "your-right-to-an-estimate/": Row(PUBLIC, get=200),
    "staff/estimates/": Row(May.ISSUE_ESTIMATES, get=200),
    "staff/estimates/plan/<uuid:client_id>/": Row(May.ISSUE_ESTIMATES, get=404, post=404),
    "staff/estimates/asked/<uuid:request_id>/": Row(May.ISSUE_ESTIMATES, post=404),
    "staff/estimates/<uuid:pk>/": Row(May.ISSUE_ESTIMATES, get=404),
    "staff/estimates/<uuid:pk>/given/": Row(May.ISSUE_ESTIMATES, post=404),
    "staff/estimates/<uuid:pk>/take-back/": Row(May.ISSUE_ESTIMATES, post=404),
    "staff/estimates/<uuid:pk>/dispute/": Row(May.ISSUE_ESTIMATES, post=404),
    "staff/estimates/<uuid:pk>/change/": Row(May.ISSUE_ESTIMATES, post=404),
    "staff/estimates/prices/": Row(May.ISSUE_ESTIMATES, get=200),
    "staff/estimates/clock/<uuid:pk>/": Row(May.ISSUE_ESTIMATES, get=404, post=404),
    "staff/estimates/client/<uuid:client_id>/": Row(May.ISSUE_ESTIMATES, get=404),
    "staff/estimates/client/<uuid:client_id>/asked/": Row(May.ISSUE_ESTIMATES, post=404),
    "staff/estimates/client/<uuid:client_id>/payer/": Row(May.ISSUE_ESTIMATES, post=404),
    "staff/clients/": Row(May.SEE_REQUESTS, get=200),
    "staff/clients/<uuid:pk>/": Row(May.SEE_REQUESTS, get=404),
    "staff/clients/<uuid:pk>/edit/": Row(May.CONFIRM_VISITS, get=404, post=404),
    "staff/clients/<uuid:pk>/messages/<uuid:message_pk>/": Row(May.CONFIRM_VISITS, post=404),
    "staff/settings/": Row(May.MANAGE_CLINIC, get=200),
    "staff/settings/clinic/": Row(May.MANAGE_CLINIC, get=200, post=422),
    "staff/settings/preview/": Row(May.MANAGE_CLINIC, get=200),
    "staff/settings/prices/<uuid:pk>/": Row(May.MANAGE_CLINIC, get=404, post=404),
    "staff/settings/list/<slug:kind>/": Row(May.MANAGE_CLINIC, get=200, args={"kind": "closures"}),
    "staff/settings/list/<slug:kind>/<slug:pk>/": Row(
        May.MANAGE_CLINIC, get=200, post=422, args={"kind": "closures", "pk": "new"}
    ),
    "staff/settings/people/": Row(May.MANAGE_USERS, get=200),
    "staff/settings/people/invite/": Row(May.MANAGE_USERS, get=200, post=422),
    "staff/settings/people/<int:pk>/": Row(May.MANAGE_USERS, get=404, post=404),
    "staff/settings/people/<int:pk>/invite/": Row(May.MANAGE_USERS, post=404),
    "staff/requests/new/": Row(May.CONFIRM_VISITS, get=200, post=200),
    "": Row(PUBLIC, get=200),
    "robots.txt": Row(PUBLIC, get=200),
    "sitemap.xml": Row(PUBLIC, get=200),
    "privacy/": Row(PUBLIC, get=200),
    "help/": Row(PUBLIC, get=200),
    "request/": Row(PUBLIC, get=200, post=422),
    "request/received/": Row(PUBLIC, get=302),
    "request/saved/": Row(PUBLIC, get=302, post=302),
    "request/start-over/": Row(PUBLIC, post=302),
    "request/<str:name>/": Row(PUBLIC, get=302, post=302, args={"name": "about"}),
    "staff/request/<uuid:pk>/confirm/": Row(May.CONFIRM_VISITS, post=404),
    "staff/request/<uuid:pk>/offer/": Row(May.CONFIRM_VISITS, post=404),
    "staff/request/<uuid:pk>/decide/": Row(May.CONFIRM_VISITS, post=404),
    "staff/request/<uuid:pk>/compare/<uuid:other_pk>/": Row(May.SEE_REQUESTS, get=404),
    "staff/request/<uuid:pk>/join/<uuid:other_pk>/": Row(May.CONFIRM_VISITS, post=404),
    "staff/request/<uuid:pk>/part/<uuid:other_pk>/": Row(May.CONFIRM_VISITS, post=404),
    "staff/visit/<uuid:pk>/move/": Row(May.CONFIRM_VISITS, post=404),
    "staff/visit/<uuid:pk>/cancel/": Row(May.CONFIRM_VISITS, post=404),
    "staff/visit/<uuid:pk>/arrive/": Row(May.CONFIRM_VISITS, post=404),
    "staff/visit/<uuid:pk>/done/": Row(May.CONFIRM_VISITS, post=404),
    "staff/visit/<uuid:pk>/no-show/": Row(May.CONFIRM_VISITS, post=404),
    "staff/visit/<uuid:pk>/earlier/": Row(May.CONFIRM_VISITS, post=404),
    "staff/visit/<uuid:pk>/undo/": Row(May.CONFIRM_VISITS, post=404),
    "staff/messages/": Row(May.SEE_MESSAGES, get=200),
    "staff/messages/catalogue/": Row(May.SEE_MESSAGES, get=200),
    "staff/messages/catalogue/<slug:code>/<slug:language>/": Row(May.SEE_MESSAGES, get=404),
    "staff/messages/test-mail/": Row(May.SEE_MESSAGES, post=302),
    "staff/messages/<uuid:pk>/again/": Row(May.SEE_MESSAGES, post=404),
    "staff/messages/<uuid:pk>/unblock/": Row(May.SEE_MESSAGES, post=404),
    "staff/messages/<uuid:pk>/told/": Row(May.SEE_MESSAGES, post=404),
    "staff/": Row(May.SEE_REQUESTS, get=200),
    "staff/queue/": Row(May.SEE_REQUESTS, get=200),
    "staff/bar/": Row(May.SEE_REQUESTS, get=200),
    "staff/pulse/": Row(May.SEE_REQUESTS, get=200),
    "staff/closed/": Row(May.SEE_REQUESTS, get=200),
    "staff/calendar.json": Row(May.SEE_REQUESTS, get=200),
    "staff/visits.json": Row(May.SEE_REQUESTS, get=422),
    "staff/calendar-link/": Row(May.SEE_REQUESTS, get=200),
    "staff/calendar-link/<uuid:pk>/make/": Row(May.SEE_REQUESTS, post=404),
    "staff/calendar-link/<uuid:pk>/revoke/": Row(May.SEE_REQUESTS, post=404),
    "staff/neutral/": Row(May.SEE_REQUESTS, post=302),
    "staff/request/<uuid:pk>/": Row(May.SEE_REQUESTS, get=404),
    "staff/request/<uuid:pk>/file/<uuid:file_pk>/": Row(May.SEE_REQUESTS, get=404),
    "staff/request/<uuid:pk>/why/": Row(May.SEE_REQUESTS, get=404),
    "staff/visit/<uuid:pk>/": Row(May.SEE_REQUESTS, get=404),
    "staff/visit/<uuid:pk>/fill/": Row(May.CONFIRM_VISITS, post=404),
    "staff/request/<uuid:pk>/series/": Row(May.CONFIRM_VISITS, get=404),
    "staff/request/<uuid:pk>/series/confirm/": Row(May.CONFIRM_VISITS, post=404),
    "staff/series/<uuid:pk>/": Row(May.CONFIRM_VISITS, get=404),
    "staff/series/<uuid:pk>/undo/": Row(May.CONFIRM_VISITS, post=404),
    "staff/series/<uuid:pk>/cancel/": Row(May.CONFIRM_VISITS, post=404),
    "staff/lists/": Row(May.SEE_REQUESTS, get=200),
    "staff/lists/task/<uuid:pk>/done/": Row(May.SEE_REQUESTS, post=404),
    "staff/lists/sick-day/": Row(May.CONFIRM_VISITS, get=200, post=422),
    "staff/waitlist/<uuid:pk>/withdraw/": Row(May.CONFIRM_VISITS, post=404),
    "staff/numbers/": Row(May.SEE_REQUESTS, get=200),
    "staff/numbers.csv": Row(May.SEE_REQUESTS, get=200),
    "staff/day/<str:day>/sheet/": Row(May.SEE_REQUESTS, get=200, args={"day": "2027-03-01"}),
    "healthz/live": Row(PUBLIC, get=200),
    "healthz/ready": Row(PUBLIC, get=(200, 503)),
    "webhooks/mailgun/": Row(PUBLIC, post=(400, 403, 404)),
}

# Other people's addresses, by the start of their names: what anyone may get there. They guard themselves;
# here it is only said which statuses are expected of them, signed out and signed in.
THIRD_PARTY: dict[str, tuple[set[int], set[int]]] = {
    "account_": ({200, 302, 404, 405, 429}, {200, 302, 403, 404, 405}),
    "mfa_": ({302, 405}, {200, 302, 403, 404, 405}),
    "usersessions_": ({302, 405}, {200, 302, 405}),
}
