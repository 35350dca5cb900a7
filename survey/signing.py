"""Signing apart: a process of another user holds the key of the log and signs only heads that extend its last one.

It listens on a unix socket for lines of JSON. `head` asks which head it signed last. `leaves` hands over hashes of
leaves, from the position where that head ends; `sign` asks for a signature over a checkpoint. The signer builds the
tree itself and compares the root, so a work process that was taken over gets no signature for a rewritten history.
The new head is on its disk before the signature leaves, so a signer killed at any moment never signs two histories.
Asked again for what it signed already, it signs again: a work process killed meanwhile is not stuck.
"""

from __future__ import annotations

import base64
import fcntl
import grp
import json
import os
import re
import secrets
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from io import BufferedRWPair
from pathlib import Path
from typing import Any

from survey.durable import crash_point, write_durably
from survey.proof import Checkpoint, ProofError, Signer, Tree, Verifier

HEAD_FILE, KEY_FILE, LOCK_FILE = "signed-head", "checkpoint.key", "signer.lock"
PATIENCE_SECONDS = 20.0
LONGEST_LINE = 8 << 20
LEAVES_IN_A_LINE = 100_000
HASH_SIZE = 32
MANIFEST = re.compile(r"manifest [0-9a-f]{64}")


class SignerUnreachable(RuntimeError):
    """The process that holds the key does not answer; what waits for a signature is signed when it is back."""


class SigningRefused(RuntimeError):
    """The signer does not sign this: it is no checkpoint of its log, or does not extend the head it signed last."""


class HeadLost(RuntimeError):
    """A key whose last signed head is gone would sign a fork: put the head back, or rotate the key."""


class RemoteSigner:
    """The key as seen from the work process: a socket. Reached when it is first needed."""

    separated = True

    def __init__(self, path: Path) -> None:
        self._path = path
        self._leaves: bytes = b""

    @cached_property
    def verifier(self) -> Verifier:
        """The public key. Raises SignerUnreachable."""
        return Verifier.parse(self._head()["vkey"])

    def signed_size(self) -> int:
        """Leaves under the head that was signed last: those after it must be shown. Raises SignerUnreachable."""
        return int(self._head()["size"])

    def extended_by(self, leaf_hashes: Sequence[bytes]) -> RemoteSigner:
        """The same signer, to be shown the leaves since its last head together with what it is to sign."""
        signer = RemoteSigner(self._path)
        signer._leaves = b"".join(leaf_hashes)
        return signer

    def sign(self, text: str, now: int = 0) -> str:
        """One signature line over a checkpoint. Raises SigningRefused or SignerUnreachable."""
        del now  # the log's signature tells no time
        with self._connected() as ask:
            for start in range(0, len(self._leaves), LEAVES_IN_A_LINE * HASH_SIZE):
                piece = self._leaves[start : start + LEAVES_IN_A_LINE * HASH_SIZE]
                ask({"leaves": base64.b64encode(piece).decode()})
            return str(ask({"sign": text})["signature"])

    def _head(self) -> dict[str, Any]:
        with self._connected() as ask:
            return ask({"head": True})

    @contextmanager
    def _connected(self) -> Iterator[Callable[[dict[str, Any]], dict[str, Any]]]:
        try:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(PATIENCE_SECONDS)
                connection.connect(str(self._path))
                with connection.makefile("rwb") as stream:
                    yield lambda question: _ask(stream, question)
        except (OSError, ValueError) as error:
            raise SignerUnreachable(
                f"The signer at {self._path} does not answer ({error}). Is `hailong sign` running, and may this user "
                "open its socket? Answers are stored meanwhile; they are signed when it is back."
            ) from error


class SigningProcess:
    """The key and the head that it signed last, in a folder that only its user can read."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder = folder
        self._alone = (folder / LOCK_FILE).open("w")
        fcntl.flock(self._alone, fcntl.LOCK_EX | fcntl.LOCK_NB)
        self._signer = self._load_or_make()
        self._tree = self._load_tree()

    @property
    def verifier(self) -> Verifier:
        return self._signer.verifier

    def close(self) -> None:
        """Let another process have the key."""
        self._alone.close()

    def serve(self, listener: socket.socket) -> None:
        """Answer one client after the other, for ever."""
        while True:
            connection, _ = listener.accept()
            with connection:
                connection.settimeout(PATIENCE_SECONDS)
                self._serve_one(connection)

    def sign(self, text: str, tree: Tree) -> str:
        """Sign a checkpoint whose head is that of `tree`, an extension of the last. Raises SigningRefused."""
        self._check(text, tree)
        if tree.size > self._tree.size:
            crash_point("sign:before-head")
            write_durably(self._folder / HEAD_FILE, tree.serialise())
            crash_point("sign:after-head")
            self._tree = tree
        return self._signer.sign(text)

    def _check(self, text: str, tree: Tree) -> None:
        try:
            head = Checkpoint.parse(text)
        except ProofError as error:
            raise SigningRefused(f"This is no checkpoint: {error}") from error
        if head.format() != text or head.origin != self.verifier.name:
            raise SigningRefused(f"This is no checkpoint of {self.verifier.name} in its one form.")
        if len(head.extensions) != 1 or not MANIFEST.fullmatch(head.extensions[0]):
            raise SigningRefused("A checkpoint of this log binds one manifest and nothing else.")
        if (head.size, head.root) != (tree.size, tree.root):
            raise SigningRefused(
                f"The head of {head.size} leaves does not extend the one of {self._tree.size} that was signed last. "
                "The database was changed or restored to an older state: run `hailong verify` on it."
            )

    def _serve_one(self, connection: socket.socket) -> None:
        tree = Tree.restore(self._tree.serialise())
        try:
            with connection.makefile("rwb") as stream:
                while line := stream.readline(LONGEST_LINE):
                    _say(stream, self._answer(json.loads(line), tree))
        except (OSError, ValueError, TypeError, RecursionError):
            return  # whoever talks nonsense is hung up on

    def _answer(self, question: dict[str, Any], tree: Tree) -> dict[str, Any]:
        if "leaves" in question:
            leaves = base64.b64decode(question["leaves"])
            for start in range(0, len(leaves), HASH_SIZE):
                tree.append(leaves[start : start + HASH_SIZE])
            return {"size": tree.size}
        if "sign" in question:
            try:
                return {"signature": self.sign(str(question["sign"]), tree)}
            except SigningRefused as refusal:
                return {"refused": str(refusal)}
        return {"vkey": self.verifier.vkey, "size": self._tree.size, "root": self._tree.root.hex()}

    def _load_or_make(self) -> Signer:
        """The key, made after its empty head: a key without a head has lost it."""
        path = self._folder / KEY_FILE
        if not path.exists():
            write_durably(self._folder / HEAD_FILE, Tree().serialise())
            write_durably(
                path, Signer(f"hailong-{secrets.token_hex(4)}", secrets.token_bytes(32)).skey.encode() + b"\n"
            )
        return Signer.parse(path.read_text(encoding="ascii"))

    def _load_tree(self) -> Tree:
        path = self._folder / HEAD_FILE
        if not path.exists():
            raise HeadLost(
                f"{path} is gone, and this key has signed before. Put it back from a copy, or rotate the key. For the "
                "key of an embedded installation that begins to sign apart: `hailong sign --adopt`."
            )
        return Tree.restore(path.read_bytes())


def listen(path: Path, group: str | None = None) -> socket.socket:
    """A socket that its owner, and a group if named, may open."""
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX)
    before = os.umask(0o177)
    try:
        listener.bind(str(path))
    finally:
        os.umask(before)
    if group is not None:
        os.chown(path, -1, grp.getgrnam(group).gr_gid)
        path.chmod(0o660)
    listener.listen(8)
    return listener


def adopt(folder: Path) -> None:
    """Let a key of an embedded installation sign apart from now on: all leaves of the log are shown to it once."""
    path = folder / HEAD_FILE
    if not path.exists():
        write_durably(path, Tree().serialise())


def _say(stream: BufferedRWPair, message: dict[str, Any]) -> None:
    stream.write(json.dumps(message).encode() + b"\n")
    stream.flush()


def _ask(stream: BufferedRWPair, question: dict[str, Any]) -> dict[str, Any]:
    _say(stream, question)
    line = stream.readline(LONGEST_LINE)
    if not line:
        raise ConnectionError("it hung up")
    answer: dict[str, Any] = json.loads(line)
    if "refused" in answer:
        raise SigningRefused(answer["refused"])
    return answer
