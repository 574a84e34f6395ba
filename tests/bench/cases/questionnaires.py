"""Large forms: time that grows with the number of items and no faster."""

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

from django.template.loader import render_to_string

from intake.questionnaires import sheet, validate
from intake.questionnaires.parse import parse
from tests.bench.measure import Result, seconds, side_by_side

GOAL_RATIO = 13.0  # 500 items against 50: linear is 10
SECONDS_A_THOUSAND = 10.0


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


def ten_times(work: Callable[[], None]) -> Callable[[], None]:
    """The small form as often as makes it last as long as the large one: both meet the same load."""

    def repeated() -> None:
        for _ in range(10):
            work()

    return repeated


def cases(full: bool) -> Iterator[Result]:
    for items in (500, 534):
        large, small = side_by_side(
            draw_and_validate(items), ten_times(draw_and_validate(50)), rounds=5, clock=time.process_time
        )
        bound = GOAL_RATIO * items / 500
        yield Result(
            f"questionnaire of {items} items over 50: draw and validate", large, small / 10, bound, bound
        )
    content = form(8)
    thousand = seconds(lambda: [parse(content) for _ in range(1000)])
    yield Result("1,000 questionnaires parsed, over 10 seconds", thousand, SECONDS_A_THOUSAND, 1.0, 1.0)
