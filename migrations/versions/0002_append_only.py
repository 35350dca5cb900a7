"""Append-only: what was answered, sealed, signed, published or audited is never changed or removed."""

from alembic import op

revision = "0002"
down_revision = "0001"

APPEND_ONLY = (
    "batch",
    "receipt",
    "checkpoint",
    "exclusion",
    "spent",
    "questionnaire",
    "frame",
    "frame_stratum",
    "published_figure",
    "audit",
)
NEVER_UPDATED = ("inbox", "release_figure")
LEDGER_COLUMNS = ("position", "batch_number", "wave_code", "kind", "nonce1", "codes", "text_digest", "leaf_hash")


def upgrade() -> None:
    guard = _guard_sqlite if op.get_bind().dialect.name == "sqlite" else _guard_postgresql
    if op.get_bind().dialect.name != "sqlite":
        op.execute(
            "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$"
        )
    for table in APPEND_ONLY:
        guard(table, "UPDATE")
        guard(table, "DELETE")
    for table in NEVER_UPDATED:
        guard(table, "UPDATE")
    guard("ledger", "DELETE")
    guard("ledger", "UPDATE", columns=LEDGER_COLUMNS)
    guard("ledger", "UPDATE", columns=("nonce2", "text"), when="NEW.nonce2 IS NOT NULL OR NEW.text IS NOT NULL")
    guard("release", "UPDATE", when="OLD.published_on IS NOT NULL OR NEW.header <> OLD.header OR NEW.digest <> OLD.digest")
    guard("release", "DELETE", when="OLD.published_on IS NOT NULL")
    guard("release_figure", "DELETE", when=_published("OLD.release_code"))
    guard("release_figure", "INSERT", when=_published("NEW.release_code"))
    guard(
        "wave",
        "UPDATE",
        columns=("rule", "rule_digest", "questionnaire_code", "questionnaire_version", "population", "collected", "purpose"),
        when="EXISTS (SELECT 1 FROM invitation WHERE invitation.wave_code = OLD.code)",
    )


def _published(release_code: str) -> str:
    return f"EXISTS (SELECT 1 FROM release WHERE code = {release_code} AND published_on IS NOT NULL)"


def _guard_sqlite(table: str, event: str, columns: tuple[str, ...] = (), when: str = "") -> None:
    of = f" OF {', '.join(columns)}" if columns else ""
    condition = f"WHEN {when} " if when else ""
    op.execute(
        f"CREATE TRIGGER {_name(table, event, columns)} BEFORE {event}{of} ON \"{table}\" {condition}"
        f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
    )


def _guard_postgresql(table: str, event: str, columns: tuple[str, ...] = (), when: str = "") -> None:
    of = f" OF {', '.join(columns)}" if columns else ""
    if "EXISTS" in when:
        function = f"refuse_{_name(table, event, columns)}"
        op.execute(
            f"CREATE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            f"IF {when} THEN RAISE EXCEPTION '{table} is append-only'; END IF; "
            f"RETURN {'OLD' if event == 'DELETE' else 'NEW'}; END $$"
        )
        condition = ""
    else:
        function, condition = "refuse_change", f"WHEN ({when}) " if when else ""
    op.execute(
        f'CREATE TRIGGER {_name(table, event, columns)} BEFORE {event}{of} ON "{table}" '
        f"FOR EACH ROW {condition}EXECUTE FUNCTION {function}()"
    )
    if event == "DELETE":
        op.execute(
            f'CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON "{table}" EXECUTE FUNCTION refuse_change()'
        )


def _name(table: str, event: str, columns: tuple[str, ...]) -> str:
    return "_".join([table, "no", event.lower(), *columns[:1]])
