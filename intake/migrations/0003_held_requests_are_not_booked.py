"""While a hold is open its request is neither offered a time nor booked: the database itself refuses."""

from django.db import migrations

POSTGRESQL = """
CREATE FUNCTION intake_held_request_is_not_booked() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM intake_hold h WHERE h.appointment_request_id = NEW.id AND h.lifted_at IS NULL) THEN
        RAISE EXCEPTION 'held_request_is_not_booked' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER intake_held_request_is_not_booked BEFORE UPDATE OF status ON intake_appointmentrequest
    FOR EACH ROW WHEN (NEW.status IN ('offered', 'booked') AND NEW.status <> OLD.status)
    EXECUTE FUNCTION intake_held_request_is_not_booked();
"""
POSTGRESQL_UNDO = """
DROP TRIGGER intake_held_request_is_not_booked ON intake_appointmentrequest;
DROP FUNCTION intake_held_request_is_not_booked();
"""
SQLITE = """
CREATE TRIGGER intake_held_request_is_not_booked BEFORE UPDATE OF status ON intake_appointmentrequest
WHEN NEW.status IN ('offered', 'booked') AND NEW.status <> OLD.status AND EXISTS (
    SELECT 1 FROM intake_hold h WHERE h.appointment_request_id = NEW.id AND h.lifted_at IS NULL
)
BEGIN SELECT RAISE(ABORT, 'held_request_is_not_booked'); END
"""
SQLITE_UNDO = "DROP TRIGGER intake_held_request_is_not_booked"


def forwards(apps, schema_editor):
    postgresql = schema_editor.connection.vendor == "postgresql"
    schema_editor.execute(POSTGRESQL if postgresql else SQLITE, params=None)


def backwards(apps, schema_editor):
    postgresql = schema_editor.connection.vendor == "postgresql"
    schema_editor.execute(POSTGRESQL_UNDO if postgresql else SQLITE_UNDO, params=None)


class Migration(migrations.Migration):
    dependencies = [("intake", "0002_published_forms_are_frozen")]
    operations = [migrations.RunPython(forwards, backwards)]
