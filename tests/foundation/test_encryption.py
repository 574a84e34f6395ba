import json
import os
import uuid

import pytest
from django.core.exceptions import FieldError
from django.db import connection
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from config.foundation.encryption import (
    DecryptionError,
    EncryptedDateField,
    EncryptedJSONField,
    EncryptedTextField,
    Sealed,
    lookup_hash,
    seal,
    unseal,
)
from config.foundation.models import StaffTask

TEXT = "Leaking since the birth 👶🏽 — “zażółć” 李"


def make_task(**fields):
    said = {"key": uuid.uuid4().hex, "kind": "call", "title": "Call", "details": TEXT, **fields}
    return StaffTask.objects.create(**said)


def stored(task):
    with connection.cursor() as cursor:
        cursor.execute("SELECT details FROM foundation_stafftask WHERE key = %s", [task.key])
        return bytes(cursor.fetchone()[0])


def overwrite(task, blob):
    with connection.cursor() as cursor:
        cursor.execute("UPDATE foundation_stafftask SET details = %s WHERE key = %s", [blob, task.key])


@pytest.mark.django_db
def test_what_was_written_is_read_back():
    task = make_task()
    assert StaffTask.objects.get(pk=task.pk).details == TEXT


@pytest.mark.django_db
def test_the_database_never_holds_the_text():
    blob = stored(make_task())
    assert blob.startswith(b"v1|")
    assert b"Leaking" not in blob


@pytest.mark.django_db
def test_the_same_text_never_gives_the_same_blob():
    assert stored(make_task()) != stored(make_task())


@pytest.mark.django_db
def test_ciphertext_moved_to_another_row_does_not_open():
    victim, attacker = make_task(details="secret"), make_task(details="mine")
    overwrite(attacker, stored(victim))
    with pytest.raises(DecryptionError):
        _ = StaffTask.objects.get(pk=attacker.pk).details


@pytest.mark.django_db
@pytest.mark.parametrize(
    "damage",
    [
        lambda blob: blob[:-1] + bytes([blob[-1] ^ 1]),
        lambda blob: blob[:20] + bytes([blob[20] ^ 1]) + blob[21:],
        lambda blob: blob[:-1],
        lambda blob: blob + b"x",
        lambda blob: b"v2" + blob[2:],
        lambda blob: b"v1|other|" + blob.split(b"|", 2)[2],
        lambda blob: b"v1|" + blob.split(b"|")[1] + b"|",
        lambda blob: b"plain text put there by hand",
        lambda blob: b"",
    ],
    ids=["tag", "nonce", "cut", "longer", "version", "key id", "no body", "plain", "empty"],
)
def test_an_altered_blob_does_not_open(damage):
    task = make_task()
    overwrite(task, damage(stored(task)))
    with pytest.raises(DecryptionError):
        _ = StaffTask.objects.get(pk=task.pk).details


def test_every_single_altered_byte_is_noticed():
    blob = seal(b"member number", bound_to="t|c|1")
    for place in range(len(blob)):
        altered = blob[:place] + bytes([blob[place] ^ 0x55]) + blob[place + 1 :]
        with pytest.raises(DecryptionError):
            unseal(altered, bound_to="t|c|1")


@pytest.mark.django_db
def test_another_key_under_the_same_id_does_not_open(settings):
    task = make_task()
    settings.FIELD_KEYS = dict.fromkeys(settings.FIELD_KEYS, os.urandom(32))
    with pytest.raises(DecryptionError):
        _ = StaffTask.objects.get(pk=task.pk).details


@pytest.mark.django_db
def test_three_generations_of_keys_are_read_and_the_first_one_writes(settings):
    first, second, third = (os.urandom(32) for _ in range(3))
    written = []
    for ring in ({"a": first}, {"b": second, "a": first}, {"c": third, "b": second, "a": first}):
        settings.FIELD_KEYS = ring
        written.append(make_task(details=f"written with {next(iter(ring))}"))

    read = [StaffTask.objects.get(pk=task.pk).details for task in written]
    assert read == ["written with a", "written with b", "written with c"]
    assert [stored(task).split(b"|")[1] for task in written] == [b"a", b"b", b"c"]


@pytest.mark.django_db
def test_saving_a_row_moves_it_to_the_newest_key(settings):
    old, new = os.urandom(32), os.urandom(32)
    settings.FIELD_KEYS = {"old": old}
    task = make_task()
    settings.FIELD_KEYS = {"new": new, "old": old}
    StaffTask.objects.get(pk=task.pk).save()
    settings.FIELD_KEYS = {"new": new}
    assert StaffTask.objects.get(pk=task.pk).details == TEXT


@pytest.mark.django_db
def test_an_unread_row_cannot_be_saved_under_another_id():
    make_task()
    copy = StaffTask.objects.get()
    copy.pk, copy.key = uuid.uuid4(), "copy"
    with pytest.raises(DecryptionError):
        copy.save()


@pytest.mark.django_db
@pytest.mark.parametrize(
    "query",
    [
        lambda: StaffTask.objects.filter(details=TEXT),
        lambda: StaffTask.objects.filter(details__icontains="birth"),
        lambda: StaffTask.objects.filter(details__in=[TEXT]),
        lambda: StaffTask.objects.exclude(details__lower="x"),
    ],
)
def test_it_refuses_to_be_searched_by_value(query):
    with pytest.raises(FieldError, match="encrypted"):
        query()


@pytest.mark.django_db
def test_it_can_be_asked_whether_it_is_null():
    make_task()
    assert StaffTask.objects.filter(details__isnull=False).count() == 1


@pytest.mark.django_db
def test_update_with_a_plain_value_says_why_it_cannot():
    make_task()
    with pytest.raises(TypeError, match=r"update\(\).*save\(\)"):
        StaffTask.objects.update(details="new")


@pytest.mark.django_db
def test_values_hand_out_nothing_readable():
    make_task()
    row = StaffTask.objects.values("details").get()
    assert isinstance(row["details"], Sealed)
    assert "Leaking" not in repr(row)
    with pytest.raises(TypeError):
        json.dumps(row)


@pytest.mark.django_db
def test_bulk_create_encrypts_each_row_for_itself():
    StaffTask.objects.bulk_create(
        StaffTask(key=f"k{number}", kind="call", title="Call", details=f"text {number}")
        for number in range(3)
    )
    assert sorted(task.details for task in StaffTask.objects.all()) == ["text 0", "text 1", "text 2"]


@pytest.mark.django_db
def test_deferred_and_refreshed_values_open_too():
    task = make_task()
    deferred = StaffTask.objects.defer("details").get()
    only = StaffTask.objects.only("title").get()
    task.details = "changed, not saved"
    task.refresh_from_db()
    assert [deferred.details, only.details, task.details] == [TEXT, TEXT, TEXT]


@pytest.mark.django_db
def test_saving_other_fields_leaves_the_text_alone():
    task = make_task()
    before = stored(task)
    again = StaffTask.objects.get()
    again.title = "Call today"
    again.save(update_fields=["title"])
    assert stored(task) == before


@pytest.mark.django_db
def test_a_loaded_row_opens_nothing_until_asked(settings):
    make_task()
    settings.FIELD_KEYS = {"other": os.urandom(32)}
    assert StaffTask.objects.get().title == "Call"


@pytest.mark.django_db
@given(text=st.text(st.characters(exclude_categories=["Cs"])))
@hypothesis_settings(
    max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_any_text_comes_back_as_it_was(text):
    task = make_task(details=text)
    assert StaffTask.objects.get(pk=task.pk).details == text


def test_dates_and_json_keep_their_shape():
    born = EncryptedDateField()
    answers = EncryptedJSONField(default=dict)
    assert born.load(born.dump("1990-02-28")).isoformat() == "1990-02-28"
    assert answers.load(answers.dump({"pain": [1, None, "é"]})) == {"pain": [1, None, "é"]}


def test_a_migration_never_carries_a_default_it_could_not_write():
    _name, path, _args, kwargs = EncryptedJSONField(default=dict).deconstruct()
    assert path == "config.foundation.encryption.EncryptedJSONField"
    assert kwargs == {"blank": True}


def test_lookup_hashes_differ_by_purpose_and_key(settings):
    one = lookup_hash("a@example.com", purpose="email")
    other_purpose = lookup_hash("a@example.com", purpose="contact")
    settings.LOOKUP_KEY = "another key that is long enough, 123"
    other_key = lookup_hash("a@example.com", purpose="email")
    assert len({one, other_purpose, other_key}) == 3
    assert len(one) == 64


def test_max_length_is_checked_like_any_other_field():
    field = EncryptedTextField(max_length=3)
    with pytest.raises(Exception, match="at most 3"):
        field.run_validators("abcd")
