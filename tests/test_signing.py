"""A signer apart signs what extends its last head, once and again, and nothing else."""

from __future__ import annotations

import json
import random
import socket
import threading
from pathlib import Path

import pytest

from survey.proof import Checkpoint, Signer, Tree, open_note, sign_note
from survey.signing import (
    HEAD_FILE,
    KEY_FILE,
    HeadLost,
    RemoteSigner,
    SignerUnreachable,
    SigningProcess,
    SigningRefused,
    adopt,
    listen,
)

FORKS = 1000
LEAVES = [bytes([number]) * 32 for number in range(40)]
MANIFEST = f"manifest {'0' * 64}"


@pytest.fixture
def process(tmp_path: Path) -> SigningProcess:
    return SigningProcess(tmp_path / "keys")


@pytest.fixture
def remote(process: SigningProcess, tmp_path: Path) -> RemoteSigner:
    """The signer behind its socket, in a thread."""
    listener = listen(tmp_path / "socket")
    threading.Thread(target=process.serve, args=(listener,), daemon=True).start()
    return RemoteSigner(tmp_path / "socket")


def tree_of(leaves: list[bytes]) -> Tree:
    tree = Tree()
    for leaf in leaves:
        tree.append(leaf)
    return tree


def head(origin: str, leaves: list[bytes], *extensions: str) -> str:
    tree = tree_of(leaves)
    return Checkpoint(origin, tree.size, tree.root, extensions or (MANIFEST,)).format()


def test_a_growing_log_is_signed_and_anybody_can_check_it(remote: RemoteSigner) -> None:
    name, signed = remote.verifier.name, 0
    for size in (1, 7, 7, 8, 40):
        text = head(name, LEAVES[:size])
        note = sign_note(text, remote.extended_by(LEAVES[signed:size]))
        assert open_note(note, [remote.verifier]).text == text
        signed = remote.signed_size()
        assert signed == size


def test_1000_forks_and_rollbacks_are_refused(process: SigningProcess) -> None:
    """Each differs in one leaf before the signed head, or ends before it; the control signs every one of them."""
    dice, name = random.Random(5), process.verifier.name
    process.sign(head(name, LEAVES[:20]), tree_of(LEAVES[:20]))
    control = Signer(name, bytes(32))
    for _ in range(FORKS):
        forged = list(LEAVES[: dice.randint(1, 40)])
        forged[dice.randrange(min(20, len(forged)))] = dice.randbytes(32)
        shown = Tree.restore(tree_of(LEAVES[:20]).serialise())
        for leaf in forged[20:]:
            shown.append(leaf)
        with pytest.raises(SigningRefused, match="does not extend"):
            process.sign(head(name, forged), shown)
        assert control.sign(head(name, forged)).startswith("—")


def test_what_was_signed_is_signed_again_for_who_was_killed_before_it_could_keep_it(remote: RemoteSigner) -> None:
    text = head(remote.verifier.name, LEAVES[:5])
    first = remote.extended_by(LEAVES[:5]).sign(text)
    assert remote.extended_by([]).sign(text) == first


@pytest.mark.parametrize(
    "text",
    [
        head("another-log", LEAVES[:3]),
        "{name}\n3\nnot a root\n" + MANIFEST + "\n",
        head("{name}", LEAVES[:3], "manifest short"),
        head("{name}", LEAVES[:3], MANIFEST, MANIFEST),
        head("{name}", LEAVES[:3], "anything else"),
        head("{name}", LEAVES[:3]).replace("\n3\n", "\n03\n"),
        "any text\n",
        "",
    ],
)
def test_only_a_checkpoint_of_this_log_is_signed(remote: RemoteSigner, text: str) -> None:
    with pytest.raises(SigningRefused):
        remote.extended_by(LEAVES[:3]).sign(text.replace("{name}", remote.verifier.name))
    assert remote.signed_size() == 0


def test_the_head_outlives_the_process(process: SigningProcess, tmp_path: Path) -> None:
    name = process.verifier.name
    process.sign(head(name, LEAVES[:20]), tree_of(LEAVES[:20]))
    process.close()
    again = SigningProcess(tmp_path / "keys")
    assert again.verifier == process.verifier
    forged = [*LEAVES[:19], bytes(32)]
    with pytest.raises(SigningRefused, match="of 20 that was signed last"):
        again.sign(head(name, forged), tree_of(LEAVES[:20]))


def test_two_signers_do_not_share_a_key(process: SigningProcess, tmp_path: Path) -> None:
    with pytest.raises(BlockingIOError):
        SigningProcess(tmp_path / "keys")


def test_a_key_without_its_head_signs_nothing_until_somebody_says_that_it_never_signed_apart(tmp_path: Path) -> None:
    SigningProcess(tmp_path / "keys").close()
    (tmp_path / "keys" / HEAD_FILE).unlink()
    with pytest.raises(HeadLost, match="rotate the key"):
        SigningProcess(tmp_path / "keys")
    adopt(tmp_path / "keys")
    SigningProcess(tmp_path / "keys").close()


def test_key_and_head_are_their_owners_alone(process: SigningProcess, tmp_path: Path) -> None:
    for name in (KEY_FILE, HEAD_FILE):
        assert (tmp_path / "keys" / name).stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("nonsense", [b"\n", b"{", b"[]\n", b"7\n", b'"leaves"\n', b'{"leaves": 5}\n', b"[" * 100_000])
def test_nonsense_is_hung_up_on_and_the_next_is_served(remote: RemoteSigner, tmp_path: Path, nonsense: bytes) -> None:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(tmp_path / "socket"))
        connection.sendall(nonsense)
        connection.shutdown(socket.SHUT_WR)
        answered = connection.recv(65536)
    assert answered == b"" or "size" in json.loads(answered)
    assert remote.signed_size() == 0


def test_a_signer_that_is_away_is_named_with_what_to_look_at(tmp_path: Path) -> None:
    with pytest.raises(SignerUnreachable, match="Is `hailong sign` running"):
        RemoteSigner(tmp_path / "nobody").sign(head("log", LEAVES[:1]))
