"""A network between the web process and PostgreSQL that is slow, falls silent, or is cut before an answer arrives."""

from __future__ import annotations

import random
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

PIECE = 65_536
LONGEST_DELAY = 0.05
ONE_CUT_IN, ONE_SILENCE_IN = 12, 40
SECONDS_OF_SILENCE = 1.0


@dataclass
class Proxy:
    """Passes on what comes, as long as it is `well`; else delays, cuts and falls silent by chance."""

    behind: Path
    seed: int
    well: bool = True
    cuts: int = 0
    _dice: random.Random = field(init=False)
    _door: socket.socket = field(init=False)

    def __post_init__(self) -> None:
        self._dice = random.Random(self.seed)
        self._door = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def port(self) -> int:
        number: int = self._door.getsockname()[1]
        return number

    def close(self) -> None:
        self._door.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._door.accept()
                server = socket.socket(socket.AF_UNIX)
                server.connect(str(self.behind))
                threading.Thread(target=self._pass_on, args=(client, server, False), daemon=True).start()
                threading.Thread(target=self._pass_on, args=(server, client, True), daemon=True).start()

    def _pass_on(self, source: socket.socket, target: socket.socket, is_answer: bool) -> None:
        with suppress(OSError):
            while piece := source.recv(PIECE):
                target.sendall(piece if self.well else self._ill(piece, is_answer))
        for each in (source, target):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def _ill(self, piece: bytes, is_answer: bool) -> bytes:
        """The piece after a delay. Raises OSError where the connection is cut."""
        time.sleep(self._dice.uniform(0, LONGEST_DELAY))
        if self._dice.randrange(ONE_SILENCE_IN) == 0:
            time.sleep(SECONDS_OF_SILENCE)
        if self._dice.randrange(ONE_CUT_IN) == 0:
            self.cuts += 1
            raise ConnectionResetError("cut after the answer was made" if is_answer else "cut before it was asked")
        return piece


@contextmanager
def network_to(behind: Path, seed: int) -> Iterator[Proxy]:
    """A proxy in front of a unix socket."""
    proxy = Proxy(behind, seed)
    try:
        yield proxy
    finally:
        proxy.close()
