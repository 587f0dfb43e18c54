"""Money once written stays written: PostgreSQL itself refuses to change or remove a line of the ledger."""

from django.db import migrations

REFUSE = """
CREATE FUNCTION campaigns_ledger_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'campaigns_ledgerentry is append-only' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER ledger_is_append_only BEFORE UPDATE OR DELETE ON campaigns_ledgerentry
    FOR EACH ROW EXECUTE FUNCTION campaigns_ledger_is_append_only();
"""
ALLOW = """
DROP TRIGGER ledger_is_append_only ON campaigns_ledgerentry;
DROP FUNCTION campaigns_ledger_is_append_only();
"""


class Migration(migrations.Migration):
    dependencies = [("campaigns", "0001_campaigns")]

    operations = [migrations.RunSQL(REFUSE, ALLOW)]
