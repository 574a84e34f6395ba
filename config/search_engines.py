"""What search engines may show: the public pages, above all the one about the right to an estimate.

The law wants that page to be found by them. Nothing private is named here: links carry their own `noindex`.
"""

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import escape
from django.views.decorators.http import require_safe

from config.foundation.policy import public

PAGES = ("landing", "help", "privacy")


@require_safe
@public
def robots(request: HttpRequest) -> HttpResponse:
    lines = ["User-agent: *", "Disallow: /staff/", "Disallow: /accounts/"]
    lines.append(f"Sitemap: {request.build_absolute_uri(reverse('sitemap'))}")
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")


@require_safe
@public
def sitemap(request: HttpRequest) -> HttpResponse:
    """Every public page; the notice once a language, as its canonical links name it."""
    right = reverse("right_to_an_estimate")
    paths = [reverse(name) for name in PAGES] + [f"{right}?lang={language}" for language in ("en", "es")]
    places = (f"<url><loc>{escape(request.build_absolute_uri(path))}</loc></url>" for path in paths)
    text = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{"".join(places)}</urlset>\n'
    )
    return HttpResponse(text, content_type="application/xml")
