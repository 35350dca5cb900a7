"""What a release rests on, counted from the ledger under its checkpoint: kept with it, and read by its pages."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from survey.actions.estimating import LEVEL_OUTCOMES
from survey.actions.recomputing import list_cells
from survey.actions.release_inputs import Inputs, read_inputs
from survey.actions.tallying import count_from_scratch, score_answers
from survey.mandate.rules import EVERYBODY, level_outcome
from survey.store import adequacy, ledger, tallies
from survey.store.database import Connection
from survey.store.questionnaires import load_version
from survey.store.releases import Release


def collect_basis(connection: Connection, release: Release) -> str:
    """The counts as JSON."""
    checkpoint = json.loads(release.header)["checkpoint"]
    inputs = read_inputs(release.inputs or "{}")
    wave = release.wave_code
    if ledger.count_leaves_from(connection, wave, checkpoint["size"]):
        cells = list_cells(count_from_scratch(connection, wave, checkpoint["size"]))
    else:
        cells = tallies.list_cells(connection, wave, (EVERYBODY, *LEVEL_OUTCOMES))
    signed = ledger.find_checkpoint(connection, checkpoint["number"])
    rows = {
        row.position: row.codes
        for row in ledger.iterate_rows(connection, end=checkpoint["size"], wave_code=inputs.wave.code)
    }
    accounted = json.loads(signed.accounting).get(wave, {}) if signed else {}
    values = {
        "cells": [{name: value for name, value in cell.items() if name != "wave_code"} for cell in cells],
        "invited": {code: counts["invited"] for code, counts in accounted.items()},
        "answered": {code: counts["answered"] for code, counts in accounted.items()},
        "dispositions": adequacy.count_dispositions(connection, wave),
        "asked": adequacy.count_channels(connection, wave, signed.signed_on) if signed else {},
        "channels": [[*key, n] for key, n in sorted(_count_channels(connection, inputs, rows).items())],
        "batches": [*_count_progress(connection, wave, checkpoint["size"], rows)],
    }
    return json.dumps(values, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def _count_channels(
    connection: Connection, inputs: Inputs, rows: Mapping[int, bytes]
) -> Counter[tuple[str, int, str, str, int]]:
    """Counted responses by channel, assistance, stratum, half-month and level (0: none given)."""
    gone = ledger.list_excluded_positions(connection, inputs.wave.code)
    bare = {position: codes for position, codes in rows.items() if position not in gone}
    found: Counter[tuple[str, int, str, str, int]] = Counter()
    withdrawn: Counter[bytes] = Counter()
    for text, times in Counter(bare.values()).items():
        codes = json.loads(text)
        if codes["kind"] == "withdrawal":
            withdrawn[rows[codes["withdrawn"]]] += 1
        elif codes["kind"] == "response":
            found[_channel_key(connection, codes)] += times
    for text, times in withdrawn.items():
        found[_channel_key(connection, json.loads(text))] -= times
    return Counter({key: n for key, n in found.items() if n > 0})


def _channel_key(connection: Connection, codes: Mapping[str, Any]) -> tuple[str, int, str, str, int]:
    scores = score_answers(load_version(connection, codes["questionnaire"]), codes["answers"])
    level = next((each for each in range(1, 6) if level_outcome(each) in scores), 0)
    return codes["channel"], int(codes["assisted"]), codes["stratum"], codes["period"], level


def _count_progress(
    connection: Connection, wave_code: str, size: int, rows: Mapping[int, bytes]
) -> Iterator[dict[str, Any]]:
    """Sealed responses of the wave under each checkpoint up to the release's, by stratum and by channel."""
    signed = [each for each in ledger.list_checkpoints(connection) if each.size <= size]
    channels = _count_sealed_channels(rows, [each.size for each in signed])
    for checkpoint, by_channel in zip(signed, channels, strict=True):
        if counts := json.loads(checkpoint.accounting).get(wave_code):
            yield {
                "day": checkpoint.signed_on.isoformat(),
                "sealed": {code: each.get("sealed", 0) for code, each in counts.items()},
                "channels": by_channel,
            }


def _count_sealed_channels(rows: Mapping[int, bytes], sizes: Sequence[int]) -> Iterator[dict[str, int]]:
    """Responses by channel in the first so many leaves of the ledger, for each of these sizes in their order."""
    texts: dict[bytes, str] = {}
    found: Counter[str] = Counter()
    left = iter(sorted(rows))
    position = next(left, None)
    for size in sizes:
        while position is not None and position < size:
            codes = rows[position]
            if codes not in texts:
                told = json.loads(codes)
                texts[codes] = told["channel"] if told["kind"] == "response" else ""
            found[texts[codes]] += 1
            position = next(left, None)
        yield {channel: n for channel, n in sorted(found.items()) if channel}
