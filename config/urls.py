"""Every address of the product. Each app brings its own; the roof only puts them together."""

from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path
from django.views.decorators.http import require_POST
from django.views.i18n import set_language

from config import account_mail, search_engines, views
from config.foundation.links import LinkView, opener
from config.foundation.policy import public
from intake.views import later
from scheduling.views import client, estimates, feeds, waitlist

# What a client's link is for, and the view that answers: `view(request, link)`, marked with `@by_link(purpose)`.
PURPOSE_VIEWS: dict[str, LinkView] = {
    "draft": later.by_draft_link,
    "request": client.request_page,
    "calendar": feeds.practitioner_calendar,
    "offer": client.offer,
    "visit": client.visit,
    "estimate": estimates.by_private_link,
    "waitlist": waitlist.invitation,
}

account_mail.register()

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("intake.urls")),
    path("robots.txt", search_engines.robots, name="robots"),
    path("sitemap.xml", search_engines.sitemap, name="sitemap"),
    path("set-language/", public(require_POST(set_language)), name="set_language"),
    path("v/<str:token>", opener(PURPOSE_VIEWS), name="link"),
    path("accounts/", include("allauth.urls")),
    path("staff/messages/", include("intake.messages_urls")),
    path("staff/forms/", include("intake.form_urls")),
    path("your-right-to-an-estimate/", estimates.right_to_an_estimate, name="right_to_an_estimate"),
    path("staff/estimates/", include("scheduling.estimate_urls")),
    path("staff/settings/people/", include("config.people_urls")),
    path("staff/settings/", include("scheduling.settings_urls")),
    path("staff/", include("scheduling.urls")),
    path("", include("notifications.urls")),
]

if settings.DEBUG:
    urlpatterns.append(path("dev/components/", views.components, name="components"))
    # The worker drops mail into a folder, this page shows it: what a newcomer reads instead of a real inbox.
    urlpatterns.append(path("dev/mailbox/", include("django_mail_preview.urls")))
