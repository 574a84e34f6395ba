"""What a template needs of one item: names, words, state. Filled in by `controls.py`."""

from __future__ import annotations

from dataclasses import dataclass, field

from intake.questionnaires import wording
from intake.questionnaires.markup import Html

QUIET_NOTES = frozenset({"help", "flyover", "legal"})  # folded away until wanted


@dataclass(slots=True)
class Choice:
    value: str
    label: Html
    id: str
    checked: bool = False
    exclusive: bool = False
    alarm: str = ""  # urgent, same_day
    code: str = ""
    plain: str = ""  # for where no markup fits: an option of a select


@dataclass(slots=True)
class Row:
    name: str
    id: str
    label: str
    value: str


@dataclass(frozen=True, slots=True)
class KeptFile:
    """A file that was given as an answer; `ref` is how the answer names it, empty when it holds the file itself."""

    name: str
    ref: str = ""


@dataclass(slots=True)
class Below:
    """Questions that belong to one answer of the question above them."""

    key: str  # the option's number; empty: any answer
    controls: list[Control]


@dataclass(slots=True)
class Control:
    kind: str
    path: str
    name: str
    id: str
    link_id: str
    label: Html
    enabled: bool = True
    optional_mark: bool = False
    required: bool = False
    heading: int = 2
    page: bool = False  # a top-level group that asks for a page of its own
    hints: list[Html] = field(default_factory=list)
    choices: list[Choice] = field(default_factory=list)
    value: str = ""
    other: str = ""
    other_label: str = ""
    has_other: bool = False
    rows: list[Row] = field(default_factory=list)
    count: int = 0  # repetitions or rows on the page; 0: does not repeat
    may_add: bool = False
    number: int = 0  # which repetition this is, from 1; 0: does not repeat
    unit: str = ""
    units: list[Choice] = field(default_factory=list)
    unit_value: str = ""
    unit_open: bool = False
    input_type: str = "text"
    input_mode: str = ""
    max_length: int | None = None
    least: str = ""
    most: str = ""
    accept: str = ""
    files: list[KeptFile] = field(default_factory=list)
    ends: tuple[str, str] = ("", "")
    link: str = ""
    category: str = ""
    in_row: bool = False
    errors: list[str] = field(default_factory=list)
    notes: list[Control] = field(default_factory=list)
    children: list[Control] = field(default_factory=list)
    below: list[Below] = field(default_factory=list)
    when: str = ""  # JSON for the page script; empty without conditions
    language: str = "en"
    prefix: str = ""
    repeats: bool = False
    item_type: str = ""
    protected: bool = False  # stays on the page when disabled

    @property
    def is_quiet(self) -> bool:
        return self.category in QUIET_NOTES

    @property
    def is_short(self) -> bool:
        """Two tiles beside each other: yes and no, or what asks to lie in a row."""
        short = len(self.choices) <= 3 and all(len(choice.plain) <= 24 for choice in self.choices[:2])
        return short and not self.has_other and (self.in_row or len(self.choices) > 1)

    @property
    def alarm_raised(self) -> bool:
        return any(choice.checked and choice.alarm == "urgent" for choice in self.choices)

    @property
    def repeats_from(self) -> str:
        """For the first of a repeating group: the name that its count is kept under."""
        return self.name.rsplit("#", 1)[0] if self.kind == "group" and self.number == 1 else ""

    @property
    def add_name(self) -> str:
        return f"{self.prefix}~add"

    @property
    def add_value(self) -> str:
        return self.path.rsplit("#", 1)[0] if self.kind == "group" else self.path

    def say(self, word: str) -> str:
        return wording.page(word, self.language)

    @property
    def add_words(self) -> str:
        return self.say("add")

    @property
    def skip_words(self) -> str:
        return self.say("skip")

    @property
    def choose_words(self) -> str:
        return self.say("choose")

    @property
    def more_words(self) -> str:
        return self.say("more")

    @property
    def remove_words(self) -> str:
        return self.say("remove")

    @property
    def link_words(self) -> str:
        return self.say("link")

    @property
    def unit_words(self) -> str:
        return self.say("unit")

    @property
    def number_words(self) -> str:
        return self.say("number")

    @property
    def computed_words(self) -> str:
        return self.say("computed")

    @property
    def unavailable_words(self) -> str:
        return self.say("unavailable")

    @property
    def described_by(self) -> str:
        ids = [f"{self.id}-error"] if self.errors else []
        ids += [f"{self.id}-hint"] if self.hints else []
        ids += [note.id for note in self.notes if note.kind == "display" and note.category not in QUIET_NOTES]
        ids += [f"{self.id}-unit"] if self.unit else []
        return " ".join(ids)

    @property
    def has_words(self) -> bool:
        """Anything between the question and its field."""
        return bool(self.hints or self.notes or self.link or self.errors)

    @property
    def has_alarm(self) -> bool:
        return any(choice.alarm == "urgent" for choice in self.choices)

    @property
    def template(self) -> str:
        return f"intake/questionnaire/{self.kind}.html"

    @property
    def error_target(self) -> str:
        """The id that a link in the error summary goes to: something that takes focus."""
        if self.choices and self.kind != "select":
            return self.choices[0].id
        return self.rows[0].id if self.rows else self.id
