"""How fast an auditor's bundle is verified: every row's hashes, every root, every checkpoint, over the stored bytes.

    python benchmarks/verifying.py [--leaves 1000000] [--checkpoints 100] [--folder KEPT]

With --folder the bundle is made there, if it is not there yet, and kept: ten million rows take some minutes to write.

The floor is `hashlib` alone over the very bytes that must be hashed (five times a row: two halves, the leaf, its share
of the inner nodes), in one process; the ratio says what reading, parsing and comparing cost beside it. Re-deriving the
figures is a second pass and timed apart.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import NamedTuple

from survey.proof import (
    HASH_SIZE,
    Checkpoint,
    History,
    Signer,
    Tree,
    canonical_json,
    digest_part,
    leaf_hash,
    receipt_hash,
    receipts_list,
    response_leaf,
    sign_note,
    verify_bundle,
    verify_inclusion,
)

CORES = 2
GOAL_LEAVES, GOAL_SECONDS, GOAL_PROOF = 10_000_000, 60.0, 0.001
LOG = Signer("benchmark", bytes(32))
TEXT = canonical_json({"K1": "Nhanh, gọn, cán bộ nhiệt tình."})


def main() -> None:
    """Make a bundle, verify it, print the ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--leaves", type=int, default=1_000_000)
    parser.add_argument("--checkpoints", type=int, default=100)
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    with TemporaryDirectory() as name:
        folder = options.folder or Path(name) / "bundle"
        if not folder.exists():
            write_bundle(folder, options.leaves, options.checkpoints)
        leaves = (folder / "leaves.bin").stat().st_size // HASH_SIZE
        floor = time_of(lambda: hash_bare(leaves))
        hashing, replaying = time_verification(folder)
        report(folder, leaves, floor, hashing, replaying, time_proof(folder))


def write_bundle(folder: Path, leaves: int, checkpoints: int) -> None:
    """A bundle of this many rows under so many checkpoints."""
    for part in ("checkpoints", "manifests", "receipts", "accounting", "exclusions", "releases", "keys"):
        (folder / part).mkdir(parents=True)
    tree = Tree()
    ends = [leaves * number // checkpoints for number in range(1, checkpoints + 1)]
    with (folder / "ledger.jsonl").open("wb") as rows, (folder / "leaves.bin").open("wb") as published:
        for number, end in enumerate(ends, 1):
            start = tree.size
            for index in range(start, end):
                line, hashed = make_row(index)
                rows.write(line)
                published.write(hashed)
                tree.append(hashed)
            seal(folder, number, tree, start)


def make_row(index: int) -> tuple[bytes, bytes]:
    """A row and its leaf's hash, put together from ready parts: writing JSON properly would take most of the time."""
    nonce1, nonce2 = hashlib.sha256(b"1%d" % index).digest(), hashlib.sha256(b"2%d" % index).digest()
    coded = CODES[index % 5] % (index % 400)
    text_digest = digest_part(nonce2, TEXT)
    codes = base64.b64encode(coded).decode()
    line = ROW % (index, nonce1.hex(), codes, text_digest.hex(), nonce2.hex())
    return line.encode(), leaf_hash(response_leaf(nonce1, coded, text_digest))


def make_codes(index: int, agency: str) -> bytes:
    codes = {
        "answers": {f"G{item}": str(1 + (index + item) % 5) for item in range(1, 9)},
        "assisted": 0,
        "channel": "link",
        "class": "",
        "kind": "response",
        "language": "vi",
        "period": "2026-11b",
        "psu": "",
        "questionnaire": "procedures@1",
        "stratum": f"TTPVHCC-{agency}.land",
        "wave": "W",
    }
    return canonical_json(codes)


CODES = [make_codes(index, "%d") for index in range(5)]
ROW = (
    '{"index":%d,"kind":"response","wave":"W","nonce1":"%s","codes":"%s","text_digest":"%s","nonce2":"%s","text":"'
    + base64.b64encode(TEXT).decode()
    + '"}\n'
)


def seal(folder: Path, number: int, tree: Tree, start: int) -> None:
    counts = {f"TTPVHCC-{each}.land": {"sealed": (tree.size + 399 - each) // 400} for each in range(400)}
    bound = {
        "receipts": receipts_list(receipt_hash(f"{index:010}") for index in range(start, tree.size)),
        "accounting": canonical_json({"W": counts}),
        "exclusions": b"[]",
        "releases": b"[]",
        "keys": b"[]",
    }
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in bound.items()}
    manifest = canonical_json(digests | {"number": number, "tree": {"root": tree.root.hex(), "size": tree.size}})
    head = Checkpoint("benchmark", tree.size, tree.root, ("manifest " + hashlib.sha256(manifest).hexdigest(),))
    for name, content in bound.items():
        (folder / name / f"{number:06}.{'txt' if name == 'receipts' else 'json'}").write_bytes(content)
    (folder / "manifests" / f"{number:06}.json").write_bytes(manifest)
    (folder / "checkpoints" / f"{number:06}.note").write_text(sign_note(head.format(), LOG))


def hash_bare(leaves: int) -> None:
    """The hashing alone, of messages of the right lengths."""
    half, text, leaf, node = bytes(32 + 330), bytes(32 + len(TEXT)), bytes(65), bytes(65)
    for _ in range(leaves):
        for message in (half, text, leaf, node):
            hashlib.sha256(message).digest()


class Time(NamedTuple):
    """Processor seconds of this process and its children, and seconds by the clock, which a shared machine adds to."""

    processor: float
    clock: float


def time_verification(folder: Path) -> tuple[Time, Time]:
    """Hashes, roots and checkpoints; and all of it with the second pass, which reads what the rows say."""
    import survey.proof as proof

    replay = proof._replay
    proof._replay = lambda *_: iter(())
    try:
        hashing = time_of(lambda: expect_clean(folder))
    finally:
        proof._replay = replay
    return hashing, time_of(lambda: expect_clean(folder))


def expect_clean(folder: Path) -> None:
    found = verify_bundle(folder, [LOG.verifier])
    assert found == [], found[:3]


def time_proof(folder: Path, times: int = 1000) -> float:
    """Seconds of an inclusion proof of a leaf here or there, with its check against the root."""
    content = (folder / "leaves.bin").read_bytes()
    hashes = [content[at : at + HASH_SIZE] for at in range(0, len(content), HASH_SIZE)]
    history = History(hashes)
    root = history.root()
    return time_of(lambda: prove(hashes, history, root, times)).processor / times


def prove(hashes: list[bytes], history: History, root: bytes, times: int) -> None:
    for number in range(times):
        index = number * 7919 % len(hashes)
        assert verify_inclusion(hashes[index], index, len(hashes), history.inclusion_proof(index), root)


def time_of(act: Callable[[], object]) -> Time:
    started, start = perf_counter(), sum(os.times()[:4])
    act()
    return Time(sum(os.times()[:4]) - start, perf_counter() - started)


def report(folder: Path, leaves: int, floor: Time, hashing: Time, whole: Time, proof: float) -> None:
    checkpoints = len(list((folder / "checkpoints").iterdir()))
    size = (folder / "ledger.jsonl").stat().st_size >> 20
    scale = GOAL_LEAVES / leaves
    print(f"{leaves:,} rows ({size} MB) under {checkpoints} checkpoints, {os.cpu_count()} cores")
    for name, time, again in (
        ("floor: hashlib alone", floor, False),
        ("hashes, roots, checkpoints", hashing, True),
        ("with figures and accounting", whole, True),
    ):
        ratio = f"{time.processor / floor.processor:.2f}"
        for_ten_million = f"   {time.clock * scale:.0f} s by the clock for ten million" if again else ""
        print(f"{name:28} {time.processor:8.2f} s of processor   {ratio} {time.clock:8.2f} s{for_ten_million}")
    print(f"inclusion proof with its check {proof * 1000:.3f} ms  goal {GOAL_PROOF * 1000:.0f} ms")
    print(f"goal: {GOAL_LEAVES:,} rows' hashes, roots and checkpoints in {GOAL_SECONDS:.0f} s on {CORES} cores")


if __name__ == "__main__":
    main()
