"""A witness cosigns what extends the head it kept, and nothing else, whatever happened to its process."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from survey.actions.witnessing import HEAD, ForkRefused, HeadLost, Witness, cosign_bundle
from survey.proof import (
    Checkpoint,
    History,
    Signer,
    UnverifiedNote,
    Verifier,
    leaf_hash,
    open_note,
    sign_note,
    verify_consistency,
)

LOG = Signer("log", bytes(32))
HONEST = [leaf_hash(b"row %d" % number) for number in range(400)]
KEPT = 137
FORKS = 1000
NOW = 1_800_000_000

LOOP = """
import sys
from pathlib import Path
from survey.actions.witnessing import Witness, cosign_bundle
from survey.proof import Verifier
while True:
    cosign_bundle(Witness(Path(sys.argv[1]), Verifier.parse(sys.argv[2])), Path(sys.argv[3]), 1)
    print("cosigned", flush=True)
"""


def head_of(leaves: list[bytes], signer: Signer = LOG) -> str:
    return sign_note(Checkpoint("log", len(leaves), History(leaves).root()).format(), signer)


def extend(old_size: int, leaves: list[bytes]) -> list[bytes]:
    return History(leaves).consistency_proof(old_size)


def fork_after_keeping(seed: int) -> list[bytes]:
    """Another history of the same log: one row before the kept head is different, and it has grown or not."""
    chance = random.Random(seed)
    leaves = HONEST[: chance.randint(KEPT, len(HONEST))]
    leaves[chance.randrange(KEPT)] = leaf_hash(b"forged %d" % seed)
    return leaves


@pytest.fixture
def witness(tmp_path: Path) -> Witness:
    """A witness that has cosigned the honest log's first rows."""
    made = Witness(tmp_path / "memory", LOG.verifier)
    made.cosign(head_of(HONEST[:KEPT]), [], NOW)
    return made


def refused(witness: Witness) -> int:
    count = 0
    for seed in range(FORKS):
        leaves = fork_after_keeping(seed)
        with pytest.raises(ForkRefused):
            witness.cosign(head_of(leaves), extend(KEPT, leaves), NOW)
        count += 1
    return count


def write_bundle(folder: Path, leaves: list[bytes]) -> Path:
    (folder / "checkpoints").mkdir(parents=True)
    (folder / "checkpoints" / "000001.note").write_text(head_of(leaves))
    (folder / "leaves.bin").write_bytes(b"".join(leaves))
    return folder


def test_a_thousand_forked_heads_are_refused_and_the_honest_one_is_still_cosigned(witness: Witness) -> None:
    assert refused(witness) == FORKS
    witness.cosign(head_of(HONEST), extend(KEPT, HONEST), NOW)
    assert witness.head.size == len(HONEST)


def test_a_witness_that_forgot_would_have_taken_each_of_these_forks() -> None:
    """The control: every forked head is well signed and consistent with itself; only the memory refuses it."""
    for seed in range(0, FORKS, 50):
        leaves = fork_after_keeping(seed)
        own = History(leaves)
        assert open_note(head_of(leaves), [LOG.verifier]).verified == ("log",)
        assert verify_consistency(KEPT, own.root(KEPT), len(leaves), own.root(), own.consistency_proof(KEPT))


def test_a_thousand_forked_heads_are_refused_after_the_witness_was_killed(tmp_path: Path) -> None:
    memory, bundle = tmp_path / "memory", write_bundle(tmp_path / "bundle", HONEST[:KEPT])
    arguments = [sys.executable, "-c", LOOP, str(memory), LOG.verifier.vkey, str(bundle)]
    chance = random.Random(8)
    for _ in range(3):
        process = subprocess.Popen(arguments, stdout=subprocess.PIPE)
        assert process.stdout is not None
        assert process.stdout.readline() == b"cosigned\n"
        time.sleep(chance.uniform(0, 0.05))
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        process.stdout.close()
    again = Witness(memory, LOG.verifier)
    assert again.head.size == KEPT
    assert refused(again) == FORKS


def test_a_shorter_head_is_refused_even_though_it_was_honest_once(witness: Witness) -> None:
    with pytest.raises(ForkRefused):
        witness.cosign(head_of(HONEST[: KEPT - 1]), [], NOW)


def test_the_same_head_may_be_cosigned_again(witness: Witness) -> None:
    assert witness.cosign(head_of(HONEST[:KEPT]), [], NOW + 1)


def test_a_head_of_another_key_is_refused_and_not_kept(witness: Witness) -> None:
    stranger = Signer("log", bytes([1]) * 32)
    with pytest.raises(UnverifiedNote):
        witness.cosign(head_of(HONEST, stranger), extend(KEPT, HONEST), NOW)
    assert witness.head.size == KEPT


def test_a_witness_that_lost_its_memory_refuses_to_begin_again_unnoticed(witness: Witness, tmp_path: Path) -> None:
    (tmp_path / "memory" / HEAD).unlink()
    with pytest.raises(HeadLost):
        Witness(tmp_path / "memory", LOG.verifier).cosign(head_of(HONEST), extend(KEPT, HONEST), NOW)


def test_the_cosignature_tells_when_and_is_checked_with_the_witness_own_key(witness: Witness) -> None:
    note = witness.cosign(head_of(HONEST), extend(KEPT, HONEST), NOW)
    mine = Verifier.parse(witness.verifier.vkey)
    assert open_note(note, [LOG.verifier, mine]).verified == ("log", "witness")
    assert not mine.verify(
        open_note(note, [LOG.verifier]).text.replace("400", "401"), open_note(note, [mine]).signatures[-1].signature
    )


def test_a_bundle_that_hides_rows_it_counts_is_refused(witness: Witness, tmp_path: Path) -> None:
    bundle = write_bundle(tmp_path / "bundle", HONEST)
    (bundle / "leaves.bin").write_bytes(b"".join(HONEST[:-1]))
    with pytest.raises(ForkRefused):
        cosign_bundle(witness, bundle, NOW)
