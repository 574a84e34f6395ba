"""The pages of the request form. They clean what was typed and know the words of their errors, nothing else.

One flat namespace of names over all pages, so the whole can also be posted at once (`submission.submit_form`):

visit    service (a code or not_sure), also*, package, workshop_on_{month,day,year}, people, client_status,
         for_whom, where_during_visit
about    body_areas*, side, reason, started_on_{…}, pregnancy_status, pregnancy_weeks
safety   the questionnaires of the service (see `asking.py`)
you      first_name, last_name, name_to_use, pronouns, birth_date_{…}, email, phone, mailing_address, reach*,
         prefer, best_time, say_only, representative_{first_name,last_name,relation,may_consent,legal_role,phone,email}
paying   coverage, carrier, plan_type, member_id, group_number, policyholder_{relation,name,birth_date_…},
         phone_on_card, secondary_{carrier,member_id}, prior_authorization, medicare_number,
         claim_{number,employer,state,adjuster,adjuster_phone,attorney}, claim_on_{…}, referral, ask_estimate,
         days*, parts*, earliest_{…}, latest_{…}, availability_notes, practitioner, gender, waitlist_ok,
         series_{per_week,weeks}, access_needs*, access_notes
send     privacy_notice_seen, policy_seen, email_ok, email_document_ok, text_ok, guardian_agrees, telehealth, waiver_signed

(* several values; `website` is the honeypot on the last page.)
"""

from intake.forms.base import HONEYPOT, Setting, StepForm
from intake.forms.paying import PayingForm
from intake.forms.send import SendForm
from intake.forms.visit import NOT_SURE, AboutForm, VisitForm
from intake.forms.you import PREFERS, YouForm, age_on

STEPS: dict[str, type[StepForm]] = {
    "visit": VisitForm,
    "about": AboutForm,
    "you": YouForm,
    "paying": PayingForm,
    "send": SendForm,
}

__all__ = [
    "HONEYPOT",
    "NOT_SURE",
    "PREFERS",
    "STEPS",
    "AboutForm",
    "PayingForm",
    "SendForm",
    "Setting",
    "StepForm",
    "VisitForm",
    "YouForm",
    "age_on",
]
