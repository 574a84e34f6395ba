"""The only writer of appointments and claims: offer, accept, confirm, move, cancel, arrive, no-show, undo.

Every verb does the same four things in one transaction: lock the rows of the resources in the order of their ids,
delete the dead holds on them, look whether the time is free, write. The lock is what makes contention cheap: a
plain insert against the exclusion constraint is right but deadlocks when many want one slot. The constraint stays
the last word for whatever forgets the lock. On SQLite a transaction begins as the one writer there is.

Each edge of the status machine is a compare-and-swap that leaves a line of history: who, when, from, to, why.
"""

from scheduling.booking.accepting import accept
from scheduling.booking.attempts import together
from scheduling.booking.attending import arrive, fulfil, no_show
from scheduling.booking.confirming import confirm, confirm_all
from scheduling.booking.ending import cancel, give_seat_back, leave_class, let_go, letting_go
from scheduling.booking.judging import BUSY, still_free
from scheduling.booking.moving import move
from scheduling.booking.offering import expire_offers, offer, turn_down, withdraw_offer
from scheduling.booking.recording import record
from scheduling.booking.refusals import NotBookable, OfferClosed, SlotTaken, TooLate, TryAgain
from scheduling.booking.undoing import UNDO_WITHIN, undo
from scheduling.booking.wishing import said_coming_at, say_coming, wish_earlier

__all__ = [
    "BUSY",
    "UNDO_WITHIN",
    "NotBookable",
    "OfferClosed",
    "SlotTaken",
    "TooLate",
    "TryAgain",
    "accept",
    "arrive",
    "cancel",
    "confirm",
    "confirm_all",
    "expire_offers",
    "fulfil",
    "give_seat_back",
    "leave_class",
    "let_go",
    "letting_go",
    "move",
    "no_show",
    "offer",
    "record",
    "said_coming_at",
    "say_coming",
    "still_free",
    "together",
    "turn_down",
    "undo",
    "wish_earlier",
    "withdraw_offer",
]
