"""The auditor's verifier: hashes, signatures and proofs that need no trust in the province.

Standard library and `cryptography` only; one file, so that an auditor can read it, copy it and run it alone:

    python proof.py BUNDLE --key VKEY [--kept NOTE] [--receipt CODE]

A bundle is a folder; NNNNNN counts checkpoints from 000001, and a batch is the rows between two of them:
checkpoints/NNNNNN.note, manifests/NNNNNN.json, receipts/NNNNNN.txt, accounting/, exclusions/, releases/ and
keys/NNNNNN.json; figures/DIGEST.jsonl (a release: its header and a line for each figure); leaves.bin (32 bytes a row);
log.vkey, the log's own word. The auditor's bundle also has ledger.jsonl (the rows), inputs/DIGEST.json (what a release
rests on besides answers) and audit.jsonl (who did what).

From the rows it counts again what was sealed, withdrawn and excluded, and for each released figure its answers and its
rate. Intervals and verdicts it does not compute: `hailong verify BUNDLE` does, to the last digit.

Read it downward: `main`, `verify_bundle` and its checks in their order (checkpoints, rows, manifests, releases, what
the rows say, the audit trail), then what these stand on: keys, notes, trees and their proofs, receipts. From `Signer`
on comes what only the log's own side needs.

Sources: RFC 6962 section 2.1 (tree hashes and proofs) and RFC 9162 section 2.1 (their verification); C2SP signed-note,
tlog-checkpoint and tlog-cosignature (notes and keys); RFC 8785 (canonical JSON).
"""

from __future__ import annotations

import argparse
import base64
import binascii
import hashlib
import hmac
import json
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache
from itertools import islice
from operator import lt
from pathlib import Path
from typing import Any, NamedTuple, Protocol, Self, TypeAlias

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

HASH_SIZE = 32
NONCE_SIZE = 32  # fixed: with a free length, a byte could move from the codes into the nonce under the same hash
EMPTY_ROOT = hashlib.sha256(b"").digest()
ED25519, COSIGNATURE = 1, 4  # signature types of C2SP signed-note and tlog-cosignature
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32
RECEIPT_LENGTH = 10
RESPONSE, WITHDRAWAL, EXCLUSION = "response", "withdrawal", "exclusion"  # somebody holds a receipt for a response
ROW_FIELDS = ("index", "kind", "wave", "nonce1", "codes", "text_digest", "nonce2", "text")
TO_CODES, TO_DIGEST, TO_NONCE2, TO_TEXT, TO_END = (  # what stands between the fields of a row as the log spells it
    b'","codes":"',
    b'","text_digest":"',
    b'","nonce2":"',
    b'","text":"',
    b'"}\n',
)
BOUND = {"receipts": "txt", "accounting": "json", "exclusions": "json", "releases": "json", "keys": "json"}  # by digest
ROTATED, LOST, COMPROMISED = "rotated", "lost", "compromised"
STATEMENT = "hailong key statement v1\n"
STATEMENT_LINES = ("number", "became", "first", "last", "old", "new", "auditors", "reason", "previous")
STATEMENT_BEGIN = "nothing"
ACCOUNTS = {RESPONSE: "sealed", WITHDRAWAL: "withdrawn", EXCLUSION: "excluded"}
BLOCK = 1 << 16  # rows that one process hashes at a time: a complete subtree

_sha256 = hashlib.sha256
_Head: TypeAlias = "tuple[str, Checkpoint]"  # where it stands, and what it says
_Cell: TypeAlias = tuple[str, str, int | None]  # stratum, month, level


class ProofError(ValueError):
    """Something that should be proved is not written as it must be."""


class MalformedLeaf(ProofError):
    """A nonce or hash has the wrong length: take the stored bytes unchanged."""


class MalformedRow(ProofError):
    """A ledger row of a bundle is not what was exported: ask for the bundle again, and ask why."""


class MalformedTree(ProofError):
    """A saved tree does not fit its size: rebuild it from the ledger."""


class MalformedNote(ProofError):
    """A note, key or checkpoint is not in the C2SP format: fetch it again, byte for byte."""


class UnverifiedNote(ProofError):
    """No trusted key signed the note, or a trusted key's signature is wrong: do not believe its text."""


class MalformedReceipt(ProofError):
    """A receipt code has ten letters and digits: read it again from the thank-you page."""


class NotCanonical(ProofError):
    """Only null, booleans, integers up to 2**53, strings, lists and string-keyed objects have one spelling here."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Check a bundle from the command line: 0 when all of it holds, 1 when something differs."""
    parser = argparse.ArgumentParser(description="Check an audit bundle of Hài Lòng without trusting its makers.")
    parser.add_argument("bundle", type=Path, help="the unpacked folder")
    parser.add_argument(
        "--key", action="append", type=Verifier.parse, help="the log's public key, as you were given it"
    )
    parser.add_argument(
        "--kept", action="append", type=Path, default=[], help="a checkpoint that you kept from earlier"
    )
    parser.add_argument("--receipt", type=normalise_receipt, help="the ten letters of a thank-you page")
    options = parser.parse_args(arguments)
    keys = options.key or [Verifier.parse((options.bundle / "log.vkey").read_text())]
    trusted = bundle_keys(options.bundle, keys)
    kept = [Checkpoint.parse(open_note(path.read_text(), trusted).text) for path in options.kept]
    findings = verify_bundle(options.bundle, keys, kept)
    lines = [str(finding) for finding in findings] or ["Khớp · everything in this bundle agrees"]
    lines += list_unchecked(options.bundle)
    if not options.key:
        lines.append("the key is the bundle's own: compare it with one from another hand, " + keys[0].vkey)
    if options.receipt:
        number = find_receipt(options.bundle, options.receipt)
        lines.append(f"the receipt is counted in checkpoint {number}" if number else "no batch counts this receipt")
    sys.stdout.write("\n".join(lines) + "\n")
    return 1 if findings else 0


def verify_bundle(
    folder: Path, verifiers: Sequence[Verifier], kept: Sequence[Checkpoint] = (), processes: int | None = None
) -> list[Finding]:
    """Every difference found, the first bad row named; an honest bundle gives none.

    `verifiers` are the keys that the auditor trusts, `kept` the heads that the auditor kept from earlier:
    without one, a log that dropped its newest checkpoints looks like a younger log.
    """
    trail, findings = read_trail(folder, verifiers)
    heads, wrong = _read_heads(folder, trail)
    shown = [(f"checkpoints/{number:06}.note", head) for number, head in heads.items()]
    known = [("the kept checkpoint", head) for head in sorted(kept, key=lambda head: head.size)]
    rows = _read_rows(folder, "ledger.jsonl", shown + known, processes)
    findings += [*wrong, *_compare(folder, rows, shown, known, processes)]
    findings += [finding for number in heads for finding in _check_manifest(folder, number, heads, rows, trail)]
    released, wrong = _read_releases(folder, heads)
    findings += wrong
    if not findings and rows.file == "ledger.jsonl":
        findings += _replay(folder, heads, released)
    findings += _check_audit(folder, heads)
    return findings + _find_strays(folder, len(list((folder / "checkpoints").glob("*.note"))), released)


def read_trail(folder: Path, given: Sequence[Verifier]) -> tuple[KeyTrail, list[Finding]]:
    """The key statements under the newest checkpoint; those under earlier ones must be their beginning."""
    paths = sorted((folder / "keys").glob("*.json"))
    try:
        return KeyTrail(json.loads(paths[-1].read_bytes()) if paths else [], given), []
    except (ValueError, TypeError, AttributeError) as wrong:
        return KeyTrail([], given), [Finding(f"keys/{paths[-1].name}", None, str(wrong))]


def bundle_keys(folder: Path, given: Sequence[Verifier]) -> list[Verifier]:
    """The given keys and every key of the log that they vouch for, by the key statements of the bundle."""
    trail, _ = read_trail(folder, given)
    return list(dict.fromkeys([*given, *(key for key in trail.keys if key in trail.believed)]))


def list_unchecked(folder: Path) -> list[str]:
    """What this file could not, or does not, compute again from a bundle: to be said aloud."""
    if not (folder / "ledger.jsonl").exists():
        return ["without the rows, the released figures, the accounting and the exclusions are not computed again"]
    return ["the intervals and verdicts of the figures are not computed again: hailong verify does that"]


def find_receipt(folder: Path, code: str) -> str | None:
    """The checkpoint whose batch counts the submission of this receipt; None where no batch does."""
    wanted = receipt_hash(code).hex().encode()
    found = (path.stem for path in sorted((folder / "receipts").glob("*.txt")) if wanted in path.read_bytes().split())
    return next(found, None)


class Finding(NamedTuple):
    """One difference: the file, the row (counted from 0) where one is known, and what is wrong."""

    place: str
    row: int | None
    message: str

    def __str__(self) -> str:
        return f"{self.place}{'' if self.row is None else f', row {self.row}'}: {self.message}"


def _read_heads(folder: Path, trail: KeyTrail) -> tuple[dict[int, Checkpoint], list[Finding]]:
    heads: dict[int, Checkpoint] = {}
    paths = sorted((folder / "checkpoints").glob("*.note"))
    findings = [] if paths else [Finding("checkpoints", None, "the bundle has no checkpoint")]
    for number, path in enumerate(paths, 1):
        try:
            if path.name != f"{number:06}.note":
                raise MalformedNote(f"checkpoint {number:06} is missing before this one")
            heads[number] = _read_head(path, number, trail, heads.get(number - 1))
        except ValueError as wrong:
            findings.append(Finding(f"checkpoints/{path.name}", None, str(wrong)))
    return heads, findings


def _read_head(path: Path, number: int, trail: KeyTrail, before: Checkpoint | None) -> Checkpoint:
    note, verifiers = path.read_bytes().decode(), trail.verifiers(number)
    try:
        head = Checkpoint.parse(open_note(note, verifiers).text)
        own = [verifier for verifier in verifiers if (verifier.name, verifier.type) == (head.origin, ED25519)]
        open_note(note, own)
    except UnverifiedNote as unverified:
        raise UnverifiedNote(trail.explain(note, number) or str(unverified)) from unverified
    renamed = any(each.first == number for each in trail.statements)
    if before and ((head.origin != before.origin and not renamed) or head.size < before.size):
        raise UnverifiedNote("it does not continue the checkpoint before it")
    if any(each.first == number + 1 and each.last != text_digest(note) for each in trail.statements):
        raise UnverifiedNote("it is not the last checkpoint that the key statement after it names")
    return head


class _Block(NamedTuple):
    """Rows that one process hashes: where their bytes begin, and the tree sizes wanted among them."""

    folder: Path
    file: str
    offset: int
    first: int
    sizes: tuple[int, ...]


class _Part(NamedTuple):
    """What one block gives: (size, complete subtrees, responses) at each wanted size and at its end."""

    heads: list[tuple[int, list[bytes], int]]
    trouble: Finding | None
    differs: int | None


@dataclass
class _Rows:
    """What all rows give: the root and the number of responses at each wanted size, and the first trouble."""

    file: str
    size: int = 0
    roots: dict[int, bytes] = field(default_factory=lambda: {0: EMPTY_ROOT})
    responses: dict[int, int] = field(default_factory=lambda: {0: 0})
    trouble: Finding | None = None
    differs: int | None = None  # the first row whose hash is not the one in leaves.bin


def _read_rows(folder: Path, file: str, heads: Sequence[_Head], processes: int | None) -> _Rows:
    """Hash the rows block by block, in parallel where there are many; the public bundle has only their hashes."""
    file = file if (folder / file).exists() else "leaves.bin"
    if not (folder / file).exists():
        return _Rows(file, trouble=Finding(file, None, "the bundle has neither rows nor their hashes"))
    sizes = sorted({head.size for _, head in heads})
    starts = _row_starts(folder / file) if file == "ledger.jsonl" else _hash_starts(folder / file)
    blocks = (_Block(folder, file, *at, tuple(s for s in sizes if at[1] < s <= at[1] + BLOCK)) for at in starts)
    if processes == 1 or (folder / file).stat().st_size < BLOCK * HASH_SIZE:
        return _join(file, map(_read_block, blocks))
    with ProcessPoolExecutor(processes) as pool:
        return _join(file, pool.map(_read_block, blocks))


def _hash_starts(path: Path) -> Iterator[tuple[int, int]]:
    """(offset, first row) of each block of hashes."""
    return ((first * HASH_SIZE, first) for first in range(0, -(-path.stat().st_size // HASH_SIZE), BLOCK))


def _row_starts(path: Path) -> Iterator[tuple[int, int]]:
    """(offset, first row) of each block of lines."""
    with path.open("rb") as lines:
        start, first = 0, 0
        while length := sum(map(len, islice(lines, BLOCK))):
            yield start, first
            start, first = start + length, first + BLOCK


def _read_block(block: _Block) -> _Part:
    sealed = _read_bytes(block.folder / "leaves.bin", block.first * HASH_SIZE, BLOCK * HASH_SIZE)
    if block.file == "leaves.bin":
        hashes = [sealed[i : i + HASH_SIZE] for i in range(0, len(sealed), HASH_SIZE)]
        receipted, trouble = [0] * (len(hashes) + 1), None
    else:
        with (block.folder / block.file).open("rb") as lines:
            lines.seek(block.offset)
            hashes, receipted, trouble = _hash_rows(islice(lines, BLOCK), block.first)
    history, end = History(hashes), block.first + len(hashes)
    sizes = [size for size in block.sizes if size < end] + [end]
    heads = [(size, history.frontier(size - block.first), receipted[size - block.first]) for size in sizes]
    return _Part(heads, trouble, _first_difference(b"".join(hashes), sealed[: len(hashes) * HASH_SIZE], block.first))


def _hash_rows(lines: Iterable[bytes], first: int) -> tuple[list[bytes], list[int], Finding | None]:
    """Leaf hashes, and how many responses stand before each row, up to the first row that is not in order."""
    hashes: list[bytes] = []
    receipted = [0]
    label: _Label | None = None
    for index, line in enumerate(lines, first):
        leaf = _hash_alike(line, index, label) if label else None
        if leaf is None or label is None:
            try:
                leaf, label = _read_row(line, index)
            except (ValueError, LookupError, TypeError, AttributeError) as wrong:
                return hashes, receipted, Finding("ledger.jsonl", index, f"{type(wrong).__name__}: {wrong}")
        hashes.append(leaf)
        receipted.append(receipted[-1] + label.is_response)
    return hashes, receipted, None


class _Label(NamedTuple):
    """What rows of one kind and wave have in common: bytes of the row as the log spells it, and bytes of its codes."""

    row: bytes
    kind: tuple[bytes, bytes]
    last: bytes  # the wave: by its name, it is the last that canonical codes say
    is_response: bool


def _read_row(line: bytes, index: int) -> tuple[bytes, _Label]:
    """Leaf hash and label of a row, however it is spelt, once all of it is known to be under that hash."""
    row = json.loads(line)
    if not set(ROW_FIELDS).issuperset(row):
        raise MalformedRow(f"row {row['index']} was widened")
    position, kind, wave, nonce1, stored, digest, nonce2, text = map(row.get, ROW_FIELDS)
    if position != index:
        raise MalformedRow(f"row {position} stands here: one was inserted, removed or moved")
    codes, text_digest = binascii.a2b_base64(stored, strict_mode=True), binascii.unhexlify(digest)
    if not all(
        isinstance(value, str) and _says(codes, name, value) for name, value in (("kind", kind), ("wave", wave))
    ):
        raise MalformedRow("its kind or wave is not the one under the hash")
    if text is not None and digest_part(binascii.unhexlify(nonce2), binascii.a2b_base64(text)) != text_digest:
        raise MalformedRow("its text is not the one under the hash")
    return leaf_hash(response_leaf(binascii.unhexlify(nonce1), codes, text_digest)), _label(kind, wave)


@lru_cache(1024)
def _label(kind: str, wave: str) -> _Label:
    row = json.dumps({"kind": kind, "wave": wave, "nonce1": ""}, ensure_ascii=False, separators=(",", ":"))
    last = b",%b}" % _spell("wave", wave)[1]
    return _Label(b"," + row[1:-2].encode(), _spell("kind", kind), last, kind == RESPONSE)


def _hash_alike(line: bytes, index: int, label: _Label) -> bytes | None:
    """The leaf hash of a row that is in order, spelt by the log and labelled as the one before it; None for any other.

    It says what `_read_row` says, in half the time. Hexadecimal and base64 have no quotes, so that what stands between
    two fields can stand at one place only.
    """
    begin = b'{"index":%d%b' % (index, label.row)
    at = len(begin) + 2 * NONCE_SIZE
    end = line.find(b'"', at + len(TO_CODES))
    after = end + len(TO_DIGEST) + 2 * HASH_SIZE
    if not (line.startswith(begin) and line.startswith(TO_CODES, at) and line.startswith(TO_DIGEST, end)):
        return None
    try:
        codes = binascii.a2b_base64(line[at + len(TO_CODES) : end], strict_mode=True)
        nonce1 = binascii.unhexlify(line[len(begin) : at])
        digest = binascii.unhexlify(line[after - 2 * HASH_SIZE : after])
        if not _is_text_of(digest, line[after:]):
            return None
    except binascii.Error:
        return None
    name, kind = label.kind
    if codes.count(name) != 1 or kind not in codes or not codes.endswith(label.last):
        return None
    return _sha256(b"\x00" + _sha256(nonce1 + codes).digest() + digest).digest()


def _is_text_of(digest: bytes, rest: bytes) -> bool:
    """Whether the end of a row is nothing, or the nonce and the text that have this digest."""
    if rest == TO_END:
        return True
    at = len(TO_NONCE2) + 2 * NONCE_SIZE
    if not (rest.startswith(TO_NONCE2) and rest.startswith(TO_TEXT, at) and rest.endswith(TO_END)):
        return False
    text = binascii.a2b_base64(rest[at + len(TO_TEXT) : -len(TO_END)], strict_mode=True)
    return _sha256(binascii.unhexlify(rest[len(TO_NONCE2) : at]) + text).digest() == digest


def _says(codes: bytes, name: str, value: str) -> bool:
    """Whether codes hold this value. They are read only where their bytes do not tell: reading takes longest of all.

    Inside a string a quote is escaped, so these bytes are a name and its whole value; where the name stands twice, one
    is deeper.
    """
    field, told = _spell(name, value)
    if codes.count(field) == 1 and told in codes:
        return True
    return bool(json.loads(codes)[name] == value)


@lru_cache(1024)
def _spell(name: str, value: str) -> tuple[bytes, bytes]:
    """A name, and it with its value, as canonical JSON has them."""
    return f'"{name}":'.encode(), canonical_json({name: value})[1:-1]


def _join(file: str, parts: Iterable[_Part]) -> _Rows:
    """Put the blocks' subtrees side by side: each is one leaf of the tree above them."""
    rows, above, responses = _Rows(file), Tree(), 0
    for part in parts:
        for size, peaks, counted in part.heads:
            rows.roots[size] = _fold([*above.frontier, *peaks])
            rows.responses[size] = responses + counted
        rows.size, peaks, counted = part.heads[-1]
        rows.differs = part.differs if rows.differs is None else rows.differs
        rows.trouble = part.trouble
        if part.trouble:
            break
        above.append(_fold(peaks))
        responses += counted
    return rows


def _compare(
    folder: Path, rows: _Rows, shown: Sequence[_Head], known: Sequence[_Head], processes: int | None
) -> Iterator[Finding]:
    """The first checkpoint that the rows do not give, with the row at fault; then what no checkpoint covers."""
    for heads in (shown, known):
        good = 0
        for place, head in heads:
            if rows.roots.get(head.size) != head.root:
                yield from _blame(folder, rows, good, place, head, processes)
                return
            good = head.size
    sealed = shown[-1][1].size if shown else 0
    if rows.trouble:
        yield rows.trouble
    elif rows.size > sealed:
        yield Finding(rows.file, sealed, "no checkpoint seals this row")
    elif (row := _first_stray_hash(folder, rows)) is not None:
        yield Finding("leaves.bin", row, "this is not the hash of the row, which the checkpoints confirm")


def _first_stray_hash(folder: Path, rows: _Rows) -> int | None:
    hashes = folder / "leaves.bin"
    if not hashes.exists():
        return None
    return rows.size if rows.differs is None and hashes.stat().st_size != rows.size * HASH_SIZE else rows.differs


def _blame(
    folder: Path, rows: _Rows, good: int, place: str, head: Checkpoint, processes: int | None
) -> Iterator[Finding]:
    """Name the row that makes a root differ: leaves.bin tells which, if the checkpoint confirms it."""
    confirmed = _read_rows(folder, "leaves.bin", [(place, head)], processes).roots.get(head.size) == head.root
    if confirmed and rows.differs is not None:
        yield Finding(rows.file, rows.differs, f"this is not the row that {place} sealed")
    if rows.trouble:
        yield rows.trouble
    elif confirmed and rows.differs is None:
        yield Finding(rows.file, rows.size, f"this row is missing: {place} seals {head.size} rows")
    elif not confirmed:
        yield Finding(
            rows.file, good, f"from this row on, these are not the rows up to {head.size} that {place} sealed"
        )


def _first_difference(hashes: bytes, sealed: bytes, first: int) -> int | None:
    if hashes == sealed:
        return None
    same = next((at for at, (ours, theirs) in enumerate(zip(hashes, sealed, strict=False)) if ours != theirs), None)
    return first + (min(len(hashes), len(sealed)) if same is None else same) // HASH_SIZE


def _check_manifest(
    folder: Path, number: int, heads: dict[int, Checkpoint], rows: _Rows, trail: KeyTrail
) -> Iterator[Finding]:
    """The manifest under a checkpoint, and all that the manifest binds."""
    place = f"manifests/{number:06}.json"
    content = _read_bytes(folder / place, 0, -1)
    if _sha256(content).hexdigest() != heads[number].manifest:
        yield Finding(place, None, f"this is not the manifest that checkpoint {number} binds")
        return
    manifest = _parse_object(content)
    for name, suffix in BOUND.items():
        bound = folder / name / f"{number:06}.{suffix}"
        if not bound.exists() or _sha256(bound.read_bytes()).hexdigest() != manifest.get(name):
            yield Finding(f"{name}/{bound.name}", None, f"this is not the file that checkpoint {number} binds")
    tree = {"root": heads[number].root.hex(), "size": heads[number].size}
    if manifest.get("number") != number or manifest.get("tree") != tree:
        yield Finding(place, None, f"it is not of the tree and the number of checkpoint {number}")
    stated = [each.number for each in trail.statements if each.first <= number]
    told = _parse_list(_read_bytes(folder / f"keys/{number:06}.json", 0, -1))
    if told != _parse_list(_read_bytes(sorted((folder / "keys").glob("*"))[-1], 0, -1))[: len(stated)]:
        yield Finding(f"keys/{number:06}.json", None, "these are not the key statements made until then")
    before = heads[number - 1].size if number - 1 in heads else 0 if number == 1 else None
    if rows.file == "ledger.jsonl" and before in rows.responses and heads[number].size in rows.responses:
        yield from _count_receipts(folder, number, rows.responses[heads[number].size] - rows.responses[before])


def _count_receipts(folder: Path, number: int, responses: int) -> Iterator[Finding]:
    place = f"receipts/{number:06}.txt"
    lines = _read_bytes(folder / place, 0, -1).split(b"\n")[:-1]
    if not all(map(lt, lines, lines[1:])):
        yield Finding(place, None, "the receipts are not sorted, or one stands twice")
    if len(lines) != responses:
        yield Finding(place, None, f"{len(lines)} receipts for {responses} responses")


def _find_strays(folder: Path, checkpoints: int, released: Sequence[_Released]) -> list[Finding]:
    """Files that no checkpoint binds: they could claim anything."""
    bound = {f"{number:06}" for number in range(1, checkpoints + 1)}
    bound |= {name for each in released for name in (each.digest, str(each.header.get("inputs")))}
    names = sorted(["manifests", "figures", "inputs", *BOUND])
    strays = [path for name in names for path in sorted((folder / name).glob("*")) if path.stem not in bound]
    return [Finding(f"{path.parent.name}/{path.name}", None, "no checkpoint binds this file") for path in strays]


class _Released(NamedTuple):
    """A release as the bundle has it: its header, its figures a line each, and in the auditor's bundle its inputs."""

    code: str
    digest: str
    header: dict[str, Any]
    figures: list[dict[str, Any]]
    inputs: dict[str, Any]


def _read_releases(folder: Path, heads: dict[int, Checkpoint]) -> tuple[list[_Released], list[Finding]]:
    """Every release under the newest checkpoint: its bytes are those of its digest, its tree is one that was signed."""
    lists = sorted((folder / "releases").glob("*.json"))
    published = _parse_list(lists[-1].read_bytes()) if lists else []
    found = [_read_release(folder, heads, str(code), str(digest)) for code, digest in published]
    return [each for each, _ in found], [finding for _, findings in found for finding in findings]


def _read_release(
    folder: Path, heads: dict[int, Checkpoint], code: str, digest: str
) -> tuple[_Released, list[Finding]]:
    place = f"figures/{digest}.jsonl"
    content = _read_bytes(folder / place, 0, -1)
    if not re.fullmatch("[0-9a-f]{64}", digest) or _sha256(content).hexdigest() != digest:
        first = _Released(code, digest, {}, [], {})
        return first, [Finding(place, None, f"these are not the figures of release {code} that the checkpoints bind")]
    header, *figures = [_parse_object(line) for line in content.split(b"\n")]
    findings = []
    number, size, root = (header.get("checkpoint", {}).get(name) for name in ("number", "size", "root"))
    head = heads.get(number)
    if head is None or (head.size, head.root.hex()) != (size, root):
        findings.append(Finding(place, 0, f"release {code} names a checkpoint that was not signed so"))
    wanted = header.get("inputs")
    inputs = _read_bytes(folder / f"inputs/{wanted}.json", 0, -1)
    if inputs and _sha256(inputs).hexdigest() != wanted:
        findings.append(Finding(f"inputs/{wanted}.json", None, f"this is not what release {code} rests on"))
    if not inputs and (folder / "ledger.jsonl").exists():
        findings.append(Finding(f"inputs/{wanted}.json", None, f"what release {code} rests on is missing"))
    return _Released(code, digest, header, figures, _parse_object(inputs)), findings


def _replay(folder: Path, heads: dict[int, Checkpoint], released: Sequence[_Released]) -> Iterator[Finding]:
    """Read all rows again, now for what they say, and hold every checkpoint and every release against it."""
    lists = {number: _parse_list(_read_bytes(folder / f"exclusions/{number:06}.json", 0, -1)) for number in heads}
    named: dict[int, tuple[str, _Cell] | None] = {each["excluded_position"]: None for n in heads for each in lists[n]}
    ledger = _Ledger({each.header["wave"]: each.inputs["scores"] for each in released if each.inputs["scores"]}, named)
    waiting = sorted(released, key=lambda each: int(each.header["checkpoint"]["size"]))
    with (folder / "ledger.jsonl").open("rb") as rows:
        size = 0
        for number, head in heads.items():
            ledger.exclusions.clear()
            for line in islice(rows, head.size - size):
                try:
                    ledger.read(size, json.loads(binascii.a2b_base64(json.loads(line)["codes"])))
                except (ValueError, LookupError, TypeError, AttributeError) as wrong:
                    yield Finding("ledger.jsonl", size, f"{type(wrong).__name__}: {wrong}")
                    return
                size += 1
            if lists[number] != ledger.exclusions:
                yield Finding(f"exclusions/{number:06}.json", None, "these are not the exclusions that the rows hold")
            yield from _check_accounting(folder, number, ledger)
            while waiting and waiting[0].header["checkpoint"]["size"] <= size:
                yield from _check_figures(waiting.pop(0), ledger)


@dataclass
class _Ledger:
    """What the rows say, read one after the other: the accounting by wave and stratum, and each answer's level."""

    items: dict[str, dict[str, Any]]  # by wave: the item that its figure is about, and the level of each choice
    excludable: dict[int, tuple[str, _Cell] | None]  # by row: the answers that some exclusion names
    accounts: dict[tuple[str, str], dict[str, int]] = field(default_factory=dict)
    answers: dict[str, Counter[_Cell]] = field(default_factory=dict)
    excluded: dict[str, Counter[_Cell]] = field(default_factory=dict)
    exclusions: list[dict[str, Any]] = field(default_factory=list)
    before: tuple[str, _Cell] | None = None  # the answer in the row before, which a withdrawal takes back

    def read(self, position: int, codes: dict[str, Any]) -> None:
        """Take in a row. Raises MalformedRow for one that cannot stand here."""
        kind, wave, before = codes["kind"], codes["wave"], self.before
        self.before = None
        if kind == RESPONSE:
            self.before = wave, self._cell(codes)
            self._add(wave, self.before[1], 1)
            if position in self.excludable:
                self.excludable[position] = self.before
        elif kind == WITHDRAWAL:
            if before is None or before[0] != wave or codes["withdrawn"] != position - 1:
                raise MalformedRow("a withdrawal stands right behind the response that it takes back")
            self._add(wave, before[1], -1)
            if self.excludable.pop(position - 1, None):
                raise MalformedRow("what was withdrawn is excluded as well")
        elif kind == EXCLUSION:
            self._exclude(position, codes)
        else:
            self._add_counts(wave, codes)
        if kind in ACCOUNTS:
            account = self.accounts.setdefault((wave, codes.get("stratum", "")), dict.fromkeys(ACCOUNTS.values(), 0))
            account[ACCOUNTS[kind]] += 1

    def _exclude(self, position: int, codes: dict[str, Any]) -> None:
        answer = self.excludable.pop(codes["excluded"], None)
        if answer is None or answer[0] != codes["wave"]:
            raise MalformedRow("an exclusion names a response of its wave that stands before it and counts until then")
        self._add(answer[0], answer[1], -1)
        self.excluded.setdefault(answer[0], Counter())[answer[1]] += 1
        told = {"excluded_position": codes["excluded"], "rule": codes["rule"], "reason": codes["reason"]}
        self.exclusions.append({"position": position} | told)

    def _cell(self, codes: dict[str, Any]) -> _Cell:
        asked = self.items.get(codes["wave"])
        level = asked["levels"].get(codes["answers"].get(asked["item"])) if asked else None
        return codes["stratum"], codes["period"][:7], level

    def _add_counts(self, wave: str, codes: dict[str, Any]) -> None:
        for level, count in codes.get("counts", {}).items():
            self._add(wave, (codes["stratum"], codes["period"][:7], int(level)), count)

    def _add(self, wave: str, cell: _Cell, count: int) -> None:
        self.answers.setdefault(wave, Counter())[cell] += count


def _check_accounting(folder: Path, number: int, ledger: _Ledger) -> Iterator[Finding]:
    place = f"accounting/{number:06}.json"
    for wave, strata in _parse_object(_read_bytes(folder / place, 0, -1)).items():
        for stratum, told in strata.items():
            counted = ledger.accounts.get((wave, stratum), {})
            wrong = [name for name in ACCOUNTS.values() if told.get(name, 0) != counted.get(name, 0)]
            if wrong:
                name = wrong[0]
                counts = f"{name} {told.get(name, 0)}, the rows {counted.get(name, 0)}"
                yield Finding(place, None, f"stratum {stratum} of {wave} has {counts}")
                return


def _check_figures(released: _Released, ledger: _Ledger) -> Iterator[Finding]:
    """The first figure whose answers or rate are not those of the rows under its checkpoint, the frame and the rule."""
    wave = released.header["wave"]
    answers = ledger.answers.get(wave, Counter())
    together = answers + ledger.excluded.get(wave, Counter())
    for row, figure in enumerate(released.figures, 1):
        numbers = _parse_object(str(figure["figure"]).encode())
        for told, cells in ((numbers, answers), (numbers.get("with_excluded"), together)):
            if figure["suppressed"] or told is None:
                continue
            n, rate = _compute_rate(released.inputs, released.header, cells, figure)
            if told["n"] != n or not _is_same_rate(told["rate"], rate):
                what = f"{figure['level']} {figure['place']} has {told['n']} answers, rate {told['rate']}"
                exact = "none" if rate is None else f"{float(rate):.6f}"
                message = f"release {released.code}: {what}; the rows give {n}, {exact}"
                yield Finding(f"figures/{released.digest}.jsonl", row, message)
                return


def _compute_rate(
    inputs: dict[str, Any], header: dict[str, Any], cells: Mapping[_Cell, int], figure: dict[str, Any]
) -> tuple[int, Fraction | None]:
    """Answers with a level, and the sum of N/n times score over that of N/n times answers, stratum by stratum.

    Under a recipe of weights, N is what the header says that the answers of the stratum stand for.
    """
    scores, lowest, highest = (inputs["indicator"][name] for name in ("scores", "lowest", "highest"))
    populations = {code: Fraction(population) for code, *_, population in inputs["strata"]}
    populations |= {code: Fraction(total) for code, total in header.get("weighed", {}).get("totals", {}).items()}
    sampled: Counter[str] = Counter()
    for (stratum, _, _), count in cells.items():
        sampled[stratum] += count
    n, above, below = 0, Fraction(0), Fraction(0)
    for (stratum, month, level), count in cells.items():
        if level is None or not count or not _is_inside(inputs, stratum, month, figure):
            continue
        weight = populations[stratum] / sampled[stratum] if populations else Fraction(1)
        n, above, below = n + count, above + weight * count * scores[level - 1], below + weight * count
    return n, ((above / below - lowest) / (highest - lowest) if below else None)


def _is_inside(inputs: dict[str, Any], stratum: str, month: str, figure: dict[str, Any]) -> bool:
    """Whether the answers of a stratum in a month belong to a figure's place."""
    agency = inputs["agencies"][stratum]
    if figure["level"] == "wave":
        return True
    if figure["level"] == "month":
        return bool(figure["place"] == f"{agency}/{month}")
    sectors = inputs["sectors"].get(stratum, [])
    return figure["sector_code"] in sectors and (figure["level"] == "sector" or figure["place"] == agency)


def _is_same_rate(told: float | None, exact: Fraction | None) -> bool:
    """A rate is released whole or rounded to three decimals, as pages print it."""
    if told is None or exact is None:
        return told is None and exact is None
    return min(abs(told - float(exact)), abs(told - round(float(exact), 3))) < 1e-9


def _check_audit(folder: Path, heads: dict[int, Checkpoint]) -> Iterator[Finding]:
    """The audit trail of an auditor's bundle: a chain of entries, whose head at its time each checkpoint binds."""
    if not (folder / "audit.jsonl").exists():
        return
    digests = [bytes(HASH_SIZE)]
    with (folder / "audit.jsonl").open("rb") as lines:
        for position, line in enumerate(lines):
            entry = _parse_object(line)
            parts = [str(entry.get(name)) for name in ("at", "position", "actor", "event", "subject", "detail")]
            digests.append(_sha256(digests[-1] + json.dumps(parts, ensure_ascii=False).encode()).digest())
            if entry.get("position") != position or entry.get("digest") != digests[-1].hex():
                yield Finding("audit.jsonl", position, "this entry does not follow from the one before")
                return
    for number in heads:
        told = _parse_object(_read_bytes(folder / f"manifests/{number:06}.json", 0, -1)).get("audit", {})
        entries = told.get("entries", 0)
        if entries >= len(digests) or digests[entries].hex() != told.get("head"):
            yield Finding(
                "audit.jsonl", min(entries, len(digests) - 1), f"not what checkpoint {number} binds up to here"
            )
            return


def _parse_object(content: bytes) -> dict[str, Any]:
    try:
        value = json.loads(content)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _parse_list(content: bytes) -> list[Any]:
    try:
        value = json.loads(content)
    except ValueError:
        return []
    return value if isinstance(value, list) else []


def _read_bytes(path: Path, offset: int, length: int) -> bytes:
    if not path.exists():
        return b""
    with path.open("rb") as file:
        file.seek(offset)
        return file.read(length)


class KeyTrail:
    """Which key signs which checkpoints, and which of these keys an auditor who was given some may believe.

    A given key vouches for the one after it where it signed the rotation, and for those before it, whose statements it
    or its successors signed; nobody vouches for what follows a lost or compromised key.
    """

    def __init__(self, notes: Sequence[str], given: Sequence[Verifier]) -> None:
        self.statements = [read_statement(note) for note in notes]
        previous = STATEMENT_BEGIN
        for number, (statement, note) in enumerate(zip(self.statements, notes, strict=True), 1):
            before = self.statements[number - 2] if number > 1 else None
            if (statement.number, statement.previous) != (number, previous) or (
                before and (statement.old != before.new or statement.first <= before.first)
            ):
                raise UnverifiedNote(f"key statement {number} does not continue the one before it")
            previous = text_digest(note)
        self.given = list(given)
        self.keys = [each.old for each in self.statements[:1]] + [each.new for each in self.statements]
        self.believed = self._believe()

    def verifiers(self, number: int) -> list[Verifier]:
        """The keys that may sign a checkpoint: the one whose time it is, if it may be believed, and given witnesses."""
        if not self.keys:
            return self.given
        key = self.keys[sum(each.first <= number for each in self.statements)]
        return [key] * (key in self.believed) + [each for each in self.given if each.type == COSIGNATURE]

    def explain(self, note: str, number: int) -> str | None:
        """Why a checkpoint's signature does not count though it is by a key of this log; None where it is not."""
        for place, key in enumerate(self.keys):
            if (key.name, key.key_id) not in [(each.name, each.key_id) for each in parse_note(note).signatures]:
                continue
            first = self.statements[place - 1].first if place else 1
            last = self.statements[place].first - 1 if place < len(self.statements) else None
            name = f"{key.name}+{key.key_id.hex()}"
            if number < first or (last is not None and number > last):
                return f"signed by {name}, whose time was from checkpoint {first} to {last or 'now'}"
            if key not in self.believed:
                why = f"the one before was {self.statements[place - 1].became}" if place else "ask who gave you yours"
                return (
                    f"signed by {name}; no key that you gave vouches for it: {why}. From another hand, get {key.vkey}"
                )
        return None

    def _believe(self) -> set[Verifier]:
        believed = {key for key in self.keys if key in self.given}
        for statement in self.statements:
            if statement.became == ROTATED and statement.old in believed:
                believed.add(statement.new)
        for statement in reversed(self.statements):
            if statement.new in believed:
                believed.add(statement.old)
        return believed


@dataclass(frozen=True)
class KeyStatement:
    """What became of the key that signed until here, and which one follows it; a note's text, line by line.

    A rotation is signed by both keys. A key that was lost or compromised signs no more: its statement is signed by the
    new key alone and names two auditors, the log goes on under a new name, and only somebody who was given the new key
    by another hand can follow. `last` is the hex SHA-256 of the last checkpoint's text under the old key, so that
    nothing which a thief signs later can take its place; `previous` is that of the statement before this one.
    """

    number: int
    became: str
    first: int  # the first checkpoint that the new key signs
    last: str
    old: Verifier
    new: Verifier
    auditors: str
    reason: str
    previous: str

    def format(self) -> str:
        values = [self.number, self.became, self.first, self.last, self.old.vkey, self.new.vkey]
        lines = zip(STATEMENT_LINES, [*values, self.auditors, self.reason, self.previous], strict=True)
        return STATEMENT + "".join(f"{name} {value}\n" for name, value in lines)

    @classmethod
    def parse(cls, text: str) -> Self:
        lines = [line.partition(" ")[::2] for line in text.removeprefix(STATEMENT).split("\n")[:-1]]
        if tuple(name for name, _ in lines) != STATEMENT_LINES:
            raise MalformedNote("a key statement has the lines " + ", ".join(STATEMENT_LINES))
        number, became, first, last, old, new, *words = [value for _, value in lines]
        if became not in (ROTATED, LOST, COMPROMISED) or not (number.isdecimal() and first.isdecimal()):
            raise MalformedNote(f"a key is {ROTATED}, {LOST} or {COMPROMISED} before a numbered checkpoint")
        statement = cls(int(number), became, int(first), last, Verifier.parse(old), Verifier.parse(new), *words)
        if statement.format() != text or (became == ROTATED) != (statement.old.name == statement.new.name):
            raise MalformedNote("a key statement has one spelling, and only a rotated key keeps the log's name")
        return statement


def read_statement(note: str) -> KeyStatement:
    """A statement once the new key has signed it, and for a rotation the old one too."""
    statement = KeyStatement.parse(parse_note(note).text)
    open_note(note, [statement.new])
    if statement.became == ROTATED:
        open_note(note, [statement.old])
    return statement


def text_digest(note: str) -> str:
    """Hex SHA-256 of a note's text: the same whoever has signed it since."""
    return _sha256(parse_note(note).text.encode()).hexdigest()


@dataclass(frozen=True)
class Checkpoint:
    """A tree head: the log's origin, its number of leaves, its root, and extension lines."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    @property
    def manifest(self) -> str | None:
        """Hex SHA-256 of the manifest that this checkpoint binds."""
        names = [line.removeprefix("manifest ") for line in self.extensions if line.startswith("manifest ")]
        return names[0] if len(names) == 1 else None

    def format(self) -> str:
        return "\n".join([self.origin, str(self.size), _base64(self.root), *self.extensions, ""])

    @classmethod
    def parse(cls, text: str) -> Self:
        origin, size, root, *extensions = [*text.split("\n"), "", "", ""][: max(3, text.count("\n"))]
        checkpoint = cls(
            origin, int(size) if size.isascii() and size.isdigit() else -1, _unbase64(root), (*extensions,)
        )
        if (
            not origin
            or checkpoint.size < 0
            or "" in extensions
            or len(checkpoint.root) != HASH_SIZE
            or checkpoint.format() != text
        ):
            raise MalformedNote("a checkpoint is an origin, a size, a base64 root and extension lines")
        return checkpoint


@dataclass(frozen=True)
class Verifier:
    """A public key with its name. Type 1 signs notes; type 4 is a witness, whose cosignature carries a POSIX time."""

    name: str
    public_key: bytes
    type: int = ED25519

    def __post_init__(self) -> None:
        if not self.name or "+" in self.name or any(letter.isspace() for letter in self.name):
            raise MalformedNote(f"a key's name has no space and no plus sign: {self.name!r}")
        if len(self.public_key) != HASH_SIZE or self.type not in (ED25519, COSIGNATURE):
            raise MalformedNote(f"the key of {self.name} is not an Ed25519 key")

    @property
    def key_id(self) -> bytes:
        return _sha256(self.name.encode() + b"\n" + bytes([self.type]) + self.public_key).digest()[:4]

    @property
    def vkey(self) -> str:
        """The key as text: name+hash+base64(type, public key)."""
        return f"{self.name}+{self.key_id.hex()}+{_base64(bytes([self.type]) + self.public_key)}"

    @classmethod
    def parse(cls, vkey: str) -> Self:
        parts = vkey.strip().split("+", 2)
        key = _unbase64(parts[-1])
        if len(parts) != 3 or not key:
            raise MalformedNote("a verifier key is written name+hash+base64: copy the whole line")
        verifier = cls(parts[0], key[1:], key[0])
        if verifier.key_id.hex() != parts[1]:
            raise MalformedNote(f"the hash in the key of {verifier.name} does not fit it: copy the whole line")
        return verifier

    def verify(self, text: str, signature: bytes) -> bool:
        """Whether `signature` (64 bytes; a witness's 8-byte time before them) is this key's over the note's text."""
        message = text.encode()
        if self.type == COSIGNATURE:
            message, signature = _cosigned(text, int.from_bytes(signature[:8], "big")), signature[8:]
        try:
            Ed25519PublicKey.from_public_bytes(self.public_key).verify(signature, message)
        except InvalidSignature:
            return False
        return True


class Signature(NamedTuple):
    name: str
    key_id: bytes
    signature: bytes


class Note(NamedTuple):
    """A note's text and signatures, and the names of the trusted keys that signed it."""

    text: str
    signatures: tuple[Signature, ...]
    verified: tuple[str, ...] = ()


def open_note(note: str, verifiers: Iterable[Verifier]) -> Note:
    """Believe a note if at least one trusted key signed it and no trusted key's signature on it is wrong."""
    parsed = parse_note(note)
    trusted = {(verifier.name, verifier.key_id): verifier for verifier in verifiers}
    verified = []
    for name, key_id, signature in dict.fromkeys(parsed.signatures):
        verifier = trusted.get((name, key_id))
        if verifier and not verifier.verify(parsed.text, signature):
            raise UnverifiedNote(f"the signature of {name} is wrong: the text or the signature was changed")
        if verifier:
            verified.append(name)
    if not verified:
        raise UnverifiedNote("no trusted key signed this note: " + ", ".join(s.name for s in parsed.signatures))
    return parsed._replace(verified=tuple(dict.fromkeys(verified)))


def parse_note(note: str) -> Note:
    """Split a note without believing it."""
    text, blank, lines = note.rpartition("\n\n")
    if not blank or not lines.endswith("\n") or any(letter < " " and letter != "\n" for letter in note):
        raise MalformedNote("a note is its text, a blank line and signature lines")
    return Note(text + "\n", tuple(_parse_signature(line) for line in lines[:-1].split("\n")))


def _parse_signature(line: str) -> Signature:
    dash, name, encoded = [*line.split(" "), "", ""][:3] if line.count(" ") == 2 else ("", "", "")
    blob = _unbase64(encoded)
    if dash != "—" or not name or "+" in name or len(blob) < 5:
        raise MalformedNote(f"not a signature line: {line[:80]!r}")
    return Signature(name, blob[:4], blob[4:])


def _cosigned(text: str, now: int) -> bytes:
    return f"cosignature/v1\ntime {now}\n{text}".encode()


def _base64(blob: bytes) -> str:
    return base64.b64encode(blob).decode()


def _unbase64(text: str) -> bytes:
    """Decoded bytes, or nothing where the text is not the one canonical base64 spelling of them."""
    try:
        blob = base64.b64decode(text, validate=True)
    except ValueError:
        return b""
    return blob if _base64(blob) == text else b""


def digest_part(nonce: bytes, stored: bytes) -> bytes:
    """SHA-256 of a 32-byte nonce followed by the stored bytes: one half of a leaf."""
    if len(nonce) != NONCE_SIZE:
        raise MalformedLeaf(f"a nonce has {NONCE_SIZE} bytes, this one {len(nonce)}")
    return _sha256(nonce + stored).digest()


def response_leaf(nonce1: bytes, codes: bytes, text_digest: bytes) -> bytes:
    """Leaf data (64 bytes) of a row; `text_digest` is `digest_part(nonce2, text)` and outlives an erased text."""
    if len(text_digest) != HASH_SIZE:
        raise MalformedLeaf(f"a text digest has {HASH_SIZE} bytes, this one {len(text_digest)}")
    return digest_part(nonce1, codes) + text_digest


def leaf_hash(data: bytes) -> bytes:
    """RFC 6962 hash of leaf data."""
    return _sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """RFC 6962 hash of an inner node."""
    return _sha256(b"\x01" + left + right).digest()


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether the leaf hash is at `index` of the tree with this size and root (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    node, last = index, size - 1
    for sibling in proof:
        if last == 0:
            return False
        if node & 1 or node == last:
            leaf = node_hash(sibling, leaf)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            leaf = node_hash(leaf, sibling)
        node, last = node >> 1, last >> 1
    return last == 0 and hmac.compare_digest(leaf, root)


def verify_consistency(old_size: int, old_root: bytes, size: int, root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether the tree of `size` leaves only appended to the one of `old_size` (RFC 9162, 2.1.4.2)."""
    if old_size == 0:
        return size >= 0 and not proof and old_root == EMPTY_ROOT
    if old_size == size:
        return not proof and hmac.compare_digest(old_root, root)
    if not 0 < old_size < size or not proof:
        return False
    path = [old_root, *proof] if old_size & (old_size - 1) == 0 else list(proof)
    node, last = old_size - 1, size - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    old = new = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if node & 1 or node == last:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            new = node_hash(new, sibling)
        node, last = node >> 1, last >> 1
    return last == 0 and hmac.compare_digest(old, old_root) and hmac.compare_digest(new, root)


class Tree:
    """A growing tree that remembers only its frontier: the roots of its complete subtrees, largest first."""

    def __init__(self, size: int = 0, frontier: Sequence[bytes] = ()) -> None:
        if size < 0 or len(frontier) != size.bit_count() or any(len(peak) != HASH_SIZE for peak in frontier):
            raise MalformedTree(f"a tree of {size} leaves does not have this frontier: rebuild it from the ledger")
        self.size = size
        self._frontier = list(frontier)

    @property
    def frontier(self) -> tuple[bytes, ...]:
        return tuple(self._frontier)

    @property
    def root(self) -> bytes:
        return _fold(self._frontier)

    def append(self, leaf: bytes, level: int = 0) -> None:
        """Append a leaf hash or, where the size is a multiple of 2**level, the root of 2**level leaves."""
        if len(leaf) != HASH_SIZE or self.size & ((1 << level) - 1):
            raise MalformedLeaf("append takes the 32-byte leaf_hash(data), or an aligned subtree's root")
        subtrees = self.size >> level
        while subtrees & 1:
            leaf = node_hash(self._frontier.pop(), leaf)
            subtrees >>= 1
        self._frontier.append(leaf)
        self.size += 1 << level

    def serialise(self) -> bytes:
        """Eight bytes of size, then the frontier: at most 8 + 32·log2(size) bytes."""
        return self.size.to_bytes(8, "big") + b"".join(self._frontier)

    @classmethod
    def restore(cls, state: bytes) -> Self:
        """The tree that `serialise` saved."""
        hashes = state[8:]
        if len(state) < 8 or len(hashes) % HASH_SIZE:
            raise MalformedTree("a saved tree is 8 bytes and whole hashes: rebuild it from the ledger")
        peaks = [hashes[i : i + HASH_SIZE] for i in range(0, len(hashes), HASH_SIZE)]
        return cls(int.from_bytes(state[:8], "big"), peaks)


class History:
    """Every complete subtree over given leaf hashes: gives the root and proofs at any past size in O(log² n)."""

    def __init__(self, leaves: Sequence[bytes]) -> None:
        self.size = len(leaves)
        self._levels = [list(leaves)]
        while len(below := self._levels[-1]) > 1:
            pairs = zip(below[::2], below[1::2], strict=False)
            self._levels.append([_sha256(b"\x01" + left + right).digest() for left, right in pairs])

    def frontier(self, size: int) -> list[bytes]:
        """Roots of the complete subtrees at an earlier size, largest first."""
        return self._peaks(0, size)

    def root(self, size: int | None = None) -> bytes:
        return _fold(self.frontier(self.size if size is None else size))

    def inclusion_proof(self, index: int, size: int | None = None) -> list[bytes]:
        """Audit path of the leaf at `index` in the tree of `size` leaves, lowest sibling first (RFC 6962, 2.1.1)."""
        size = self.size if size is None else size
        if not 0 <= index < size <= self.size:
            raise IndexError(f"no leaf {index} in a tree of {size} among {self.size}")
        start, path = 0, []
        while size - start > 1:
            middle = start + _split(size - start)
            if index < middle:
                path.append(_fold(self._peaks(middle, size)))
                size = middle
            else:
                path.append(_fold(self._peaks(start, middle)))
                start = middle
        return path[::-1]

    def consistency_proof(self, old_size: int, size: int | None = None) -> list[bytes]:
        """Proof that the tree of `old_size` leaves is a prefix of the one of `size` (RFC 6962, 2.1.2)."""
        size = self.size if size is None else size
        if not 0 <= old_size <= size <= self.size:
            raise IndexError(f"no trees of {old_size} and {size} leaves among {self.size}")
        return [] if old_size in (0, size) else self._subproof(old_size, 0, size, True)

    def _subproof(self, old_size: int, start: int, end: int, known: bool) -> list[bytes]:
        if old_size == end:
            return [] if known else [_fold(self._peaks(start, end))]
        middle = start + _split(end - start)
        if old_size <= middle:
            return [*self._subproof(old_size, start, middle, known), _fold(self._peaks(middle, end))]
        return [*self._subproof(old_size, middle, end, False), _fold(self._peaks(start, middle))]

    def _peaks(self, start: int, end: int) -> list[bytes]:
        """Complete subtrees that cover [start, end), largest first; every range of a proof starts aligned."""
        peaks = []
        while start < end:
            level = (end - start).bit_length() - 1
            peaks.append(self._levels[level][start >> level])
            start += 1 << level
        return peaks


def _fold(peaks: Sequence[bytes]) -> bytes:
    if not peaks:
        return EMPTY_ROOT
    root = peaks[-1]
    for peak in reversed(peaks[:-1]):
        root = node_hash(peak, root)
    return root


def _split(size: int) -> int:
    """The largest power of two below `size`."""
    return 1 << (size - 1).bit_length() - 1


def receipt_hash(code: str) -> bytes:
    """SHA-256 of the ten letters: what a batch publishes instead of the code."""
    return _sha256(normalise_receipt(code).encode()).digest()


def normalise_receipt(code: str) -> str:
    """The ten letters as printed, whatever case, spaces, hyphens, O for 0 or I and L for 1 a person typed."""
    letters = "".join(code.upper().replace("-", "").split()).translate(str.maketrans("OIL", "011"))
    if len(letters) != RECEIPT_LENGTH or any(letter not in ALPHABET for letter in letters):
        raise MalformedReceipt(f"a receipt code has {RECEIPT_LENGTH} letters and digits, without U: read it again")
    return letters


def receipt_code(key: bytes, idempotency_key: str) -> str:
    """Ten Crockford letters: the first 50 bits of HMAC-SHA256, the same for every answer's content."""
    bits = int.from_bytes(hmac.digest(key, idempotency_key.encode(), "sha256")[:7], "big") >> 6
    return "".join(ALPHABET[bits >> shift & 31] for shift in range(45, -1, -5))


def receipts_list(hashes: Iterable[bytes]) -> bytes:
    """The published file of a batch: sorted hex lines, so that the order of arrival is gone."""
    return "".join(line + "\n" for line in sorted(found.hex() for found in hashes)).encode()


def receipts_digest(hashes: Iterable[bytes]) -> str:
    """Hex SHA-256 of the published file, as `sha256sum` prints it."""
    return _sha256(receipts_list(hashes)).hexdigest()


class Signer:
    """A private key with its name; `Signer(name, os.urandom(32))` makes a new one."""

    separated = False  # whoever holds this object holds the key

    def __init__(self, name: str, seed: bytes, type: int = ED25519) -> None:  # noqa: A002 the format's own word
        self._seed = seed
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.verifier = Verifier(name, self._key.public_key().public_bytes_raw(), type)

    @property
    def skey(self) -> str:
        """The private key as text, as Go's sumdb/note writes it: keep it where the web process cannot read."""
        keydata = _base64(bytes([self.verifier.type]) + self._seed)
        return f"PRIVATE+KEY+{self.verifier.name}+{self.verifier.key_id.hex()}+{keydata}"

    @classmethod
    def parse(cls, skey: str) -> Self:
        parts = skey.strip().split("+", 4)
        key = _unbase64(parts[-1])
        if parts[:2] != ["PRIVATE", "KEY"] or len(parts) != 5 or len(key) != 1 + HASH_SIZE:
            raise MalformedNote("a signing key is written PRIVATE+KEY+name+hash+base64: copy the whole line")
        signer = cls(parts[2], key[1:], key[0])
        if signer.verifier.key_id.hex() != parts[3]:
            raise MalformedNote("the hash in the signing key does not fit it: copy the whole line")
        return signer

    def sign(self, text: str, now: int = 0) -> str:
        """One signature line over a note's text; only a witness's signature tells `now`, in POSIX seconds."""
        if self.verifier.type == COSIGNATURE:
            signature = now.to_bytes(8, "big") + self._key.sign(_cosigned(text, now))
        else:
            signature = self._key.sign(text.encode())
        return f"— {self.verifier.name} {_base64(self.verifier.key_id + signature)}\n"


class NoteSigner(Protocol):
    """Whoever signs notes: a `Signer`, or a process of another user that holds the key (then `separated`)."""

    @property
    def separated(self) -> bool: ...
    @property
    def verifier(self) -> Verifier: ...
    def sign(self, text: str, now: int = 0) -> str: ...


def sign_note(text: str, *signers: NoteSigner, now: int = 0) -> str:
    """Text that ends in a newline, a blank line, one signature line per signer; a witness appends its own line."""
    if not text.endswith("\n") or any(letter < " " and letter != "\n" for letter in text):
        raise MalformedNote("a note's text is whole lines without control characters")
    return text + "\n" + "".join(signer.sign(text, now) for signer in signers)


_COMPACT = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
_PLAIN = (str, bool, type(None))


def canonical_json(value: object) -> bytes:
    """RFC 8785 bytes of a value without floats: keys in UTF-16 order, no spaces, UTF-8."""
    try:
        return _COMPACT.encode(_ordered(value)).encode()
    except UnicodeEncodeError as broken:
        raise NotCanonical("a string holds half a character (a lone surrogate)") from broken


def _ordered(value: object) -> object:
    if isinstance(value, _PLAIN):
        return value
    if isinstance(value, int) and abs(value) <= 2**53:
        return value
    if isinstance(value, list | tuple):
        return [_ordered(item) for item in value]
    if isinstance(value, dict) and all(isinstance(name, str) for name in value):
        names = sorted(value) if all(map(str.isascii, value)) else sorted(value, key=_utf16)
        return {name: _ordered(value[name]) for name in names}
    raise NotCanonical(f"{type(value).__name__} {value!r:.40} has no single spelling: use an integer or a string")


def _utf16(name: str) -> bytes:
    return name.encode("utf-16-be")


if __name__ == "__main__":
    sys.exit(main())
