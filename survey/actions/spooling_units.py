"""Transactions on their way into a frame: spooled to disk, with a few bytes each in memory to tell duplicates."""

from __future__ import annotations

import struct
from array import array
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from typing import BinaryIO

import numpy as np

UNIT = struct.Struct("<QI32s")  # line, number of the stratum, keyed hash of the dossier
UNITS_A_READ = 4096

Unit = tuple[int, str, bytes]


class SpooledUnits:
    """Line, stratum and keyed hash of every transaction of a file, in its order; `counts` by stratum."""

    def __init__(self, spool: BinaryIO) -> None:
        self.counts: Counter[str] = Counter()
        self._spool = spool
        self._codes: list[str] = []
        self._numbers: dict[str, int] = {}
        self._prefixes = array("Q")

    def add(self, line: int, stratum_code: str, unit_hash: bytes) -> None:
        number = self._numbers.setdefault(stratum_code, len(self._codes))
        if number == len(self._codes):
            self._codes.append(stratum_code)
        self.counts[stratum_code] += 1
        self._prefixes.append(_prefix(unit_hash))
        self._spool.write(UNIT.pack(line, number, unit_hash))

    def __iter__(self) -> Iterator[Unit]:
        self._spool.seek(0)
        while block := self._spool.read(UNIT.size * UNITS_A_READ):
            for line, number, unit_hash in UNIT.iter_unpack(block):
                yield line, self._codes[number], unit_hash

    def blocks(self, size: int) -> Iterator[list[Unit]]:
        """The transactions, so many at a time."""
        units = iter(self)
        while block := list(islice(units, size)):
            yield block

    def list_duplicates(self) -> Iterator[tuple[int, int]]:
        """Lines whose dossier stands on an earlier line, with that line."""
        ordered = np.sort(np.frombuffer(self._prefixes, dtype=np.uint64)) if self._prefixes else np.empty(0)
        repeated = {int(prefix) for prefix in ordered[1:][ordered[1:] == ordered[:-1]]}
        first: dict[bytes, int] = {}
        for line, _, unit_hash in self if repeated else ():
            if _prefix(unit_hash) in repeated and first.setdefault(unit_hash, line) != line:
                yield line, first[unit_hash]


def _prefix(unit_hash: bytes) -> int:
    return int.from_bytes(unit_hash[:8], "little")
