"""Recomputing the released figures from an auditor's bundle, to the last digit, without the installation.

The rows are counted once, wave by wave; whenever the tree of a release is complete, its figures are computed from these
counts and from what the bundle says that the release rests on, and held against what was released.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from survey.actions.estimating import LEVEL_OUTCOMES, CannotEstimate
from survey.actions.findings import Findings
from survey.actions.pinning import figure_code_digest, library_versions
from survey.actions.release_inputs import read_inputs
from survey.actions.releasing import recompute
from survey.actions.tallying import Counts, count_leaves
from survey.mandate.questionnaires import Questionnaire, load_questionnaire
from survey.mandate.rules import EVERYBODY, read_rule
from survey.proof import Checkpoint, parse_note
from survey.store.ledger import SignedCheckpoint
from survey.store.releases import StoredFigure

ROWS_AT_A_TIME = 20_000
OUTCOMES = (EVERYBODY, *LEVEL_OUTCOMES)


@dataclass(frozen=True, slots=True)
class Released:
    """A release of a bundle: its header, its figures, and what it rests on besides the answers."""

    code: str
    header: str
    figures: tuple[StoredFigure, ...]
    inputs: str

    @property
    def checkpoint(self) -> tuple[int, int]:
        """Number and size."""
        told = json.loads(self.header)["checkpoint"]
        return told["number"], told["size"]


@dataclass
class WaveCount:
    """The counts of one wave's rows so far."""

    agencies: Mapping[str, str]
    outcomes: set[str]
    questionnaire: Questionnaire | None
    counts: Counts = field(default_factory=Counts)
    waiting: list[bytes] = field(default_factory=list)

    def settle(self, kept: Mapping[int, bytes]) -> None:
        """Count the rows that wait; `kept` has the codes of those that an exclusion or a withdrawal names."""
        self.counts.merge(count_leaves(self.waiting, kept.__getitem__, self.agencies, self.outcomes, self._load))
        self.waiting.clear()

    def _load(self, name: str) -> Questionnaire:
        """The wave's own version, which the inputs hold; else one of the package."""
        own = self.questionnaire
        return own if own is not None and own.key == name else load_questionnaire(name)


def recompute_bundle(folder: Path, findings: Findings) -> None:
    """Compute every released figure of an auditor's bundle again and tell the first difference of each release."""
    released = sorted(read_releases(folder), key=lambda each: each.checkpoint[1])
    known = [read_inputs(each.inputs) for each in released]
    waves = {
        each.wave.code: WaveCount(each.agencies, set(read_rule(each.wave.rule).outcomes), each.questionnaire)
        for each in known
    }
    kept = dict.fromkeys(_list_excluded(folder), b"")
    rows = _read_codes(folder)
    position = 0
    for each in released:
        while position < each.checkpoint[1]:
            wave, codes = next(rows)
            _take(position, wave, codes, waves, kept)
            position += 1
        wave_code = json.loads(each.header)["wave"]
        waves[wave_code].settle(kept)
        compare_release(
            each, list_cells(waves[wave_code].counts), _read_checkpoint(folder, each.checkpoint[0]), findings
        )


def compare_release(
    released: Released, cells: Sequence[Mapping[str, object]], checkpoint: SignedCheckpoint, findings: Findings
) -> None:
    """Say whether a release follows from these cells; figures that differ and were made by other software are not
    called wrong, for the difference may lie in either."""
    try:
        header, figures = recompute(released.inputs, cells, checkpoint)
    except CannotEstimate as cannot:
        findings.bad(f"release {released.code}: {cannot}")
        return
    different = _find_first_difference(released.figures, figures)
    others = _other_software(json.loads(released.header))
    pinned = ("code", "libraries", "software")
    differing = [
        name
        for name, value in json.loads(header).items()
        if name not in pinned and json.loads(released.header).get(name) != value
    ]
    if different is None and not differing:
        also = f", also by {others}" if others else ""
        findings.good(f"release {released.code}: {len(figures):,} figures recomputed to the last digit{also}")
    elif others:
        what = different or f"{differing[0]} in its header"
        findings.unsure(f"release {released.code}: made by other software ({others}); first difference: {what}")
    else:
        what = different or f"its header has another {differing[0]}"
        findings.bad(f"release {released.code}: does not follow from its checkpoint, frame and rule: {what}")


def list_cells(counts: Counts) -> list[dict[str, object]]:
    """The cells that estimation reads, as the tally keeps them."""
    return [
        {**key._asdict(), "outcome": outcome, **moments._asdict()}
        for (key, outcome), moments in counts.cells.items()
        if outcome in OUTCOMES
    ]


def read_releases(folder: Path) -> Iterator[Released]:
    """The releases under a bundle's newest checkpoint."""
    lists = sorted((folder / "releases").glob("*.json"))
    for code, digest in json.loads(lists[-1].read_bytes()) if lists else ():
        header, *lines = (folder / "figures" / f"{digest}.jsonl").read_text(encoding="utf-8").split("\n")
        inputs = folder / "inputs" / f"{json.loads(header)['inputs']}.json"
        figures = tuple(StoredFigure(**json.loads(line)) for line in lines)
        yield Released(code, header, figures, inputs.read_text(encoding="utf-8"))


def _take(position: int, wave: str, codes: bytes, waves: dict[str, WaveCount], kept: dict[int, bytes]) -> None:
    kind = json.loads(codes)
    if position in kept:
        kept[position] = codes
    if kind["kind"] == "response":
        kept[-1] = codes
    elif kind["kind"] == "withdrawal":
        kept[kind["withdrawn"]] = kept[-1]
    if wave in waves:
        waves[wave].waiting.append(codes)
        if len(waves[wave].waiting) >= ROWS_AT_A_TIME:
            waves[wave].settle(kept)


def _read_codes(folder: Path) -> Iterator[tuple[str, bytes]]:
    with (folder / "ledger.jsonl").open("rb") as lines:
        for line in lines:
            row = json.loads(line)
            yield row["wave"], base64.b64decode(row["codes"])


def _list_excluded(folder: Path) -> list[int]:
    paths = (folder / "exclusions").glob("*.json")
    return [each["excluded_position"] for path in paths for each in json.loads(path.read_bytes())]


def _read_checkpoint(folder: Path, number: int) -> SignedCheckpoint:
    note = (folder / "checkpoints" / f"{number:06}.note").read_text(encoding="utf-8")
    manifest = (folder / "manifests" / f"{number:06}.json").read_text(encoding="utf-8")
    head = Checkpoint.parse(parse_note(note).text)
    return SignedCheckpoint(
        number=number,
        size=head.size,
        root=head.root,
        frontier=b"",
        accounting=(folder / "accounting" / f"{number:06}.json").read_text(encoding="utf-8"),
        exclusions="",
        releases="",
        manifest=manifest,
        note=note,
        signed_on=date.fromisoformat(json.loads(manifest)["signed_on"]),
    )


def _other_software(header: Mapping[str, Any]) -> str:
    """What made the release and is not what runs here; empty when both are the same."""
    here: dict[str, Any] = {"code": figure_code_digest(), **library_versions()}
    there = {"code": header.get("code"), **header.get("libraries", {})}
    return ", ".join(f"{name} {str(there.get(name))[:12]}" for name in here if here[name] != there.get(name))


def _find_first_difference(released: Sequence[StoredFigure], computed: Sequence[StoredFigure]) -> str | None:
    """The first figure that differs, with the first number that does."""
    theirs = {(each.level, each.sector_code, each.place): each for each in released}
    ours = {(each.level, each.sector_code, each.place): each for each in computed}
    for key in sorted(theirs.keys() | ours.keys()):
        name = " ".join(part for part in dict.fromkeys(key) if part)
        if key not in theirs or key not in ours:
            return f"{name} {'is missing' if key in ours else 'does not belong'}"
        if theirs[key].suppressed != ours[key].suppressed:
            return f"{name} is {'shown' if ours[key].suppressed else 'hidden'} and should not be"
        one, other = theirs[key].numbers, ours[key].numbers
        for number in sorted(one.keys() | other.keys()):
            if one.get(number) != other.get(number):
                return f"{name} has {number} {one.get(number)}, computed {other.get(number)}"
    return None
