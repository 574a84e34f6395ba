"""What staff read of a request's answers, on one screen: flags first, then scores, then the answers."""

from __future__ import annotations

from dataclasses import dataclass

from intake import form_library, screening
from intake.models import AppointmentRequest, Flag
from intake.questionnaires import sheet
from intake.questionnaires.scoring import Score
from intake.questionnaires.summary import Line, lines_of
from intake.questionnaires.tree import Tree


@dataclass(frozen=True, slots=True)
class FormAnswers:
    title: str
    version: str
    is_draft: bool  # no clinician has approved the words that were asked
    lines: list[Line]


@dataclass(frozen=True, slots=True)
class Answers:
    """`flags` are dicts as stored: code, level, label, rule, rule_version, link_id."""

    flags: list[dict[str, object]]
    scores: list[Score]
    forms: list[FormAnswers]


def answers_of(appointment_request: AppointmentRequest, *, language: str = "en") -> Answers:
    """For the template `intake/answers.html`. Needs `May.SEE_ANSWERS`; the caller logs the view."""
    order = [Flag.Level.URGENT, Flag.Level.SAME_DAY, Flag.Level.NOTE]
    rows = sorted(appointment_request.flags.all(), key=lambda row: order.index(Flag.Level(row.level)))
    trees: list[Tree] = []
    forms: list[FormAnswers] = []
    for response in appointment_request.questionnaire_responses.select_related("questionnaire"):
        row = response.questionnaire
        opened = sheet.opened(form_library.form_of(row), response=response.response, language=language)
        trees.append(opened.tree)
        forms.append(
            FormAnswers(
                row.title, row.version, row.is_draft_in(response.language), lines_of(opened.tree, language)
            )
        )
    flags = [{**row.finding, "level": row.level} for row in rows]
    open_levels = set() if appointment_request.is_followed_up() else {row.level for row in rows}
    scores = [
        found for found in screening.scores_for(trees, []) if not open_levels & set(found.rule.silent_while)
    ]
    return Answers(flags, scores, forms)
