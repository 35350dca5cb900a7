"""A receipt is of one response, in the inbox or in the ledger: what is sealed cannot enter the inbox again.

A trigger looks when the row goes in, after whoever moves the first one to the ledger: no seal slips in between.
"""

from alembic import op

revision = "0004"
down_revision = "0003"

SQLITE = (
    "CREATE TRIGGER inbox_no_insert_of_sealed BEFORE INSERT ON inbox "
    "WHEN EXISTS (SELECT 1 FROM receipt WHERE receipt_hash = NEW.receipt_hash) "
    "BEGIN SELECT RAISE(ABORT, 'UNIQUE constraint failed: receipt.receipt_hash'); END"
)
POSTGRESQL = (
    "CREATE FUNCTION refuse_sealed_receipt() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
    "IF EXISTS (SELECT 1 FROM receipt WHERE receipt_hash = NEW.receipt_hash) THEN "
    "RAISE unique_violation USING MESSAGE = 'this receipt is sealed'; END IF; RETURN NULL; END $$",
    "CREATE TRIGGER inbox_no_insert_of_sealed AFTER INSERT ON inbox "
    "FOR EACH ROW EXECUTE FUNCTION refuse_sealed_receipt()",
)


def upgrade() -> None:
    statements = (SQLITE,) if op.get_bind().dialect.name == "sqlite" else POSTGRESQL
    for statement in statements:
        op.execute(statement)
