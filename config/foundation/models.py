"""Where Django looks for models; each lives in the module named for it."""

from config.foundation.access_log import AccessEvent
from config.foundation.clinic import Clinic, Closure, Location
from config.foundation.links import Link
from config.foundation.staff_tasks import StaffTask
from config.foundation.user import User
from config.foundation.versioned import StaleVersion, Versioned

__all__ = [
    "AccessEvent",
    "Clinic",
    "Closure",
    "Link",
    "Location",
    "StaffTask",
    "StaleVersion",
    "User",
    "Versioned",
]
