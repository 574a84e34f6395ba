"""`{% mail_trouble %}`: a banner on staff's pages while mail does not move. Nothing, and two queries, otherwise."""

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _

from notifications import health

register = template.Library()


@register.simple_tag
def mail_trouble() -> str:
    trouble = health.look(now=timezone.now()).trouble
    if not trouble:
        return ""
    words = {
        "late": _(
            "Mail has not moved for more than five minutes. Call who must know; it leaves by itself later."
        ),
        "beat_doubled": _("Two clocks of the mail (beat) are running. Stop one of them."),
        "beat_dead": _(
            "The clock of the mail (beat) has stopped. Start it, or run “manage.py drain --loop”."
        ),
    }
    return format_html('<p class="mail-trouble" role="status"><b>!</b> {}</p>', words[trouble])
