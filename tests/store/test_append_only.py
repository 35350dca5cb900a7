"""What was answered, sealed, signed, published or audited is never changed or removed, whatever SQL is tried."""

from __future__ import annotations

import pytest
from fieldwork import AFTER, Fieldwork
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from survey.actions.sealing import seal
from survey.store import releases
from survey.store.database import Database
from survey.store.tables import metadata

NEVER_CHANGED = (
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
    "ledger",
)
UPDATES = {table: next(iter(metadata.tables[table].columns)).name for table in NEVER_CHANGED}
OF_LEDGER = ("position", "batch_number", "wave_code", "kind", "nonce1", "codes", "text_digest", "leaf_hash")
OF_RULE = ("rule", "rule_digest", "questionnaire_code", "questionnaire_version", "population", "collected", "purpose")
ANSWER = "position = 0"
OF_WAVE = (
    "name, questionnaire_code, questionnaire_version, population, collected, purpose, opens_on, closes_on, closed, "
    "seal_minimum, rule, rule_digest"
)
PUBLISHED, DRAFT = "W.1", "W.2"


def test_no_row_is_updated_deleted_or_replaced(filled: Database) -> None:
    for table in NEVER_CHANGED:
        try_everything(filled, table)


def test_no_column_that_a_leaf_hashes_is_changed(filled: Database) -> None:
    for column in OF_LEDGER:
        refuse(filled, f"UPDATE ledger SET {column} = {column} WHERE {ANSWER}")


def test_a_text_is_erased_with_its_nonce_and_never_replaced(filled: Database) -> None:
    refuse(filled, f"UPDATE ledger SET text = nonce1 WHERE {ANSWER}")
    refuse(filled, f"UPDATE ledger SET nonce2 = nonce1 WHERE {ANSWER}")
    execute(filled, f"UPDATE ledger SET nonce2 = NULL, text = NULL WHERE {ANSWER}")
    refuse(filled, f"UPDATE ledger SET nonce2 = nonce1, text = codes WHERE {ANSWER}")
    refuse(filled, f"UPDATE ledger SET nonce2 = NULL, text = NULL, codes = NULL WHERE {ANSWER}")


def test_what_may_be_appended_is_appended(filled: Database) -> None:
    """The control: the same tables take new rows, so that a refusal above is not for want of a right."""
    execute(filled, "INSERT INTO receipt SELECT nonce1, 1 FROM inbox")
    execute(filled, "INSERT INTO spent SELECT nonce1, 'W', 'A.land', false FROM inbox")
    execute(filled, "INSERT INTO frame SELECT wave_code, 2, source, source_digest, loaded_on FROM frame")
    execute(filled, "INSERT INTO frame_stratum SELECT wave_code, 2, stratum_code, population FROM frame_stratum")


def test_an_answer_in_the_inbox_is_not_changed_and_only_sealing_empties_it(filled: Database, work: Fieldwork) -> None:
    refuse(filled, "UPDATE inbox SET codes = nonce1")
    refuse(filled, "UPDATE inbox SET stratum_code = stratum_code")
    with filled.reading() as connection:
        waiting = connection.execute(text("SELECT count(*) FROM inbox")).scalar_one()
    assert waiting == 1
    assert seal(filled, work.signer, AFTER) == 1


def test_a_published_release_is_frozen_with_its_figures(filled: Database) -> None:
    before = (read(filled, "release"), read(filled, "release_figure"))
    refuse(filled, f"UPDATE release SET header = '{{}}' WHERE code = '{PUBLISHED}'")
    refuse(filled, f"UPDATE release SET published_by = 'other' WHERE code = '{PUBLISHED}'")
    refuse(filled, f"UPDATE release SET published_by = NULL, published_on = NULL WHERE code = '{PUBLISHED}'")
    refuse(filled, f"DELETE FROM release_figure WHERE release_code = '{PUBLISHED}'")
    refuse(filled, f"DELETE FROM release WHERE code = '{PUBLISHED}'")
    refuse(filled, f"UPDATE release_figure SET suppressed = suppressed WHERE release_code = '{PUBLISHED}'")
    refuse(
        filled,
        "INSERT INTO release_figure SELECT release_code, level, 'more', sector_code, suppressed, figure "
        f"FROM release_figure WHERE release_code = '{PUBLISHED}'",
    )
    assert (read(filled, "release"), read(filled, "release_figure")) == before


def test_a_draft_may_be_thrown_away_or_published_but_not_rewritten(filled: Database) -> None:
    refuse(filled, f"UPDATE release SET header = '{{}}' WHERE code = '{DRAFT}'")
    refuse(filled, f"UPDATE release SET digest = digest || digest WHERE code = '{DRAFT}'")
    refuse(filled, f"UPDATE release_figure SET figure = '{{}}' WHERE release_code = '{DRAFT}'")
    with filled.writing("test") as connection:
        releases.publish_release(connection, DRAFT, by="second", on=AFTER)
    refuse(filled, f"DELETE FROM release_figure WHERE release_code = '{DRAFT}'")


def test_a_draft_and_its_figures_may_be_thrown_away(filled: Database) -> None:
    execute(filled, f"DELETE FROM release_figure WHERE release_code = '{DRAFT}'")
    execute(filled, f"DELETE FROM release WHERE code = '{DRAFT}'")


def test_the_rule_is_locked_by_the_first_invitation(filled: Database) -> None:
    for column in OF_RULE:
        refuse(filled, f"UPDATE wave SET {column} = {column} WHERE code = 'W'")


def test_a_rule_may_change_until_somebody_is_invited_and_a_wave_may_always_close(filled: Database) -> None:
    execute(
        filled,
        f"INSERT INTO wave (code, {OF_WAVE}) SELECT 'UNASKED', {OF_WAVE} FROM wave",
    )
    execute(filled, "UPDATE wave SET purpose = 'pilot' WHERE code = 'UNASKED'")
    execute(filled, "UPDATE wave SET closed = true WHERE code = 'W'")


def try_everything(filled: Database, table: str) -> None:
    before = read(filled, table)
    assert before, "an empty table would let every statement pass"
    column = UPDATES[table]
    refuse(filled, f"UPDATE {table} SET {column} = {column}")
    refuse(filled, f"DELETE FROM {table}")
    if filled.is_sqlite:
        refuse(filled, f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}")
        refuse(filled, f"UPDATE OR REPLACE {table} SET {column} = {column}")
    else:
        refuse(filled, f"TRUNCATE {table} CASCADE")
    key = ", ".join(metadata.tables[table].primary_key.columns.keys())
    refuse(
        filled,
        f"INSERT INTO {table} SELECT * FROM {table} WHERE true "
        f"ON CONFLICT ({key}) DO UPDATE SET {column} = excluded.{column}",
    )
    assert read(filled, table) == before


def execute(database: Database, statement: str) -> None:
    """Run a statement that must change at least one row."""
    with database.writing("test") as connection:
        assert connection.execute(text(statement)).rowcount > 0


def refuse(database: Database, statement: str) -> None:
    """Run a statement that must be refused by a trigger, not by chance."""
    with pytest.raises(DBAPIError, match="is append-only"), database.writing("test") as connection:
        connection.execute(text(statement))


def read(database: Database, table: str) -> list[str]:
    with database.reading() as connection:
        return sorted(map(repr, connection.execute(metadata.tables[table].select())))
