"""Names of the extensions we read, keep or must stop at, and how to read one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from intake.questionnaires.model import Text, Value

HL7 = "http://hl7.org/fhir/StructureDefinition/"
Q = HL7 + "questionnaire-"
SDC = "http://hl7.org/fhir/uv/sdc/StructureDefinition/sdc-questionnaire-"
R5_ITEM = "http://hl7.org/fhir/5.0/StructureDefinition/extension-Questionnaire.item."

ITEM_CONTROL = Q + "itemControl"
HIDDEN = Q + "hidden"
MIN_VALUE, MAX_VALUE = HL7 + "minValue", HL7 + "maxValue"
MIN_QUANTITY, MAX_QUANTITY = SDC + "minQuantity", SDC + "maxQuantity"
MIN_LENGTH = HL7 + "minLength"
REGEX = HL7 + "regex"
CONSTRAINTS = (HL7 + "targetConstraint", Q + "constraint")
ENTRY_FORMAT = HL7 + "entryFormat"
MAX_DECIMALS = HL7 + "maxDecimalPlaces"
UNIT, UNIT_OPTION, UNIT_VALUE_SET = Q + "unit", Q + "unitOption", Q + "unitValueSet"
UNIT_OPEN = SDC + "unitOpen"
EXCLUSIVE, OPTION_PREFIX = Q + "optionExclusive", Q + "optionPrefix"
MIN_OCCURS, MAX_OCCURS = Q + "minOccurs", Q + "maxOccurs"
ORIENTATION = Q + "choiceOrientation"
CATEGORY = Q + "displayCategory"
WEIGHTS = (HL7 + "itemWeight", HL7 + "ordinalValue")  # the first wins; the second is its retired twin
SLIDER_STEP = Q + "sliderStepValue"
MIME_TYPE, MAX_SIZE = HL7 + "mimeType", HL7 + "maxSize"
MARKDOWN, XHTML = HL7 + "rendering-markdown", HL7 + "rendering-xhtml"
STYLE, STYLE_MATTERS = HL7 + "rendering-style", HL7 + "rendering-styleSensitive"
TRANSLATION = HL7 + "translation"
SUPPORT_LINKS = (Q + "supportLink", Q + "supportHyperlink")
OPEN_LABEL, SHORT_TEXT, ENTRY_MODE = SDC + "openLabel", SDC + "shortText", SDC + "entryMode"
DISABLED_DISPLAY = R5_ITEM + "disabledDisplay"

# An expression decides whether the question may be asked or what may be answered: without an engine
# we must neither show nor hide it silently.
BLOCKING = {
    SDC + "enableWhenExpression": "enable-when-expression",
    SDC + "answerExpression": "answer-expression",
    SDC + "answerOptionsToggleExpression": "answer-options-expression",
    SDC + "subQuestionnaire": "needs-assembly",
    SDC + "assemble-expectation": "needs-assembly",
    HL7 + "questionnaire-adaptive": "adaptive",
    SDC + "questionnaireAdaptive": "adaptive",
    "http://hl7.org/fhir/uv/sdc/StructureDefinition/sdc-questionnaireAdaptive": "adaptive",
}
CALCULATED = SDC + "calculatedExpression"
# Values the clinic's side would compute; kept and shown to staff, never run.
NOT_COMPUTED = (CALCULATED, SDC + "initialExpression", HL7 + "cqf-calculatedValue")

# Modifier extensions that we understand. An unknown one means: do not use this form.
CRITICAL = "http://hl7.org/fhir/uv/sdc/StructureDefinition/sdc-rendering-criticalExtension"
KNOWN_MODIFIERS = frozenset({STYLE_MATTERS, CRITICAL})


def all_of(element: Any, url: str) -> Iterator[Mapping[str, Any]]:
    """The extensions with this url on an element, modifiers included."""
    if not isinstance(element, dict):
        return
    for member in ("extension", "modifierExtension"):
        extensions = element.get(member)
        for extension in extensions if isinstance(extensions, list) else ():
            if isinstance(extension, dict) and extension.get("url") == url:
                yield extension


def value_of(extension: Mapping[str, Any]) -> Value | None:
    for name, raw in extension.items():
        if name.startswith("value") and len(name) > len("value"):
            return Value(name[len("value") :], raw)
    return None


def first(element: Any, *urls: str) -> Value | None:
    """The value of the first extension that is there, the urls tried in order."""
    for url in urls:
        for extension in all_of(element, url):
            value = value_of(extension)
            if value is not None:
                return value
    return None


def words(element: Any, url: str) -> str:
    value = first(element, url)
    return value.raw if value is not None and isinstance(value.raw, str) else ""


def switch(element: Any, url: str) -> bool:
    value = first(element, url)
    return value is not None and value.raw in (True, "true")


def number(element: Any, *urls: str) -> Decimal | None:
    value = first(element, *urls)
    if value is None or isinstance(value.raw, bool):
        return None
    try:
        return Decimal(str(value.raw))
    except ArithmeticError:
        return None


def whole(element: Any, url: str) -> int | None:
    found = number(element, url)
    return int(found) if found is not None and found.is_finite() and abs(found) < 2**53 else None


def code(element: Any, url: str) -> str:
    """The code of a code, Coding or CodeableConcept extension."""
    value = first(element, url)
    if value is None:
        return ""
    if isinstance(value.raw, str):
        return value.raw
    if not isinstance(value.raw, dict):
        return ""
    codings = value.raw.get("coding")
    coding = codings[0] if isinstance(codings, list) and codings else value.raw
    found = coding.get("code") if isinstance(coding, dict) else None
    return found if isinstance(found, str) else ""


def text_of(holder: Mapping[str, Any], name: str) -> Text:
    """`name` of an element together with what `_name` says about it."""
    plain, companion = holder.get(name), holder.get("_" + name)
    translations = {}
    for translation in all_of(companion, TRANSLATION):
        language, content = (
            words(translation, "lang") or code(translation, "lang"),
            words(translation, "content"),
        )
        if language and content:
            translations[language] = content
    return Text(
        plain=plain if isinstance(plain, str) else "" if plain is None else str(plain),
        markdown=words(companion, MARKDOWN),
        xhtml=words(companion, XHTML),
        translations=translations,
        styled=bool(words(companion, STYLE)),
    )
