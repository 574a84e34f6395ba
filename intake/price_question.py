"""Does somebody ask, in their own words, what it costs? English and Spanish, typed as people type. Pure.

Any discussion of or question about cost is a request for an estimate by law, so a doubtful one is taken for a
question: that costs an estimate nobody needed. Words about money are also words about pain ("it cost me my
sleep", "me cuesta caminar"); those idioms are taken out first.
"""

import re
import unicodedata

ENOUGH = 10_000  # letters looked at; nobody asks for the price only after that


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{one})" for one in patterns))


_HOW_MUCH = r"\b(?:how|hw|hiw) (?:much|mutch|muc|mcuh|mush)\b"
_CUANTO = r"\b(?:[ckq]u?|co)anto\b"
# What somebody says of the body after "how much": "how much it hurts", "how much does it matter".
_OF_THE_BODY = r"hurts?|aches?|bothers?|matters?|depends?|swells?|improves?"
_DEL_CUERPO = (
    r"mas|menos|antes|tiempo|duel\w+|dolor|camin\w+|dur\w+|tard\w+|peso|carg\w+|levant\w+|dorm\w+|descans\w+|"
    r"ejercicio|agua|hace"
)

_IDIOMS = _any(
    r"\bp(?:ay|ays|aid|aying) (?:the|a|my|dearly)\b.{0,10}\bprice\b",
    r"\bprices? (?:of|for) (?:be|hav|liv|work|sitt|lift|gett|grow)\w*",
    r"\bprice (?:tags?|stickers?)\b|\bstock prices?\b|\b(?:heart|pulse|breathing) rates?\b",
    r"\bat (?:all|any) (?:costs?|price)\b",
    # "It cost me my sleep"; but "what would it cost me" asks.
    r"(?<!would )(?<!will )(?<!does )(?<!could )(?<!might )(?<!can )(?<!gonna )"
    r"\b(?:it|that|this|which|pain|injury|back|neck|has|have|had|already)(?: has| have| had)? cost(?:s|ing)? "
    r"(?:me|us|him|her)\b|(?<!what )(?<!this )(?<!it )\bcosts (?:me|us|him|her)\b",
    rf"{_HOW_MUCH} (?:does |do |did |is |will |would )?(?:it|this|that|they|i|the \w+|my(?: \w+){{1,2}}|recovery|\w+ing)? ?"
    rf"(?:{_OF_THE_BODY})\b",
    rf"{_HOW_MUCH} is (?:in my\b|(?:the |my )?(?:pain|swelling)\b(?! (?:treatment|therapy|visit|session|relief|class)))",
    r"\b(?:me|te|le|nos|les) cuesta[ns]?(?: \w+){0,2} \w+[aei]r(?:me|se|lo|la)?\b|\b(?:la|una|de) cuesta\b|\bcuesta arriba\b",
    rf"{_CUANTO} (?:me |te |se |nos )?(?:va a |puedo |podre |debo |tengo que )?(?:{_DEL_CUERPO})\b",
    r"\bpag\w+ (?:el|un|las|los) (?:precio|consecuencias|platos)\b|\ba (?:cualquier|todo) (?:precio|costa)\b|\bprecio que pag\w+",
    r"\bdiscount (?:store|shop|furniture|shoes|tires)\b|\btienda de descuentos?\b",
)

_ASKS = _any(
    # How much
    _HOW_MUCH + r" ?(?:[?!.]|\n|$)",
    _HOW_MUCH
    + r" (?:is|are|r|would|wud|will|do|does|did|for|per|each|you|u|ya|it|its|it's|they|the|your|ur|an?|one|just|only|"
    r"money|in total|altogether|\d+|visits?|sessions?|therapy|treatments?|physical|pt|pelvic|to (?:come|see|get|book|start|have|pay|bring)|"
    r"(?:i|we) (?:owe|pay|have to|need to|should|will)|should (?:i|we) (?:bring|pay|expect|budget))\b"
    r"(?! (?:too|normal|enough|ok|safe|this|that|of)\b)",
    r"\b(?:pric(?:e|es|ed|ing)|prise of)\b",
    r"\bcosts?\b",
    r"\b(?:how|too|so|very|that|it|its|it's|this|be|really|pretty|not|more|less) (?:expensive|cheap|affordable|pricey)\b"
    r"|\bcheap(?:er|est)\b|\bafford\b|\bball ?park\b|\b(?:money|price|cost) ?-?wise\b|\bbudget for\b|\bthe total (?:is|be|will|would|cost|price|going|for)\b",
    r"\b(?:set|run) me(?: back)?\b|\b(?:hidden|any|the|your|about) (?:charges|fees)\b|\bthere an? (?:\w+ )?(?:fee|charge|price)\b|\btight budget\b|\bco-?pay\w*|\bdeductibles?\b|\brefunds?\b",
    r"\b\d+ ?(?:dollars|bucks|usd|dolares)\b[^.\n]{0,25}\?|\b(?:is|be|about|around|over|under|like) \$ ?\d+[^.\n]{0,25}\?",
    r"\bwhat(?:'?s| is| are| do| does| will| would)? (?:you|u|ya|they|it) charge\b|\byou(?: guys)? charge\b|\bcharges? (?:for|per)\b",
    r"\b(?:owe|out of pocket|self ?-?pay)\b",
    r"\b(?:what|how)\b[^.?!\n]{0,25}\b(?:have to|need to|be|must|should|would|will) pay(?:ing)?\b",
    r"\bwhat (?:does|do|would|will) (?:a |an |one |the |your )?(?:visits?|sessions?|appointments?|it) run\b",
    r"\b(?:your|ur|the|what|cash|hourly|session|any) (?:cash |self ?-?pay |current |hourly )*(?:rates?|fees?)\b(?! of\b)|\b(?:fees?|rates?)\b[^.!\n]{0,20}\?",
    r"\b(?:a|your|price|me a|free) (?:quote|estimate)\b|\b(?:get|have|need|want|send|give)\b[^.?!\n]{0,15}\b(?:quote|estimate)\b",
    # How to pay
    r"\b(?:can|do|could|may|must|should|would|will|how|when) (?:i|we|you|do i|do we|can i) (?:have to |need to |get to )?pay\b",
    r"\b(?:does|will|would) (?!(?:it|that|this|not|i|just|gladly|only|then|have)\b)[a-z]+(?: [a-z]+)? pay\b|\bbefore i commit\b",
    r"\b(?:get|send|receive|getting|be) (?:me )?(?:a bill|billed|an? invoice)\b|\bhsa\b|\bfsa\b",
    r"\b(?:take|accept|have|offer|do|got)\b[^.?!\n]{0,25}\b(?:payments?|installments?|credit|debit|cash|hsa|fsa|venmo)\b",
    r"\bpayments?\b|\b(?:can'?t|cannot) pay\b|\bpay(?:ing)? (?:plans?|options?|in (?:installments?|parts)|over time|monthly)\b|\binstall?ments?\b",
    r"\bsliding (?:scale|fee)|\bdiscounts?\b|\bfinancial (?:help|aid|assistance)\b|\bcharity care\b",
    r"\b(?:visits?|sessions?|consults?|consultations?|appointments?|evaluations?|it|this) (?:is |be )?free\b|\bfor free\b|\bfree (?:of charge|visit|consult\w*|session)",
    r"\$ ?(?:per|a|for|each|an)\b|\bmoney\b[^.?!\n]{0,25}\?",
    # Who pays
    r"\b(?:insurance|fsa|hsa|(?:health|my|the|insurance) plan|blue cross|aetna|cigna|medicare|medicaid)\b[^.?!\n]{0,25}\bcover(?:s|ed)?\b"
    r"(?! (?:miles|ground|\d|ten|five|a lot))",
    r"\bcover(?:s|ed)?\b[^.?!\n]{0,25}\b(?:insurance|fsa|hsa|blue cross|aetna|cigna|united|medicare|medicaid|plan)\b",
    r"\b(?:do|will|can|could) (?:you|u)(?: guys)? bill\b|\b(?:take|accept|work with|deal with|go through)\b[^.?!\n]{0,15}\b(?:insurance|medicare|medicaid)\b|\bin.network\b",
    # Spanish
    r"\bcobr(?:a|an|as|ais|aria\w*|ar|aran|e|en)\b|\ba como (?:es|la|el|sale|esta|cobr\w+)\b",
    r"\b(?:hay que|tengo que|tendria que|debo|puedo|puede|podria|podemos|como|cuando) (?:se )?pagar\b|\bcomo (?:se )?pag[oa]\b",
    r"\b(?:trabaj|acept|tom)\w+ (?:con )?(?:el |mi |su |algun )?(?:seguro|aseguranza|medicaid|medicare)\b",
    _CUANTO
    + r" (?:me |nos |te |le |les )?(?:cuesta|costar|vale|cobr|sale|saldr|seria|sera|es\b|pag|deb|hay que|tendr|tengo que|"
    r"son\b|por\b|dinero|piden|va a (?:salir|costar)|viene)\w*",
    r"\bprecios?\b|\b(?:el|su|sus|los|del|de) costos?\b|\bcostos?\b|\bcoste\b|\btarifas?\b|\bhonorarios\b",
    r"\b(?:car[oa]|economic[oa]|barat[oa])s?\b[^.\n]{0,10}\?|\b(?:es|son|muy|tan|sea|mas) (?:muy |mas )?(?:car[oa]|barat[oa]|economic[oa])s?\b",
    r"\bdescuentos?\b|\bpresupuesto\b|\bcotiza\w+|\bestimado (?:de|del|por escrito)\b|\bun estimado\b",
    r"\b(?:plan|planes|opciones|formas|facilidades) de pagos?\b|\ba plazos\b|\bmensualidades\b|\bcuotas\b|\babonos\b",
    r"\b(?:acept|recib|tom)\w+ (?:pagos?|tarjetas?|efectivo|cheques?)\b|\bpag\w+ (?:mucho|en partes|poco a poco|por (?:sesion|visita))",
    r"\b(?:lo |la |me )?(?:cubre|cubren|cubrira|acepta|aceptan)\b[^.?!\n]{0,20}\b(?:seguro|aseguranza|plan)\b|\b(?:seguro|aseguranza)\b[^.?!\n]{0,15}\bcubr\w+",
    r"\bgratis\b|\bgratuit[oa]\b",
)


def asks_price_in_words(story: str) -> bool:
    return bool(_ASKS.search(_IDIOMS.sub(" … ", _plain(story[:ENOUGH]))))


def _plain(text: str) -> str:
    """Small letters without accents, one kind of apostrophe, one space: as a hurried person types."""
    bare = "".join(one for one in unicodedata.normalize("NFKD", text) if not unicodedata.combining(one))
    return re.sub(r"[ \t]+", " ", bare.casefold().replace("’", "'"))
