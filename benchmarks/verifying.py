"""How fast an auditor's bundle is verified: every row's hashes, every root, every checkpoint, over the stored bytes.

    python benchmarks/verifying.py [--leaves 1000000] [--checkpoints 100]

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

from survey.proof import (
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
    options = parser.parse_args()
    with TemporaryDirectory() as name:
        folder = Path(name)
        hashes = write_bundle(folder, options.leaves, options.checkpoints)
        floor = time_of(lambda: hash_bare(options.leaves))
        hashing, replaying = time_verification(folder)
        size = (folder / "ledger.jsonl").stat().st_size
    proof = time_of(lambda: prove(hashes, 1000)) / 1000
    report(options.leaves, options.checkpoints, size, floor, hashing, replaying, proof)


def write_bundle(folder: Path, leaves: int, checkpoints: int) -> list[bytes]:
    """A bundle of this many rows under so many checkpoints; the hashes of its leaves."""
    for part in ("checkpoints", "manifests", "receipts", "accounting", "exclusions", "releases", "keys"):
        (folder / part).mkdir()
    tree, hashes = Tree(), []
    ends = [leaves * number // checkpoints for number in range(1, checkpoints + 1)]
    with (folder / "ledger.jsonl").open("wb") as rows, (folder / "leaves.bin").open("wb") as published:
        for number, end in enumerate(ends, 1):
            start = tree.size
            for index in range(start, end):
                line, hashed = make_row(index)
                rows.write(line)
                published.write(hashed)
                tree.append(hashed)
                hashes.append(hashed)
            seal(folder, number, tree, start)
    return hashes


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


def time_verification(folder: Path) -> tuple[float, float]:
    """Seconds for hashes, roots and checkpoints; and for the second pass, which reads what the rows say."""
    import survey.proof as proof

    replay = proof._replay
    proof._replay = lambda *_: iter(())
    try:
        hashing = time_of(lambda: expect_clean(folder))
    finally:
        proof._replay = replay
    return hashing, max(0.0, time_of(lambda: expect_clean(folder)) - hashing)


def expect_clean(folder: Path) -> None:
    found = verify_bundle(folder, [LOG.verifier])
    assert found == [], found[:3]


def prove(hashes: list[bytes], times: int) -> None:
    """Inclusion proofs of leaves here and there, each checked against the root."""
    history = prove.__dict__.setdefault("history", History(hashes))
    root = history.root()
    for number in range(times):
        index = number * 7919 % len(hashes)
        assert verify_inclusion(hashes[index], index, len(hashes), history.inclusion_proof(index), root)


def time_of(act: Callable[[], object]) -> float:
    """Processor seconds of this process and its children: what a shared machine does besides does not count."""
    start = sum(os.times()[:4])
    act()
    return sum(os.times()[:4]) - start


def report(
    leaves: int, checkpoints: int, size: int, floor: float, hashing: float, replaying: float, proof: float
) -> None:
    scale = GOAL_LEAVES / leaves
    print(f"{leaves:,} rows ({size >> 20} MB) under {checkpoints} checkpoints, {os.cpu_count()} cores")
    print(f"floor: hashlib alone           {floor:8.2f} s   1.00")
    whole = f"({hashing * scale / CORES:.0f} s for ten million on {CORES} cores)"
    print(f"hashes, roots, checkpoints     {hashing:8.2f} s   {hashing / floor:.2f}   {whole}")
    print(f"figures, accounting re-derived {replaying:8.2f} s   {replaying / floor:.2f}   (timed apart)")
    print(f"inclusion proof with its check {proof * 1000:8.3f} ms  goal {GOAL_PROOF * 1000:.0f} ms")
    print(f"goal: {GOAL_LEAVES:,} rows in {GOAL_SECONDS:.0f} s on {CORES} cores; all figures are processor seconds")


if __name__ == "__main__":
    main()
