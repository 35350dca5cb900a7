"""Sealing: a shuffled batch goes from the inbox into the ledger, and a checkpoint is signed over the whole tree.

A stratum is sealed when enough of its tokens are spent, or when its wave is over; small strata then go together, so
that nobody can tell whose answer came with which token. The shuffle is the order of the responses' random ids.
"""

from __future__ import annotations

import json
import secrets
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256

from survey.actions.accounting import account
from survey.proof import (
    EXCLUSION,
    RESPONSE,
    WITHDRAWAL,
    Checkpoint,
    NoteSigner,
    Tree,
    canonical_json,
    digest_part,
    leaf_hash,
    parse_note,
    receipts_digest,
    response_leaf,
    sign_note,
)
from survey.signing import RemoteSigner
from survey.store import audits, devices, invitations, key_trail, ledger, releases, responses, waves, withdrawals
from survey.store.database import Connection, Database
from survey.store.ledger import Batch, LedgerRow, SignedCheckpoint
from survey.store.responses import Response
from survey.store.sql import take_turn
from survey.store.waves import Wave
from survey.store.withdrawals import Withdrawal

MOST_IN_A_BATCH = 20_000
TURN = "ledger"
NO_TEXT = canonical_json({})
OF_INVITATION = ("channel", "psu", "class")


class NotTheLogsKey(RuntimeError):
    """The key at hand is not the one that signs this log now; a checkpoint under it would be refused by everybody."""


class NotSignedYet(RuntimeError):
    """A batch is in the ledger and its checkpoint is not: the signer was away. Nothing is appended before."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """What a leaf hashes, before it has a place in the tree; of an erased one only the text's digest is kept."""

    kind: str
    nonce1: bytes
    codes: bytes
    nonce2: bytes
    text: bytes = NO_TEXT
    erased: bool = False


def new_leaf(kind: str, codes: object) -> Leaf:
    """A leaf with fresh nonces for what is not a citizen's response."""
    return Leaf(kind, secrets.token_bytes(32), canonical_json(codes), secrets.token_bytes(32))


def seal(database: Database, signer: NoteSigner, today: date) -> int:
    """Seal every stratum that may be sealed, batch by batch; the number of responses sealed."""
    sealed = 0
    sign_pending(database, signer, today)
    while True:
        with database.writing("seal") as connection:
            size = _seal_one_batch(connection, signer, today)
        sign_pending(database, signer, today)
        if size == 0:
            return sealed
        sealed += size


def append_leaves(
    connection: Connection,
    signer: NoteSigner,
    wave_code: str,
    leaves: Sequence[Leaf],
    receipt_hashes: Sequence[bytes],
    today: date,
) -> int:
    """Append a batch of leaves in the order given and sign a checkpoint; the position of the first.

    A signer apart signs only what is committed, so that a killed job never leaves it with a head that no log has:
    then the checkpoint is for `sign_pending`. Raises NotSignedYet.
    """
    tree = _tree(connection)
    first = tree.size
    number = ledger.next_batch_number(connection)
    rows = [_row(number, wave_code, first + offset, leaf) for offset, leaf in enumerate(leaves)]
    for row in rows:
        tree.append(row.leaf_hash)
    digest = bytes.fromhex(receipts_digest(receipt_hashes))
    ledger.add_batch(connection, Batch(number, wave_code, first, len(rows), digest, today), rows, receipt_hashes)
    for row in rows:
        if row.kind == EXCLUSION:
            ledger.add_exclusion(connection, _exclusion(row))
    if not signer.separated:
        sign_checkpoint(connection, signer, tree, receipt_hashes, today, rows)
    return first


def sign_pending(database: Database, signer: NoteSigner, today: date) -> None:
    """Sign the batch that was committed without a checkpoint, if there is one."""
    if not signer.separated:
        return
    with database.writing("sign") as connection:
        take_turn(connection, TURN)
        latest = ledger.find_latest_checkpoint(connection)
        rows = list(ledger.iterate_rows(connection, start=latest.size if latest else 0))
        if rows:
            tree = Tree.restore(latest.frontier) if latest else Tree()
            for row in rows:
                tree.append(row.leaf_hash)
            receipts = ledger.list_batch_receipts(connection, rows[-1].batch_number)
            sign_checkpoint(connection, signer, tree, receipts, today, rows)


def sign_checkpoint(
    connection: Connection,
    signer: NoteSigner,
    tree: Tree,
    receipt_hashes: Sequence[bytes],
    today: date,
    new_rows: Sequence[LedgerRow] = (),
) -> SignedCheckpoint:
    """Sign the tree head with all that it binds; `new_rows` are those since the checkpoint before.

    Bound are the ballot accounting, what was excluded since then, the published releases, the head of the audit trail
    and the trail of keys. Raises NotTheLogsKey.
    """
    latest = ledger.find_latest_checkpoint(connection)
    trail = key_trail.list_statements(connection)
    _refuse_foreign_key(signer, latest, trail[-1].vkey if trail else None)
    accounting = canonical_json(account(connection, latest, new_rows, today))
    exclusions = canonical_json(ledger.list_exclusions(connection, latest.size if latest else 0))
    published = canonical_json([[code, digest.hex()] for code, digest in releases.list_published_digests(connection)])
    entries, audit_head = audits.find_head(connection)
    number = latest.number + 1 if latest else 1
    manifest = canonical_json(
        {
            "accounting": sha256(accounting).hexdigest(),
            "audit": {"entries": entries, "head": audit_head.hex()},
            "exclusions": sha256(exclusions).hexdigest(),
            "key": signer.verifier.vkey,
            "keys": sha256(canonical_json([each.note for each in trail])).hexdigest(),
            "number": number,
            "receipts": receipts_digest(receipt_hashes),
            "releases": sha256(published).hexdigest(),
            "separated": signer.separated,
            "signed_on": today.isoformat(),
            "tree": {"root": tree.root.hex(), "size": tree.size},
        }
    )
    head = Checkpoint(signer.verifier.name, tree.size, tree.root, (f"manifest {sha256(manifest).hexdigest()}",))
    checkpoint = SignedCheckpoint(
        number=number,
        size=tree.size,
        root=tree.root,
        frontier=tree.serialise(),
        accounting=accounting.decode(),
        exclusions=exclusions.decode(),
        releases=published.decode(),
        manifest=manifest.decode(),
        note=sign_note(head.format(), _shown(connection, signer, tree.size)),
        signed_on=today,
    )
    ledger.add_checkpoint(connection, checkpoint)
    return checkpoint


def sign_due(database: Database, signer: NoteSigner, today: date) -> int:
    """Sign a checkpoint over the same leaves when a release was published since the newest one, or when it is of an
    earlier day and the audit trail has grown; 1 when one was signed."""
    with database.writing("checkpoint") as connection:
        take_turn(connection, TURN)
        latest = ledger.find_latest_checkpoint(connection)
        if latest is None or not _is_due(connection, latest, today):
            return 0
        sign_again(connection, signer, today)
    return 1


def sign_again(connection: Connection, signer: NoteSigner, today: date) -> SignedCheckpoint:
    """A checkpoint over the same leaves, after something that it binds has changed."""
    return sign_checkpoint(connection, signer, _tree(connection), (), today)


def _seal_one_batch(connection: Connection, signer: NoteSigner, today: date) -> int:
    take_turn(connection, TURN)
    for wave_code, strata in sorted(_strata_due(connection, today).items()):
        waiting = responses.list_responses(connection, wave_code, strata, MOST_IN_A_BATCH)
        batch = _hidden_among_others(waiting, _fewest_together(connection, wave_code, today))
        if batch:
            _seal_batch(connection, signer, wave_code, batch, today)
            invitations.settle_spent(connection, wave_code, sorted({each.stratum_code for each in batch}))
            return len(batch)
    return 0


def _seal_batch(
    connection: Connection, signer: NoteSigner, wave_code: str, batch: Sequence[Response], today: date
) -> None:
    receipts = [each.receipt_hash for each in batch]
    withdrawn = withdrawals.take_withdrawals(connection, receipts)
    leaves = _leaves(batch, withdrawn, ledger.count_leaves(connection))
    append_leaves(connection, signer, wave_code, leaves, receipts, today)
    responses.remove_responses(connection, batch)


def _leaves(batch: Sequence[Response], withdrawn: Mapping[bytes, Withdrawal], first: int) -> list[Leaf]:
    """The responses in their order; one that was taken back without its text, and with its withdrawal right behind."""
    leaves: list[Leaf] = []
    for each in batch:
        back = withdrawn.get(each.receipt_hash)
        leaves.append(Leaf(RESPONSE, each.nonce1, each.codes, each.nonce2, each.text, erased=back is not None))
        if back is not None:
            position = first + len(leaves) - 1
            codes = {"kind": WITHDRAWAL, "stratum": each.stratum_code, "wave": each.wave_code, "withdrawn": position}
            leaves.append(Leaf(WITHDRAWAL, back.nonce1, canonical_json(codes), back.nonce2))
    return leaves


def _fewest_together(connection: Connection, wave_code: str, today: date) -> int:
    wave = waves.find_wave(connection, wave_code)
    assert wave is not None
    return 1 if _is_settled(connection, wave, today) else wave.seal_minimum


def _hidden_among_others(waiting: Sequence[Response], fewest: int) -> list[Response]:
    """Those who are enough by all that an answer shares with its invitation: not the stratum alone."""
    groups = [_known_from_invitation(each) for each in waiting]
    sizes = Counter(groups)
    return [each for each, group in zip(waiting, groups, strict=True) if sizes[group] >= fewest]


def _known_from_invitation(response: Response) -> tuple[str, ...]:
    codes = json.loads(response.codes)
    return (response.stratum_code, *(str(codes[name]) for name in OF_INVITATION))


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
    if not wave.takes_what_devices_hold(today):
        return True
    return not devices.may_hold_answers(connection, wave.questionnaire_code, wave.questionnaire_version)


def _tree(connection: Connection) -> Tree:
    """The tree as the latest checkpoint left it; nobody else appends until this transaction ends."""
    take_turn(connection, TURN)
    latest = ledger.find_latest_checkpoint(connection)
    tree = Tree.restore(latest.frontier) if latest else Tree()
    if ledger.count_leaves(connection) != tree.size:
        raise NotSignedYet("The newest batch waits for its signature: run `hailong work --once`, then try again.")
    return tree


def _shown(connection: Connection, signer: NoteSigner, size: int) -> NoteSigner:
    """The signer, together with the leaves that it has not seen when it signs apart."""
    if not isinstance(signer, RemoteSigner):
        return signer
    rows = ledger.iterate_rows(connection, start=signer.signed_size(), end=size)
    return signer.extended_by([row.leaf_hash for row in rows])


def _row(batch_number: int, wave_code: str, position: int, leaf: Leaf) -> LedgerRow:
    text_digest = digest_part(leaf.nonce2, leaf.text)
    return LedgerRow(
        position=position,
        batch_number=batch_number,
        wave_code=wave_code,
        kind=leaf.kind,
        nonce1=leaf.nonce1,
        codes=leaf.codes,
        nonce2=None if leaf.erased else leaf.nonce2,
        text=None if leaf.erased else leaf.text,
        text_digest=text_digest,
        leaf_hash=leaf_hash(response_leaf(leaf.nonce1, leaf.codes, text_digest)),
    )


def _is_due(connection: Connection, latest: SignedCheckpoint, today: date) -> bool:
    published = [[code, digest.hex()] for code, digest in releases.list_published_digests(connection)]
    entries, _ = audits.find_head(connection)
    bound = json.loads(latest.manifest).get("audit", {}).get("entries", 0)
    return published != json.loads(latest.releases) or (latest.signed_on < today and entries != bound)


def _exclusion(row: LedgerRow) -> dict[str, object]:
    codes = json.loads(row.codes)
    return {
        "position": row.position,
        "excluded_position": codes["excluded"],
        "rule": codes["rule"],
        "reason": codes["reason"],
    }


def _refuse_foreign_key(signer: NoteSigner, latest: SignedCheckpoint | None, stated: str | None) -> None:
    if stated is not None:
        is_current = signer.verifier.vkey == stated
    else:
        known = [each.key_id for each in parse_note(latest.note).signatures] if latest else []
        is_current = not known or signer.verifier.key_id in known
    if not is_current:
        raise NotTheLogsKey(
            f"The key {signer.verifier.name}+{signer.verifier.key_id.hex()} does not sign this log now. See `hailong "
            "key list`: restart what still holds an older key, or put the right one back."
        )
