"""A small wave whose every number is known: agencies, a frame, so many invited in each stratum, so many answers."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from survey.actions.answering import answer
from survey.actions.publishing import sign
from survey.actions.sealing import seal
from survey.actions.tallying import tally
from survey.actions.waves import open_wave
from survey.keys import Keys, new_token
from survey.mandate.rules import Rule
from survey.proof import Signer
from survey.store import frames, invitations, places
from survey.store.audits import By
from survey.store.database import Connection, Database
from survey.store.frames import Stratum
from survey.store.questionnaires import Signature, add_signature
from survey.store.writer import Writer, open_writer

OPENS, CLOSES, TODAY = date(2026, 11, 1), date(2026, 11, 30), date(2026, 11, 24)
AFTER = date(2026, 12, 1)
Cell = tuple[str, str]


@dataclass
class Fieldwork:
    """A wave in a database; a stratum is an agency and a sector, and its code joins both by a point."""

    database: Database
    keys: Keys
    signer: Signer
    wave: str
    writer: Writer
    tokens: dict[str, list[str]] = field(default_factory=dict)

    def answer(self, token: str, level: str = "5", *, key: str | None = None, **others: str) -> str:
        """One person's answer; the receipt."""
        return answer(
            self.database,
            self.writer,
            self.keys,
            token=token,
            key=key or secrets.token_hex(16),
            language="vi",
            answers={"G1": level, **others},
            today=TODAY,
        )

    def answer_all(self, levels: Mapping[str, str]) -> list[str]:
        """In each stratum a person for each letter of its levels, such as "55541"; the receipts."""
        return [self.answer(self.tokens[stratum].pop(0), level) for stratum, given in levels.items() for level in given]

    def seal_and_tally(self, today: date = TODAY) -> int:
        """The number of responses sealed."""
        sealed = seal(self.database, self.signer, today)
        tally(self.database)
        return sealed


def begin_fieldwork(
    database: Database,
    keys: Keys,
    signer: Signer,
    populations: Mapping[Cell, int],
    *,
    code: str = "W",
    invited: int | Mapping[str, int] = 0,
    rule: Rule | None = None,
    questionnaire: str = "onequestion@1",
    purpose: str = "official",
    seal_minimum: int = 1,
    opens_on: date = OPENS,
    closes_on: date = CLOSES,
    channels: Sequence[str] = (),
    signed: bool = True,
) -> Fieldwork:
    """A wave with a frame of these populations and so many invited in each stratum."""
    open_wave(
        database,
        code=code,
        name={"vi": "Đợt thử", "en": "A trial", "km": "សាកល្បង"},
        questionnaire=questionnaire,
        opens_on=opens_on,
        closes_on=closes_on,
        rule=rule or Rule(),
        purpose=purpose,
        seal_minimum=seal_minimum,
        channels=channels,
    )
    strata = [
        Stratum(f"{agency}.{sector}", agency, sector, None, population)
        for (agency, sector), population in populations.items()
    ]
    with database.writing("fieldwork") as connection:
        if signed:
            sign_languages(connection, questionnaire)
        places.add_places(
            connection, places.agency, [_agency(name) for name in sorted({each[0] for each in populations})]
        )
        frames.add_frame(connection, code, strata, source="test", source_digest=bytes(32), on=TODAY)
    work = Fieldwork(database, keys, signer, code, open_writer(database))
    for stratum in strata:
        count = invited if isinstance(invited, int) else invited.get(stratum.code, 0)
        work.tokens[stratum.code] = _invite(work, stratum, min(count, stratum.population))
    return work


def publish(database: Database, code: str, *, by: str, now: datetime, today: date) -> None:
    """Sign a draft and publish it at once."""
    sign(database, code, note="Bản mới hơn.", due_at=None, by=By(by, now), today=today)


def sign_languages(connection: Connection, questionnaire: str) -> None:
    """Have somebody stand behind English and Khmer, without which an official wave is asked in Vietnamese only."""
    name, _, number = questionnaire.partition("@")
    for language in ("en", "km"):
        add_signature(connection, Signature(name, int(number), language, "a reviewer", "test", TODAY))


def _invite(work: Fieldwork, stratum: Stratum, count: int) -> list[str]:
    tokens = [new_token() for _ in range(count)]
    rows = [
        {
            "token_hash": work.keys.token_hash(token),
            "wave_code": work.wave,
            "stratum_code": stratum.code,
            "position": position,
            "probability": count / stratum.population,
            "frame_version": 1,
            "drawn_on": TODAY,
            "channel": "link",
        }
        for position, token in enumerate(tokens, start=1)
    ]
    with work.database.writing("fieldwork") as connection:
        invitations.add_invitations(connection, rows)
    return tokens


def _agency(code: str) -> dict[str, object]:
    return {
        "code": code,
        "name": {"vi": f"Cơ quan {code}"},
        "kind": "commune_centre",
        "ownership": "public",
        "area_code": None,
        "valid_from": date(2025, 7, 1),
        "valid_to": None,
    }
