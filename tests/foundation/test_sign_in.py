import re
from datetime import timedelta

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from django.conf import settings
from django.db import transaction
from django.test import Client
from django.utils import timezone

from config import account_mail
from config import settings as written
from config.foundation.models import User
from notifications import catalogue
from notifications.models import Message

PASSWORD = "three calm green chairs"


@pytest.fixture
def robin(db):
    return User.objects.create_user("robin@example.com", PASSWORD, is_therapist=True)


def sign_in(client, email="robin@example.com", password=PASSWORD, **more):
    return client.post("/accounts/login/", {"login": email, "password": password, **more})


def test_the_right_password_opens_the_desk(client, robin):
    response = sign_in(client)
    assert [response.status_code, response.url] == [302, "/staff/"]
    assert client.session["_auth_user_id"] == str(robin.pk)


def test_who_signs_in_sees_the_desk_and_no_praise_for_it(client, robin):
    sign_in(client)
    assert "uccessfully" not in client.get("/staff/").content.decode()


def test_the_address_may_be_typed_in_any_case(client, robin):
    assert sign_in(client, email="Robin@Example.COM").status_code == 302


def test_signing_in_gives_the_session_a_new_key(client, robin):
    session = client.session
    session["draft"] = "kept"
    session.save()
    before = session.session_key
    sign_in(client)
    assert client.session.session_key != before


def test_a_wrong_password_and_an_unknown_address_get_the_same_answer(client, robin):
    wrong = sign_in(client, password="wrong wrong wrong")
    unknown = sign_in(client, email="nobody@example.com")
    assert [wrong.status_code, unknown.status_code] == [200, 200]
    assert "is not right" in wrong.content.decode()
    assert _plain(wrong) == _plain(unknown)


def _plain(response):
    page = re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"', "", response.content.decode())
    return page.replace("robin@example.com", "X").replace("nobody@example.com", "X")


def test_five_wrong_passwords_lock_the_account_for_a_quarter_of_an_hour(client, robin):
    with time_machine.travel(timezone.now(), tick=False) as clock:
        for _try in range(4):
            assert sign_in(client, password="wrong wrong wrong").status_code == 200
        assert sign_in(client, password="wrong wrong wrong").status_code == 429
        locked = sign_in(client)
        assert locked.status_code == 429
        assert "wait 15 minutes" in locked.content.decode()

        clock.shift(timedelta(minutes=16))
        assert sign_in(client).status_code == 302


def test_an_address_nobody_has_is_locked_the_same_way(client, robin):
    statuses = [sign_in(client, email="nobody@example.com").status_code for _try in range(6)]
    assert statuses == [200, 200, 200, 200, 429, 429]


def test_a_lock_does_not_touch_others(client, robin):
    User.objects.create_user("casey@example.com", PASSWORD)
    for _try in range(6):
        sign_in(client, password="wrong wrong wrong")
    assert sign_in(Client(), email="casey@example.com").status_code == 302


@pytest.mark.parametrize("state", ["disabled", "without a password"])
def test_who_cannot_sign_in(client, robin, state):
    if state == "disabled":
        robin.is_active = False
    else:
        robin.set_unusable_password()
    robin.save()
    sign_in(client)
    assert "_auth_user_id" not in client.session


def test_disabling_an_account_ends_its_sessions_at_once(client, robin):
    sign_in(client)
    User.objects.update(is_active=False)
    response = client.get("/accounts/password/change/")
    assert response.status_code == 302
    assert response.url.startswith("/accounts/login/")


def test_a_new_password_ends_the_other_sessions(client, robin):
    elsewhere = Client()
    sign_in(client)
    sign_in(elsewhere)
    new = {
        "oldpassword": PASSWORD,
        "password1": "four calm green chairs",
        "password2": "four calm green chairs",
    }
    assert client.post("/accounts/password/change/", new).status_code == 302
    assert "_auth_user_id" in client.session
    assert elsewhere.get("/accounts/password/change/").url.startswith("/accounts/login/")


def test_signing_out_takes_a_press_of_a_button(client, robin):
    sign_in(client)
    assert client.get("/accounts/logout/").status_code == 200
    assert "_auth_user_id" in client.session
    response = client.post("/accounts/logout/")
    assert response["Clear-Site-Data"] == '"cache", "storage"'
    assert "_auth_user_id" not in client.session


@pytest.mark.parametrize(
    "elsewhere", ["//evil.example", "https:evil.example", "/\\evil.example", "javascript:alert(1)"]
)
def test_signing_in_never_leads_to_another_site(client, robin, elsewhere):
    assert sign_in(client, next=elsewhere).url == "/staff/"


def test_nobody_can_sign_up(client, db):
    said = {"email": "new@example.com", "password1": PASSWORD, "password2": PASSWORD}
    for response in (client.get("/accounts/signup/"), client.post("/accounts/signup/", said)):
        assert "by invitation" in response.content.decode()
    assert not User.objects.exists()


def test_a_forgotten_password_is_asked_for_without_telling_who_works_here(client, robin):
    answers = [
        client.post("/accounts/password/reset/", {"email": email})
        for email in ("robin@example.com", "nobody@example.com")
    ]
    assert [answer.status_code for answer in answers] == [302, 302]
    assert answers[0].url == answers[1].url


def test_a_password_mail_links_to_our_own_address_whatever_the_host_header(client, robin, settings):
    settings.ALLOWED_HOSTS = ["*"]
    client.post("/accounts/password/reset/", {"email": "robin@example.com"}, headers={"host": "evil.example"})
    message = Message.objects.get()
    assert message.to == "robin@example.com"
    assert "http://testserver/accounts/password/reset/key/" in message.text
    assert "evil" not in f"{message.subject} {message.text}"


def test_a_new_password_can_be_chosen_once_with_the_link_from_the_mail(client, robin):
    client.post("/accounts/password/reset/", {"email": "robin@example.com"})
    link = re.search(r"http://testserver(\S+)", Message.objects.get().text)[1]
    form = client.get(link).url
    assert link not in form  # the secret leaves the address bar
    chosen = {"password1": "five calm green chairs", "password2": "five calm green chairs"}
    assert client.post(form, chosen).status_code == 302
    assert sign_in(Client(), password="five calm green chairs").status_code == 302
    assert Client().get(link).status_code == 200  # says that the link is used up


@pytest.mark.parametrize(
    ("password", "fine"),
    [
        ("short", False),
        ("password1234", False),
        ("robin@example.com", False),
        ("a sentence is a fine password", True),
        ("x" * 40 + "y" * 40, True),
    ],
)
def test_what_makes_a_password(client, robin, password, fine):
    sign_in(client)
    new = {"oldpassword": PASSWORD, "password1": password, "password2": password}
    assert (client.post("/accounts/password/change/", new).status_code == 302) is fine


def test_passwords_are_kept_with_argon2():
    # conftest swaps in a fast hasher for the tests; what was written in the settings counts.
    assert written.PASSWORD_HASHERS[0].endswith("Argon2PasswordHasher")


def test_the_secret_of_a_second_factor_is_sealed(robin):
    TOTP.activate(robin, "JBSWY3DPEHPK3PXP")
    stored = Authenticator.objects.get().data
    assert "JBSWY3DPEHPK3PXP" not in str(stored)


def test_a_second_factor_is_asked_for_once_it_is_there(client, robin):
    TOTP.activate(robin, "JBSWY3DPEHPK3PXP")
    assert sign_in(client).url == "/accounts/2fa/authenticate/"
    assert "_auth_user_id" not in client.session


def test_there_is_no_account_nobody_made(db):
    assert not User.objects.exists()


def test_sessions_end():
    assert settings.SESSION_COOKIE_AGE <= 10 * 60 * 60
    assert settings.SESSION_COOKIE_HTTPONLY
    assert settings.SESSION_COOKIE_SAMESITE == "Lax"


def test_a_password_mail_goes_through_the_gate_and_stands_in_the_catalogue(client, robin):
    client.post("/accounts/password/reset/", {"email": "robin@example.com"})

    message = Message.objects.get()
    assert (message.kind, message.subject) == ("password_reset_key", "Choose a new password")
    assert catalogue.label(message.kind) == "Account: choose a new password"
    assert "/accounts/password/reset/key/" in message.html
    assert "/accounts/password/reset/key/" in message.text


def test_a_notice_nobody_has_named_is_sent_all_the_same(robin):
    with transaction.atomic():
        account_mail.tell(
            prefix="account/email/something_new",
            email="robin@example.com",
            subject="New",
            body="One thing.\n\nAnother.",
            key="account:x",
            language="en",
            now=timezone.now(),
        )

    assert Message.objects.get().kind == account_mail.OTHER
