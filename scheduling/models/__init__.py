from scheduling.models.appointment import (
    TAKES_TIME,
    Appointment,
    AppointmentEvent,
    AppointmentStatus,
    Claim,
    Offer,
    Seat,
)
from scheduling.models.change import PriceVersion, SettingChange
from scheduling.models.estimate import (
    Estimate,
    EstimateDocument,
    EstimateEvent,
    EstimateNumber,
    LinkTries,
    Trigger,
)
from scheduling.models.hours import DateOverride, ServiceHours, Shift, TimeOff, Weekday
from scheduling.models.resource import Resource, Room
from scheduling.models.series import Series, SeriesVisit
from scheduling.models.waitlist import FreedTime, Invitation

__all__ = [
    "TAKES_TIME",
    "Appointment",
    "AppointmentEvent",
    "AppointmentStatus",
    "Claim",
    "DateOverride",
    "Estimate",
    "EstimateDocument",
    "EstimateEvent",
    "EstimateNumber",
    "FreedTime",
    "Invitation",
    "LinkTries",
    "Offer",
    "PriceVersion",
    "Resource",
    "Room",
    "Seat",
    "Series",
    "SeriesVisit",
    "ServiceHours",
    "SettingChange",
    "Shift",
    "TimeOff",
    "Trigger",
    "Weekday",
]
