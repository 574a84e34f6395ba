"""What the law makes every estimate say, in fixed, versioned wording in each language.

A version is never edited: a new wording is a new version, and every issued estimate keeps the words it
was issued with. Amounts, window and addresses are those of the federal dispute process as of the date
in its name. Our own words; a lawyer for the clinic should approve them, a fluent reader the Spanish.

| key | says |
|---|---|
| D1 | stands directly above the list of services that are booked separately |
| D2 | other services may be recommended |
| D3 | only an estimate |
| D4 | the right to dispute a bill, how, and that it does no harm |
| D5 | not a contract |
| D6 | unknown costs are not in it |
| D7 | talk to us first; what we may not do while a dispute is open |
| D8 | keep a copy |
| D9 | for insured people who pay alone: it does not show what a plan might pay back |
"""

from collections.abc import Mapping

CURRENT = "2026-11"
ALWAYS = ("D1", "D2", "D3", "D4", "D5", "D6", "D7", "D8")
INSURED_ONLY = "D9"

_EN = {
    "D1": "The services below may be needed before or after this care but are booked separately. You will "
    "get a separate Good Faith Estimate for each one when you book it or ask for it. Codes, prices and "
    "provider details will be in that estimate. To ask for one, call {phone} or write to {email}.",
    "D2": "We may recommend other services as part of your care. They would be booked or requested "
    "separately and are not included in this estimate.",
    "D3": "This is only an estimate, based on what we know and reasonably expect today. The actual services "
    "or charges may be different.",
    "D4": "If any provider bills you at least $400 more than this estimate shows for that provider, you may "
    "dispute the bill with the U.S. Department of Health and Human Services. You must start within 120 "
    "calendar days (about 4 months) of the date on the original bill. There is a $25 fee. If the reviewer "
    "agrees with you, you pay the price on this estimate, less the fee. If the reviewer agrees with us, you "
    "pay the higher amount. Starting a dispute will not affect the quality of care you receive. To learn "
    "more or to start: www.cms.gov/nosurprises/consumers or 1-800-985-3059.",
    "D5": "This is not a contract. You do not have to get these services from us or anyone listed here.",
    "D6": "Costs we do not know of or do not expect are not included. You could be charged more if "
    "complications or special circumstances arise.",
    "D7": "You can talk to us first about a higher bill: ask us to match the estimate, to agree on a price, "
    "or about help with paying. While a dispute is open we may not send the bill to collections, must stop "
    "any collection already begun, must not charge late fees, and may not punish you for it.",
    "D8": "Keep a copy or a photo of this estimate. You may need it if your bill is higher.",
    "D9": "This estimate does not show what a health plan might pay you back.",
}

_ES = {
    "D1": "Los servicios de abajo pueden hacer falta antes o después de esta atención, pero se reservan por "
    "separado. Recibirá un Estimado de Buena Fe aparte para cada uno cuando lo reserve o lo pida. Los "
    "códigos, los precios y los datos de los proveedores estarán en ese estimado. Para pedir uno, llame al "
    "{phone} o escriba a {email}.",
    "D2": "Podemos recomendarle otros servicios como parte de su atención. Se reservarían o pedirían por "
    "separado y no están incluidos en este estimado.",
    "D3": "Esto es solo un estimado, basado en lo que sabemos y esperamos razonablemente hoy. Los servicios "
    "o los cobros reales pueden ser distintos.",
    "D4": "Si algún proveedor le cobra al menos $400 más de lo que este estimado muestra para ese proveedor, "
    "usted puede disputar la factura ante el Departamento de Salud y Servicios Humanos de EE. UU. Debe "
    "empezar dentro de 120 días calendario (unos 4 meses) desde la fecha de la factura original. Hay una "
    "cuota de $25. Si quien revisa le da la razón a usted, usted paga el precio de este estimado, menos la "
    "cuota. Si nos da la razón a nosotros, usted paga la cantidad más alta. Iniciar una disputa no afectará "
    "la calidad de la atención que recibe. Para saber más o para empezar: "
    "www.cms.gov/nosurprises/consumers o 1-800-985-3059.",
    "D5": "Esto no es un contrato. Usted no tiene que recibir estos servicios de nosotros ni de nadie que "
    "aparezca aquí.",
    "D6": "Los costos que no conocemos o no esperamos no están incluidos. Podría pagar más si surgen "
    "complicaciones o circunstancias especiales.",
    "D7": "Si la factura es más alta, puede hablar primero con nosotros: pedir que respetemos el estimado, "
    "acordar un precio o preguntar por ayuda para pagar. Mientras una disputa esté abierta no podemos mandar "
    "la factura a cobranza, debemos detener la cobranza ya empezada, no podemos cobrar recargos por demora "
    "ni tomar represalias contra usted.",
    "D8": "Guarde una copia o una foto de este estimado. Puede necesitarla si su factura es más alta.",
    "D9": "Este estimado no muestra lo que un plan de salud podría devolverle.",
}

NOT_DETERMINED = {
    "en": "Diagnosis: not yet determined. It will be set after your evaluation.",
    "es": "Diagnóstico: aún no determinado. Se establecerá después de su evaluación.",
}

NONE_EXPECTED = {
    "en": "None expected at this time.",
    "es": "No se espera ninguno por ahora.",
}

WORDING: Mapping[str, Mapping[str, Mapping[str, str]]] = {CURRENT: {"en": _EN, "es": _ES}}


def required(*, insured: bool) -> tuple[str, ...]:
    """The keys an estimate must carry; `insured` when the client has a plan and pays alone."""
    return (*ALWAYS, INSURED_ONLY) if insured else ALWAYS


def text(key: str, *, language: str, phone: str, email: str, version: str = CURRENT) -> str:
    """One disclaimer with the clinic's contact in place. KeyError for an unknown version or language."""
    # Only D1 has places to fill; format() would trip over nothing else, but a clinic's text is no template.
    return WORDING[version][language][key].replace("{phone}", phone).replace("{email}", email)
