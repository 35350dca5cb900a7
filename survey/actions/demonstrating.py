"""The demonstration: real published counts, and a synthetic province whose answers travel the conveyor like any other.

Every step looks first whether it was done, so that a second run, or a run after a crash, adds only what is missing.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from hashlib import sha256
from statistics import NormalDist

from survey.actions import waves
from survey.actions.demo_province import COMMENTS, TILES, Province, draw_tiles, list_procedure_rows, make_province
from survey.actions.importing_counts import import_counts
from survey.actions.inviting import invite
from survey.actions.reading_csv import Progress
from survey.actions.sealing import Leaf, append_leaves
from survey.actions.simulating import Setting, SyntheticResponse, simulate
from survey.keys import Keys
from survey.mandate.periods import half_month
from survey.mandate.published import published_file
from survey.mandate.questionnaires import load_questionnaire
from survey.mandate.rules import Rule
from survey.mandate.sectors import descendants
from survey.proof import NoteSigner, canonical_json, receipt_code, receipt_hash
from survey.store import area_trees, frames, invitations, ledger, places
from survey.store import waves as wave_store
from survey.store.database import Connection, Database
from survey.store.frames import Stratum

SEED = 20261124
ACTOR = "demo"
REAL_COUNTS = "opg_satisfaction.csv"
REAL_WAVE = "OPG"
REAL_NAME = {
    "vi": "Hai dịch vụ công của Anh và xứ Wales (số liệu thật, tự nguyện trả lời)",
    "en": "Two government services of England and Wales (real, self-selected)",
    "km": "សេវារដ្ឋាភិបាលពីរនៃប្រទេសអង់គ្លេស និងវែល (ទិន្នន័យពិត ឆ្លើយដោយស្ម័គ្រចិត្ត)",
}
PUBLISHED_BY = date(2026, 7, 31)
DAYS_OPEN_BEFORE, DAYS_OPEN_AFTER = 20, 60


@dataclass(frozen=True, slots=True)
class DemoWave:
    """A synthetic wave. Its frame is `share` of the province's yearly transactions in the questionnaire's sectors;
    `shift` moves everybody's satisfaction on the normal scale, so that a series has a course."""

    code: str
    name: Mapping[str, str]
    questionnaire: str
    invited: int
    opens_on: date
    closes_on: date
    series: str
    share: float = 1.0
    shift: float = 0.0


def _name(vi: str, en: str, km: str) -> dict[str, str]:
    return {"vi": f"{vi} (dữ liệu mẫu)", "en": f"{en} (sample data)", "km": f"{km} (ទិន្នន័យគំរូ)"}


def _earlier(year: int, shift: float) -> DemoWave:
    """An earlier, smaller year of procedures."""
    khmer = "".join(chr(0x17E0 + int(digit)) for digit in str(year))
    return DemoWave(
        f"TTHC-{year}",
        _name(f"Thủ tục hành chính {year}", f"Administrative procedures {year}", f"នីតិវិធីរដ្ឋបាល {khmer}"),
        "procedures@1",
        2400,
        date(year, 1, 15),
        date(year, 10, 31),
        "TTHC",
        shift=shift,
    )


CLOSED_WAVES = (
    _earlier(2022, -0.28),
    _earlier(2023, -0.22),
    _earlier(2024, -0.16),
    _earlier(2025, -0.05),
    DemoWave(
        "TTHC-2026",
        _name("Thủ tục hành chính 2026", "Administrative procedures 2026", "នីតិវិធីរដ្ឋបាល ២០២៦"),
        "procedures@1",
        9000,
        date(2026, 1, 15),
        date(2026, 10, 31),
        "TTHC",
    ),
    DemoWave(
        "YTE-2026",
        _name("Dịch vụ y tế công 2026", "Public health services 2026", "សេវាសុខាភិបាលសាធារណៈ ២០២៦"),
        "health@1",
        3600,
        date(2026, 3, 1),
        date(2026, 10, 14),
        "YTE",
    ),
    DemoWave(
        "GD-2026",
        _name("Dịch vụ giáo dục công 2026", "Public education services 2026", "សេវាអប់រំសាធារណៈ ២០២៦"),
        "education@1",
        5600,
        date(2026, 4, 1),
        date(2026, 6, 30),
        "GD",
    ),
)


@dataclass(frozen=True, slots=True)
class Demo:
    """What the demonstration holds, with one fresh token for each wave that takes answers."""

    real_wave: str
    waves: tuple[str, ...]
    tokens: Mapping[str, str]


def load_demo(
    database: Database, keys: Keys, signer: NoteSigner, *, today: date, progress: Progress | None = None
) -> Demo:
    """Load whatever of the demonstration is missing; the mandate must be loaded. The caller tallies and releases."""
    say = progress or _say_nothing
    _load_real_counts(database, signer, today)
    say(REAL_WAVE, 1)
    province = make_province(SEED)
    _add_places(database, province)
    demo_waves = (*CLOSED_WAVES, _open_wave(today))
    for wave in demo_waves:
        _load_wave(database, keys, signer, province, wave, today)
        say(wave.code, 1)
    codes = tuple(wave.code for wave in demo_waves)
    open_now = [wave.code for wave in waves.list_waves(database, open_on=today) if wave.code in codes]
    return Demo(REAL_WAVE, codes, {code: _invite_a_visitor(database, keys, code, today) for code in open_now})


def _open_wave(today: date) -> DemoWave:
    """The wave that takes answers now: a month's transactions, some of them answered already."""
    return DemoWave(
        "TTHC-OPEN",
        _name("Thủ tục hành chính, đợt đang mở", "Administrative procedures, open now", "នីតិវិធីរដ្ឋបាល កំពុងបើក"),
        "procedures@1",
        900,
        today - timedelta(days=DAYS_OPEN_BEFORE),
        today + timedelta(days=DAYS_OPEN_AFTER),
        "TTHC",
        share=1 / 12,
    )


def _load_real_counts(database: Database, signer: NoteSigner, today: date) -> None:
    with database.reading() as connection:
        if wave_store.find_wave(connection, REAL_WAVE) is not None:
            return
    import_counts(
        database,
        signer,
        published_file(REAL_COUNTS),
        wave_code=REAL_WAVE,
        today=max(today, PUBLISHED_BY),
        name=REAL_NAME,
        purpose="demo",
    )


def _add_places(database: Database, province: Province) -> None:
    with database.writing("demo-places") as connection:
        places.add_places(connection, places.agency, province.agencies)
        procedures, decisions = zip(*list_procedure_rows(), strict=True)
        places.add_places(connection, places.procedure, procedures)
        places.add_places(connection, places.procedure_sector, decisions)
        for code, outline in draw_tiles():
            area_trees.set_shape(connection, code, outline, TILES)


def _load_wave(
    database: Database, keys: Keys, signer: NoteSigner, province: Province, wave: DemoWave, today: date
) -> None:
    with database.reading() as connection:
        known = wave_store.find_wave(connection, wave.code)
    if known is None:
        _open(database, wave)
    else:
        wave = replace(wave, opens_on=known.opens_on, closes_on=known.closes_on)
    with database.writing("demo-frame") as connection:
        if frames.find_frame_version(connection, wave.code) is None:
            _add_frame(connection, wave, province, today)
    with database.reading() as connection:
        invited = invitations.count_invitations(connection, wave.code)
    if not invited:
        invite(database, keys, wave.code, wave.invited, seed=SEED, today=wave.opens_on, channel="link", actor=ACTOR)
    with database.writing("demo-answers") as connection:
        if ledger.find_last_position(connection, wave.code) is None:
            _add_answers(connection, keys, signer, wave, province, today)


def _open(database: Database, wave: DemoWave) -> None:
    waves.open_wave(
        database,
        code=wave.code,
        name=wave.name,
        questionnaire=wave.questionnaire,
        opens_on=wave.opens_on,
        closes_on=wave.closes_on,
        rule=Rule(),
        series=wave.series,
        purpose="demo",
        seal_minimum=1,
    )


def _add_frame(connection: Connection, wave: DemoWave, province: Province, today: date) -> None:
    sector = load_questionnaire(wave.questionnaire).sector
    assert sector is not None
    inside = descendants(sector)
    strata = [
        replace(stratum, population=max(2, round(stratum.population * wave.share)))
        for stratum in province.strata
        if stratum.sector_code in inside
    ]
    frames.add_frame(
        connection,
        wave.code,
        strata,
        source=f"synthetic, seed {SEED}",
        source_digest=_digest(strata),
        on=min(today, wave.opens_on),
    )


def _digest(strata: list[Stratum]) -> bytes:
    return sha256(canonical_json([[stratum.code, stratum.population] for stratum in strata])).digest()


def _add_answers(
    connection: Connection, keys: Keys, signer: NoteSigner, wave: DemoWave, province: Province, today: date
) -> None:
    """Responses of some of those invited, straight into the ledger in one shuffled batch, with their tokens spent."""
    invited = invitations.list_token_hashes(connection, wave.code)
    answered = simulate(
        load_questionnaire(wave.questionnaire),
        [_shifted(province.settings[stratum_code], wave.shift) for _, stratum_code in invited],
        seed=SEED + (wave.opens_on.year if wave.shift else 0),
        first_day=wave.opens_on,
        last_day=max(wave.opens_on, min(wave.closes_on, today)),
        comments=COMMENTS,
    )
    given = [(where, response) for where, response in zip(invited, answered, strict=True) if response is not None]
    invitations.add_spent_tokens(connection, wave.code, [where for where, _ in given])
    leaves = [_leaf(wave, stratum_code, response) for (_, stratum_code), response in given]
    secrets.SystemRandom().shuffle(leaves)
    receipts = [receipt_hash(receipt_code(keys.receipt, secrets.token_hex(16))) for _ in leaves]
    append_leaves(connection, signer, wave.code, leaves, receipts, today)


def _shifted(setting: Setting, shift: float) -> Setting:
    if not shift:
        return setting
    return replace(setting, satisfaction=NormalDist().cdf(NormalDist().inv_cdf(setting.satisfaction) + shift))


def _leaf(wave: DemoWave, stratum_code: str, response: SyntheticResponse) -> Leaf:
    codes = {
        "answers": response.answers,
        "assisted": int(response.assisted),
        "channel": "link",
        "class": "",
        "kind": "response",
        "language": response.language,
        "period": half_month(response.day),
        "psu": "",
        "questionnaire": wave.questionnaire,
        "stratum": stratum_code,
        "wave": wave.code,
    }
    return Leaf(
        kind="response",
        nonce1=secrets.token_bytes(32),
        codes=canonical_json(codes),
        nonce2=secrets.token_bytes(32),
        text=canonical_json(response.comments),
    )


def _invite_a_visitor(database: Database, keys: Keys, wave_code: str, today: date) -> str:
    invited = invite(database, keys, wave_code, 1, seed=secrets.token_hex(8), today=today, channel="link", actor=ACTOR)
    return invited[0].token


def _say_nothing(_stage: str, _count: int) -> None:
    pass
