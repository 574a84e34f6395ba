from intake.models.appointment_request import (
    AppointmentRequest,
    CostQuestion,
    Flag,
    Hold,
    IllegalMove,
    Marker,
    Priority,
    RequestDraft,
    RequestEvent,
    Status,
)
from intake.models.client import Client, ContactWay
from intake.models.consent import Consent
from intake.models.history import ClientEvent, Joining
from intake.models.insurance import Coverage, CoverageType
from intake.models.practitioner import Practitioner
from intake.models.questionnaire import (
    SHIPPED_FORM_URL,
    Questionnaire,
    QuestionnaireResponse,
    ServiceQuestionnaire,
)
from intake.models.service import EstimateKind, Package, PriceLine, Service, ServiceKind
from intake.models.source import SourceVisit
from intake.models.stored_file import StoredFile

__all__ = [
    "SHIPPED_FORM_URL",
    "AppointmentRequest",
    "Client",
    "ClientEvent",
    "Consent",
    "ContactWay",
    "CostQuestion",
    "Coverage",
    "CoverageType",
    "EstimateKind",
    "Flag",
    "Hold",
    "IllegalMove",
    "Joining",
    "Marker",
    "Package",
    "Practitioner",
    "PriceLine",
    "Priority",
    "Questionnaire",
    "QuestionnaireResponse",
    "RequestDraft",
    "RequestEvent",
    "Service",
    "ServiceKind",
    "ServiceQuestionnaire",
    "SourceVisit",
    "Status",
    "StoredFile",
]
