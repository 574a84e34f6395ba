import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.utils import timezone

from config.foundation.models import User
from config.foundation.policy import May, Role, access_of, may, public, staff_may

ALL = {"is_front_desk": True, "is_therapist": True, "is_administrator": True}


@staff_may(May.SEE_ANSWERS)
def answers(request):
    return HttpResponse("answers")


def permissions(**roles):
    user = User(email="a@example.com", **roles)
    return {permission for permission in May if may(user, permission)}


def test_the_front_desk_sees_flags_and_insurance_but_no_answers():
    assert permissions(is_front_desk=True) == {
        May.SEE_REQUESTS,
        May.CONFIRM_VISITS,
        May.SEE_INSURANCE,
        May.ISSUE_ESTIMATES,
        May.LIFT_HOLDS,
        May.SEE_MESSAGES,
    }


def test_an_administrator_alone_sees_nothing_of_a_client():
    assert permissions(is_administrator=True) == {
        May.MANAGE_CLINIC,
        May.MANAGE_USERS,
        May.MANAGE_FORMS,
        May.SEE_LOG,
    }


def test_roles_add_up_and_an_owner_holds_all():
    both = permissions(is_front_desk=True, is_therapist=True)
    assert both == permissions(is_front_desk=True) | permissions(is_therapist=True)
    assert permissions(**ALL) == set(May)
    assert User(**ALL).is_owner


def test_nobody_signed_out_and_nobody_disabled_may_anything():
    assert not any(may(AnonymousUser(), permission) for permission in May)
    assert permissions(**ALL, is_active=False) == set()
    assert User(**ALL, is_active=False).roles == frozenset()


def test_being_a_superuser_is_not_a_role():
    assert permissions(is_superuser=True, is_staff=True) == set()


def test_a_new_owner_by_command_line_holds_every_role(db):
    assert User.objects.create_superuser("Owner@Example.com", "long enough words").roles == frozenset(Role)


def test_an_address_is_one_account_in_any_case(db):
    User.objects.create_user("Anna@Example.com")
    assert User.objects.get_by_natural_key("ANNA@example.COM").email == "anna@example.com"


def test_signed_out_goes_to_the_sign_in_page_and_back(rf):
    request = rf.get("/staff/x/?day=2027-03-01")
    request.user = AnonymousUser()
    response = answers(request)
    assert response.status_code == 302
    assert response.url == "/accounts/login/?next=%2Fstaff%2Fx%2F%3Fday%3D2027-03-01"


def test_an_act_is_not_repeated_as_a_page_after_signing_in(rf):
    request = rf.post("/staff/x/confirm/")
    request.user = AnonymousUser()
    assert answers(request).url == "/accounts/login/?next=%2Fstaff%2F"


def test_the_wrong_role_is_refused(rf):
    request = rf.get("/")
    request.user = User(email="a@example.com", is_front_desk=True)
    with pytest.raises(PermissionDenied):
        answers(request)


def test_what_staff_see_is_kept_in_no_cache(rf):
    request = rf.get("/")
    request.user = User(email="a@example.com", is_therapist=True, last_login=timezone.now())
    assert "no-store" in answers(request)["Cache-Control"]


def test_a_view_says_once_who_may_open_it():
    assert access_of(answers) == "staff:see_answers"
    with pytest.raises(TypeError, match="twice"):
        public(answers)
