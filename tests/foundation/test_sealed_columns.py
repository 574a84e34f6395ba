"""Health, insurance, birth dates, free text and rendered messages are encrypted columns.

Which columns can hold text and are not encrypted is written down here, so that a new one is a decision.
"""

import pytest
from django.apps import apps
from django.db import models

from config.foundation.encryption import EncryptedField

ROOMS = ["foundation", "notifications", "intake", "scheduling"]
TEXTUAL = (models.CharField, models.TextField, models.JSONField, models.DateField, models.BinaryField)

# Names, codes, hashes and published texts; of a person: how they are called and reached, never why.
PLAIN = {
    "foundation.accessevent": "action actor fields reason request_id roles subject_id subject_type",
    "foundation.clinic": (
        "accent_color email languages late_arrival_text legal_name minors_text name "
        "npi_organization payment_text phone practice_state reminders_hours reply_promise_text "
        "short_name superbill_text time_zone tin website"
    ),
    "foundation.closure": "ends_on reason starts_on",
    "foundation.link": "purpose subject_id",
    "foundation.location": "address code name parking way_in",
    "foundation.stafftask": "key kind outcome subject_id subject_type title",
    "foundation.user": "email first_name last_name password",
    "notifications.attempt": "code worker",
    "notifications.breaker": "code",
    "notifications.heartbeat": "name",
    "notifications.message": (
        "handled_how key kind language last_code lease_owner message_id reason subject_id "
        "subject_type to_hash waits_for"
    ),
    "notifications.providerevent": "token_hash",
    "notifications.suppression": "address_hash",
    "intake.appointmentrequest": "language reference submission_digest wishes",
    "intake.client": (
        "birth_date_index code email first_name language last_name last_visit_on name_to_use phone "
        "phone_extension pronouns"
    ),
    "intake.clientevent": "what",
    "intake.consent": "given_by language text_version",
    "intake.coverage": "member_id_index",
    "intake.marker": "code",
    "intake.package": "code refund",
    "intake.practitioner": "code gender_for_matching languages license_number name npi role",
    "intake.priceline": "name name_es service_codes",
    "intake.questionnaire": "findings sha256 slug source title url version",
    "intake.questionnaireresponse": "language",
    "intake.requestdraft": "language",
    "intake.requestevent": "from_status to_status what",
    "intake.service": "audience code modes needs plain plain_es public_name public_name_es",
    "intake.servicequestionnaire": "url",
    "intake.sourcevisit": "source_hash",
    "intake.storedfile": "fhir_hash field link_id sha256",
    "scheduling.appointment": "code",
    "scheduling.appointmentevent": "from_status to_status what",
    "scheduling.dateoverride": "on",
    "scheduling.estimate": (
        "disclaimer_version keep_through language last_visit_on legal_due_on number "
        "price_list_version snapshot_sha256 target_due_on template_version valid_through"
    ),
    "scheduling.estimatedocument": "sha256",
    "scheduling.estimateevent": "message_id",
    "scheduling.priceversion": "lines",
    "scheduling.room": "code features kind name",
    "scheduling.settingchange": "kind subject_id what",
    "scheduling.shift": "anchor_on",
    "scheduling.trigger": "happened_on legal_due_on rule_version source_key target_due_on tier visit_on",
}

# Where these are kept, the column is sealed whatever its name.
MUST_BE_SEALED = [
    ("foundation.stafftask", "details"),
    ("intake.client", "birth_date"),
    ("intake.client", "mailing_address"),
    ("intake.client", "contact_notes"),
    ("intake.client", "representative"),
]


def textual(model: type[models.Model]) -> set[str]:
    return {
        field.name
        for field in model._meta.local_concrete_fields
        if isinstance(field, TEXTUAL) and not isinstance(field, models.DateTimeField) and not field.choices
    }


MODELS = [model for label in ROOMS for model in apps.get_app_config(label).get_models()]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_a_column_with_text_is_sealed_or_on_the_list(model: type[models.Model]) -> None:
    assert textual(model) - set(PLAIN.get(model._meta.label_lower, "").split()) == set()


@pytest.mark.parametrize(("label", "column"), MUST_BE_SEALED)
def test_what_is_personal_is_sealed(label: str, column: str) -> None:
    assert isinstance(apps.get_model(label)._meta.get_field(column), EncryptedField)


def test_the_list_names_columns_that_exist() -> None:
    known = {model._meta.label_lower: textual(model) for model in MODELS}
    gone = {label: set(names.split()) - known.get(label, set()) for label, names in PLAIN.items()}
    assert {label: names for label, names in gone.items() if names} == {}
