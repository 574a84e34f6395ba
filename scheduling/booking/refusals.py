"""Why a verb of booking says no."""

from collections.abc import Sequence

from scheduling.availability import Slot


class NotBookable(Exception):
    """The rules refuse this. `code` is one of `openings.Refusal`, or on_hold, no_service, closed, two_or_three."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class SlotTaken(Exception):
    """Somebody was faster. `next_best` are the times that suit best now."""

    def __init__(self, next_best: Sequence[Slot] = ()) -> None:
        super().__init__("taken")
        self.next_best = list(next_best)


class OfferClosed(Exception):
    """The offer has run out, was answered or was replaced."""


class TooLate(Exception):
    """What should be undone is older than ten seconds, was done by somebody else, or has changed since."""


class TryAgain(Exception):
    """Too many wanted the same rows at once; nothing was changed."""


class Taken(Exception):
    pass
