"""How a case is measured: two ways beside each other in interleaved rounds of one run, compared by their medians.

An absolute time says more about the machine than about the code; a ratio inside one run does not.
`floor` fails the run, `goal` is what we claim.
"""

import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

Work = Callable[[], object]
Clock = Callable[[], float]
ROUNDS = 7


@dataclass(frozen=True, slots=True)
class Result:
    """One line of `make bench`. `a` and `b` are seconds unless the case's name says otherwise."""

    case: str
    a: float
    b: float
    floor: float
    goal: float
    more_is_better: bool = False

    @property
    def ratio(self) -> float:
        return self.a / self.b

    @property
    def is_good_enough(self) -> bool:
        """Within the floor, the bound that fails the run."""
        return self.ratio >= self.floor if self.more_is_better else self.ratio <= self.floor

    @property
    def reaches_goal(self) -> bool:
        return self.ratio >= self.goal if self.more_is_better else self.ratio <= self.goal

    def as_line(self) -> dict[str, Any]:
        said = {name: value for name, value in asdict(self).items() if name != "more_is_better"}
        numbers = {name: float(f"{value:.4g}") for name, value in said.items() if name != "case"}
        return {
            "case": self.case,
            "a": numbers["a"],
            "b": numbers["b"],
            "ratio": float(f"{self.ratio:.4g}"),
            "floor": numbers["floor"],
            "goal": numbers["goal"],
            "pass": self.is_good_enough,
        }


def seconds(work: Work, clock: Clock = time.perf_counter) -> float:
    start = clock()
    work()
    return clock() - start


def side_by_side(
    a: Work, b: Work, *, rounds: int = ROUNDS, clock: Clock = time.perf_counter
) -> tuple[float, float]:
    """Median seconds of both, after one unmeasured run of each; who goes first alternates.

    `clock`: `time.process_time` for a pure calculation, so that others on the machine count for neither.
    """
    a(), b()
    taken: tuple[list[float], list[float]] = ([], [])
    for number in range(rounds):
        for which in (0, 1) if number % 2 else (1, 0):
            taken[which].append(seconds((a, b)[which], clock))
    return statistics.median(taken[0]), statistics.median(taken[1])
