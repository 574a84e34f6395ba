"""SQLite: `INSERT OR REPLACE` deletes the row in its way without asking the triggers of a deletion; refuse it."""

from django.db import migrations

REFUSE = """
CREATE TRIGGER foundation_accessevent_no_replace BEFORE INSERT ON foundation_accessevent
WHEN EXISTS (SELECT 1 FROM foundation_accessevent WHERE id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'foundation_accessevent is append-only'); END
"""


def forwards(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        schema_editor.execute(REFUSE, params=None)


def backwards(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        schema_editor.execute("DROP TRIGGER foundation_accessevent_no_replace", params=None)


class Migration(migrations.Migration):
    dependencies = [("foundation", "0004_estimates_may_be_reviewed")]
    operations = [migrations.RunPython(forwards, backwards)]
