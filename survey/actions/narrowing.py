"""How far an attacker who has every published figure can narrow what is hidden: rank tests and linear programmes.

What is printed is a system of linear equations, each true to the precision of print; what is hidden may be anything
that satisfies them all. A secret is safe when it is no combination of the equations (rank), and when the range between
its least and greatest possible value is as wide as wanted: the *sliding protection level* of Fischetti and
Salazar-Gonzalez (2001), Solving the cell suppression problem on tabular data with linear constraints, Management
Science 47(7), whose attacker's subproblem this is. Connected components are solved apart. Every solution of a
programme is a witness for all secrets of its component, so that most of them never need a programme of their own
(filtering by solutions: Gleixner et al. 2017, Three enhancements for optimization-based bound tightening). What is
found does not depend on which solutions came first.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from survey.actions.ranging import EXACT, SLACK, Equations, Numbers, Ranges, Secret, components

SOLVED_WHOLE = 600  # variables of a component; in larger ones a programme moves only what is near the secret
SCATTERS = 6  # solutions besides, in directions of chance, of a larger component
COMPANIONS = 60  # that a programme moves with a secret at first; a witness among few is one among all
PROGRAMMES = 100  # of its own for a secret of a larger component: for those that varied least
ROUNDS = 8  # programmes for all secrets of a smaller component together, before each is asked alone
PASSES = 3  # of bounds from each release to the next and back


def find_narrowed(equations: Equations, secrets: Sequence[Secret]) -> list[int]:
    """Numbers of the secrets that follow from the equations, or may vary by less than is wanted."""
    found: list[int] = []
    component = components(equations.matrix)
    by_component: dict[int, list[int]] = {}
    for number, secret in enumerate(secrets):
        by_component.setdefault(int(component[secret.plus]), []).append(number)
    for name, numbers in by_component.items():
        part, position = _restrict(equations, np.flatnonzero(component == name))
        mine = [_renumber(secrets[number], position) for number in numbers]
        found += [numbers[index] for index in sorted({*_spanned(part, mine), *_too_narrow(part, mine)})]
    return sorted(found)


def _restrict(equations: Equations, variables: Numbers) -> tuple[Equations, dict[int, int]]:
    """The equations of one component, and where its variables went."""
    columns = equations.matrix[:, variables].tocsr()
    rows = np.flatnonzero(np.diff(columns.indptr))
    part = Equations(
        columns[rows],
        equations.low[rows],
        equations.high[rows],
        equations.exact[rows],
        equations.least[variables],
        equations.most[variables],
        None if equations.point is None else equations.point[variables],
    )
    return part, {int(variable): place for place, variable in enumerate(variables)}


def _renumber(secret: Secret, position: dict[int, int]) -> Secret:
    return Secret(position[secret.plus], None if secret.minus is None else position[secret.minus], secret.wanted)


def _spanned(equations: Equations, secrets: Sequence[Secret]) -> Iterator[int]:
    """Secrets that the published rows, taken as exact, give; variables that print alone fixes count as known."""
    hidden = np.flatnonzero(equations.most - equations.least > EXACT)
    rows = equations.matrix[np.flatnonzero(equations.exact)][:, hidden].toarray()
    scale = np.abs(rows).max(axis=1, keepdims=True, initial=EXACT)
    _, values, basis = np.linalg.svd(rows / scale, full_matrices=False)
    spanned = np.zeros((len(equations.least), int((values > EXACT).sum())))
    spanned[hidden] = basis[values > EXACT].T
    fixed = equations.most - equations.least <= EXACT
    for number, (plus, minus, _) in enumerate(secrets):
        inside, length = spanned[plus], float(not fixed[plus])
        if minus is not None:
            inside, length = inside - spanned[minus], length + float(not fixed[minus])
        if length - float(inside @ inside) < EXACT:
            yield number


def _too_narrow(equations: Equations, secrets: Sequence[Secret]) -> list[int]:
    """Secrets whose range is less than wanted: by their bounds alone, else what no solution disproves."""
    bounded = _bounded(equations, secrets)
    open_ones = [number for number in range(len(secrets)) if number not in bounded]
    return [*bounded, *(open_ones[index] for index in _undisproved(equations, [secrets[n] for n in open_ones]))]


def _bounded(equations: Equations, secrets: Sequence[Secret]) -> set[int]:
    """Secrets that their own bounds, and those of what they grew from and into, narrow enough."""
    least, most = equations.least.copy(), equations.most.copy()
    growth = np.flatnonzero(~equations.exact)
    entries = equations.matrix[growth].tocoo()
    after, before = (np.zeros(len(growth), dtype=np.intp) for _ in range(2))
    after[entries.row[entries.data > 0]] = entries.col[entries.data > 0]
    before[entries.row[entries.data < 0]] = entries.col[entries.data < 0]
    for _ in range(PASSES):
        np.maximum.at(least, after, least[before] + equations.low[growth])
        np.minimum.at(most, after, most[before] + equations.high[growth])
        np.maximum.at(least, before, least[after] - equations.high[growth])
        np.minimum.at(most, before, most[after] - equations.low[growth])
    return {
        number
        for number, each in enumerate(secrets)
        if each.minus is None and most[each.plus] - least[each.plus] < each.wanted - SLACK
    }


def _undisproved(equations: Equations, secrets: Sequence[Secret]) -> list[int]:
    """Those of the secrets that no solution shows to vary enough: exchanges first, then programmes for many, then
    for one."""
    if not secrets:
        return []
    ranges = Ranges(equations, secrets)
    small = len(equations.least) <= SOLVED_WHOLE
    if small or not ranges.anchored:
        ranges.stretch(ranges.waiting())
    ranges.exchange()
    for _ in range(0 if small or ranges.anchored else SCATTERS):
        if len(ranges.waiting()):
            ranges.scatter()
            ranges.exchange()
    for _ in range(ROUNDS if small else 0):
        waiting = ranges.waiting()
        if not len(waiting) or not ranges.stretch(waiting):
            break
    asked = ranges.waiting() if small else ranges.narrowest(PROGRAMMES)
    for number in asked:
        for most in (None,) if small else (COMPANIONS, None):
            if ranges.is_open(number):
                ranges.stretch(np.array([number]), None if small else ranges.around(number, most))
    return [int(number) for number in asked if ranges.is_open(number)]
