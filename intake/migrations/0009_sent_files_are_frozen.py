"""A file that was sent with a request stays what it was. Only its seal may be renewed, with another key."""

from django.db import migrations

KEPT = ("id", "draft_id", "appointment_request_id", "kind", "field", "link_id", "content_type", "size", "sha256",
        "fhir_hash", "made_at")
POSTGRESQL = """
CREATE FUNCTION intake_sent_file_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a file that was sent never changes' USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER intake_storedfile_frozen BEFORE UPDATE ON intake_storedfile
    FOR EACH ROW WHEN (OLD.appointment_request_id IS NOT NULL AND ({changed}))
    EXECUTE FUNCTION intake_sent_file_frozen();
""".format(changed=" OR ".join(f"NEW.{name} IS DISTINCT FROM OLD.{name}" for name in KEPT))
POSTGRESQL_UNDO = """
DROP TRIGGER intake_storedfile_frozen ON intake_storedfile;
DROP FUNCTION intake_sent_file_frozen();
"""
SQLITE = """
CREATE TRIGGER intake_storedfile_frozen BEFORE UPDATE ON intake_storedfile
WHEN OLD.appointment_request_id IS NOT NULL AND ({changed})
BEGIN SELECT RAISE(ABORT, 'a file that was sent never changes'); END
""".format(changed=" OR ".join(f"NEW.{name} IS NOT OLD.{name}" for name in KEPT))
# `INSERT OR REPLACE` would put another row in its place without an update.
SQLITE_NO_REPLACE = """
CREATE TRIGGER intake_storedfile_no_replace BEFORE INSERT ON intake_storedfile WHEN EXISTS (
    SELECT 1 FROM intake_storedfile WHERE id = NEW.id AND appointment_request_id IS NOT NULL
)
BEGIN SELECT RAISE(ABORT, 'a file that was sent never changes'); END
"""
SQLITE_UNDO = ("DROP TRIGGER intake_storedfile_frozen", "DROP TRIGGER intake_storedfile_no_replace")


def run(statements, schema_editor):
    for statement in statements:
        schema_editor.execute(statement, params=None)


def forwards(apps, schema_editor):
    postgresql = schema_editor.connection.vendor == "postgresql"
    run([POSTGRESQL] if postgresql else [SQLITE, SQLITE_NO_REPLACE], schema_editor)


def backwards(apps, schema_editor):
    postgresql = schema_editor.connection.vendor == "postgresql"
    run([POSTGRESQL_UNDO] if postgresql else SQLITE_UNDO, schema_editor)


class Migration(migrations.Migration):
    dependencies = [("intake", "0008_stored_files")]
    operations = [migrations.RunPython(forwards, backwards)]
