"""Canaries: answers that an auditor knows beforehand, sent through the field to see whether they arrive unchanged.

A canary is an ordinary place of the sample with an ordinary token; only the auditor's plan, a file that never enters
the house, tells it apart. The plan's hash goes into the audit trail when it is made, so that it cannot be fitted
afterwards. The sentence to be written as a comment is how its answer is found again.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from hashlib import sha256

from survey.actions.excluding import exclude
from survey.actions.inviting import invite
from survey.keys import Keys
from survey.mandate.questionnaires import Questionnaire
from survey.proof import RESPONSE, NoteSigner, canonical_json
from survey.store import audits, ledger
from survey.store import waves as wave_store
from survey.store.database import Database
from survey.store.questionnaires import load_version

COMMITTED, CHECKED = "canaries-committed", "canaries-checked"
REASON = "canary@1: an auditor's own test of the path, with a known answer."
ARRIVED, CHANGED, MISSING = "arrived", "changed", "missing"
OPENINGS = ("Tôi đến buổi sáng", "Tôi đến buổi chiều", "Hôm đó trời mưa", "Tôi đi cùng con", "Tôi đi một mình")
MIDDLES = (
    "ngồi chờ ở hàng ghế đầu",
    "ngồi gần cửa sổ",
    "đứng cạnh máy lấy số",
    "lấy số ở bàn ngoài",
    "hỏi người bảo vệ",
)
DETAILS = ("có mang theo nước", "quên mang bút", "gặp lại người quen", "đọc báo trong lúc chờ", "gọi điện về nhà")
ENDINGS = ("rồi ra về lúc gần trưa", "rồi ghé chợ", "rồi đi làm lại", "rồi đón cháu ở trường", "rồi về bằng xe buýt")


class NoCanary(ValueError):
    """The wave cannot carry canaries, or the plan is not one that was committed; the message says why."""


@dataclass(frozen=True, slots=True)
class Canary:
    """One invitation in an auditor's hands, what shall be answered on it, and the comment to be written."""

    token: str
    code: str
    stratum: str
    answers: Mapping[str, str]
    comment: str


@dataclass(frozen=True, slots=True)
class Plan:
    """The auditor's secret: canaries of one wave, with a random salt so that its hash tells nothing."""

    wave: str
    salt: str
    canaries: tuple[Canary, ...]

    def serialise(self) -> str:
        """The file that the auditor keeps."""
        return canonical_json(
            {"canaries": [asdict(each) for each in self.canaries], "salt": self.salt, "wave": self.wave}
        ).decode()

    @property
    def digest(self) -> str:
        """What the audit trail keeps of it."""
        return sha256(self.serialise().encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Finding:
    """What became of a canary: arrived, changed (with the items that differ) or missing, and its row of the ledger."""

    canary: Canary
    state: str
    position: int | None = None
    differs: tuple[str, ...] = ()


def commit_canaries(
    database: Database, keys: Keys, wave_code: str, count: int, *, seed: str, by: str, now: datetime, today: date
) -> Plan:
    """Draw places for canaries and decide what they will say; the plan is the only copy.

    Raises UnknownWave, WaveOver, NoFrame or TooMany from inviting, and NoCanary.
    """
    questionnaire = _questionnaire(database, wave_code)
    comment = _comment_item(questionnaire)
    marks = _marks(count)
    invited = invite(database, keys, wave_code, count, seed=seed, today=today, now=now, actor=by)
    canaries = tuple(
        Canary(each.token, each.code, each.stratum_code, _pick_answers(questionnaire), mark)
        for each, mark in zip(invited, marks, strict=True)
    )
    plan = Plan(wave_code, secrets.token_hex(16), canaries)
    with database.writing("commit-canaries") as connection:
        detail = {"canaries": count, "comment_item": comment, "digest": plan.digest}
        audits.add_event(connection, at=now, actor=by, event=COMMITTED, subject=wave_code, detail=detail)
    return plan


def read_plan(text: str) -> Plan:
    """A plan from its file. Raises NoCanary."""
    try:
        read = json.loads(text)
        return Plan(read["wave"], read["salt"], tuple(Canary(**each) for each in read["canaries"]))
    except (ValueError, KeyError, TypeError) as wrong:
        raise NoCanary("This is no plan of canaries: give the file that `hailong canary commit` wrote.") from wrong


def check_canaries(database: Database, plan: Plan, *, by: str, now: datetime) -> list[Finding]:
    """Look for every canary among the sealed responses; entered in the audit trail. Raises NoCanary."""
    with database.writing("check-canaries") as connection:
        _require_committed(audits.list_entries(connection), plan)
        comment = _comment_item(_questionnaire(database, plan.wave))
        wanted = {each.comment: each for each in plan.canaries}
        found: dict[str, Finding] = {}
        for row in ledger.iterate_rows(connection, wave_code=plan.wave):
            if row.kind != RESPONSE or row.text is None:
                continue
            canary = wanted.get(json.loads(row.text).get(comment, ""))
            if canary is not None:
                found[canary.token] = _compare(canary, row.position, json.loads(row.codes)["answers"])
        findings = [found.get(each.token, Finding(each, MISSING)) for each in plan.canaries]
        counts = {state: sum(each.state == state for each in findings) for state in (ARRIVED, CHANGED, MISSING)}
        audits.add_event(
            connection, at=now, actor=by, event=CHECKED, subject=plan.wave, detail={**counts, "digest": plan.digest}
        )
    return findings


def exclude_canaries(
    database: Database,
    keys: Keys,
    signer: NoteSigner,
    findings: Sequence[Finding],
    *,
    sessions: Sequence[str],
    now: datetime,
    today: date,
) -> int:
    """Take the canaries that came out of the rate, by two auditors together; how many. Raises NotExcluded."""
    positions = [each.position for each in findings if each.position is not None]
    with database.reading() as connection:
        beside = {each["excluded_position"] for each in ledger.list_exclusions(connection)}
    due = [position for position in positions if position not in beside]
    for position in due:
        exclude(database, keys, signer, position=position, reason=REASON, sessions=sessions, now=now, today=today)
    return len(due)


def list_checks(database: Database, wave_code: str) -> list[tuple[date, Mapping[str, int]]]:
    """Day and counts of every check of canaries, for the auditors' page."""
    with database.reading() as connection:
        entries = audits.list_entries(connection)
    return [(each.at.date(), json.loads(each.detail)) for each in _of(entries, CHECKED, wave_code)]


def _require_committed(entries: Sequence[audits.Entry], plan: Plan) -> None:
    if plan.digest not in {json.loads(each.detail)["digest"] for each in _of(entries, COMMITTED, plan.wave)}:
        raise NoCanary("No plan with this hash was committed for the wave: it was changed since, or made afterwards.")


def _of(entries: Sequence[audits.Entry], event: str, subject: str) -> Iterator[audits.Entry]:
    return (each for each in entries if each.event == event and each.subject == subject)


def _questionnaire(database: Database, wave_code: str) -> Questionnaire:
    with database.reading() as connection:
        wave = wave_store.find_wave(connection, wave_code)
        if wave is None or wave.questionnaire_code is None:
            raise NoCanary(f"Wave {wave_code} asks nobody anything. `hailong waves` lists those that do.")
        return load_version(connection, wave.questionnaire)


def _comment_item(questionnaire: Questionnaire) -> str:
    for item in questionnaire.items:
        if item.kind == "comment":
            return item.code
    raise NoCanary(f"{questionnaire.key} has no place for a comment, by which a canary would be found again.")


def _pick_answers(questionnaire: Questionnaire) -> dict[str, str]:
    scales = [item for item in questionnaire.items if item.kind == "scale" and item.show_if is None]
    return {item.code: secrets.choice([each.code for each in item.choices if each.score]) for item in scales}


def _marks(count: int) -> list[str]:
    """Sentences that read like anybody's, all different."""
    sentences = [
        f"{opening}, {middle}, {detail}, {ending}."
        for opening in OPENINGS
        for middle in MIDDLES
        for detail in DETAILS
        for ending in ENDINGS
    ]
    if count > len(sentences):
        raise NoCanary(f"At most {len(sentences)} canaries are told apart by their comments: ask for fewer.")
    return secrets.SystemRandom().sample(sentences, count)


def _compare(canary: Canary, position: int, answers: Mapping[str, str]) -> Finding:
    items = sorted({*answers, *canary.answers})
    differs = tuple(item for item in items if answers.get(item) != canary.answers.get(item))
    return Finding(canary, CHANGED if differs else ARRIVED, position, differs)
