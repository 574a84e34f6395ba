"""Three people ask for a visit in a real browser: with a script and without one, on a phone, a tablet and a desk.

Each page and each state of it is looked at by axe and must fit all three widths; R02 also presses twice, reloads
and goes back.
"""

import re
from collections.abc import Mapping, Sequence
from itertools import count

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, ViewportSize, expect

from tests.browser import DESK, PHONE, TABLET, Visitor, screenshot
from tests.conftest import AXE
from tests.factories import sample_file
from tests.journeys.mailbox import read_mail
from tests.journeys.walking import all_no, answer, button, fill, next_page

pytestmark = [pytest.mark.timeout(300), pytest.mark.once]

SAMPLES = {sample["id"]: sample.get("form", {}) for sample in sample_file()["requests"]}
Said = Mapping[str, Sequence[str]]


def person(code: str, *, javascript: bool) -> dict[str, list[str]]:
    """Who asks, as the sample clinic has them, at an address and a number of this journey's own.

    The clinic that `make run` opens knows the sample's people: at their own number they would be known, and mail
    would go where it went the first time.
    """
    form = SAMPLES[code]
    phone = f"{form['phone'][:-2]}{int(form['phone'][-2:]) + (40 if javascript else 70)}"
    address = f"{'script' if javascript else 'plain'}.{form['email']}"
    year, month, day = form["dob"].split("-")
    return {
        "first_name": [form["first_name"]],
        "last_name": [form["last_name"]],
        "birth_date_month": [month],
        "birth_date_day": [day],
        "birth_date_year": [year],
        "email": [address],
        "phone": [phone],
        "prefer": [form["contact"]["prefer"]],
        "reach": ["email", "text", "voicemail"],
    }


looks = count()


def look(page: Page, *, javascript: bool) -> None:
    """Nothing to scroll sideways at any width; nothing serious for axe.

    Axe is a script: a page without scripts is shown to it in a second window that has them, without its own. The
    scripted pages are looked at as a phone shows them, the others as a tablet and a desk do, in turn. In the dark
    only the contrast can differ.
    """
    page.wait_for_load_state()
    for width in (DESK, TABLET, PHONE):
        page.set_viewport_size(width)
        assert page.evaluate("document.documentElement.scrollWidth") <= width["width"], (page.url, width)
    seen = page if javascript else _as_drawn(page, width=(TABLET, DESK)[next(looks) % 2])
    found = Axe().run(seen, options=AXE).response["violations"]
    seen.emulate_media(color_scheme="dark")
    found += Axe().run(seen, options={"runOnly": ["color-contrast"]}).response["violations"]
    seen.emulate_media(color_scheme="light")
    serious = [one for one in found if one["impact"] in {"serious", "critical"}]
    assert not serious, [(one["id"], one["nodes"][0]["html"][:200]) for one in serious]


def _as_drawn(page: Page, *, width: ViewportSize) -> Page:
    """The same page, error states included, in a window that runs scripts."""
    assert page.context.browser is not None
    origin = page.evaluate("location.origin")
    context = page.context.browser.new_context(
        viewport=width,
        reduced_motion="reduce",  # or a colour may be seen on its way from light to dark
    )
    twin = context.new_page()
    twin.goto(f"{origin}/healthz/live")  # style sheets come from where the page came from
    twin.set_content(re.sub(r"<script\b.*?</script>", "", page.content(), flags=re.DOTALL))
    assert twin.evaluate("document.styleSheets.length")
    page.once("framenavigated", lambda _frame: context.close())
    return twin


with_and_without = pytest.mark.parametrize("javascript", [True, False], ids=["script", "no-script"])


@with_and_without
def test_r02_pays_herself_and_tells_her_insurance(guest: Visitor, javascript: bool) -> None:
    page = guest.opens(**PHONE, javascript=javascript)
    her = person("R02", javascript=javascript)
    page.goto("/")
    look(page, javascript=javascript)
    page.get_by_role("link", name="Ask for a visit").first.click()

    next_page(page)  # nothing chosen yet
    expect(page.locator("#error-summary, .summary").first).to_be_visible()
    look(page, javascript=javascript)
    fill(page, {"service": ["ORTHO-EVAL"], "client_status": ["new"]})
    next_page(page, arrives="Where does it bother you?")

    fill(page, {"body_areas": ["hip"], "side": ["right"], "reason": [SAMPLES["R02"]["reason"]]})
    look(page, javascript=javascript)
    button(page, "Next").dblclick()  # a nervous finger
    expect(page.get_by_role("heading", level=1)).to_have_text("A few safety questions")

    all_no(page)
    look(page, javascript=javascript)
    go_on_to(page, "About you")

    fill(page, {**her, "phone": ["801-555-01"]})
    next_page(page)
    expect(page.get_by_text("Two numbers are missing.").first).to_be_visible()
    page.reload()  # the page that came back is sent once more
    expect(page.locator("#id_email")).to_have_value(her["email"][0])  # what was typed is kept
    look(page, javascript=javascript)
    screenshot(page, "error-320")
    fill(page, {"phone": her["phone"]})
    next_page(page, arrives="How will you pay?")

    card = SAMPLES["R02"]["coverage"]
    fill(
        page,
        {
            "coverage": [card["type"]],
            "carrier": [card["carrier"]],
            "plan_type": [card["plan_type"]],
            "member_id": [card["member_id"]],
            "days": ["tue", "thu"],
            "parts": ["late_afternoon", "evening"],
        },
    )
    look(page, javascript=javascript)
    next_page(page, arrives="Check and send")

    look(page, javascript=javascript)
    expect(
        page.get_by_text("801-555-0142" if javascript else "801-555-0172")
    ).to_be_visible()  # the number, read back
    fill(page, {"privacy_notice_seen": ["on"], "policy_seen": ["on"], "email_ok": ["on"], "text_ok": ["on"]})
    button(page, "Send my request").dblclick()
    expect(page.get_by_role("heading", level=1)).to_have_text("We have your request, Blair.")
    number = page.locator(".code").inner_text()
    page.reload()
    expect(page.locator(".code")).to_have_text(number)
    look(page, javascript=javascript)
    page.go_back()
    page.goto("/request/send/")  # from a page that was sent there is no second request
    expect(page.locator(".code")).to_have_text(number)


@with_and_without
def test_r06_is_sent_to_emergency_care_at_once_and_may_still_send(guest: Visitor, javascript: bool) -> None:
    page = guest.opens(**PHONE, javascript=javascript)
    him = person("R06", javascript=javascript)
    page.goto("/request/")
    fill(page, {"service": ["ORTHO-EVAL"]})
    next_page(page, arrives="Where does it bother you?")
    fill(page, {"body_areas": ["low_back"], "reason": [SAMPLES["R06"]["reason"]]})
    next_page(page, arrives="A few safety questions")
    expect(page.get_by_role("link", name="Call 911").first).not_to_be_visible()

    answer(page, "Do you have new numbness", "Yes")

    # At once, before anything is sent: under the answer, read out, with a number to tap.
    panel = page.locator(".urgent:visible").first
    expect(panel).to_be_visible()
    expect(panel.get_by_role("link", name="Call 911")).to_have_attribute("href", "tel:911")
    if javascript:
        expect(page.get_by_role("alert").filter(has_text="Call 911")).not_to_have_count(0)
    look(page, javascript=javascript)
    screenshot(page, "urgent-320")

    answer(page, "Have you had a sudden change in your bladder", "Yes")
    answer(page, "In the last 2 weeks, has a leg", "Yes")
    all_no(page)
    next_page(page)
    # Once more from the server, for who has overlooked it; the way on stays open.
    expect(page.get_by_role("alert").filter(has=page.locator("#help-server"))).to_be_visible()
    expect(page.get_by_text("You can still send us this request.").first).to_be_visible()
    look(page, javascript=javascript)
    go_on_to(page, "About you")

    fill(page, him)
    next_page(page, arrives="How will you pay?")
    next_page(page, arrives="Check and send")
    fill(page, {"privacy_notice_seen": ["on"], "policy_seen": ["on"], "email_ok": ["on"]})
    next_page(page, word="Send my request", arrives="Get medical help now")
    expect(page.get_by_text("What happens next")).to_have_count(0)
    look(page, javascript=javascript)

    mail = read_mail(page, him["email"][0], "Example PT")
    assert "911" in mail
    assert not re.search(r"You get times|You pick one|Thank you|!", mail), mail


@with_and_without
def test_r13_asks_in_spanish_and_is_answered_in_spanish(guest: Visitor, javascript: bool) -> None:
    page = guest.opens(**PHONE, javascript=javascript)
    her = person("R13", javascript=javascript)
    page.goto("/")
    button(page, "Español").click()
    expect(page.locator("html[lang=es]")).to_be_attached()
    look(page, javascript=javascript)
    page.get_by_role("link", name="Pedir una cita").first.click()
    fill(page, {"service": ["ORTHO-EVAL"], "client_status": ["new"]})
    next_page(page, word="Siguiente", arrives="¿Dónde le molesta?")
    fill(page, {"body_areas": ["low_back", "groin"], "reason": [SAMPLES["R13"]["reason"]]})
    # There and back between the languages: what was typed stays.
    button(page, "English").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Where does it bother you?")
    expect(page.locator("#id_reason")).to_have_value(SAMPLES["R13"]["reason"])
    button(page, "Español").click()
    expect(page.locator("#id_reason")).to_have_value(SAMPLES["R13"]["reason"])
    look(page, javascript=javascript)
    next_page(page, word="Siguiente", arrives="Unas preguntas de seguridad")
    all_no(page)
    look(page, javascript=javascript)
    screenshot(page, "form-es-320")
    go_on_to(page, "Sobre usted", word="Siguiente")
    fill(page, {**her, "birth_date_day": ["32"]})
    next_page(page, word="Siguiente")
    expect(page.get_by_text("Todo lo que escribió sigue aquí.")).to_be_visible()
    look(page, javascript=javascript)
    fill(page, her)
    next_page(page, word="Siguiente", arrives="¿Cómo va a pagar?")
    fill(page, {"coverage": ["none"], "days": ["wed"], "parts": ["late_afternoon"]})
    look(page, javascript=javascript)
    next_page(page, word="Siguiente", arrives="Revise y envíe")
    expect(page.get_by_text("801-555-0153" if javascript else "801-555-0183")).to_be_visible()
    fill(page, {"privacy_notice_seen": ["on"], "policy_seen": ["on"], "email_ok": ["on"]})
    look(page, javascript=javascript)
    next_page(page, word="Enviar mi solicitud", arrives="Recibimos su solicitud, María José.")
    look(page, javascript=javascript)
    screenshot(page, "receipt-es-320")

    mail = read_mail(page, her["email"][0], "Su solicitud en Example PT")
    assert "Hola, María José" in mail
    assert "We " not in mail


def go_on_to(page: Page, heading: str, *, word: str = "Next") -> None:
    """Without a script, questions that answers open come with another press: answer no and go on."""
    for _again in range(4):
        next_page(page, word=word)
        page.wait_for_load_state()
        if page.get_by_role("heading", level=1).inner_text() == heading:
            return
        all_no(page)
    expect(page.get_by_role("heading", level=1)).to_have_text(heading)
