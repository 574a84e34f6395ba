import re
import uuid
from datetime import timedelta

import pytest
from django.http import HttpResponse
from django.utils import timezone

from config.foundation import links
from config.foundation.links import BadLink, Link, by_link
from config.foundation.policy import access_of
from config.urls import PURPOSE_VIEWS

NOW = timezone.now()


@pytest.fixture
def link(db):
    return links.issue(purpose="visit", subject_id=uuid.uuid4(), expires_at=NOW + timedelta(days=1))


def refuses(token):
    with pytest.raises(BadLink):
        links.resolve(token, now=NOW)
    return True


def test_a_link_opens_what_it_was_made_for(link):
    assert links.resolve(link.token(), now=NOW) == link


def test_the_same_row_always_has_the_same_address(link):
    assert Link.objects.get().path() == link.path()
    assert link.url() == f"http://testserver{link.path()}"


def test_the_database_alone_does_not_make_a_link(link, settings):
    token = link.token()
    settings.LINK_KEY = "another key, which only a thief of the database would have"
    assert Link.objects.get().token() != token


def test_opening_a_link_changes_nothing(link):
    before = Link.objects.values().get()
    links.resolve(link.token(), now=NOW)
    assert Link.objects.values().get() == before


def test_every_single_changed_character_is_refused(link):
    token = link.token()
    for place, character in enumerate(token):
        other = "A" if character != "A" else "B"
        assert refuses(token[:place] + other + token[place + 1 :])


@pytest.mark.parametrize(
    "spoil",
    [
        lambda token: "",
        lambda token: token[:-1],
        lambda token: token + "A",
        lambda token: token + "=",
        lambda token: token * 2,
        lambda token: token.swapcase(),
        lambda token: "é" * len(token),
        lambda token: "\0" * len(token),
        lambda token: "A" * 10_000,
    ],
    ids=["empty", "cut", "longer", "padded", "doubled", "other case", "not ascii", "nul", "huge"],
)
def test_anything_else_is_refused(link, spoil):
    assert refuses(spoil(link.token()))


def test_the_mac_of_one_link_does_not_open_another(link):
    other = links.issue(purpose="visit", subject_id="1", expires_at=NOW + timedelta(days=1))
    assert refuses(link.token()[:22] + other.token()[22:])


def test_changing_the_purpose_in_the_database_breaks_the_link(link):
    token = link.token()
    Link.objects.update(purpose="estimate")
    assert refuses(token)


def test_a_link_ends_on_the_second(link):
    token = link.token()
    assert links.resolve(token, now=link.expires_at - timedelta(seconds=1))
    with pytest.raises(BadLink):
        links.resolve(token, now=link.expires_at)


def test_a_revoked_link_is_refused_and_others_are_not(link):
    other = links.issue(purpose="estimate", subject_id=link.subject_id, expires_at=NOW + timedelta(days=1))
    assert links.revoke(purpose="visit", subject_id=link.subject_id) == 1
    assert refuses(link.token())
    assert links.resolve(other.token(), now=NOW) == other


def test_a_deleted_link_is_refused(link):
    token = link.token()
    Link.objects.all().delete()
    assert refuses(token)


def test_only_the_first_use_counts(link):
    assert [links.mark_used(link, now=NOW), links.mark_used(link, now=NOW)] == [True, False]


# --- the page ------------------------------------------------------------------------------------


@by_link("test-visit")
def visit(request, link):
    if link.subject_id == "gone":
        raise BadLink
    return HttpResponse(f"visit {link.subject_id}")


@pytest.fixture
def opened(client, monkeypatch):
    """Opens addresses on a site that knows one purpose."""
    monkeypatch.setitem(PURPOSE_VIEWS, "test-visit", visit)
    return client.get


def issue(**said):
    later = timezone.now() + timedelta(days=1)
    return links.issue(**{"purpose": "test-visit", "subject_id": "7", "expires_at": later, **said})


def test_a_good_link_shows_its_page_and_is_kept_nowhere(db, opened):
    response = opened(issue().path())
    assert response.content == b"visit 7"
    assert "no-store" in response["Cache-Control"]
    assert response["X-Robots-Tag"] == "noindex"


def test_every_bad_link_gets_the_same_page(db, opened):
    past = timezone.now() - timedelta(seconds=1)
    revoked = issue(subject_id="8")
    links.revoke(purpose="test-visit", subject_id="8")
    good = issue().token()
    tokens = {
        "nonsense": "nonsense",
        "forged": good[:-4] + "AAAA",
        "expired": issue(expires_at=past).token(),
        "revoked": revoked.token(),
        "other purpose": issue(purpose="nothing answers this").token(),
        "its subject is gone": issue(subject_id="gone").token(),
    }
    answers = {opened(f"/v/{token}").content for token in tokens.values()}
    statuses = {opened(f"/v/{token}").status_code for token in tokens.values()}
    assert statuses == {404}
    assert len({_without_tokens(answer) for answer in answers}) == 1


def _without_tokens(page):
    """The form that changes the language carries a random token and the page's own address."""
    page = re.sub(rb'name="csrfmiddlewaretoken" value="[^"]+"', b"", page)
    return re.sub(rb'name="next" value="[^"]+"', b"", page)


def test_a_full_stop_after_the_link_is_forgiven(db, opened):
    link = issue()
    response = opened(f"{link.path()}.")
    assert [response.status_code, response.url] == [302, link.path()]


def test_each_purpose_is_answered_by_the_view_marked_for_it():
    wrong = [purpose for purpose, view in PURPOSE_VIEWS.items() if access_of(view) != f"link:{purpose}"]
    assert wrong == []
