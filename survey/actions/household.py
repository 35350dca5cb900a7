"""Household sampling: villages with probability proportional to size, households systematically from a fresh list.

Every stage's chance is kept when it is drawn, by a seed that anybody can repeat (analysis.draw): villages from the
frame by size (Cochran, Sampling Techniques, 1977, 9A), households at equal steps down a list that somebody else
updated before the draw. One adult is drawn on the doorstep (survey.actions.interviewing). Nobody is replaced.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import sha256
from pathlib import Path

from analysis.drawing import Drawn, draw
from survey.actions.reading_csv import Columns, CsvFile, is_code, is_name, read_count
from survey.actions.waves import WrongChannel, find_wave
from survey.store import fieldwork, frames, invitations, minting, places
from survey.store.audits import By
from survey.store.database import Connection, Database
from survey.store.fieldwork import Household, HouseholdList, Psu
from survey.store.frames import Stratum
from survey.store.places import EVERYTHING

COLUMNS = Columns(("psu", "name", "stratum", "agency", "households", "adults"))
LEAST_PSUS, LEAST_DF = 2, 8
MOST_ROWS, MOST_SIZE = 100_000, 1_000_000
LONGEST_ADDRESS = 300
CHANNEL = "interviewer"
ASKED_BY = ("interviewer", "phone")
OF_THE_PUBLIC = "public"


class CannotDraw(ValueError):
    """The sample cannot be drawn as asked; the message says what to change."""


class UnknownPsu(LookupError):
    """No village of the wave has this code."""


@dataclass(frozen=True, slots=True)
class PsuReport:
    """A village with its list, if it has one."""

    psu: Psu
    listed: HouseholdList | None


def import_psus(database: Database, path: Path, *, wave_code: str, today: date, by: By) -> int:
    """Load a wave's villages: psu, name, stratum, agency, households, adults; how many. Only before anything is drawn.

    A stratum is a group of communes; its population is the adults of its villages. Raises ImportRefused, WrongChannel,
    CannotDraw.
    """
    wave = find_wave(database, wave_code)
    if wave.population != OF_THE_PUBLIC:
        raise CannotDraw(f"Wave {wave_code} asks those who had a transaction. Open one with --population public.")
    if not any(map(wave.uses, ASKED_BY)):
        raise WrongChannel(wave, ASKED_BY[0])
    with database.reading() as connection:
        agencies = places.list_agencies(connection, EVERYTHING)
        if fieldwork.list_psus(connection, wave_code):
            raise CannotDraw(f"Wave {wave_code} has its villages already. A corrected frame is a new wave.")
    file = CsvFile(path)
    psus: dict[str, Psu] = {}
    adults: Counter[str] = Counter()
    of_stratum: dict[str, str] = {}
    for line, row in file.read(COLUMNS, MOST_ROWS):
        for reason in _find_faults(row, psus, agencies, of_stratum):
            file.refuse(line, reason)
        if not file.problems:
            psus[row["psu"]] = Psu(wave_code, row["psu"], row["stratum"], row["name"], int(row["households"]))
            adults[row["stratum"]] += int(row["adults"])
            of_stratum[row["stratum"]] = row["agency"]
    file.finish()
    strata = [Stratum(code, of_stratum[code], None, None, adults[code]) for code in sorted(adults)]
    with database.writing("import-psus") as connection:
        frames.add_frame(connection, wave_code, strata, source=path.name, source_digest=file.digest, on=today)
        fieldwork.add_psus(connection, list(psus.values()))
        by.record(connection, "villages-loaded", wave_code, villages=len(psus), digest=file.digest.hex())
    return len(psus)


def draw_psus(
    database: Database, wave_code: str, allocation: Mapping[str, int], *, seed: int | str, by: By
) -> list[Drawn]:
    """Draw so many villages in each stratum, with probability proportional to their households; once a wave.

    Two in every stratum and eight degrees of freedom at least. Raises CannotDraw.
    """
    with database.writing("draw-villages") as connection:
        known = fieldwork.list_psus(connection, wave_code)
        _check_allocation(wave_code, known, allocation)
        listed = {stratum: [each.code for each in known if each.stratum_code == stratum] for stratum in allocation}
        sizes = {each.code: float(each.households) for each in known}
        drawn = draw(listed, allocation, f"{wave_code}/villages/{seed}", "pps", sizes)
        for each in drawn:
            fieldwork.change_psu(connection, wave_code, each.identifier, probability=each.probability, seed=str(seed))
        by.record(connection, "villages-drawn", wave_code, seed=str(seed), allocation=dict(allocation))
    return drawn


def keep_list(
    database: Database, wave_code: str, psu_code: str, addresses: Sequence[str], *, today: date, by: By
) -> HouseholdList:
    """Keep the updated list of a drawn village's households, one address a line. Raises UnknownPsu, CannotDraw."""
    clean = [" ".join(each.split())[:LONGEST_ADDRESS] for each in addresses if each.strip()]
    if not clean:
        raise CannotDraw("The list is empty: one household a line, with its address.")
    if len(set(clean)) != len(clean):
        raise CannotDraw("An address stands on the list twice: say which household of it is meant, or remove one.")
    digest = sha256("\n".join(clean).encode()).digest()
    kept = HouseholdList(wave_code, psu_code, by.actor, today, len(clean), digest)
    with database.writing("keep-list") as connection:
        village = _find_psu(connection, wave_code, psu_code)
        if village.probability is None:
            raise CannotDraw(f"Village {psu_code} was not drawn: it needs no list.")
        before = fieldwork.find_list(connection, wave_code, psu_code)
        if before is not None and before.drawn_on is not None:
            raise CannotDraw(f"Households of {psu_code} were drawn already: their list stays as it is.")
        fieldwork.replace_list(connection, kept, clean)
        by.record(connection, "households-listed", f"{wave_code}/{psu_code}", households=len(clean))
    return kept


def draw_households(
    database: Database, wave_code: str, psu_code: str, count: int, *, seed: int | str, today: date, by: By
) -> list[Household]:
    """Draw households at equal steps down the list, once; each becomes a place of the sample with its chance.

    Whoever listed does not draw, and nobody is drawn to replace another. Raises UnknownPsu, CannotDraw.
    """
    with database.writing("draw-households") as connection:
        village = _find_psu(connection, wave_code, psu_code)
        listed = fieldwork.find_list(connection, wave_code, psu_code)
        _check_list(psu_code, listed, count, by.actor)
        assert listed is not None
        assert village.probability is not None
        numbers = [str(number) for number in range(1, listed.households + 1)]
        drawn = draw({psu_code: numbers}, {psu_code: count}, f"{wave_code}/households/{seed}", "systematic")
        first = fieldwork.find_last_position(connection, wave_code, village.stratum_code) + 1
        chance = drawn[0].probability
        for position, each in enumerate(drawn, start=first):
            found = fieldwork.find_household(connection, wave_code, psu_code, int(each.identifier))
            assert found is not None
            fieldwork.change_household(
                connection, found, drawn=True, stratum_code=village.stratum_code, position=position
            )
        invitations.add_invitations(
            connection, _places(connection, village, range(first, first + count), village.probability * chance, today)
        )
        fieldwork.change_list(
            connection, wave_code, psu_code, drawn_by=by.actor, drawn_on=today, seed=str(seed), probability=chance
        )
        by.record(connection, "households-drawn", f"{wave_code}/{psu_code}", seed=str(seed), count=count)
        return fieldwork.list_households(connection, wave_code, psu_code)


def assign(database: Database, wave_code: str, psu_code: str, interviewer: str, *, by: By) -> None:
    """Say who works in a drawn village. Raises UnknownPsu, CannotDraw."""
    with database.writing("assign-village") as connection:
        if _find_psu(connection, wave_code, psu_code).probability is None:
            raise CannotDraw(f"Village {psu_code} was not drawn: nobody works there.")
        fieldwork.change_psu(connection, wave_code, psu_code, interviewer=interviewer)
        by.record(connection, "village-assigned", f"{wave_code}/{psu_code}", interviewer=interviewer)


def list_reports(database: Database, wave_code: str) -> list[PsuReport]:
    """Every village of a wave, with its list."""
    with database.reading() as connection:
        lists = fieldwork.list_lists(connection, wave_code)
        return [PsuReport(each, lists.get(each.code)) for each in fieldwork.list_psus(connection, wave_code)]


def forget(database: Database, wave_code: str, *, today: date, by: By) -> int:
    """Empty the addresses and rosters of a wave that takes no more answers; how many. Raises CannotDraw."""
    wave = find_wave(database, wave_code)
    if today <= wave.closes_on + timedelta(days=wave.grace_days):
        raise CannotDraw(f"Wave {wave_code} still takes answers: its addresses are needed.")
    with database.writing("forget-households") as connection:
        forgotten = fieldwork.forget_households(connection, wave_code)
        by.record(connection, "households-forgotten", wave_code, households=forgotten)
    return forgotten


def _find_faults(
    row: Mapping[str, str],
    psus: Mapping[str, Psu],
    agencies: Mapping[str, object],
    of_stratum: Mapping[str, str],
) -> list[str]:
    sizes = [read_count(row[name], MOST_SIZE) for name in ("households", "adults")]
    checks = {
        f"the village {row['psu']!r} is there twice: keep one": row["psu"] not in psus,
        "psu and stratum are codes of letters, digits, '.', '_' and '-'": is_code(row["psu"])
        and is_code(row["stratum"]),
        "the name is empty or too long": is_name(row["name"], LONGEST_ADDRESS),
        f"there is no agency {row['agency']!r}: import agencies first": row["agency"] in agencies,
        f"stratum {row['stratum']!r} has another agency above: a stratum has one": of_stratum.get(
            row["stratum"], row["agency"]
        )
        == row["agency"],
        "households and adults are whole numbers of at least 1": all(sizes),
    }
    return [reason for reason, holds in checks.items() if not holds]


def _check_allocation(wave_code: str, known: Sequence[Psu], allocation: Mapping[str, int]) -> None:
    if not known:
        raise CannotDraw(f"Wave {wave_code} has no villages: `hailong household psus FILE --wave {wave_code}`.")
    if any(each.probability is not None for each in known):
        raise CannotDraw(f"The villages of wave {wave_code} are drawn already. Another sample is another wave.")
    strata = {each.stratum_code for each in known}
    if set(allocation) != strata:
        raise CannotDraw(f"Name every stratum once: {', '.join(sorted(strata))}.")
    small = sorted(code for code, count in allocation.items() if count < LEAST_PSUS)
    if small:
        raise CannotDraw(f"Stratum {small[0]} needs at least {LEAST_PSUS} villages, else it has no variance.")
    df = sum(allocation.values()) - len(allocation)
    if df < LEAST_DF:
        raise CannotDraw(
            f"{sum(allocation.values())} villages in {len(allocation)} strata leave {df} degrees of freedom; "
            f"a verdict needs {LEAST_DF}: draw {LEAST_DF - df} villages more, or join strata."
        )


def _check_list(psu_code: str, listed: HouseholdList | None, count: int, actor: str) -> None:
    if listed is None:
        raise CannotDraw(f"Village {psu_code} has no list of its households yet.")
    if listed.drawn_on is not None:
        raise CannotDraw(f"Households of {psu_code} were drawn already. Who does not answer is not replaced.")
    if listed.listed_by == actor:
        raise CannotDraw(f"{actor} listed the households of {psu_code}: somebody else draws them.")
    if not 1 <= count <= listed.households:
        raise CannotDraw(f"The list of {psu_code} has {listed.households} households: draw 1 to as many.")


def _places(
    connection: Connection, village: Psu, positions: range, probability: float, today: date
) -> list[dict[str, object]]:
    version = frames.find_frame_version(connection, village.wave_code)
    return [
        {
            "token_hash": minting.no_token(),
            "code_hash": None,
            "wave_code": village.wave_code,
            "stratum_code": village.stratum_code,
            "position": position,
            "probability": probability,
            "frame_version": version,
            "drawn_on": today,
            "channel": CHANNEL,
            "disposition": minting.MINTED,
            "followed": False,
        }
        for position in positions
    ]


def _find_psu(connection: Connection, wave_code: str, psu_code: str) -> Psu:
    found = fieldwork.find_psu(connection, wave_code, psu_code)
    if found is None:
        raise UnknownPsu(f"Wave {wave_code} has no village {psu_code}: `hailong household list {wave_code}`.")
    return found
