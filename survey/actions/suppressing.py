"""Suppression: figures of few people are left out, with enough of their siblings that they cannot be worked out.

Primary: fewer than k answers; everybody (or nobody) satisfied among fewer than 30; fewer than k new ones since a figure
was last shown; one that was left out, until it has k more and twice as many. Complementary: a total, its shown parts
and its hidden parts are one equation; until each has hidden parts of at least k answers together, none of them alone,
and every one free to vary by whole answers, the smallest shown part is hidden too, and then the total (a heuristic:
Willenborg and de Waal 2001, 6.2). Below a hidden total nothing is shown: siblings all or none. So totals and parts stay
a tree in which every hidden figure has exactly one equation, that of the nearest shown total above; the same tree is
walked over the differences from each earlier release.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any, NamedTuple

from analysis.disclosure import can_vary
from survey.actions.auditing_figures import WIDTH, Lattice, Seen, find_exposed
from survey.mandate.sectors import load_sectors
from survey.store.releases import StoredFigure

GROUP_DISCLOSURE = 30
LEAST_WIDTH = 1  # satisfied answers by which a hidden figure must be free to vary
ROOM_MARGIN = 0.25  # other levels and days narrow what one equation leaves open
DECIMALS = 3  # of a share: 0.1 per cent, as every page prints it
TRUSTED_DECIMALS = 12  # further ones follow from the order in which floats were added
NOTHING = json.dumps({})
NOT_PUBLISHED = "successes"

Key = tuple[str, str, str]


class Past(NamedTuple):
    """A figure of an earlier release: its answers then and, where it was shown, its rate."""

    n: int
    rate: float | None
    shown: bool


Shown = Mapping[Key, Past]


def round_printed(value: float, decimals: int = DECIMALS) -> float:
    """Rounded for print. A tie falls to one side, whatever the last bits of a sum are: else 21/20 is 1.0 or 1.1."""
    return round(round(value, TRUSTED_DECIMALS), decimals)


def hide_small(
    figures: Sequence[StoredFigure], k: int, earlier: Sequence[Shown] = (), k_new: int | None = None
) -> list[StoredFigure]:
    """The figures with what is too small, or would give it away, replaced by nothing at all; the others rounded.

    `earlier` has each earlier release of the same answers and fewer, by level, sector and place. `k_new` is the least
    number of new answers by which a figure may move (k by default).
    """
    now = _Tree(figures)
    since = [_Differences(now, shown, k if k_new is None else k_new) for shown in earlier]
    hidden = now.with_parts({number for number in range(len(figures)) if now.is_too_small(number, k)})
    hidden = now.with_parts(hidden | {number for each in since for number in each.find_too_small(hidden)})
    while more := _find_unprotected(now, since, hidden, k) or _find_exposed(now, since, earlier, hidden, k, k_new):
        hidden = now.with_parts(hidden | more)
    return [
        replace(figure, suppressed=True, figure=NOTHING) if number in hidden else round_figure(figure)
        for number, figure in enumerate(figures)
    ]


def shown_figures(figures: Sequence[StoredFigure]) -> Shown:
    """What a release shows, for the differences of the next."""
    return {_key(each): Past(each.numbers["n"], each.numbers["rate"], True) for each in figures if not each.suppressed}


def round_figure(figure: StoredFigure) -> StoredFigure:
    """The figure as exactly as pages print it, and no more: a weighted rate to sixteen digits tells each stratum's
    count. Counts that others published already stay as they are."""
    if figure.suppressed or figure.level == "month":
        return figure
    numbers = {name: _rounded(value) for name, value in figure.numbers.items() if name != NOT_PUBLISHED}
    return replace(figure, figure=json.dumps(numbers, sort_keys=True, ensure_ascii=False))


@dataclass
class _Tree:
    """The figures of one release: every total with its parts."""

    figures: Sequence[StoredFigure]
    numbers: list[dict[str, Any]] = field(init=False)
    sizes: list[int] = field(init=False)
    sums: dict[int, list[int]] = field(init=False)
    above: dict[int, int] = field(init=False)
    rooms: dict[tuple[int, tuple[int, ...]], bool] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self.numbers = [figure.numbers for figure in self.figures]
        self.sizes = [numbers["n"] for numbers in self.numbers]
        self.sums = _sums(self.figures)
        self.above = {part: total for total, parts in self.sums.items() for part in parts}

    def is_too_small(self, number: int, k: int) -> bool:
        n = self.sizes[number]
        return 0 < n < k or (0 < n < GROUP_DISCLOSURE and self.numbers[number]["successes"] in (0, n))

    def with_parts(self, hidden: set[int]) -> set[int]:
        """These and everything below them."""
        waiting, found = list(hidden), set(hidden)
        while waiting:
            below = [part for part in self.sums.get(waiting.pop(), []) if part not in found]
            found.update(below)
            waiting += below
        return found

    def has_room(self, total: int, parts: Sequence[int], k: int) -> bool:
        """Whether each hidden part of few answers may hold several numbers of satisfied ones, for all that is shown."""
        few = [self.is_too_small(part, k) for part in parts]
        whole = self.weight(total)
        if not any(few) or whole <= 0:
            return True
        key = total, tuple(parts)
        if key not in self.rooms:
            self.rooms[key] = can_vary(
                [self.sizes[part] for part in parts],
                [self.weight(part) / whole for part in parts],
                [float(self.numbers[part]["rate"] or 0) for part in parts],
                ROOM_MARGIN * 10**-DECIMALS * (1 + sum(map(self.weight, parts)) / whole) / 2,
                [min(LEAST_WIDTH, self.sizes[part]) * is_few for part, is_few in zip(parts, few, strict=True)],
            )
        return self.rooms[key]

    def room_for(self, place: int, other: int) -> float:
        """By how many answers a place may vary when only one other makes up for it, of as many as are wanted."""
        n, rate = self.sizes[place], float(self.numbers[place]["rate"] or 0)
        other_rate = float(self.numbers[other]["rate"] or 0)
        exchange = n * self.weight(other) / max(self.weight(place), 1)
        up, down = min(n * (1 - rate), exchange * other_rate), min(n * rate, exchange * (1 - other_rate))
        return min(up + down, n, WIDTH)

    def printed_rate(self, number: int) -> float | None:
        rate = self.numbers[number]["rate"]
        return None if rate is None else round_printed(rate)

    def weight(self, number: int) -> float:
        numbers = self.numbers[number]
        return float(numbers.get("weight") or numbers.get("population") or self.sizes[number])


class _Differences:
    """By how many answers each figure moved since an earlier release; those not shown then have no entry."""

    def __init__(self, now: _Tree, shown: Shown, k: int) -> None:
        then = {number: shown[key] for number, each in enumerate(now.figures) if (key := _key(each)) in shown}
        self.k = k
        self.moved = {number: self._move(now, number, before) for number, before in then.items() if before.shown}
        self.satisfied = {
            number: _satisfied(now, number) - before.n * (before.rate or 0) for number, before in then.items()
        }
        self.still_covers = {
            number
            for number, before in then.items()
            if not before.shown and now.sizes[number] < before.n + max(before.n, k)
        }

    def find_too_small(self, hidden: set[int]) -> set[int]:
        """Those that moved by a few, and those that were left out and would tell now, nearly, what they were then."""
        few = {number for number, moved in self.moved.items() if 0 < abs(moved) < self.k}
        return (few | self.still_covers) - hidden

    def gives_away(self, total: int, parts: Sequence[int], hidden: set[int]) -> bool:
        """Whether too few came to those of its parts whose move nobody can see."""
        if total in hidden or total not in self.moved:
            return False
        seen = sum(self.moved[part] for part in parts if part in self.moved and part not in hidden)
        unseen = [part for part in parts if self.moved.get(part) and part in hidden]
        return 0 < abs(self.moved[total] - seen) < self.k or self._are_alike(unseen)

    def _are_alike(self, parts: Sequence[int]) -> bool:
        """Whether everybody (or nobody) who came to these was satisfied, of fewer than 30."""
        came = sum(self.moved[part] for part in parts)
        return 0 < came < GROUP_DISCLOSURE and round(sum(self.satisfied[part] for part in parts)) in (0, came)

    def smallest_seen(self, parts: Sequence[int], hidden: set[int], total: int) -> int:
        seen = [part for part in parts if self.moved.get(part) and part not in hidden]
        return min(seen, key=lambda part: (abs(self.moved[part]), part)) if seen else total

    @staticmethod
    def _move(now: _Tree, number: int, before: Past) -> int:
        """New answers; 1 where as many came as went, and the rate tells so."""
        newer = now.numbers[number]["rate"]
        changed = (None if newer is None else round_printed(newer)) != before.rate
        return now.sizes[number] - before.n or int(changed)


def _satisfied(now: _Tree, number: int) -> float:
    return now.sizes[number] * float(now.numbers[number]["rate"] or 0)


def _find_unprotected(now: _Tree, since: Sequence[_Differences], hidden: set[int], k: int) -> set[int]:
    return set(islice(_find_more(now, since, hidden, k), 1))


def _find_exposed(
    now: _Tree, since: Sequence[_Differences], earlier: Sequence[Shown], hidden: set[int], k: int, k_new: int | None
) -> set[int]:
    """What to hide besides where the audit finds that the releases together would tell too much."""
    exposed = find_exposed(_lattice(now, earlier, hidden, k, k if k_new is None else k_new))
    nearly_known = _find_nearly_known(since)
    chosen = {total: part for place in sorted(exposed) for total, part in _cover(now, place, hidden, nearly_known)}
    return set(chosen.values())


def _lattice(now: _Tree, earlier: Sequence[Shown], hidden: set[int], k: int, k_new: int) -> Lattice:
    numbers = {_key(figure): number for number, figure in enumerate(now.figures)}
    past = [
        {numbers[key]: Seen(each.n, each.rate if each.shown else None) for key, each in shown.items() if key in numbers}
        for shown in reversed(earlier)
    ]
    current = {
        number: Seen(n, None if number in hidden else now.printed_rate(number)) for number, n in enumerate(now.sizes)
    }
    alike = frozenset(number for number in current if now.is_too_small(number, k))
    weights = [now.weight(number) for number in current]
    truth = {number: _satisfied(now, number) for number in current}
    return Lattice(weights, now.sums, [*past, current], alike, k, k_new, truth)


def _cover(now: _Tree, place: int, hidden: set[int], nearly_known: set[int]) -> Iterator[tuple[int, int]]:
    """For an exposed place a shown total above it, and which shown part of it gives most room for each answer lost;
    else that total itself."""
    if place not in hidden:
        yield place, place
        return
    number = place
    while (total := now.above.get(number)) is not None:
        shown = [part for part in now.sums[total] if part not in hidden | nearly_known and now.sizes[part]]
        if total not in hidden:
            yield (
                total,
                max(shown, key=lambda part: (now.room_for(place, part) / now.sizes[part], -part), default=total),
            )
            return
        number = total


def _find_nearly_known(since: Sequence[_Differences]) -> set[int]:
    """What was shown and moved by a few covers nobody."""
    return {number for each in since for number, moved in each.moved.items() if abs(moved) < each.k}


def _find_more(now: _Tree, since: Sequence[_Differences], hidden: set[int], k: int) -> Iterator[int]:
    """What to hide so that one more equation gives nothing away: its smallest shown part, else the total."""
    nearly_known = _find_nearly_known(since)
    for total, parts in now.sums.items():
        if total in hidden:
            continue
        open_parts = [part for part in parts if part not in nearly_known and now.sizes[part]]
        out = [part for part in open_parts if part in hidden]
        shown = [part for part in open_parts if part not in hidden]
        if _gives_away(now.sizes, total, parts, out, k):
            yield _smallest(now.sizes, shown, total)
        elif not now.has_room(total, out, k):
            by_size = sorted(shown, key=lambda part: (now.sizes[part], part))
            enough = (part for part in by_size if now.has_room(total, [*out, part], k))
            yield next(enough, by_size[0] if by_size else total)
        for each in since:
            if each.gives_away(total, parts, hidden):
                yield each.smallest_seen(parts, hidden, total)


def _gives_away(sizes: Sequence[int], total: int, parts: Sequence[int], out: Sequence[int], k: int) -> bool:
    """The hidden parts together follow from the rest; so does one alone, unless the total has more than its parts."""
    rest = abs(sizes[total] - sum(sizes[part] for part in parts))
    together = sum(sizes[part] for part in out) + rest
    return 0 < together < k or (len(out) == 1 and rest == 0)


def _smallest(sizes: Sequence[int], parts: Sequence[int], total: int) -> int:
    return min(parts, key=lambda part: (sizes[part], part)) if parts else total


def _sums(figures: Sequence[StoredFigure]) -> dict[int, list[int]]:
    """Every total with its parts: a wave of its sectors or months, a sector of those below it or of its agencies."""
    sectors = {figure.place: number for number, figure in enumerate(figures) if figure.level == "sector"}
    waves = [number for number, figure in enumerate(figures) if figure.level == "wave"]
    sums: dict[int, list[int]] = defaultdict(list)
    for number, figure in enumerate(figures):
        above = load_sectors()[figure.place].parent if figure.level == "sector" else None
        if figure.level == "agency" and figure.sector_code in sectors:
            sums[sectors[figure.sector_code]].append(number)
        elif above in sectors:
            sums[sectors[above]].append(number)
        elif figure.level in ("sector", "month") and waves:
            sums[waves[0]].append(number)
    return sums


def _key(figure: StoredFigure) -> Key:
    return figure.level, figure.sector_code, figure.place


def _rounded(value: Any) -> Any:
    """Shares to three decimals, larger numbers to one."""
    if isinstance(value, float):
        return round_printed(value, DECIMALS if abs(value) <= 1 else 1)
    if isinstance(value, dict):
        return {name: _rounded(each) for name, each in value.items()}
    return [_rounded(each) for each in value] if isinstance(value, list | tuple) else value
