"""Pages that belong to no app."""

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from config.foundation.policy import public
from intake.fields import Story
from intake.models import StoredFile
from intake.views.filing import FileField
from intake.widgets import DateBoxes, TileBoxes, TileRadios


class EveryControl(forms.Form):
    """For the page that shows all parts."""

    phone = forms.CharField(label="Phone", help_text="Type it any way you like.")
    nickname = forms.CharField(label="Name we should call you", required=False)
    born = forms.CharField(
        label="Birth date", help_text="Your price estimate must show it.", widget=DateBoxes()
    )
    words = Story(label="What is going on, in your own words?", rows=4)
    for_whom = forms.ChoiceField(
        label="Who is the visit for?",
        choices=[("self", "Me"), ("child", "My child")],
        widget=TileRadios(layout="set--2", hints={"child": "You come along"}),
    )
    days = forms.MultipleChoiceField(
        label="Which days could work?",
        required=False,
        choices=[("mon", "Monday"), ("tue", "Tuesday"), ("wed", "Wednesday")],
        widget=TileBoxes(layout="set--fit"),
    )
    email_ok = forms.BooleanField(label="You may email me about this visit.", required=False)
    text_ok = forms.BooleanField(label="You may text me about this visit.", required=False)
    policy = forms.BooleanField(label="I know that a late change costs $105.00.")

    nickname.optional_note = days.optional_note = True  # type: ignore[attr-defined]


@require_GET
@public
def components(request: HttpRequest) -> HttpResponse:
    """Every part in every state, for whoever builds a page. Only in debug."""
    wrong = EveryControl({"born_month": "2", "born_day": "30", "born_year": "1985", "words": "Still here"})
    wrong.add_error("born", "February 1985 has no day 30. Please check the day.")
    errors = [
        {"href": "#id_wrong-born_month", "text": "Birth date: February has no day 30"},
        {"href": "#id_wrong-phone", "text": "Phone: two numbers are missing"},
    ]
    review = [
        {
            "name": "Visit",
            "lines": ["First visit: back, hip, joint or muscle pain", "75 minutes, $210"],
            "href": "#",
        },
        {
            "name": "Reach you",
            "lines": ["alex.sample@example.com first"],
            "href": "#",
            "hidden": "how to reach you",
        },
    ]
    files = [
        FileField("card_front", "Photo of your insurance card, front", many=False),
        FileField(
            "card_back", "The same, with one that we have", many=False, kept=[StoredFile(name="card.jpg")]
        ),
        FileField(
            "referral_file",
            "The same, refused",
            many=True,
            errors=["“scan.mov”: we cannot keep this kind of file."],
        ),
    ]
    context = {
        "files": files,
        "more": ["10 sessions $495, each $49.50."],
        "form": EveryControl(initial={"for_whom": "self", "days": ["mon"]}, auto_id="id_right-%s"),
        "wrong": wrong,
        "errors": errors,
        "review": review,
        "steps": [{"id": f"now-{n}", "value": n, "label": n, "checked": n == 5} for n in range(11)],
        "beads": [True, True, False, False, False, False],
    }
    return render(request, "dev/components.html", context)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form from an old page, or cookies are off: says what to do. `reason` is for developers only."""
    return render(request, "403_csrf.html", status=403)
