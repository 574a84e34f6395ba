"""The last page: what the person is asked to look at and to agree to."""

from django import forms
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from intake import prices
from intake.forms.base import StepForm


class SendForm(StepForm):
    privacy_notice_seen = forms.BooleanField(
        error_messages={"required": _("Please tick that you have seen how we keep your data private.")}
    )
    policy_seen = forms.BooleanField(
        error_messages={"required": _("Please tick that you know what a late change costs.")}
    )
    email_ok = forms.BooleanField(
        label=_("You may email me about this visit. Email is not fully private."), required=False
    )
    email_document_ok = forms.BooleanField(
        label=_("Email is not private, and I want the estimate itself by email anyway, as a file."),
        required=False,
    )
    text_ok = forms.BooleanField(label=_("You may text me about this visit."), required=False)
    guardian_agrees = forms.BooleanField(
        label=_("I am the parent or guardian, and I agree that this child asks for a visit."), required=False
    )
    telehealth = forms.BooleanField(
        label=_("I know that a video visit is not the same as a visit in the room, and I agree to it."),
        required=False,
    )
    waiver_signed = forms.BooleanField(
        label=_("I use the machines at my own risk, after the first lesson."), required=False
    )

    def set_up(self) -> None:
        clinic, service = self.setting.clinic, self.setting.service
        self.fields["privacy_notice_seen"].label = format_html(
            gettext('I have seen <a href="{}" target="_blank">how you keep my data private</a>.'), "/privacy/"
        )
        self.fields["privacy_notice_seen"].short = _("Privacy")  # type: ignore[attr-defined]
        self.fields["policy_seen"].label = prices.change_rule_to_tick(clinic, service)
        self.fields["policy_seen"].short = _("Changes")  # type: ignore[attr-defined]
        if self.setting.by_staff:
            # Staff tick only what the person was really told; a note left on the desk has ticked nothing.
            self.fields["privacy_notice_seen"].required = self.fields["policy_seen"].required = False

    def consent_names(self, *, is_minor: bool, has_email: bool, wants_text: bool) -> list[str]:
        """Which boxes this person is asked to look at, in order."""
        service = self.setting.service
        asked = ["privacy_notice_seen", "policy_seen"]
        asked += ["guardian_agrees"] if is_minor else []
        asked += ["telehealth"] if service and "video" in service.modes else []
        asked += ["waiver_signed"] if service and "waiver_signed" in service.needs else []
        asked += ["email_ok"] if has_email else []
        is_care = service is None or service.is_health_care
        asked += ["email_document_ok"] if has_email and is_care else []
        asked += ["text_ok"] if wants_text else []
        return asked
