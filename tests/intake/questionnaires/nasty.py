"""Ten forms that nobody would want to get, each right by the standard: built here, since their size is in their repetition."""

from collections.abc import Mapping, Sequence
from typing import Any

HL7 = "http://hl7.org/fhir/StructureDefinition/"
SDC = "http://hl7.org/fhir/uv/sdc/StructureDefinition/sdc-questionnaire-"
UCUM = "http://unitsofmeasure.org"
Made = dict[str, Any]


def ask(link_id: str, kind: str, *items: Made, ext: Sequence[Made] = (), **more: Any) -> Made:
    found: Made = {"linkId": link_id, "text": f"About {link_id}", "type": kind, **more}
    return found | ({"item": list(items)} if items else {}) | ({"extension": list(ext)} if ext else {})


def ext(url: str, kind: str, value: Any) -> Made:
    return {"url": url if url.startswith("http") else HL7 + url, f"value{kind}": value}


def when(question: str, operator: str, kind: str, value: Any) -> Made:
    return {"question": question, "operator": operator, f"answer{kind}": value}


def coding(code: str, system: str = "http://x.example/codes", **more: Any) -> Made:
    return {"system": system, "code": code, "display": f"Called {code}", **more}


def option(kind: str, value: Any, **more: Any) -> Made:
    return {f"value{kind}": value, **more}


def form(name: str, *items: Made, **more: Any) -> Made:
    return {
        "resourceType": "Questionnaire",
        "url": f"http://x.example/fhir/Questionnaire/{name}",
        "version": "1",
        "status": "active",
        "title": name,
        "item": list(items),
        **more,
    }


def every_type() -> Made:
    """All sixteen in one group, each under a linkId that no page should ever carry as a name."""
    kinds = ["boolean", "decimal", "integer", "date", "dateTime", "time", "string", "text", "url", "attachment", "quantity"]  # fmt: skip
    odd = ['"><script>', "/71802-3", "a b", "i0", "i0~n", "~shown", "ñ#1", "@0", "x" * 255, "=cmd|' /C calc'!A0", "{{ 7*7 }}"]  # fmt: skip
    yes_no = [option("Coding", coding("yes")), option("Coding", coding("no"))]
    return form(
        "every_type",
        ask(
            "all",
            "group",
            ask("words", "display"),
            *(ask(link_id, kind) for link_id, kind in zip(odd, kinds, strict=True)),
            ask("list", "choice", answerOption=yes_no),
            ask("open", "open-choice", answerOption=yes_no),
            ask("ref", "reference"),
        ),
    )


def deep() -> Made:
    """Ten deep, question below question below group, each asked when the one above it was answered."""
    below = ask("d9", "string", enableWhen=[when("d8", "exists", "Boolean", True)])
    for depth in range(8, 0, -1):
        kind = "boolean" if depth % 2 == 0 else "group"
        more = (
            {"enableWhen": [when(f"d{depth - 2}", "=", "Boolean", True)]}
            if kind == "boolean" and depth > 2
            else {}
        )
        below = ask(f"d{depth}", kind, below, **more)
    return form("deep", ask("d0", "group", below))


def repeats_in_repeats() -> Made:
    """A drug, its doses, the days of each dose: rows inside repetitions inside repetitions."""
    days = [option("Coding", coding(day)) for day in ("mon", "tue", "wed")]
    dose = ask(
        "dose",
        "group",
        ask("amount", "decimal", required=True),
        ask("days", "choice", ask("hour", "time"), repeats=True, answerOption=days),
        ask("notes", "string", repeats=True, ext=[ext("questionnaire-maxOccurs", "Integer", 3)]),
        repeats=True,
        ext=[ext("questionnaire-minOccurs", "Integer", 2), ext("questionnaire-maxOccurs", "Integer", 4)],
    )
    stop = ask("why_stopped", "text", enableWhen=[when("stopped", "=", "Boolean", True)])
    return form(
        "repeats",
        ask("drug", "group", ask("name", "string"), dose, ask("stopped", "boolean"), stop, repeats=True),
    )


OPERATORS = ("=", "!=", ">", "<", ">=", "<=")
SOURCES: Mapping[str, tuple[str, Any]] = {
    "boolean": ("Boolean", True),
    "decimal": ("Decimal", 2.50),
    "integer": ("Integer", 3),
    "date": ("Date", "2020-02-29"),
    "dateTime": ("DateTime", "2020-02-29T09:30:00Z"),
    "time": ("Time", "09:30:00"),
    "string": ("String", "aaa"),
    "text": ("String", "aaa"),
    "choice": ("Coding", coding("yes")),
    "open-choice": ("Coding", coding("yes")),
    "quantity": ("Quantity", {"value": 1, "unit": "kg", "system": UCUM, "code": "kg"}),
    "reference": ("Reference", {"reference": "Patient/1"}),
    "attachment": ("Boolean", True),
}


def every_condition() -> Made:
    """Each operator on each type, those that make no sense included: they are never true and hide nothing else."""
    listed = [option("Coding", coding("yes")), option("Coding", coding("no"))]
    kg = [ext("questionnaire-unit", "Coding", coding("kg", UCUM))]
    items = []
    for kind, (answer, value) in SOURCES.items():
        more = {"answerOption": listed} if kind in ("choice", "open-choice") else {}
        items.append(ask(kind, kind, ext=kg if kind == "quantity" else (), **more))
        operators = OPERATORS if kind != "attachment" else ()
        items += [
            ask(f"{kind} {operator}", "string", enableWhen=[when(kind, operator, answer, value)])
            for operator in operators
        ]
        items += [
            ask(f"{kind} exists {there}", "string", enableWhen=[when(kind, "exists", "Boolean", there)])
            for there in (True, False)
        ]
    both = [when("boolean", "=", "Boolean", True), when("integer", ">=", "Integer", 3)]
    items += [
        ask(f"both {behavior}", "string", enableWhen=both, enableBehavior=behavior)
        for behavior in ("all", "any")
    ]
    return form("every_condition", *items)


def value_sets() -> Made:
    """Answers from contained lists: enumerated, expanded and nested, with some left out, with none."""
    contained = [
        {"resourceType": "ValueSet", "id": "listed", "status": "active", "compose": {
            "include": [{"system": "http://x.example/a", "concept": [
                {"code": "1", "display": "One", "designation": [{"language": "es", "value": "Uno"}]}, {"code": "2"}, {"code": "3"}]}],
            "exclude": [{"system": "http://x.example/a", "concept": [{"code": "3"}]}]}},
        {"resourceType": "ValueSet", "id": "expanded", "status": "active", "expansion": {"contains": [
            {"abstract": True, "display": "Kinds", "contains": [
                {"system": "http://x.example/b", "code": "x", "display": "Ex"},
                {"system": "http://x.example/b", "code": "y", "display": "Why", "inactive": True}]}]}},
        {"resourceType": "ValueSet", "id": "both", "status": "active",
         "compose": {"include": [{"system": "http://x.example/c", "filter": [{"property": "p", "op": "=", "value": "v"}]}]},
         "expansion": {"contains": [{"system": "http://x.example/c", "code": "z", "display": "Zed"}]}},
        {"resourceType": "Patient", "id": "somebody"},
    ]  # fmt: skip
    return form(
        "value_sets",
        ask("listed", "choice", answerValueSet="#listed"),
        ask("expanded", "choice", answerValueSet="#expanded", repeats=True),
        ask("both", "open-choice", answerValueSet="#both"),
        ask("known", "choice", answerValueSet="http://hl7.org/fhir/ValueSet/yesnodontknow"),
        contained=contained,
    )


def every_option() -> Made:
    """Options that are numbers, dates, times, words, codings with the same code, one that excludes the others."""
    alone = [ext("questionnaire-optionExclusive", "Boolean", True)]
    same = [
        option("Coding", coding("1", "http://x.example/a")),
        option("Coding", coding("1", "http://x.example/b")),
    ]
    return form(
        "every_option",
        ask("number", "integer", answerOption=[option("Integer", one) for one in (0, 1, 2)]),
        ask("day", "date", answerOption=[option("Date", "2020-01-01"), option("Date", "2020-02")]),
        ask("clock", "time", answerOption=[option("Time", "09:00:00"), option("Time", "21:00:00")]),
        ask("word", "string", answerOption=[option("String", "<b>bold</b>"), option("String", "other")]),
        ask("text in a choice", "choice", answerOption=[option("String", "a"), option("String", "b")]),
        ask("same code", "choice", answerOption=same),
        ask("many", "choice", repeats=True, answerOption=[option("Coding", coding(f"c{n}")) for n in range(40)]),
        ask("alone", "choice", repeats=True, answerOption=[
            option("Coding", coding("a")), option("Coding", coding("b")), option("Coding", coding("none"), extension=alone)]),
        ask("own words", "open-choice", repeats=True, answerOption=[option("Coding", coding("a"))]),
        ask("type it", "open-choice", answerOption=[option("Coding", coding(f"t{n}")) for n in range(40)], ext=[
            ext("questionnaire-itemControl", "CodeableConcept", {"coding": [{"code": "autocomplete"}]})]),
    )  # fmt: skip


def starting_values() -> Made:
    """Values that are there before anybody answers, on every type, also where only one of them counts."""
    picked = [option("Coding", coding("a"), initialSelected=True), option("Coding", coding("b"))]
    return form(
        "starting_values",
        ask("boolean", "boolean", initial=[{"valueBoolean": False}]),
        ask("decimal", "decimal", initial=[{"valueDecimal": 1.50}]),
        ask("integer", "integer", initial=[{"valueInteger": 0}]),
        ask("date", "date", initial=[{"valueDate": "2020-02"}]),
        ask("dateTime", "dateTime", initial=[{"valueDateTime": "2020-02-29T09:30:00+00:00"}]),
        ask("time", "time", initial=[{"valueTime": "09:30:00"}]),
        ask("string", "string", initial=[{"valueString": "kept"}]),
        ask("rows", "string", repeats=True, initial=[{"valueString": "one"}, {"valueString": "two"}]),
        ask("quantity", "quantity", initial=[{"valueQuantity": {"value": 1, "unit": "kg"}}]),
        ask("choice", "choice", answerOption=picked),
        ask("ticked", "choice", repeats=True, answerOption=[*picked, option("Coding", coding("c"), initialSelected=True)]),
        ask("hidden", "string", initial=[{"valueString": "secret"}], ext=[ext("questionnaire-hidden", "Boolean", True)]),
        ask("fixed", "string", initial=[{"valueString": "fixed"}], readOnly=True),
        ask("after hidden", "string", enableWhen=[when("hidden", "=", "String", "secret")]),
    )  # fmt: skip


def limits() -> Made:
    """Every bound there is, at its edge."""
    kg, lb = coding("kg", UCUM), coding("[lb_av]", UCUM)
    weight = {"unit": "kg", "system": UCUM, "code": "kg"}
    return form(
        "limits",
        ask("short", "string", maxLength=5, ext=[ext("minLength", "Integer", 2)]),
        ask("long", "text", maxLength=20),
        ask("pattern", "string", ext=[ext("regex", "String", r"[A-Z]{2}-\d{3}|abc")]),
        ask("whole", "integer", ext=[ext("minValue", "Integer", -3), ext("maxValue", "Integer", 3)]),
        ask("part", "decimal", ext=[ext("minValue", "Decimal", 0.1), ext("maxValue", "Decimal", 0.2), ext("maxDecimalPlaces", "Integer", 2)]),
        ask("day", "date", ext=[ext("minValue", "Date", "2020-01-01"), ext("maxValue", "Date", "2020-12-31")]),
        ask("clock", "time", ext=[ext("minValue", "Time", "08:00:00"), ext("maxValue", "Time", "18:00:00")]),
        ask("weight", "quantity", ext=[
            ext("questionnaire-unitOption", "Coding", kg), ext("questionnaire-unitOption", "Coding", lb),
            ext(SDC + "minQuantity", "Quantity", {"value": 1, **weight}), ext(SDC + "maxQuantity", "Quantity", {"value": 300, **weight})]),
        ask("any unit", "quantity", ext=[ext("questionnaire-unitOption", "Coding", kg), ext(SDC + "unitOpen", "Code", "optionsOrString")]),
        ask("scale", "integer", ext=[ext("minValue", "Integer", 0), ext("maxValue", "Integer", 10)]),
        ask("some", "string", repeats=True, ext=[ext("questionnaire-minOccurs", "Integer", 2), ext("questionnaire-maxOccurs", "Integer", 3)]),
        ask("file", "attachment", ext=[ext("maxSize", "Decimal", 5), ext("mimeType", "Code", "text/plain")]),
    )  # fmt: skip


def hidden_parts() -> Made:
    """Hidden groups with required questions that have values, conditions on what is hidden, disabled but shown."""
    hide = [ext("questionnaire-hidden", "Boolean", True)]
    shown = ext(
        "http://hl7.org/fhir/5.0/StructureDefinition/extension-Questionnaire.item.disabledDisplay",
        "Code",
        "protected",
    )
    return form(
        "hidden_parts",
        ask("g", "group", ask("in g", "integer", required=True, initial=[{"valueInteger": 4}]), ext=hide),
        ask("more than 3", "string", enableWhen=[when("in g", ">", "Integer", 3)]),
        ask("more than 5", "string", enableWhen=[when("in g", ">", "Integer", 5)], required=True),
        ask("off", "string", enableWhen=[when("more than 5", "exists", "Boolean", True)], ext=[shown]),
        ask("r", "group", ask("row", "string"), repeats=True, enableWhen=[when("more than 3", "exists", "Boolean", True)]),
    )  # fmt: skip


def below_answers() -> Made:
    """Questions below single answers, below ticked ones, below each row; a group below a question."""
    listed = [option("Coding", coding(one)) for one in ("a", "b", "c")]
    inner = ask("inner", "group", ask("x", "string"), ask("y", "boolean"), repeats=True)
    return form(
        "below_answers",
        ask("one", "boolean", ask("why", "string"), inner),
        ask("ticks", "choice", ask("how long", "integer"), repeats=True, answerOption=listed),
        ask("rows", "string", ask("of row", "date"), repeats=True),
        ask("picked", "choice", ask("tell", "text", enableWhen=[when("picked", "=", "Coding", coding("c"))]), answerOption=listed),
    )  # fmt: skip


FORMS = [every_type, deep, repeats_in_repeats, every_condition, value_sets, every_option, starting_values, limits,
         hidden_parts, below_answers]  # fmt: skip
