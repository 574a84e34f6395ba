"""`{% mail_trouble %}`: a banner on staff's pages while mail does not move. Nothing, and two queries, otherwise.

A page that has looked already gives what it saw as `mail_health`.
"""

from django import template
from django.template import Context
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _

from notifications import health

register = template.Library()


@register.simple_tag(takes_context=True)
def mail_trouble(context: Context) -> str:
    seen: health.Health = context.get("mail_health") or health.look(now=timezone.now())
    trouble = seen.trouble
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
