"""The page on which staff mend what we know of a person."""

from datetime import date, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from intake.clients import PERMISSIONS
from intake.fields import BoxedDate, Email, Line, Telephone
from intake.models import Client, ContactWay


class ClientForm(forms.Form):
    first_name = Line(label=_("First name, as on the ID"), required=True)
    last_name = Line(label=_("Last name"))
    name_to_use = Line(label=_("Name to use"))
    pronouns = Line(label=_("Pronouns"), max_length=40)
    birth_date = BoxedDate(label=_("Birth date"), too_late=_("Please check the year."))
    email = Email(label=_("Mail"))
    phone = Telephone(label=_("Phone"))
    mailing_address = Line(label=_("Mailing address"), max_length=300)
    language = forms.ChoiceField(label=_("Language of mail"), choices=[("en", "English"), ("es", "Español")])
    prefers = forms.ChoiceField(
        label=_("Which is best?"), choices=[("", "–"), *ContactWay.choices], required=False
    )
    email_ok = forms.BooleanField(label=_("Mail is fine"), required=False)
    email_document_ok = forms.BooleanField(label=_("Documents by mail are fine"), required=False)
    text_ok = forms.BooleanField(label=_("Text messages are fine"), required=False)
    call_ok = forms.BooleanField(label=_("Calls are fine"), required=False)
    voicemail_ok = forms.BooleanField(label=_("Voicemail is fine"), required=False)
    insurer_contact_ok = forms.BooleanField(label=_("We may speak with the insurance"), required=False)
    best_time = Line(label=_("Best time to call"))
    say_only = Line(label=_("What may we say if someone else answers?"), max_length=200)
    why = Line(
        label=_("Who said so, and how?"),
        help_text=_("Needed when a way to reach them is opened. Such as: asked on the phone today."),
        max_length=300,
    )

    def __init__(self, data: Any = None, *, client: Client, today: date) -> None:
        self.client = client
        super().__init__(data, initial=None if data is not None else self._as_it_is())
        born = self.fields["birth_date"]
        if isinstance(born, BoxedDate):
            born.latest = today - timedelta(days=1)

    def _as_it_is(self) -> dict[str, Any]:
        client, notes = self.client, self.client.contact_notes or {}
        phone = str(client.phone) if client.phone else ""
        plain = ("first_name", "last_name", "name_to_use", "pronouns", "email", "mailing_address", "language", "prefers")  # fmt: skip
        born = client.birth_date
        return {
            **{name: getattr(client, name) for name in (*plain, *PERMISSIONS)},
            "phone": f"{phone} x{client.phone_extension}" if client.phone_extension else phone,
            "birth_date": born.isoformat() if born else None,
            "best_time": notes.get("best_time", ""),
            "say_only": notes.get("say_only", ""),
        }

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        tried = {"email", "phone", "mailing_address"} & set(self.errors)
        ways = [cleaned.get(name) for name in ("email", "phone", "mailing_address")]
        if not tried and not any(ways):
            self.add_error("email", _("Leave one way to reach them: mail, phone or an address."))
        return cleaned

    def values(self) -> dict[str, Any]:
        """As `clients.edit` takes them; notes we do not show here are kept."""
        said = dict(self.cleaned_data)
        phone = said.pop("phone")
        notes = {**(self.client.contact_notes or {})}
        for name in ("best_time", "say_only"):
            notes[name] = said.pop(name)
        said.pop("why")
        return {
            **said,
            "phone": phone.e164 if phone else "",
            "phone_extension": phone.extension if phone else "",
            "contact_notes": {name: value for name, value in notes.items() if value not in ("", None)},
        }
