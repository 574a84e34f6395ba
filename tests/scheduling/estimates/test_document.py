"""The PDF holds every required item as real, tagged text, in both languages."""

import io
from dataclasses import replace
from datetime import date
from typing import Any

import pikepdf
import pypdf
import pytest

from scheduling.estimates import contents, disclaimers, typeset
from scheduling.estimates.contents import Basis, Contents, Diagnosis, Kind, Patient, Replaced
from scheduling.estimates.sheet import money, sheet
from scheduling.estimates.sheet_words import WORDS
from tests.scheduling.estimates.build import a_line, a_plan, a_provider, an_estimate


def text_of(pdf: bytes) -> str:
    """All text in reading order, with single spaces."""
    pages = pypdf.PdfReader(io.BytesIO(pdf)).pages
    return " ".join(" ".join(page.extract_text() for page in pages).split())


def printed(estimate: Contents) -> str:
    return text_of(typeset.pdf(estimate.snapshot()))


def tags(pdf: bytes) -> list[str]:
    """Types of the structure elements, in document order."""
    with pikepdf.open(io.BytesIO(pdf)) as document:
        found: list[str] = []

        def walk(node: Any) -> None:
            if isinstance(node, pikepdf.Array):
                for child in node:
                    walk(child)
            elif isinstance(node, pikepdf.Dictionary):
                if "/S" in node:
                    found.append(str(node["/S"]))
                if "/K" in node:
                    walk(node["/K"])

        walk(document.Root.StructTreeRoot)
        return found


def test_every_required_item_is_in_the_text() -> None:
    text = printed(an_estimate())

    for item in (
        "Good Faith Estimate",
        "No. 2027-0101, version 1",
        "Given on Friday, February 26, 2027 at 2:05 pm",
        "This is not a bill.",
        "Alex Sample",
        "Born April 19, 1986",
        "First visit: back, hip, joint or muscle pain",
        "Monday, March 8, 2027, 10:30 am to 11:45 am",
        "Diagnosis: not yet determined. It will be set after your evaluation.",
        "Example Physical Therapy & Movement, PLLC (fictional)",
        "100 Example Street, Suite 1, Salt Lake City, UT 84101",
        "State: UT",
        "NPI 2000000036",
        "Tax ID 00-0000000",
        "Robin Example, PT, DPT",
        "NPI 2000000010",
        "First visit, 75 minutes 97161, 97140 1 $210.00 $210.00",
        "Total expected cost $210.00",
        "covers care through February 25, 2028",
        "Page 1 of 2",
    ):
        assert item in text


@pytest.mark.parametrize("language", contents.LANGUAGES)
def test_all_disclaimers_are_in_the_text_of_either_language(language: str) -> None:
    estimate = an_estimate(language=language, basis=Basis.SELF_PAY)

    text = printed(estimate)

    for key in disclaimers.required(insured=True):
        assert estimate.disclaimers[key] in text, key


@pytest.mark.parametrize("separate", [(), ("Follow-up visits", "Imaging")])
def test_the_separate_list_stands_directly_under_its_disclaimer_even_when_empty(
    separate: tuple[str, ...],
) -> None:
    estimate = an_estimate(separate=separate)
    expected = separate or (disclaimers.NONE_EXPECTED["en"],)

    text = printed(estimate).replace("• ", "")

    assert " ".join((estimate.disclaimers["D1"], *expected)) in text


def test_recurring_care_says_timeframe_frequency_and_number() -> None:
    line = a_line(description="Follow-up visit", unit_cents=165_00, quantity=8, total_cents=1_320_00)
    text = printed(an_estimate(visit=None, scope=a_plan(), providers=(a_provider(line),)))

    assert "8 visits, once a week, from March 8, 2027 to May 31, 2027" in text
    assert "Not yet scheduled" in text
    assert "Follow-up visit 97161, 97140 8 $165.00 $1,320.00" in text


def test_a_new_version_says_what_it_replaces_and_what_changed() -> None:
    text = printed(
        an_estimate(replaced=Replaced("2027-0101", 1, date(2027, 2, 1), 240_00, ("price", "service")))
    )

    assert "Replaces no. 2027-0101, version 1, of Monday, February 1, 2027" in text
    assert "The price is different." in text
    assert "The total was $240.00. It is now $210.00." in text


def test_a_determined_diagnosis_is_printed_instead_of_the_sentence() -> None:
    text = printed(an_estimate(diagnoses=(Diagnosis("M54.50", "Low back pain"),), diagnosis_statement=""))

    assert "Diagnosis: M54.50 Low back pain" in text
    assert "not yet determined" not in text


def test_each_provider_has_a_block_a_total_and_the_sum_of_all_stands_below() -> None:
    two = (a_provider(), a_provider(a_line(unit_cents=50_00, total_cents=50_00), name="Another, LLC"))
    text = printed(an_estimate(providers=two))

    assert "Total for Another, LLC $50.00" in text
    assert "Total for everything $260.00" in text


@pytest.mark.parametrize("language", contents.LANGUAGES)
def test_a_price_summary_never_mentions_good_faith_disputes_or_birth_dates(language: str) -> None:
    text = printed(an_estimate(kind=Kind.PRICE_SUMMARY, language=language)).lower()

    for word in ("good faith", "buena fe", "dispute", "disputa", "npi", "1986", "97161"):
        assert word not in text
    assert "$210.00" in text


def test_the_pdf_is_tagged_for_screen_readers() -> None:
    pdf = typeset.pdf(an_estimate(language="es").snapshot())

    with pikepdf.open(io.BytesIO(pdf)) as document:
        root = document.Root
        assert bool(root.MarkInfo.Marked)
        assert str(root.Lang).startswith("es")
        assert bool(root.ViewerPreferences.DisplayDocTitle)
        metadata = document.open_metadata()
        assert metadata["pdfuaid:part"] == "1"
        assert metadata["dc:title"] == "Estimado de Buena Fe 2027-0101, 1"
        assert [float(side) for side in document.pages[0].mediabox] == [0, 0, 612, 792]
    found = tags(pdf)
    assert found.count("/H1") == 1
    for tag in ("/H2", "/H3", "/Table", "/THead", "/TBody", "/TH", "/TD", "/L", "/LI", "/P", "/Caption"):
        assert tag in found, tag


def test_body_text_is_twelve_points_or_more() -> None:
    sizes: dict[float, int] = {}

    def count(text: str, _matrix: Any, _font_matrix: Any, _font: Any, size: float) -> None:
        sizes[round(size, 1)] = sizes.get(round(size, 1), 0) + len(text.strip())

    for page in pypdf.PdfReader(io.BytesIO(typeset.pdf(an_estimate().snapshot()))).pages:
        page.extract_text(visitor_text=count)

    small = sum(letters for size, letters in sizes.items() if 0 < size < 12)
    assert small < 0.1 * sum(sizes.values())  # the line at the foot only


def test_the_same_snapshot_gives_the_same_bytes() -> None:
    assert typeset.pdf(an_estimate().snapshot()) == typeset.pdf(an_estimate().snapshot())


@pytest.mark.parametrize(
    "name",
    ["José Ñandú", "Łukasz Żółć", "Иван Петров", "Ελένη", "Nguyễn Thị Ánh", "O’Brien-Smith, Jr."],
)
def test_names_of_many_alphabets_are_printed_as_they_are(name: str) -> None:
    assert name[:60] in printed(an_estimate(patient=Patient(name, date(1980, 2, 29))))


@pytest.mark.parametrize("name", ["محمد علي", "שרה כהן"])
def test_names_written_from_right_to_left_keep_their_words(name: str) -> None:
    text = printed(an_estimate(patient=Patient(name, date(1980, 2, 29))))

    # The reader used here joins such words in its own order; each word is whole.
    assert all(word in text for word in name.split())


@pytest.mark.parametrize(
    "name", ['<b>Alex</b> & "Co"', "#let x = 1", "$x^2$ *bold* _it_", "\\u{41} `code`", "</script>"]
)
def test_no_name_becomes_markup(name: str) -> None:
    assert name in printed(an_estimate(patient=Patient(name, date(1980, 2, 29)), notes=name))


@pytest.mark.parametrize(
    "name",
    [
        "王小明",
        "臺灣 陳",
        "山田さくら",
        "김민준",
        "สมชาย",
        "Գոռ",
        "გიორგი",
        "አበበ",
        "ᏣᎳᎩ",
        "Tran 陳 Anh",
    ],
)
def test_scripts_of_other_shores_are_printed_with_the_fonts_we_carry(name: str) -> None:
    text = printed(an_estimate(patient=Patient(name, date(1980, 2, 29))))

    assert all(word in text for word in name.split())


@pytest.mark.parametrize("name", ["राहुल", "রাহুল", "ਗੁਰਪ੍ਰੀਤ", "પટેલ", "முருகன்", "రాము", "ರಾಜು", "രാജു", "සුනිල්", "សុខ", "မောင်", "ກຸນຈັນ"])  # fmt: skip
def test_scripts_of_joined_letters_have_a_font_too(name: str) -> None:
    # The reader used here cannot put their joined letters back in order; typst refuses what has no font.
    assert printed(an_estimate(patient=Patient(name, date(1980, 2, 29))))


@pytest.mark.parametrize("name", ["\U0001f600 Ann", "Ann \U0001f469\u200d\u2695\ufe0f", "A\u2764\ufe0fnn"])
def test_emoji_of_a_name_are_left_out_of_the_paper(name: str) -> None:
    text = printed(an_estimate(patient=Patient(name, date(1980, 2, 29)), notes=f"Stairs {name}"))

    assert "Ann" in text
    assert not set(text) & set("\U0001f600\U0001f469\u2764")


@pytest.mark.parametrize("name", ["\U000f0000", "\U00020bb7野", "བོད", "\U0001f600"])
def test_a_letter_without_a_font_is_refused_by_name_and_never_printed_as_a_box(name: str) -> None:
    with pytest.raises(typeset.Unprintable) as refusal:
        typeset.pdf(an_estimate(patient=Patient(name, date(1980, 2, 29))).snapshot())

    assert refusal.value.letters in {name, name[0], "\\u{f0000}"}  # as typst writes what nobody could read


def test_four_thousand_characters_of_notes_are_all_there() -> None:
    note = " ".join(f"word{number:04}" for number in range(444))

    text = printed(an_estimate(notes=note))

    assert set(note.split()) <= set(text.split())


def test_a_visit_across_the_year_end_has_its_own_year() -> None:
    visit = an_estimate().visit
    assert visit
    moved = replace(
        visit,
        starts_at=visit.starts_at.replace(year=2028, month=1, day=3),
        ends_at=visit.ends_at.replace(year=2028, month=1, day=3),
    )

    assert "Monday, January 3, 2028, 10:30 am to 11:45 am" in printed(an_estimate(visit=moved))


def test_every_word_of_the_document_exists_in_both_languages() -> None:
    assert WORDS["en"].keys() == WORDS["es"].keys()


def test_every_part_that_can_change_has_a_sentence() -> None:
    old, new = an_estimate().snapshot(), an_estimate(language="es", scope=a_plan(), separate=()).snapshot()

    for part in contents.changes_between(old, new):
        assert f"change_{part}" in WORDS["en"]


@pytest.mark.parametrize(
    ("cents", "text"), [(0, "$0.00"), (5, "$0.05"), (123_456_78, "$123,456.78"), (1_000_00, "$1,000.00")]
)
def test_money_is_written_with_two_places(cents: int, text: str) -> None:
    assert money(cents) == text


def test_page_and_paper_are_made_from_the_same_words() -> None:
    said = sheet(an_estimate().snapshot())

    text = printed(an_estimate())

    for line in (said.person, *said.person_lines, said.primary, *said.care_lines, *said.separate):
        assert line in text


def pages_of(estimate: Contents) -> list[str]:
    pdf = pypdf.PdfReader(io.BytesIO(typeset.pdf(estimate.snapshot())))
    return [" ".join(page.extract_text().split()) for page in pdf.pages]


@pytest.mark.parametrize("language", contents.LANGUAGES)
def test_the_separate_list_is_on_the_page_of_its_disclaimer(language: str) -> None:
    names = tuple(f"Another service, number {number}" for number in range(14))
    pages = pages_of(an_estimate(language=language, basis=Basis.SELF_PAY, separate=names))

    [page] = [one for one in pages if WORDS[language]["separate"] in one]
    assert disclaimers.text("D1", language=language, phone="", email="")[:60] in page
    assert all(name in page for name in names)


def test_the_total_of_a_long_table_stands_once_below_its_last_line() -> None:
    lines = [a_line(description=f"Service {number}") for number in range(40)]
    said = " ".join(pages_of(an_estimate(providers=(a_provider(*lines),))))

    assert said.count("Total for Example Physical Therapy") == 1
    assert said.index("Service 39 ") < said.index("Total for Example Physical Therapy")


@pytest.mark.parametrize("name", ["X" * 200, "Wolfeschlegelsteinhausenbergerdorff-Featherstonehaugh"])
def test_a_name_longer_than_its_column_breaks_and_loses_no_letter(name: str) -> None:
    [first, *_rest] = pages_of(an_estimate(patient=Patient(name, date(1986, 4, 19))))

    assert name in first.replace("\u200b", "").replace(" ", "")
    assert name not in first  # it did break


def test_visits_that_are_booked_already_are_not_called_unscheduled() -> None:
    said = printed(an_estimate(visit=None, scope=a_plan(is_booked=True)))

    assert "All visits are booked. The first is on Monday, March 8, 2027." in said
    assert "Not yet scheduled" not in said


def test_days_and_hours_are_written_as_spanish_writes_them() -> None:
    issued_at = an_estimate().issued_at.replace(hour=13)
    said = printed(an_estimate(language="es", issued_at=issued_at))

    assert "Entregado el viernes 26 de febrero de 2027 a la 1:05 pm" in said
    assert "Lunes 8 de marzo de 2027, de 10:30 am a 11:45 am" in said
