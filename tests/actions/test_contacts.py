"""Contacts: read for those drawn alone, kept encrypted and apart, one keyed hash for one telephone."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from posting import TEL, frame_file, kept, load_frame

from survey.actions.contacts import (
    Contact,
    ContactLost,
    NoContacts,
    canonical_contact,
    canonical_phone,
    import_contacts,
    open_contact,
    read_contact,
)
from survey.actions.inviting import draw_places, invite
from survey.actions.reading_csv import ImportRefused
from survey.actions.waves import UnknownWave
from survey.gateways.errors import Malformed
from survey.keys import Keys, derive_keys
from survey.store import contacts
from survey.store.database import Database
from survey.store.tables import contact, metadata
from survey.store.tables import wave as wave_table

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)


def keep(database: Database, keys: Keys, path: Path, wave: str) -> object:
    return import_contacts(database, keys, path, wave_code=wave, channels=("sms", "email"), now=NOW, actor="tester")


@pytest.mark.parametrize(
    ("typed", "canonical"),
    [
        ("0912345678", "84912345678"),
        ("0912 345 678", "84912345678"),
        ("0912.345.678", "84912345678"),
        ("+84 912 345 678", "84912345678"),
        ("0084912345678", "84912345678"),
        ("84912345678", "84912345678"),
        ("(+84) 912-345-678", "84912345678"),
        ("0299 3821 234", "842993821234"),
        ("+855 12 345 678", "85512345678"),
    ],
)
def test_one_telephone_has_one_spelling(typed: str, canonical: str) -> None:
    assert canonical_phone(typed) == canonical


@pytest.mark.parametrize(
    "typed", ["", "12345", "0112345678", "09123456789012", "abc", "0912345678x", "٠٩١٢٣٤٥٦٧٨", "+0912345678"]
)
def test_what_is_no_telephone_number_is_refused(typed: str) -> None:
    with pytest.raises(Malformed):
        canonical_phone(typed)


def test_one_telephone_is_one_contact_whatever_it_is_written_to_by() -> None:
    assert Contact("sms", "84912345678").identity == Contact("zalo", "84912345678").identity
    assert canonical_contact("0912 345 678") == Contact("sms", "84912345678").identity
    assert canonical_contact("Ba.Tu@Vidu.vn") == Contact("email", "ba.tu@vidu.vn").identity


def test_a_row_is_served_by_the_first_gateway_that_can_unless_it_asks_for_one() -> None:
    row = {"phone": "0912345678", "email": "a@b.vn", "language": "km"}
    assert read_contact(row, ("sms", "email")) == Contact("sms", "84912345678", "km")
    assert read_contact(row, ("email",)) == Contact("email", "a@b.vn", "km")
    assert read_contact(row | {"channel": "email"}, ("sms", "email")) == Contact("email", "a@b.vn", "km")
    assert read_contact({"phone": "", "email": ""}, ("sms", "email")) is None
    with pytest.raises(Malformed, match="zalo"):
        read_contact(row | {"channel": "zalo"}, ("sms",))


def test_only_those_drawn_are_kept_and_only_once(
    database: Database, keys: Keys, wave: str, tmp_path: Path, today: date
) -> None:
    path = load_frame(database, keys, wave, tmp_path, today, people=30)
    drawn = draw_places(database, wave, 8, seed=1, today=today)
    assert "8 kept" in str(keep(database, keys, path, wave))
    assert sorted((each.stratum_code, each.position) for each in kept(database)) == sorted(
        (place.stratum_code, place.position) for place in drawn
    )
    assert "0 kept" in str(keep(database, keys, path, wave))
    assert len(kept(database)) == 8


def test_a_contact_belongs_to_the_dossier_that_was_drawn(
    database: Database, keys: Keys, wave: str, tmp_path: Path, today: date
) -> None:
    """The place n of a stratum is the n-th dossier of the file, whose telephone ends in n."""
    path = load_frame(database, keys, wave, tmp_path, today, people=30)
    draw_places(database, wave, 8, seed=1, today=today)
    keep(database, keys, path, wave)
    assert {each.position: open_contact(keys, each).address for each in kept(database)} == {
        each.position: f"84{TEL}{each.position:03}" for each in kept(database)
    }


def test_no_table_holds_a_number_or_an_address_that_can_be_read(
    database: Database, keys: Keys, wave: str, tmp_path: Path, today: date
) -> None:
    path = load_frame(database, keys, wave, tmp_path, today, people=10)
    draw_places(database, wave, 10, seed=1, today=today)
    keep(database, keys, path, wave)
    with database.reading() as connection:
        rows = b"".join(
            repr(row).encode() for table in metadata.sorted_tables for row in connection.execute(table.select())
        )
    assert TEL.encode() not in rows
    assert len(kept(database)) == 10
    [first, *_] = kept(database)
    assert open_contact(keys, first).address.startswith(f"84{TEL}")  # the control: it is there, encrypted


def test_a_contact_cannot_be_moved_to_another_place_or_read_with_another_key(
    database: Database, keys: Keys, wave: str, tmp_path: Path, today: date
) -> None:
    path = load_frame(database, keys, wave, tmp_path, today, people=10)
    draw_places(database, wave, 2, seed=1, today=today)
    keep(database, keys, path, wave)
    one, other = kept(database)
    with database.writing("swap") as connection:
        connection.execute(contact.update().where(contact.c.position == one.position).values(sealed=other.sealed))
    with pytest.raises(ContactLost, match="HAILONG_SECRET_KEY"):
        open_contact(keys, next(each for each in kept(database) if each.position == one.position))
    with pytest.raises(ContactLost):
        open_contact(derive_keys(b"another secret of the tests, long enough"), other)


def test_who_has_a_slip_already_is_not_written_to(
    database: Database, keys: Keys, wave: str, tmp_path: Path, today: date
) -> None:
    path = load_frame(database, keys, wave, tmp_path, today, people=10)
    invite(database, keys, wave, 4, seed=1, today=today)
    assert "0 kept" in str(keep(database, keys, path, wave))


def test_lines_that_cannot_be_read_are_named_and_the_rest_is_kept(
    database: Database, keys: Keys, wave: str, tmp_path: Path, today: date
) -> None:
    load_frame(database, keys, wave, tmp_path, today, people=4)
    draw_places(database, wave, 4, seed=1, today=today)
    path = frame_file(tmp_path / "spoilt.csv", ["0912345001", "", "12", "0912345004"])
    said = str(keep(database, keys, path, wave))
    assert "2 kept" in said
    assert "1 of those drawn have none" in said
    assert "1 cannot be read (lines 4)" in said


def test_a_file_without_contacts_says_what_is_missing(
    database: Database, keys: Keys, wave: str, examples: Path, tmp_path: Path
) -> None:
    with pytest.raises(NoContacts, match="'phone' nor 'email'"):
        keep(database, keys, examples / "frame-transactions.csv", wave)
    path = tmp_path / "a.csv"
    path.write_text("phone,email\n1,2\n")
    with pytest.raises(ImportRefused, match="dossier"):
        keep(database, keys, path, wave)
    path = frame_file(tmp_path / "b.csv", ["0912345001"])
    with pytest.raises(UnknownWave):
        keep(database, keys, path, "NOWHERE")
    with database.reading() as connection:
        assert contacts.count_contacts(connection) == {}


def test_a_wave_keeps_contacts_only_for_the_channels_that_it_invites_by(
    database: Database, keys: Keys, wave: str, tmp_path: Path, today: date
) -> None:
    path = load_frame(database, keys, wave, tmp_path, today, people=4)
    draw_places(database, wave, 2, seed=1, today=today)
    with database.writing("channels") as connection:
        connection.execute(wave_table.update().values(channels="email,slip"))
    assert "2 of those drawn have none" in str(keep(database, keys, path, wave))  # telephones, and no e-mail address
    with database.writing("channels") as connection:
        connection.execute(wave_table.update().values(channels="slip"))
    with pytest.raises(NoContacts, match="invites by slip only"):
        keep(database, keys, path, wave)
