"""The database itself refuses to change or delete what was issued, on both engines.

An estimate may be deleted only after the day up to which the law wants copies kept, and never while a
dispute is open. Columns that may change are those in `MUTABLE` of each model.
"""

from django.db import migrations

FROZEN = {
    "scheduling_estimate": (
        "id number version kind client_id appointment_request_id appointment_id service_id cause_id reason "
        "reason_text language snapshot snapshot_sha256 total_cents template_version disclaimer_version "
        "price_list_version legal_due_on target_due_on last_visit_on valid_through keep_through issued_at "
        "issued_by_id supersedes_id"
    ).split(),
    "scheduling_trigger": (
        "id client_id event source_key happened_at happened_on visit_on tier legal_due_on target_due_on "
        "rule_version created_at"
    ).split(),
    "scheduling_estimatedocument": ["id", "estimate_id", "pdf", "sha256", "size", "made_at"],
    "scheduling_estimateevent": ["id", "estimate_id", "what", "at", "by_id", "message_id", "detail"],
}

KEPT = {  # a row that must not be deleted yet; {today} and {years_ago} differ by engine
    "scheduling_estimate": "OLD.keep_through >= {today} OR OLD.dispute_hold",
    "scheduling_trigger": "OLD.happened_on >= {years_ago}",
    "scheduling_estimatedocument": "{parent}",
    "scheduling_estimateevent": "{parent}",
}
PARENT = (
    "EXISTS (SELECT 1 FROM scheduling_estimate e WHERE e.id = OLD.estimate_id "
    "AND (e.keep_through >= {today} OR e.dispute_hold))"
)

POSTGRESQL = """
CREATE FUNCTION {table}_is_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '{table}: what was issued is never changed' USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER {table}_no_update BEFORE UPDATE OF {columns} ON {table}
    FOR EACH ROW EXECUTE FUNCTION {table}_is_frozen();
CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table}
    FOR EACH ROW WHEN ({kept}) EXECUTE FUNCTION {table}_is_frozen();
"""
# A WHEN of PostgreSQL may not ask other tables, so the rows below an estimate ask inside the function.
POSTGRESQL_BELOW = """
CREATE FUNCTION {table}_is_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' OR {kept} THEN
        RAISE EXCEPTION '{table}: what was issued is never changed'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN OLD;
END $$;
CREATE TRIGGER {table}_no_update BEFORE UPDATE OF {columns} ON {table}
    FOR EACH ROW EXECUTE FUNCTION {table}_is_frozen();
CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table}
    FOR EACH ROW EXECUTE FUNCTION {table}_is_frozen();
"""
SQLITE = (
    """
    CREATE TRIGGER {table}_no_update BEFORE UPDATE OF {columns} ON {table}
    BEGIN SELECT RAISE(ABORT, '{table}: what was issued is never changed'); END
    """,
    """
    CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} WHEN {kept}
    BEGIN SELECT RAISE(ABORT, '{table}: what was issued is never changed'); END
    """,
)


def forwards(apps, schema_editor):
    postgresql = schema_editor.connection.vendor == "postgresql"
    words = (
        {"today": "CURRENT_DATE", "years_ago": "CURRENT_DATE - INTERVAL '6 years'"}
        if postgresql
        else {"today": "date('now')", "years_ago": "date('now', '-6 years')"}
    )
    for table, columns in FROZEN.items():
        kept = KEPT[table].format(parent=PARENT.format(**words), **words)
        statements = SQLITE
        if postgresql:
            statements = (POSTGRESQL_BELOW if "SELECT" in kept else POSTGRESQL,)
        for statement in statements:
            schema_editor.execute(
                statement.format(table=table, columns=", ".join(f'"{name}"' for name in columns), kept=kept),
                params=None,
            )


def backwards(apps, schema_editor):
    postgresql = schema_editor.connection.vendor == "postgresql"
    for table in FROZEN:
        for name in ("no_update", "no_delete"):
            on = f" ON {table}" if postgresql else ""
            schema_editor.execute(f"DROP TRIGGER {table}_{name}{on}", params=None)
        if postgresql:
            schema_editor.execute(f"DROP FUNCTION {table}_is_frozen()", params=None)


class Migration(migrations.Migration):
    dependencies = [("scheduling", "0002_claims_never_overlap")]
    operations = [migrations.RunPython(forwards, backwards)]
