"""The last word on double booking: two claims of one resource may not overlap, whoever writes them.

PostgreSQL has exclusion constraints. SQLite has none; a trigger that refuses the row does the same, and since
SQLite has one writer at a time, nothing can slip in between its look and the write. A claim is at most a day
long, so that both the range query and the trigger can stay on the index (resource, starts_at).

SQLite rebuilds a table when a column or a constraint of it changes, and loses its triggers: a later migration
that changes `scheduling_claim` must run `forwards` again (a test looks for the triggers).
"""

from django.db import migrations, models
from django.db.models import F, Q

POSTGRESQL = [
    "CREATE EXTENSION IF NOT EXISTS btree_gist",
    """
    ALTER TABLE scheduling_claim
        ADD CONSTRAINT claim_never_overlaps
            EXCLUDE USING gist (resource_id WITH =, tstzrange(starts_at, ends_at, '[)') WITH &&),
        ADD CONSTRAINT claim_is_at_most_a_day CHECK (ends_at <= starts_at + interval '24 hours')
    """,
]
POSTGRESQL_UNDO = [
    """
    ALTER TABLE scheduling_claim
        DROP CONSTRAINT claim_never_overlaps,
        DROP CONSTRAINT claim_is_at_most_a_day
    """,
]
REFUSE = """
    SELECT RAISE(ABORT, 'claim_is_at_most_a_day') WHERE NEW.ends_at > datetime(NEW.starts_at, '+1 day');
    SELECT RAISE(ABORT, 'claim_never_overlaps') WHERE EXISTS (
        SELECT 1 FROM scheduling_claim
        WHERE resource_id = NEW.resource_id AND id <> NEW.id
          AND starts_at < NEW.ends_at AND starts_at > datetime(NEW.starts_at, '-1 day', '-1 second')
          AND ends_at > NEW.starts_at
    );
"""
# After the write, when the row has its id; ABORT takes the whole statement back.
SQLITE = [
    f"CREATE TRIGGER claim_never_overlaps_insert AFTER INSERT ON scheduling_claim BEGIN {REFUSE} END",
    f"CREATE TRIGGER claim_never_overlaps_update AFTER UPDATE ON scheduling_claim BEGIN {REFUSE} END",
]
SQLITE_UNDO = [
    "DROP TRIGGER claim_never_overlaps_insert",
    "DROP TRIGGER claim_never_overlaps_update",
]


def _run(schema_editor, on_postgresql, on_sqlite):
    for statement in on_postgresql if schema_editor.connection.vendor == "postgresql" else on_sqlite:
        schema_editor.execute(statement, params=None)


def forwards(apps, schema_editor):
    _run(schema_editor, POSTGRESQL, SQLITE)


def backwards(apps, schema_editor):
    _run(schema_editor, POSTGRESQL_UNDO, SQLITE_UNDO)


class Migration(migrations.Migration):
    dependencies = [("scheduling", "0001_initial")]
    operations = [
        migrations.AddField("appointment", "is_first_visit", models.BooleanField(default=False)),
        migrations.AddField("appointment", "seats_taken", models.PositiveSmallIntegerField(default=0)),
        migrations.AddConstraint(
            "appointment",
            models.CheckConstraint(
                condition=Q(seats=None, seats_taken=0) | Q(seats__isnull=False, seats_taken__lte=F("seats")),
                name="no_more_people_than_seats",
            ),
        ),
        migrations.RunPython(forwards, backwards),
    ]
