"""Ten thousand tampers with a real auditor's bundle: each is caught, and the first thing that is wrong is named.

In half of the kinds the forger holds the log's own keys and signs everything again. A few hundred run with every test;
HAILONG_FULL_COUNTS=1 runs all.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import random
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from fieldwork import TODAY, begin_fieldwork, publish

from survey.actions.bundling import write_bundle
from survey.actions.rekeying import rotate_key
from survey.actions.releasing import release_wave
from survey.actions.sealing import append_leaves, new_leaf, sign_due
from survey.actions.tallying import tally
from survey.actions.verifying import verify_folder
from survey.actions.withdrawing import withdraw
from survey.keys import SIGNING_KEY_FILE, Keys
from survey.proof import (
    BOUND,
    HASH_SIZE,
    Checkpoint,
    Finding,
    History,
    KeyTrail,
    Signer,
    canonical_json,
    leaf_hash,
    parse_note,
    response_leaf,
    sign_note,
    text_digest,
    verify_bundle,
)
from survey.store.audits import By
from survey.store.database import Database

NOW = datetime(2026, 11, 24, 5, tzinfo=UTC)
TAMPERS = 10_000 if os.environ.get("HAILONG_FULL_COUNTS") else 200
THIEF = Signer("hailong-tests", b"t" * 32)
Files = dict[str, bytes]
Expected = Callable[[Finding], bool]


class Forger:
    """An honest bundle in memory, and ways to change it; `signers` are the log's own keys."""

    def __init__(self, folder: Path, signers: list[Signer]) -> None:
        self.honest: Files = {
            str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()
        }
        self.signers = signers
        self.numbers = range(1, sum(name.startswith("checkpoints/") for name in self.honest) + 1)
        self.heads = {n: Checkpoint.parse(parse_note(self.note(n)).text) for n in self.numbers}
        (self.statement,) = KeyTrail(json.loads(self.honest[f"keys/{self.numbers[-1]:06}.json"]), []).statements
        self.firsts = [1, self.statement.first]
        self.rows = self.honest["ledger.jsonl"].splitlines(keepends=True)

    def note(self, number: int) -> str:
        return self.honest[f"checkpoints/{number:06}.note"].decode()

    def sign_again(self, files: Files, signers: list[Signer] | None = None) -> Files:
        """Bind every file anew and sign every checkpoint and the rotation, as only who holds the keys can."""
        by = signers or self.signers
        files = dict(files)
        for number in self.numbers:
            if number >= self.statement.first:
                last = text_digest(files[f"checkpoints/{self.statement.first - 1:06}.note"].decode())
                statement = sign_note(replace(self.statement, last=last).format(), *self.signers)
                files[f"keys/{number:06}.json"] = canonical_json([statement])
            name = f"manifests/{number:06}.json"
            bound = {part: digest(files[f"{part}/{number:06}.{suffix}"]) for part, suffix in BOUND.items()}
            files[name] = canonical_json(json.loads(files[name]) | bound)
            head = self.heads[number]
            made = Checkpoint(head.origin, head.size, head.root, (f"manifest {digest(files[name])}",))
            key = by[sum(first <= number for first in self.firsts) - 1]
            files[f"checkpoints/{number:06}.note"] = sign_note(made.format(), key).encode()
        return files


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.fixture(scope="module")
def forger(migrated_file: Path, keys: Keys, signer: Signer, tmp_path_factory: pytest.TempPathFactory) -> Forger:
    """Three strata, answers taken back, answers excluded, two releases, a key rotated between."""
    home = tmp_path_factory.mktemp("drill")
    shutil.copy(migrated_file, home / "hailong.sqlite")
    database = Database(f"sqlite:///{home / 'hailong.sqlite'}", home / "write.lock")
    (home / "keys").mkdir()
    (home / "keys" / SIGNING_KEY_FILE).write_text(signer.skey + "\n")
    populations = {("A", "land"): 400, ("B", "land"): 600, ("A", "certification"): 500}
    work = begin_fieldwork(database, keys, signer, populations, invited=70)
    receipts = work.answer_all(
        {"A.land": "5" * 30 + "2" * 14, "B.land": "4" * 20 + "1" * 26, "A.certification": "53" * 20}
    )
    for receipt in receipts[::25]:
        assert withdraw(database, receipt) == "withdrawn"
    work.seal_and_tally()
    codes = {"kind": "exclusion", "reason": "thử", "rule": "try@1", "stratum": "A.land", "wave": "W"}
    positions = [at for at, row in enumerate(responses(database)) if row][:12]
    with database.writing("test") as connection:
        leaves = [new_leaf("exclusion", codes | {"excluded": at}) for at in positions]
        append_leaves(connection, signer, "W", leaves, (), TODAY)
    tally(database)
    for number in (1, 2):
        assert release_wave(database, "W", by="lan", today=TODAY)
        publish(database, f"W.{number}", by="hoa", now=NOW, today=TODAY)
        sign_due(database, work.signer, TODAY)
        if number == 1:
            rotate_key(database, home / "keys", reason="thử", actor="test", now=NOW, today=TODAY)
            work.signer = Signer.parse((home / "keys" / SIGNING_KEY_FILE).read_text().strip())
            work.answer_all({"A.land": "5" * 12, "B.land": "1" * 12, "A.certification": "5" * 12})
            work.seal_and_tally()
    write_bundle(database, work.signer.verifier, home / "bundle", reader=By("test", NOW))
    database.close()
    return Forger(home / "bundle", [signer, work.signer])


def responses(database: Database) -> list[bool]:
    """Whether each row is a response of A.land that nobody withdrew."""
    from survey.store import ledger

    with database.reading() as connection:
        rows = list(ledger.iterate_rows(connection))
    kinds = [row.kind for row in rows] + [""]
    return [
        row.kind == "response" and kinds[at + 1] != "withdrawal" and json.loads(row.codes)["stratum"] == "A.land"
        for at, row in enumerate(rows)
    ]


def changed_row(forger: Forger, chance: random.Random) -> tuple[Files, Expected]:
    """Edit, delete, insert, swap, truncate, repeat or replace the tail, with the published hashes rewritten or not."""
    rows, first = list(forger.rows), chance.randrange(len(forger.rows))
    how = chance.choice(["edit", "delete", "insert", "swap", "truncate", "tail"])
    other = chance.choice([at for at in range(len(rows)) if at != first])
    if how == "edit":
        rows[first] = forge(rows[first], chance)
    elif how == "delete":
        del rows[first]
    elif how == "insert":
        rows.insert(first, forge(rows[first], chance))
    elif how == "swap":
        rows[first], rows[other] = rows[other], rows[first]
        first = min(first, other)
    elif how == "truncate":
        del rows[first:]
    else:
        rows[first:] = [forge(row, chance) for row in rows[first:]]
    if chance.random() < 0.5:
        rows = [renumber(row, at) for at, row in enumerate(rows)]
    files = forger.honest | {"ledger.jsonl": b"".join(rows)}
    rewritten = chance.random() < 0.5
    if rewritten:
        files["leaves.bin"] = b"".join(hash_row(row) for row in rows)
    ends = [0, *(head.size for head in forger.heads.values())]
    start = max(end for end in ends if end <= first)
    misplaced = next((at for at, row in enumerate(rows) if json.loads(row)["index"] != at), first)
    named = {first, start, misplaced} if rewritten else {first}
    return files, lambda found: found.place == "ledger.jsonl" and found.row in named


def another_key(forger: Forger, chance: random.Random) -> tuple[Files, Expected]:
    signers = [THIEF, THIEF] if chance.random() < 0.5 else [forger.signers[0], THIEF]
    forged = forger.sign_again(forger.honest, signers)
    number = (
        chance.choice(forger.numbers)
        if signers[0] is THIEF
        else chance.randrange(forger.firsts[1], len(forger.heads) + 1)
    )
    name = f"checkpoints/{number:06}.note"
    return forger.honest | {name: forged[name]}, lambda found: found.place == name


def key_out_of_its_time(forger: Forger, chance: random.Random) -> tuple[Files, Expected]:
    """The older key goes on signing, or the newer one signs what was before it."""
    number = chance.choice(forger.numbers)
    own = sum(first <= number for first in forger.firsts) - 1
    name = f"checkpoints/{number:06}.note"
    note = sign_note(parse_note(forger.note(number)).text, forger.signers[1 - own])
    return forger.honest | {
        name: note.encode()
    }, lambda found: found.place == name and "whose time was" in found.message


def flipped_bit(forger: Forger, chance: random.Random) -> tuple[Files, Expected]:
    """In anything that is bound: accounting, exclusions, releases, receipts, keys, manifests, figures, frame, trail."""
    names = [name for name in forger.honest if "/" in name and forger.honest[name]] + ["audit.jsonl", "leaves.bin"]
    name = chance.choice(names)
    content = bytearray(forger.honest[name])
    content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    return forger.honest | {name: bytes(content)}, lambda found: found.place == name


def signed_figure(forger: Forger, chance: random.Random) -> tuple[Files, Expected]:
    """The keepers of the keys themselves raise a released figure, or its count, and sign it."""
    name = chance.choice([each for each in forger.honest if each.startswith("figures/")])
    lines = forger.honest[name].split(b"\n")
    shown = [at for at, line in enumerate(lines) if at and not json.loads(line)["suppressed"]]
    row = chance.choice(shown)
    figure = json.loads(lines[row])
    numbers = json.loads(figure["figure"])
    what = chance.choice(["rate", "n"])
    numbers[what] = numbers[what] + 1 if what == "n" else round(numbers[what] + chance.choice([-1, 1]) * 0.002, 3)
    figure["figure"] = json.dumps(numbers, sort_keys=True, ensure_ascii=False)
    lines[row] = json.dumps(figure, sort_keys=True, ensure_ascii=False).encode()
    return replace_release(
        forger, name, b"\n".join(lines)
    ), lambda found: found.place.startswith("figures/") and found.row == row


def signed_frame(forger: Forger, chance: random.Random) -> tuple[Files, Expected]:
    """They double the population of a stratum under figures that are released already."""
    name = chance.choice([each for each in forger.honest if each.startswith("figures/")])
    header, *lines = forger.honest[name].split(b"\n")
    told = json.loads(header)
    told_before, before = told["inputs"].encode(), f"inputs/{told['inputs']}.json"
    inputs = json.loads(forger.honest[before])
    land = [stratum for stratum in inputs["strata"] if stratum[2] == "land"]
    chance.choice(land)[-1] *= 2
    content = canonical_json(inputs)
    told["inputs"] = digest(content)
    files = replace_release(
        forger, name, b"\n".join([json.dumps(told, sort_keys=True, ensure_ascii=False).encode(), *lines])
    )
    if not any(told_before in content for content in files.values()):
        del files[before]
    return files | {f"inputs/{told['inputs']}.json": content}, lambda found: found.place.startswith("figures/")


def signed_exclusions(forger: Forger, chance: random.Random) -> tuple[Files, Expected]:
    """They hide an exclusion from the published list, name another row, or another reason."""
    name = next(n for n in forger.honest if n.startswith("exclusions/") and len(forger.honest[n]) > 2)
    told = json.loads(forger.honest[name])
    at = chance.randrange(len(told))
    how = chance.choice(["hide", "row", "reason"])
    if how == "hide":
        del told[at]
    else:
        told[at] |= {"excluded_position": told[at]["excluded_position"] + 1} if how == "row" else {"reason": "khác"}
    files = forger.sign_again(forger.honest | {name: canonical_json(told)})
    return files, lambda found: found.place in (name, "ledger.jsonl")


def signed_accounting(forger: Forger, chance: random.Random) -> tuple[Files, Expected]:
    """They count a withdrawn or excluded answer less, or a sealed one more."""
    name = chance.choice([each for each in forger.honest if each.startswith("accounting/")])
    told = json.loads(forger.honest[name])
    stratum = chance.choice(sorted(told["W"]))
    what = chance.choice(["sealed", "withdrawn", "excluded"])
    told["W"][stratum][what] = told["W"][stratum].get(what, 0) + 1
    files = forger.sign_again(forger.honest | {name: canonical_json(told)})
    return files, lambda found: found.place == name and stratum in found.message and what in found.message


def replace_release(forger: Forger, name: str, content: bytes) -> Files:
    """The bundle with another release under its digest, which every later checkpoint binds anew."""
    before, after = name[8:72].encode(), digest(content).encode()
    files = {other: value for other, value in forger.honest.items() if other != name}
    for number in forger.numbers:
        listed = f"releases/{number:06}.json"
        files[listed] = files[listed].replace(before, after)
    return forger.sign_again(files | {f"figures/{after.decode()}.jsonl": content})


def forge(line: bytes, chance: random.Random) -> bytes:
    """The row with other codes, another nonce or another text digest."""
    row = json.loads(line)
    which = chance.choice(["codes", "nonce1", "text_digest"])
    if which == "codes":
        codes = json.loads(base64.b64decode(row["codes"])) | {"language": f"x{chance.random()}"}
        row["codes"] = base64.b64encode(canonical_json(codes)).decode()
    else:
        row[which] = chance.randbytes(32).hex()
        row = {name: value for name, value in row.items() if name not in ("nonce2", "text")}
    return json.dumps(row, separators=(",", ":")).encode() + b"\n"


def renumber(line: bytes, index: int) -> bytes:
    return json.dumps(json.loads(line) | {"index": index}, separators=(",", ":")).encode() + b"\n"


def hash_row(line: bytes) -> bytes:
    row = json.loads(line)
    codes, text_digest = base64.b64decode(row["codes"]), bytes.fromhex(row["text_digest"])
    return leaf_hash(response_leaf(bytes.fromhex(row["nonce1"]), codes, text_digest))


KINDS = (
    changed_row,
    changed_row,
    another_key,
    key_out_of_its_time,
    flipped_bit,
    signed_figure,
    signed_frame,
    signed_exclusions,
    signed_accounting,
)


def unpack(files: Files, folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def test_the_bundle_is_honest_to_the_last_digit(forger: Forger, tmp_path: Path) -> None:
    findings = verify_folder(unpack(forger.honest, tmp_path / "b"), [forger.signers[0].verifier])
    assert findings.is_clean, findings.lines
    assert sum("recomputed to the last digit" in line for line in findings.lines) == 2


def test_signing_everything_again_without_a_change_is_no_alarm(forger: Forger, tmp_path: Path) -> None:
    """The control of the kinds that sign: it is not the new signature that is found."""
    forged = forger.sign_again(forger.honest)
    assert forged == forger.honest


def test_every_tamper_is_caught_and_the_first_bad_thing_is_named(forger: Forger, tmp_path: Path) -> None:
    missed = []
    for seed in range(TAMPERS):
        chance = random.Random(seed)
        files, expected = KINDS[seed % len(KINDS)](forger, chance)
        if files == forger.honest:
            continue
        found = verify_bundle(unpack(files, tmp_path / "b"), [forger.signers[0].verifier], processes=1)
        if not any(expected(finding) for finding in found[:3]):
            missed.append((seed, KINDS[seed % len(KINDS)].__name__, [str(each) for each in found[:3]]))
    assert missed == []


def test_a_changed_interval_is_what_only_the_last_digit_shows(forger: Forger, tmp_path: Path) -> None:
    """The lone verifier does not compute intervals, and says so; the command does."""
    name = next(each for each in forger.honest if each.startswith("figures/"))
    lines = forger.honest[name].split(b"\n")
    row = next(at for at, line in enumerate(lines) if at and not json.loads(line)["suppressed"])
    figure = json.loads(lines[row])
    figure["figure"] = json.dumps(json.loads(figure["figure"]) | {"low": 0.999}, sort_keys=True, ensure_ascii=False)
    lines[row] = json.dumps(figure, sort_keys=True, ensure_ascii=False).encode()
    folder = unpack(replace_release(forger, name, b"\n".join(lines)), tmp_path / "b")
    key = forger.signers[0].verifier
    assert verify_bundle(folder, [key], processes=1) == []
    (wrong,) = [line for line in verify_folder(folder, [key]).lines if line.startswith("WRONG")]
    assert "has low 0.999" in wrong


def test_a_figure_of_other_software_is_told_apart_from_a_wrong_one(
    forger: Forger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("survey.actions.recomputing.figure_code_digest", lambda: "0" * 64)
    key = forger.signers[0].verifier
    honest = verify_folder(unpack(forger.honest, tmp_path / "b"), [key])
    assert honest.is_clean
    assert any("also by code" in line for line in honest.lines)
    name = next(each for each in forger.honest if each.startswith("figures/"))
    content = forger.honest[name].replace(b'\\"low\\": 0.', b'\\"low\\": 0.1', 1)
    assert content != forger.honest[name]
    other = verify_folder(unpack(replace_release(forger, name, content), tmp_path / "b"), [key])
    assert other.is_clean
    assert any("made by other software" in line for line in other.lines)


def test_the_tree_of_the_bundle_is_the_one_of_its_hashes(forger: Forger) -> None:
    leaves = [
        forger.honest["leaves.bin"][at : at + HASH_SIZE] for at in range(0, len(forger.rows) * HASH_SIZE, HASH_SIZE)
    ]
    assert all(History(leaves).root(head.size) == head.root for head in forger.heads.values())
