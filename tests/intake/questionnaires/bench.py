"""Cases for the benchmark: `cases()` yields one dict a case, as `make bench` prints them."""

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

from django.template.loader import render_to_string

from intake.questionnaires import sheet, validate
from intake.questionnaires.parse import parse

FLOOR = 1.0  # a ratio below it would mean that nothing was done
GOAL_RATIO = 13.0  # 500 items against 50: linear is 10
GOAL_SECONDS_A_THOUSAND = 10.0


def form(items: int) -> bytes:
    """A form of choices, every third one conditional."""
    options = [{"valueCoding": {"code": code, "display": code}} for code in "abc"]
    asked: list[dict[str, Any]] = []
    for number in range(items):
        item = {
            "linkId": f"q{number}",
            "text": f"Question {number}",
            "type": "choice",
            "answerOption": options,
        }
        if number and number % 3 == 0:
            condition = {"question": f"q{number - 1}", "operator": "=", "answerCoding": {"code": "a"}}
            item["enableWhen"] = [condition]
        asked.append(item)
    raw = {"resourceType": "Questionnaire", "url": "http://x.example/q", "version": "1", "item": asked}
    return json.dumps(raw).encode()


def draw_and_validate(items: int) -> Callable[[], None]:
    questionnaire = parse(form(items)).questionnaire
    if questionnaire is None:
        raise ValueError("the form of the benchmark is refused")

    def work() -> None:
        read = sheet.read(questionnaire, {f"i{number}": ["0"] for number in range(items)})
        render_to_string("intake/questionnaire/form.html", {"sheet": read, "controls": read.controls()})
        validate.validate(questionnaire, read.response())

    return work


def seconds(work: Callable[[], object], times: int = 3) -> float:
    """The best of a few runs."""
    best = float("inf")
    for _ in range(times):
        start = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - start)
    return best


def cases() -> Iterator[dict[str, Any]]:
    draw_and_validate(50)()  # templates are read once
    small, large, largest = (seconds(draw_and_validate(items)) for items in (50, 500, 534))
    yield _case("questionnaire 50 to 500 items", small, large, GOAL_RATIO)
    yield _case("questionnaire 50 to 534 items", small, largest, GOAL_RATIO * 534 / 500)
    content = form(8)
    thousand = seconds(lambda: [parse(content) for _ in range(1000)], times=1)
    yield {
        "case": "1,000 questionnaires parsed (seconds)",
        "a": round(thousand, 3),
        "b": GOAL_SECONDS_A_THOUSAND,
        "ratio": round(thousand / GOAL_SECONDS_A_THOUSAND, 3),
        "floor": 0.0,
        "goal": 1.0,
        "pass": thousand <= GOAL_SECONDS_A_THOUSAND,
    }


def _case(name: str, a: float, b: float, goal: float) -> dict[str, Any]:
    ratio = b / a
    return {
        "case": name,
        "a": round(a, 4),
        "b": round(b, 4),
        "ratio": round(ratio, 2),
        "floor": FLOOR,
        "goal": round(goal, 2),
        "pass": FLOOR <= ratio <= goal,
    }
