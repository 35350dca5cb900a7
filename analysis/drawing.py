"""Probability samples that anybody can draw again: a seed and the frame's identifiers decide, nothing else.

Every record gets a number from SHA-256 of (seed, stratum, identifier); the smallest numbers are drawn (permanent
random numbers: Ohlsson, in Business Survey Methods, 1995, ch. 9). So the order of the frame does not matter, the same
seed gives the same sample on any machine, and a larger sample of the same seed holds the smaller one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import narwhals as nw

from analysis.errors import AnalysisError

BITS = 53


class BadDraw(AnalysisError):
    """The frame cannot be drawn from as asked: the message names the stratum and the remedy."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """One drawn record, with the chance that it had to be drawn and the weight that follows."""

    stratum: str
    identifier: str
    probability: float

    @property
    def weight(self) -> float:
        return 1 / self.probability


def draw(
    frame: Any,
    allocation: Mapping[str, int],
    seed: str | int,
    method: str = "random",
    sizes: Mapping[str, float] | None = None,
    *,
    stratum: str = "stratum",
    identifier: str = "identifier",
) -> list[Drawn]:
    """Draw a stratified sample without replacement.

    `frame` maps each stratum to its identifiers (unique within the stratum), or is a table (pandas, Polars, PyArrow,
    DuckDB...) with the columns `stratum` and `identifier`; `allocation` maps strata to the number to draw.
    `method`: "random" (simple random), "systematic" (every k-th in the frame's order, random start) or "pps"
    (systematic with probability proportional to `sizes[identifier]`, large records taken with certainty).
    The result is ordered by stratum, then as drawn. Raises `BadDraw`.
    """
    if method not in ("random", "systematic", "pps"):
        raise BadDraw(f"method {method!r}: choose random, systematic or pps")
    listed = frame if isinstance(frame, Mapping) else _list_records(frame, stratum, identifier)
    allocation, seed = dict(allocation), str(seed)
    unknown = sorted(set(allocation) - set(listed))
    if unknown:
        raise BadDraw(f"stratum {unknown[0]!r} is in the allocation but not in the frame")
    drawn: list[Drawn] = []
    for name in sorted(allocation):
        _check_stratum(name, listed[name], allocation[name])
        drawn += _draw_stratum(name, listed[name], allocation[name], seed, method, sizes)
    return drawn


def random_number(seed: str, *parts: str) -> float:
    """Give a number in [0, 1) that depends on the seed and the parts only."""
    return _hash(seed, *parts)[0] * 2.0**-BITS


def _list_records(frame: Any, stratum: str, identifier: str) -> dict[str, list[str]]:
    table = nw.from_native(frame).lazy().select(stratum, identifier).collect()
    if len(table.drop_nulls()) < len(table):
        raise BadDraw(f"columns {stratum!r} and {identifier!r} must be filled in every row of the frame")
    listed: dict[str, list[str]] = {}
    for name, record in table.iter_rows():
        listed.setdefault(str(name), []).append(str(record))
    return listed


def _draw_stratum(
    stratum: str, records: Sequence[str], n: int, seed: str, method: str, sizes: Mapping[str, float] | None
) -> list[Drawn]:
    if n == 0:
        return []
    if method == "random":
        chosen = _smallest(list(_digests(seed, stratum, records)), records, n)
        return [Drawn(stratum, record, n / len(records)) for _, record in chosen]
    if method == "systematic":
        start = Fraction(_hash(seed, stratum)[0], 2**BITS)
        places = [int((start + k) * len(records) / n) for k in range(n)]
        return [Drawn(stratum, records[place], n / len(records)) for place in places]
    return _draw_by_size(stratum, records, n, seed, sizes or {})


def _smallest(digests: Sequence[bytes], records: Sequence[str], n: int) -> list[tuple[bytes, str]]:
    """The n smallest digests with their records, in order: a share of them a little over n's is sorted, where it has n.

    Digests are uniform, so few lie on the wrong side; where too few lie below the bound, all are sorted.
    """
    bound = min(256**4 - 1, int(256**4 * (n / len(records)) * 1.1) + 1).to_bytes(4, "big")
    below = [pair for pair in zip(digests, records, strict=True) if pair[0] < bound]
    return sorted(below if len(below) >= n else zip(digests, records, strict=True))[:n]


def _draw_by_size(stratum: str, records: Sequence[str], n: int, seed: str, sizes: Mapping[str, float]) -> list[Drawn]:
    size = {record: _size_of(stratum, record, sizes) for record in records}
    certain = _take_certain(size, n)
    rest = sorted((r for r in records if r not in certain), key=lambda record: _hash(seed, stratum, record))
    left = n - len(certain)
    drawn = [Drawn(stratum, record, 1.0) for record in sorted(certain)]
    if not left:
        return drawn
    total = sum((size[record] for record in rest), Fraction(0))
    step = total / left
    goal, reached = Fraction(_hash(seed, stratum)[0], 2**BITS) * step, Fraction(0)
    for record in rest:
        reached += size[record]
        if goal < reached:
            drawn.append(Drawn(stratum, record, float(size[record] / step)))
            goal += step
    return drawn


def _take_certain(size: Mapping[str, Fraction], n: int) -> set[str]:
    """Records so large that their share of the sample would pass one; removing them can make others so."""
    certain: set[str] = set()
    while True:
        rest = {record: s for record, s in size.items() if record not in certain}
        left, total = n - len(certain), sum(rest.values(), Fraction(0))
        large = {record for record, s in rest.items() if left * s >= total}
        if not large or not left:
            return certain
        certain |= large


def _size_of(stratum: str, record: str, sizes: Mapping[str, float]) -> Fraction:
    size = sizes.get(record, 0)
    if not 0 < size < float("inf"):
        raise BadDraw(f"stratum {stratum!r}: record {record!r} needs a size above 0 for a draw by size")
    return Fraction(size)


def _check_stratum(stratum: str, records: Sequence[str], n: int) -> None:
    if not 0 <= n <= len(records):
        raise BadDraw(f"stratum {stratum!r} holds {len(records)} records, {n} cannot be drawn: lower its allocation")
    if len(set(records)) != len(records):
        raise BadDraw(f"stratum {stratum!r} names a record twice: remove the duplicates before drawing")


def _digests(seed: str, stratum: str, records: Sequence[str]) -> Iterator[bytes]:
    """The digest of each record: its order is that of `_hash`, whose 53 bits are the digest's first."""
    before = _joined(seed, stratum)
    for record in records:
        last = record.encode()
        yield hashlib.sha256(before + len(last).to_bytes(4, "big") + last).digest()


def _joined(*parts: str) -> bytes:
    """Lengths keep the parts apart."""
    return b"".join(len(p.encode()).to_bytes(4, "big") + p.encode() for p in parts)


def _hash(*parts: str) -> tuple[int, bytes]:
    """The first 53 bits, and the whole digest to break a tie."""
    digest = hashlib.sha256(_joined(*parts)).digest()
    return int.from_bytes(digest[:8], "big") >> (64 - BITS), digest
