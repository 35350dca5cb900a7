"""Frames, agencies and procedures from files: versions are appended, what is wrong is refused with its line."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from survey.actions.importing_counts import import_counts
from survey.actions.importing_frame import import_frame
from survey.actions.importing_places import import_agencies, import_procedures
from survey.actions.inviting import invite
from survey.actions.reading_csv import ImportRefused
from survey.actions.receiving import receive
from survey.actions.retaining import retain
from survey.actions.waves import UnknownWave, open_wave
from survey.keys import Keys
from survey.mandate.rules import Rule
from survey.proof import Signer
from survey.store import clients, frames, places
from survey.store.database import Database
from survey.store.tables import frame_unit

LoadTotals = Callable[..., int]
EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
NOW = datetime(2026, 12, 2, 3, tzinfo=UTC)


@pytest.fixture
def load(database: Database, keys: Keys, wave: str, today: date, tmp_path: Path):
    """Import a frame from text; the summary."""

    def load(text: str):
        path = tmp_path / "frame.csv"
        path.write_text(text, encoding="utf-8")
        return import_frame(database, keys, path, wave_code=wave, today=today)

    return load


@pytest.fixture
def refuse(load):
    """Import a frame that must be refused; line and reason of each problem."""

    def refuse(text: str) -> list[tuple[int, str]]:
        with pytest.raises(ImportRefused) as refused:
            load(text)
        return [(problem.line, problem.reason) for problem in refused.value.problems]

    return refuse


def agent_rows(first: int, count: int, procedure: str = "VD-CHUNG-THUC") -> str:
    return "".join(f"D{each},TTPVHCC-31507,{procedure},agent-1\n" for each in range(first, first + count))


def test_where_applicants_count_an_agent_of_many_dossiers_is_one_citizen_in_the_whole_wave(
    database: Database, keys: Keys, today: date, tmp_path: Path
) -> None:
    """In two sectors, over two nights, by file and by the API; the control counts dossiers."""
    import_agencies(database, EXAMPLES / "agencies.csv")
    import_procedures(database, EXAMPLES / "procedures.csv")
    header, file = "dossier,agency,procedure,applicant\n", tmp_path / "night.csv"
    night = agent_rows(0, 300) + "E1,TTPVHCC-31507,VD-BIEN-DONG-DAT,agent-1\nE2,TTPVHCC-31507,VD-BIEN-DONG-DAT,\n"
    expected = {"applicants": 2, "dossiers": 302}
    for counts, population in expected.items():
        open_wave(
            database,
            code=counts,
            name={"vi": counts},
            questionnaire="procedures@1",
            opens_on=date(2026, 11, 1),
            closes_on=date(2026, 11, 30),
            rule=Rule(counts=counts),
        )
        file.write_text(header + night, encoding="utf-8")
        loaded = import_frame(database, keys, file, wave_code=counts, today=today)
        assert (loaded.population, loaded.merged) == (population, 302 - population)
        file.write_text(header + night + agent_rows(300, 5), encoding="utf-8")
        assert import_frame(database, keys, file, wave_code=counts, today=today).population == population + (
            0 if counts == "applicants" else 5
        )
    told = [
        {"dossier": "A1", "agency": "TTPVHCC-31507", "procedure": "VD-CHUNG-THUC", "applicant": "agent-1"},
        {"dossier": "A2", "agency": "TTPVHCC-31507", "procedure": "VD-CHUNG-THUC", "applicant": "agent-2"},
        {"dossier": "A3", "agency": "TTPVHCC-31528", "procedure": "VD-CHUNG-THUC", "applicant": "agent-2"},
    ]
    with database.writing("tests") as connection:
        clients.add_client(connection, "portal", today)
    body = {"wave": "applicants", "transactions": told}
    answer = json.loads(receive(database, keys, "portal", "k1", b"1", body, today=today).answer)
    assert (answer["accepted"], answer["merged"]) == (1, 2), "one was in the file, one is here twice"
    again = json.loads(receive(database, keys, "portal", "k2", b"2", body, today=today).answer)
    assert (again["accepted"], again["already"], again["merged"]) == (0, 1, 2)


def test_who_was_counted_is_forgotten_when_the_wave_is_over(database: Database, keys: Keys, today: date) -> None:
    open_wave(
        database,
        code="W",
        name={"vi": "W"},
        questionnaire="procedures@1",
        opens_on=date(2026, 11, 1),
        closes_on=date(2026, 11, 30),
        rule=Rule(counts="applicants"),
    )
    with database.writing("tests") as connection:
        frames.add_applicants(connection, "W", [keys.applicant_hash("W", "a/1")])
    assert retain(database, NOW, date(2026, 12, 1)) == 0
    assert retain(database, NOW, date(2026, 12, 2)) == 1
    with database.reading() as connection:
        assert frames.list_applicants_among(connection, "W", [keys.applicant_hash("W", "a/1")]) == set()


def populations(database: Database, wave: str) -> dict[str, int]:
    with database.reading() as connection:
        version = frames.find_frame_version(connection, wave)
        return {each.code: each.population for each in frames.list_strata(connection, wave, version)} if version else {}


def unit_places(database: Database) -> dict[bytes, tuple[str, int]]:
    with database.reading() as connection:
        rows = connection.execute(frame_unit.select()).mappings().all()
    return {row["unit_hash"]: (row["stratum_code"], row["position"]) for row in rows}


def dossiers(count: int, *, first: int = 1, sector: str = "land") -> str:
    rows = [f"D{number},TTPVHCC-31507,{sector}\n" for number in range(first, first + count)]
    return "dossier,agency,sector\n" + "".join(rows)


def test_totals_become_strata_of_agency_by_sector(
    database: Database, keys: Keys, wave: str, today: date, examples: Path
) -> None:
    summary = import_frame(database, keys, examples / "frame-totals.csv", wave_code=wave, today=today)
    assert (summary.version, summary.strata, summary.population, summary.names_units) == (1, 8, 9020, False)
    assert populations(database, wave)["TTPVHCC-31528.land"] == 290
    with database.reading() as connection:
        stratum = frames.list_strata(connection, wave, 1)[0]
    assert (stratum.agency_code, stratum.sector_code) == ("TTPVHCC-31507", "certification")


def test_transactions_are_counted_and_kept_as_keyed_hashes_with_their_places(
    database: Database, keys: Keys, wave: str, today: date, examples: Path
) -> None:
    summary = import_frame(database, keys, examples / "frame-transactions.csv", wave_code=wave, today=today)
    assert (summary.version, summary.strata, summary.population, summary.names_units) == (1, 7, 10, True)
    assert populations(database, wave)["TTPVHCC-31591.certification"] == 2
    units = unit_places(database)
    assert units[keys.unit_hash("VD.31507.2026.000003")] == ("TTPVHCC-31507.certification", 2)
    assert len(units) == 10


def test_totals_of_several_procedures_of_a_sector_add_up(load, database: Database, wave: str) -> None:
    load("agency,procedure,population\nTTPVHCC-31507,VD-CHUNG-THUC,5\nTTPVHCC-31528,VD-CHUNG-THUC,7\n")
    assert populations(database, wave) == {"TTPVHCC-31507.certification": 5, "TTPVHCC-31528.certification": 7}


def test_columns_that_nobody_asked_for_are_left_alone(load, database: Database, wave: str) -> None:
    load("phone,agency,sector,population\n0909,TTPVHCC-31507,land,5\n")
    assert populations(database, wave) == {"TTPVHCC-31507.land": 5}


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("NOWHERE,land,5", "agency 'NOWHERE' is not known: load it first with `hailong import agencies FILE`"),
        ("TTPVHCC-31507,moon,5", "sector 'moon' is not one of this wave's"),
        ("TTPVHCC-31507,health,5", "sector 'health' is not one of this wave's"),
        ("TTPVHCC-31507,land,0", "population '0' must be a whole number from 1"),
        ("TTPVHCC-31507,land,-3", "population '-3'"),
        ("TTPVHCC-31507,land,1.000", "population '1.000'"),
        ("TTPVHCC-31507,certification,9", "on line 2 already"),
    ],
)
def test_a_faulty_total_is_refused_with_its_line(refuse, row: str, reason: str) -> None:
    [(line, found)] = refuse(f"agency,sector,population\nTTPVHCC-31507,certification,3\n{row}\n")
    assert line == 3
    assert reason in found


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("D9,NOWHERE,VD-CHUNG-THUC", "agency 'NOWHERE' is not known"),
        ("D9,TTPVHCC-31507,VD-NONE", "procedure 'VD-NONE' has no sector: load it first with `hailong import proc"),
        ("D1,TTPVHCC-31528,VD-CHUNG-THUC", "the dossier of this line is on line 2 already"),
        (",TTPVHCC-31528,VD-CHUNG-THUC", "dossier must hold 1 to 200 letters"),
    ],
)
def test_a_faulty_transaction_is_refused_with_its_line_and_never_named(refuse, row: str, reason: str) -> None:
    [(line, found)] = refuse(f"dossier,agency,procedure\nD1,TTPVHCC-31507,VD-CHUNG-THUC\n{row}\n")
    assert line == 3
    assert reason in found
    assert "D1" not in found


def test_a_procedure_and_another_sector_on_one_row_contradict(refuse) -> None:
    [(line, reason)] = refuse("dossier,agency,sector,procedure\nD1,TTPVHCC-31507,land,VD-CHUNG-THUC\n")
    assert (line, reason) == (2, "procedure VD-CHUNG-THUC counts for the sector certification, not 'land': correct one")


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        ("agency,sector,count", "either population or dossier"),
        ("agency,sector,population,dossier", "either population or dossier"),
        ("agency,population", "a column 'sector' or 'procedure' is missing"),
        ("", "either population or dossier"),
    ],
)
def test_a_file_of_neither_form_is_refused(refuse, header: str, reason: str) -> None:
    [(line, found)] = refuse(header + "\n")
    assert line == 1
    assert reason in found


def test_nothing_is_left_of_a_refused_frame(refuse, database: Database, wave: str) -> None:
    refuse(dossiers(3) + "D1,TTPVHCC-31507,land\n")
    assert populations(database, wave) == {}
    assert unit_places(database) == {}


def test_before_anybody_is_drawn_a_new_file_replaces_the_units(load, database: Database, wave: str) -> None:
    load(dossiers(3))
    assert load(dossiers(2, first=10)).version == 2
    assert populations(database, wave) == {"TTPVHCC-31507.land": 2}
    assert len(unit_places(database)) == 2


def test_once_somebody_is_drawn_new_units_come_after_those_that_were_there(
    load, database: Database, keys: Keys, wave: str, today: date
) -> None:
    load(dossiers(5))
    before = unit_places(database)
    invite(database, keys, wave, 3, seed=1, today=today)
    text = dossiers(2, first=6).replace("dossier,agency,sector\n", "")
    assert load("dossier,agency,sector\n" + text + dossiers(5).partition("\n")[2]).version == 2
    after = unit_places(database)
    assert {unit: after[unit] for unit in before} == before
    assert sorted(place for unit, (_, place) in after.items() if unit not in before) == [6, 7]
    assert populations(database, wave) == {"TTPVHCC-31507.land": 7}


def test_once_somebody_is_drawn_no_unit_may_vanish_or_move(
    load, refuse, database: Database, keys: Keys, wave: str, today: date
) -> None:
    load(dossiers(5))
    invite(database, keys, wave, 1, seed=1, today=today)
    [(line, reason)] = refuse(dossiers(4))
    assert (line, reason[:12]) == (0, "1 dossiers o")
    [(line, reason)] = refuse(dossiers(4) + "D5,TTPVHCC-31507,civil_status\n")
    assert (line, reason) == (6, "this dossier was in stratum TTPVHCC-31507.land before: who is drawn cannot move")
    [(_, reason)] = refuse("agency,sector,population\nTTPVHCC-31507,land,10\n")
    assert "import transactions again" in reason
    assert populations(database, wave) == {"TTPVHCC-31507.land": 5}


def test_totals_cannot_shrink_below_who_was_drawn(
    load_totals: LoadTotals, refuse, database: Database, keys: Keys, wave: str, today: date
) -> None:
    load_totals(land=5)
    invite(database, keys, wave, 5, seed=1, today=today)
    [(_, reason)] = refuse("agency,sector,population\nTTPVHCC-31507,land,4\n")
    assert "number 5 in it was invited" in reason
    [(_, reason)] = refuse(dossiers(9))
    assert "import totals again" in reason
    assert load_totals(land=6, civil_status=2) == 2


def test_a_wave_of_imported_counts_takes_no_frame(
    database: Database, signer: Signer, keys: Keys, today: date, tmp_path: Path, examples: Path
) -> None:
    path = tmp_path / "counts.csv"
    path.write_text(
        "service,month,very_dissatisfied,dissatisfied,neither,satisfied,very_satisfied\na,2026-01,0,0,0,0,1\n"
    )
    import_counts(database, signer, path, wave_code="REAL", today=today)
    with pytest.raises(ImportRefused, match="takes no frame"):
        import_frame(database, keys, examples / "frame-totals.csv", wave_code="REAL", today=today)
    with pytest.raises(UnknownWave):
        import_frame(database, keys, examples / "frame-totals.csv", wave_code="NOWHERE", today=today)


def test_the_same_places_again_add_nothing(database: Database, wave: str, examples: Path) -> None:
    again = import_agencies(database, examples / "agencies.csv")
    assert (again.added, again.known) == (0, 3)
    again = import_procedures(database, examples / "procedures.csv")
    assert (again.added, again.known) == (0, 3)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("A B,Tên,hospital,public,,2026-01-01", "code 'A B'"),
        ("A,,hospital,public,,2026-01-01", "name_vi must be"),
        ("A,Tên,hospital,shared,,2026-01-01", "ownership 'shared' must be public or private"),
        ("A,Tên,hospital,public,99999,2026-01-01", "area '99999' is not known"),
        ("A,Tên,hospital,public,,01/01/2026", "valid_from '01/01/2026' must be a date written as YYYY-MM-DD"),
        ("TTPVHCC-31507,Tên khác,hospital,public,,2026-01-01", "with another name, kind or area"),
    ],
)
def test_a_faulty_agency_is_refused_with_its_line(
    database: Database, wave: str, tmp_path: Path, row: str, reason: str
) -> None:
    path = tmp_path / "agencies.csv"
    path.write_text(f"code,name_vi,kind,ownership,area,valid_from\nOK,Tên,hospital,public,,2026-01-01\n{row}\n")
    with pytest.raises(ImportRefused) as refused:
        import_agencies(database, path)
    [problem] = refused.value.problems
    assert problem.line == 3
    assert reason in problem.reason
    with database.reading() as connection:
        assert places.find_agency(connection, "OK") is None


def test_a_later_decision_moves_a_procedure_to_another_sector_from_its_day_on(
    database: Database, wave: str, tmp_path: Path
) -> None:
    path = tmp_path / "procedures.csv"
    path.write_text(
        "code,name_vi,sector,decided_by,decided_on\nVD-CHUNG-THUC,Chứng thực,justice,Quyết định,2026-03-01\n"
    )
    import_procedures(database, path)
    with database.reading() as connection:
        for day, sector in ((date(2026, 2, 28), "certification"), (date(2026, 3, 1), "justice")):
            assert places.list_procedure_sectors(connection, day)["VD-CHUNG-THUC"] == sector
            assert places.find_sector_of_procedure(connection, "VD-CHUNG-THUC", day) == sector


@given(content=st.one_of(st.binary(max_size=200), st.text("D1,;TPVHC-31507land\n\"'", max_size=120).map(str.encode)))
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_become_a_frame_or_a_refusal(
    content: bytes, database: Database, keys: Keys, wave: str, today: date, tmp_path: Path
) -> None:
    path = tmp_path / "fuzzed.csv"
    path.write_bytes(b"dossier,agency,sector\n" + content)
    try:
        imported = import_frame(database, keys, path, wave_code=wave, today=today)
    except ImportRefused:
        return
    assert imported.population > 0
