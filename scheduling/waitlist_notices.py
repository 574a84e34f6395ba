"""What somebody on the waitlist is told: one time, kept until a stated hour, first yes wins."""

from datetime import datetime

from config.foundation.clinic import Clinic
from config.foundation.user import User
from intake import contact
from intake.notices import client_link, thread
from notifications.models import Message
from scheduling.models import Invitation

INVITATION = "scheduling.invitation"
LINK = "waitlist"  # config/urls.py says which view answers


def invited(
    *, invitation: Invitation, now: datetime, by: User | None = None, is_shared: bool = False
) -> Message:
    """Leaves when the freed time may be told (never at night) and is worth nothing after it ends.

    `is_shared`: others are asked for the same time, so it is not kept for this one.
    """
    freed, language = invitation.freed_time, invitation.language
    return contact.tell_client(
        client=invitation.client,
        kind="waitlist_offer",
        context={
            "times": [freed.hold.starts_at],
            "kept_until": freed.expires_at,
            "is_shared": is_shared,
            "visit_at": invitation.visit.starts_at if invitation.visit else None,
            "url": client_link(purpose=LINK, subject_id=invitation.pk, expires_at=freed.expires_at),
            "thread": thread(done=2, language=language),
        },
        key=f"waitlist:{invitation.pk}",
        subject_type=INVITATION,
        subject_id=invitation.pk,
        language=language,
        now=now,
        clinic=Clinic.get(),
        by=by,
        not_before=freed.told_at,
        expires_at=freed.expires_at,
    )
