"""SQLite: `INSERT OR REPLACE` deletes the row in its way without asking the triggers of a deletion.

So a row in the place of one that is frozen is refused before it is written. Left out is the key of a trigger's
source: two workers may derive the same event, and the second is passed over, which a trigger here would make an
error. (There `PRAGMA recursive_triggers` of our connections asks the triggers of the deletion.)
"""

from django.db import migrations

IN_THE_WAY = {
    "scheduling_estimate": (
        "id = NEW.id OR (number = NEW.number AND version = NEW.version) OR cause_id = NEW.cause_id "
        "OR supersedes_id = NEW.supersedes_id"
    ),
    "scheduling_trigger": "id = NEW.id",
    "scheduling_estimatedocument": "id = NEW.id OR estimate_id = NEW.estimate_id",
    "scheduling_estimateevent": (
        "id = NEW.id OR (NEW.message_id <> '' AND message_id = NEW.message_id "
        "AND estimate_id = NEW.estimate_id AND what = NEW.what)"
    ),
    "scheduling_settingchange": "id = NEW.id",
    "scheduling_priceversion": "id = NEW.id OR (service_id = NEW.service_id AND number = NEW.number)",
}
REFUSE = """
CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} WHEN EXISTS (SELECT 1 FROM {table} WHERE {in_the_way})
BEGIN SELECT RAISE(ABORT, '{table}: what was written is never changed'); END
"""


def forwards(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        for table, in_the_way in IN_THE_WAY.items():
            schema_editor.execute(REFUSE.format(table=table, in_the_way=in_the_way), params=None)


def backwards(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        for table in IN_THE_WAY:
            schema_editor.execute(f"DROP TRIGGER {table}_no_replace", params=None)


class Migration(migrations.Migration):
    dependencies = [("scheduling", "0007_settings_history")]
    operations = [migrations.RunPython(forwards, backwards)]
