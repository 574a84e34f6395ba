import pytest
from django.db import DatabaseError, connection, transaction

from config.foundation import access_log
from config.foundation.access_log import AccessLogIsAppendOnly
from config.foundation.models import AccessEvent, User

pytestmark = pytest.mark.django_db


def record(**said):
    return access_log.record(
        **{"by": None, "action": "view", "subject": "intake.client", "subject_id": 7, **said}
    )


def test_it_names_who_what_and_which_fields():
    therapist = User.objects.create_user("robin@example.com", is_therapist=True, is_front_desk=True)
    event = record(by=therapist, fields=["answers", "reason"], reason="break-glass")
    assert [event.actor, event.roles] == [str(therapist.pk), "front_desk,therapist"]
    assert [event.subject_type, event.subject_id] == ["intake.client", "7"]
    assert event.fields == ["answers", "reason"]


def test_nobody_is_the_system_or_a_client(rf):
    assert [record().actor, record(request=rf.get("/")).actor] == ["system", "client"]


@pytest.mark.parametrize(
    "said", [{"reason": "back pain since May"}, {"fields": ["name: Ann"]}, {"subject_id": "a b"}]
)
def test_typed_text_does_not_get_in(said):
    with pytest.raises(ValueError, match="no text"):
        record(**said)


@pytest.mark.parametrize(
    "statement", ["UPDATE foundation_accessevent SET actor = 'x'", "DELETE FROM foundation_accessevent"]
)
def test_the_database_refuses_to_change_or_delete(statement):
    record()
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        connection.cursor().execute(statement)
    assert AccessEvent.objects.count() == 1


@pytest.mark.parametrize(
    "act",
    [
        lambda event: event.delete(),
        lambda event: AccessEvent.objects.all().delete(),
        lambda event: AccessEvent.objects.update(actor="x"),
    ],
)
def test_so_does_the_model(act):
    event = record()
    with pytest.raises(AccessLogIsAppendOnly):
        act(event)


def test_saving_an_event_again_is_refused():
    event = record()
    with pytest.raises(DatabaseError), transaction.atomic():
        event.save()
