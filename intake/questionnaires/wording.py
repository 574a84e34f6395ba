"""What people read when an answer does not fit, in the page's language. Spanish: draft, to be reviewed."""

from __future__ import annotations

from collections.abc import Mapping

EN: Mapping[str, str] = {
    "qr-questionnaire-unknown": "These answers belong to another form ({found}).",
    "qr-status": "The status of these answers is missing or unknown.",
    "qr-structure": "The answers are not built as FHIR says: {found}.",
    "qr-linkid-missing": "An item has no linkId.",
    "qr-linkid-unknown": "The form has no item “{found}”.",
    "qr-misplaced": "This item stands in the wrong place.",
    "qr-order": "This item is out of order.",
    "qr-group-answer": "A group cannot have an answer.",
    "qr-display-content": "A display text cannot have an answer or items.",
    "qr-item-under-question": "Items under a question belong inside its answer.",
    "qr-item-and-answer": "An item has both items and answers.",
    "qr-not-enabled": "This question was not to be asked, so it cannot have an answer.",
    "qr-required": "Please answer this question.",
    "qr-too-many": "Only one answer fits here.",
    "qr-min-occurs": "At least {limit} answers are needed here.",
    "qr-max-occurs": "At most {limit} answers fit here.",
    "qr-type": "This answer does not fit the question.",
    "qr-type-Integer": "Please enter a whole number, such as 3.",
    "qr-type-Decimal": "Please enter a number, such as 3.5.",
    "qr-type-Date": "Please enter a real date: month, day and year.",
    "qr-type-DateTime": "Please enter a real date and time.",
    "qr-type-Time": "Please enter a time, such as 2:30 PM.",
    "qr-type-Uri": "Please enter a web address without spaces.",
    "qr-type-Quantity": "Please enter a number, such as 3.5.",
    "qr-not-an-option": "Please choose one of the answers listed.",
    "qr-option-exclusive": "“{found}” cannot be chosen together with other answers.",
    "qr-max-length": "This is {over} characters too long; {limit} fit.",
    "qr-min-length": "Please write at least {limit} characters.",
    "qr-regex": "This is not written the way it is asked for.",
    "qr-line-break": "Please write this in one line.",
    "qr-min-value": "Please enter {limit} or more.",
    "qr-max-value": "Please enter {limit} or less.",
    "qr-decimals": "Please use at most {limit} digits after the point.",
    "qr-unit": "Please choose one of the units listed.",
    "qr-attachment-type": "This kind of file is not taken here. We take: {limit}.",
    "qr-attachment-size": "This file is too large. At most {limit} fit.",
    "qr-attachment-content": "We could not read this file. Please choose it again.",
    "qr-read-only": "This answer cannot be changed.",
    "qr-unanswered-item": "A question without an answer must be left out.",
    "qr-text": "The words differ from those of the form.",
    "qr-subject-type": "These answers are about {found}; the form is not for that.",
    "qr-tampered": "A part of this page did not fit the form. Please check your answers.",
}

ES: Mapping[str, str] = {
    "qr-required": "Por favor, conteste esta pregunta.",
    "qr-too-many": "Aquí solo cabe una respuesta.",
    "qr-min-occurs": "Aquí hacen falta al menos {limit} respuestas.",
    "qr-max-occurs": "Aquí caben como máximo {limit} respuestas.",
    "qr-type": "Esta respuesta no corresponde a la pregunta.",
    "qr-type-Integer": "Escriba un número entero, por ejemplo 3.",
    "qr-type-Decimal": "Escriba un número, por ejemplo 3.5.",
    "qr-type-Date": "Escriba una fecha que exista: mes, día y año.",
    "qr-type-DateTime": "Escriba una fecha y una hora que existan.",
    "qr-type-Time": "Escriba una hora, por ejemplo 2:30 PM.",
    "qr-type-Uri": "Escriba una dirección web sin espacios.",
    "qr-type-Quantity": "Escriba un número, por ejemplo 3.5.",
    "qr-not-an-option": "Elija una de las respuestas de la lista.",
    "qr-option-exclusive": "«{found}» no se puede elegir junto con otras respuestas.",
    "qr-max-length": "Sobran {over} letras; caben {limit}.",
    "qr-min-length": "Escriba al menos {limit} letras.",
    "qr-regex": "No está escrito como se pide.",
    "qr-line-break": "Escríbalo en una sola línea.",
    "qr-min-value": "Escriba {limit} o más.",
    "qr-max-value": "Escriba {limit} o menos.",
    "qr-decimals": "Use como máximo {limit} cifras después del punto.",
    "qr-unit": "Elija una de las unidades de la lista.",
    "qr-attachment-type": "Aquí no aceptamos este tipo de archivo. Aceptamos: {limit}.",
    "qr-attachment-size": "El archivo es demasiado grande. Caben {limit} como máximo.",
    "qr-attachment-content": "No pudimos leer este archivo. Elíjalo otra vez.",
    "qr-read-only": "Esta respuesta no se puede cambiar.",
    "qr-tampered": "Una parte de la página no corresponde al formulario. Revise sus respuestas.",
}

# words of the page itself
PAGE_EN: Mapping[str, str] = {
    "yes": "Yes",
    "no": "No",
    "other": "Other",
    "choose": "Choose one",
    "no_answer": "No answer",
    "skip": "(you can skip this)",
    "tick_all": "Tick all that fit.",
    "unavailable": "This question cannot be answered here. We will ask you in person.",
    "computed": "We fill this in for you.",
    "add": "Add another",
    "unit": "Unit",
    "number": "Number",
    "row": "{label}, answer {number}",
    "repetition": "{label}, number {number}",
    "file_takes": "One file, up to {limit}",
    "remove": "Remove",
    "more": "More about this",
    "link": "Read more (another site)",
    "unnamed": "Question {number}",
}
PAGE_ES: Mapping[str, str] = {
    "yes": "Sí",
    "no": "No",
    "other": "Otra",
    "choose": "Elija una",
    "no_answer": "Sin respuesta",
    "skip": "(puede dejarla sin contestar)",
    "tick_all": "Marque todas las que correspondan.",
    "unavailable": "Esta pregunta no se puede contestar aquí. Se la haremos en persona.",
    "computed": "Esto lo llenamos nosotros.",
    "add": "Agregar otra",
    "unit": "Unidad",
    "number": "Número",
    "row": "{label}, respuesta {number}",
    "repetition": "{label}, número {number}",
    "file_takes": "Un archivo de hasta {limit}",
    "remove": "Quitar",
    "more": "Más sobre esto",
    "link": "Leer más (otro sitio)",
    "unnamed": "Pregunta {number}",
}


def message(code: str, language: str = "en", **parts: object) -> str:
    """The sentence for a finding; staff codes without a translation stay English."""
    table = {**EN, **ES} if language.lower().startswith("es") else EN
    return table[code].format(**parts)


def page(word: str, language: str = "en", **parts: object) -> str:
    table = PAGE_ES if language.lower().startswith("es") else PAGE_EN
    return table[word].format(**parts)
