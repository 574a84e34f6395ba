"""SQLite: `INSERT OR REPLACE` puts a form in the place of a published one without an update; refuse it."""

from django.db import migrations

REFUSE = """
CREATE TRIGGER intake_questionnaire_no_replace BEFORE INSERT ON intake_questionnaire WHEN EXISTS (
    SELECT 1 FROM intake_questionnaire WHERE status <> 'draft' AND (
        id = NEW.id OR (url = NEW.url AND version = NEW.version)
        OR (url = NEW.url AND status = 'published' AND NEW.status = 'published')
    )
)
BEGIN SELECT RAISE(ABORT, 'a published questionnaire never changes'); END
"""


def forwards(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        schema_editor.execute(REFUSE, params=None)


def backwards(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        schema_editor.execute("DROP TRIGGER intake_questionnaire_no_replace", params=None)


class Migration(migrations.Migration):
    dependencies = [("intake", "0006_spanish_words_are_approved_apart")]
    operations = [migrations.RunPython(forwards, backwards)]
