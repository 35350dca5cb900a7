"""Sealing: a shuffled batch goes from the inbox into the ledger, and a checkpoint is signed over the whole tree.

A stratum is sealed when enough of its tokens are spent, or when its wave is over; small strata then go together, so
that nobody can tell whose answer came with which token. The shuffle is the order of the responses' random ids.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256

from survey.proof import (
    Checkpoint,
    Signer,
    Tree,
    canonical_json,
    digest_part,
    leaf_hash,
    receipts_digest,
    response_leaf,
    sign_note,
)
from survey.store import devices, invitations, ledger, releases, responses, waves
from survey.store.database import Connection, Database
from survey.store.ledger import Batch, LedgerRow, SignedCheckpoint
from survey.store.sql import take_turn
from survey.store.waves import Wave

MOST_IN_A_BATCH = 20_000
TURN = "ledger"
NO_TEXT = canonical_json({})


@dataclass(frozen=True, slots=True)
class Leaf:
    """What a leaf hashes, before it has a place in the tree."""

    kind: str
    nonce1: bytes
    codes: bytes
    nonce2: bytes
    text: bytes = NO_TEXT


def new_leaf(kind: str, codes: object) -> Leaf:
    """A leaf with fresh nonces for what is not a citizen's response."""
    return Leaf(kind, secrets.token_bytes(32), canonical_json(codes), secrets.token_bytes(32))


def seal(database: Database, signer: Signer, today: date) -> int:
    """Seal every stratum that may be sealed, batch by batch; the number of responses sealed."""
    sealed = 0
    while True:
        with database.writing("seal") as connection:
            size = _seal_one_batch(connection, signer, today)
        if size == 0:
            return sealed
        sealed += size


def append_leaves(
    connection: Connection,
    signer: Signer,
    wave_code: str,
    leaves: Sequence[Leaf],
    receipt_hashes: Sequence[bytes],
    today: date,
) -> int:
    """Append a batch of leaves in the order given and sign a checkpoint; the position of the first."""
    tree = _tree(connection)
    first = tree.size
    number = ledger.next_batch_number(connection)
    rows = [_row(number, wave_code, first + offset, leaf) for offset, leaf in enumerate(leaves)]
    for row in rows:
        tree.append(row.leaf_hash)
    digest = bytes.fromhex(receipts_digest(receipt_hashes))
    ledger.add_batch(connection, Batch(number, wave_code, first, len(rows), digest, today), rows, receipt_hashes)
    sign_checkpoint(connection, signer, tree, receipt_hashes, today)
    return first


def sign_checkpoint(
    connection: Connection, signer: Signer, tree: Tree, receipt_hashes: Sequence[bytes], today: date
) -> SignedCheckpoint:
    """Sign the tree head together with the ballot accounting, the exclusions and the published releases."""
    latest = ledger.find_latest_checkpoint(connection)
    accounting = canonical_json(_accounting(connection))
    exclusions = canonical_json(ledger.list_exclusions(connection))
    published = canonical_json([[code, digest.hex()] for code, digest in releases.list_published_digests(connection)])
    manifest = canonical_json(
        {
            "receipts": receipts_digest(receipt_hashes),
            "accounting": sha256(accounting).hexdigest(),
            "exclusions": sha256(exclusions).hexdigest(),
            "releases": sha256(published).hexdigest(),
            "separated": False,
        }
    )
    head = Checkpoint(signer.verifier.name, tree.size, tree.root, (f"manifest {sha256(manifest).hexdigest()}",))
    checkpoint = SignedCheckpoint(
        number=latest.number + 1 if latest else 1,
        size=tree.size,
        root=tree.root,
        frontier=tree.serialise(),
        accounting=accounting.decode(),
        exclusions=exclusions.decode(),
        releases=published.decode(),
        manifest=manifest.decode(),
        note=sign_note(head.format(), signer),
        signed_on=today,
    )
    ledger.add_checkpoint(connection, checkpoint)
    return checkpoint


def sign_again(connection: Connection, signer: Signer, today: date) -> SignedCheckpoint:
    """A checkpoint over the same leaves, after something that it binds has changed."""
    return sign_checkpoint(connection, signer, _tree(connection), (), today)


def _seal_one_batch(connection: Connection, signer: Signer, today: date) -> int:
    take_turn(connection, TURN)
    due = _strata_due(connection, today)
    if not due:
        return 0
    wave_code = min(due)
    batch = responses.list_responses(connection, wave_code, due[wave_code], MOST_IN_A_BATCH)
    leaves = [Leaf("response", each.nonce1, each.codes, each.nonce2, each.text) for each in batch]
    append_leaves(connection, signer, wave_code, leaves, [each.receipt_hash for each in batch], today)
    responses.remove_responses(connection, batch)
    return len(batch)


def _strata_due(connection: Connection, today: date) -> dict[str, list[str]]:
    """Strata that may be sealed now, by wave."""
    due: dict[str, list[str]] = {}
    known = {wave.code: wave for wave in waves.list_waves(connection)}
    for (wave_code, stratum_code), count in sorted(responses.count_waiting(connection).items()):
        wave = known[wave_code]
        if count >= wave.seal_minimum or _is_settled(connection, wave, today):
            due.setdefault(wave_code, []).append(stratum_code)
    return due


def _is_settled(connection: Connection, wave: Wave, today: date) -> bool:
    """Whether a wave is over and no device may still hold an answer to it: a late one would be sealed alone."""
    if not wave.is_over(today):
        return False
    return not wave.takes_what_devices_hold(today) or not devices.takes_answers(connection, wave.voice_of or wave.code)


def _tree(connection: Connection) -> Tree:
    """The tree as the latest checkpoint left it; nobody else appends until this transaction ends."""
    take_turn(connection, TURN)
    latest = ledger.find_latest_checkpoint(connection)
    return Tree.restore(latest.frontier) if latest else Tree()


def _row(batch_number: int, wave_code: str, position: int, leaf: Leaf) -> LedgerRow:
    text_digest = digest_part(leaf.nonce2, leaf.text)
    return LedgerRow(
        position=position,
        batch_number=batch_number,
        wave_code=wave_code,
        kind=leaf.kind,
        nonce1=leaf.nonce1,
        codes=leaf.codes,
        nonce2=leaf.nonce2,
        text=leaf.text,
        text_digest=text_digest,
        leaf_hash=leaf_hash(response_leaf(leaf.nonce1, leaf.codes, text_digest)),
    )


def _accounting(connection: Connection) -> dict[str, dict[str, dict[str, object]]]:
    """Ballot accounting: invited and answered by wave and stratum, so that selective invitation is arithmetic.

    Where a slip's code came a second time from a device, how often from which: the first use won.
    """
    counted: dict[str, dict[str, dict[str, object]]] = {}
    for wave in waves.list_waves(connection):
        invited = invitations.count_invitations(connection, wave.code)
        answered = invitations.count_spent(connection, wave.code)
        second = devices.count_second_uses(connection, wave.code)
        counted[wave.code] = {
            code: {"invited": invited[code], "answered": answered.get(code, 0)} | _second_uses(second, code)
            for code in sorted(invited)
        }
    return counted


def _second_uses(second: Mapping[str, Mapping[str, int]], stratum_code: str) -> dict[str, object]:
    return {"second_uses": dict(second[stratum_code])} if stratum_code in second else {}
