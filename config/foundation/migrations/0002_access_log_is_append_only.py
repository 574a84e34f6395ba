"""The database itself refuses to change or delete what the access log says."""

from django.db import migrations

POSTGRESQL = """
CREATE FUNCTION foundation_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER foundation_accessevent_append_only BEFORE UPDATE OR DELETE ON foundation_accessevent
    FOR EACH ROW EXECUTE FUNCTION foundation_append_only();
"""
POSTGRESQL_UNDO = """
DROP TRIGGER foundation_accessevent_append_only ON foundation_accessevent;
DROP FUNCTION foundation_append_only();
"""
SQLITE = [
    """
    CREATE TRIGGER foundation_accessevent_no_update BEFORE UPDATE ON foundation_accessevent
    BEGIN SELECT RAISE(ABORT, 'foundation_accessevent is append-only'); END
    """,
    """
    CREATE TRIGGER foundation_accessevent_no_delete BEFORE DELETE ON foundation_accessevent
    BEGIN SELECT RAISE(ABORT, 'foundation_accessevent is append-only'); END
    """,
]
SQLITE_UNDO = [
    "DROP TRIGGER foundation_accessevent_no_update",
    "DROP TRIGGER foundation_accessevent_no_delete",
]


def forwards(apps, schema_editor):
    for statement in [POSTGRESQL] if schema_editor.connection.vendor == "postgresql" else SQLITE:
        schema_editor.execute(statement, params=None)


def backwards(apps, schema_editor):
    for statement in [POSTGRESQL_UNDO] if schema_editor.connection.vendor == "postgresql" else SQLITE_UNDO:
        schema_editor.execute(statement, params=None)


class Migration(migrations.Migration):
    dependencies = [("foundation", "0001_initial")]
    operations = [migrations.RunPython(forwards, backwards)]
