"""Every table of the database says how long it is kept, or that it holds nothing of a person."""

from __future__ import annotations

from survey.mandate.retention import load_retention, load_tables_of_nobody
from survey.store import tables

METADATA = tables.inbox.metadata


def test_every_table_is_named_in_the_retention_table() -> None:
    """A new table: name it in `retention.toml`, under a rule or under `holds_nobody`."""
    named = {name for rule in load_retention().values() for name in rule.tables} | load_tables_of_nobody()
    assert set(METADATA.tables) - named == set()
    assert named - set(METADATA.tables) == set()


def test_no_table_both_holds_somebody_and_nobody() -> None:
    assert load_tables_of_nobody() & {name for rule in load_retention().values() for name in rule.tables} == set()


def test_tables_with_words_hashes_or_addresses_of_people_are_under_a_rule() -> None:
    """The control: columns whose names say that somebody is in them."""
    telling = {"text", "token_hash", "contact_hash", "unit_hash", "sealed", "address", "session_hash"}
    found = {table.name for table in METADATA.tables.values() if telling & {each.name for each in table.columns}}
    assert len(found) >= 8
    assert found & load_tables_of_nobody() == set()
