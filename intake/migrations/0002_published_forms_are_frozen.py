"""What was asked stays what was asked: the database refuses to change a form once it is published."""

from django.db import migrations

POSTGRESQL = """
CREATE FUNCTION intake_published_form_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a published questionnaire never changes' USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER intake_questionnaire_frozen BEFORE UPDATE ON intake_questionnaire
    FOR EACH ROW WHEN (
        OLD.status <> 'draft' AND (
            NEW.status = 'draft' OR NEW.url <> OLD.url OR NEW.version <> OLD.version
            OR NEW.sha256 <> OLD.sha256 OR NEW.source IS DISTINCT FROM OLD.source
        )
    ) EXECUTE FUNCTION intake_published_form_frozen();
"""
POSTGRESQL_UNDO = """
DROP TRIGGER intake_questionnaire_frozen ON intake_questionnaire;
DROP FUNCTION intake_published_form_frozen();
"""
SQLITE = """
CREATE TRIGGER intake_questionnaire_frozen BEFORE UPDATE ON intake_questionnaire
WHEN OLD.status <> 'draft' AND (
    NEW.status = 'draft' OR NEW.url <> OLD.url OR NEW.version <> OLD.version
    OR NEW.sha256 <> OLD.sha256 OR NEW.source IS NOT OLD.source
)
BEGIN SELECT RAISE(ABORT, 'a published questionnaire never changes'); END
"""
SQLITE_UNDO = "DROP TRIGGER intake_questionnaire_frozen"


def forwards(apps, schema_editor):
    postgresql = schema_editor.connection.vendor == "postgresql"
    schema_editor.execute(POSTGRESQL if postgresql else SQLITE, params=None)


def backwards(apps, schema_editor):
    postgresql = schema_editor.connection.vendor == "postgresql"
    schema_editor.execute(POSTGRESQL_UNDO if postgresql else SQLITE_UNDO, params=None)


class Migration(migrations.Migration):
    dependencies = [("intake", "0001_initial")]
    operations = [migrations.RunPython(forwards, backwards)]
