"""The bridge from a figure published so far to ours: each step computed from the release, or said to be unknown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

SILENCE, SATISFIED, NET = "silence766@1", "top2@1", "net@1"


@dataclass(frozen=True, slots=True)
class Bridge:
    """Changes in order: whom one asked (with late dossiers, which nobody can tell apart), silence, definition. They
    lead from `published` to `ours`."""

    published: float
    asked: float
    silence: float
    definition: float
    ours: float


def build_bridge(published: float, definitions: Sequence[Mapping[str, Any]]) -> Bridge | None:
    """The steps for a published share; None where the release has not the three definitions that they need.

    Decision 766 counts as satisfied whoever does not say otherwise: the silent, and among those who answered the
    middle level too. The middle level's share follows from two definitions: 1 - top2 - (top2 - net).
    """
    rates = {each["key"]: each["rate"] for each in definitions}
    if not {SILENCE, SATISFIED, NET} <= rates.keys():
        return None
    dissatisfied = rates[SATISFIED] - rates[NET]
    return Bridge(
        published=published,
        asked=rates[SILENCE] - published,
        silence=1 - dissatisfied - rates[SILENCE],
        definition=rates[SATISFIED] - (1 - dissatisfied),
        ours=rates[SATISFIED],
    )
