"""An official with everything that is published, for two days, learns nothing about fewer than ten people."""

from __future__ import annotations

import os
import random
from collections.abc import Sequence
from dataclasses import replace

import pytest
from inference import Attack
from provinces import draw_province, release_both

from survey.actions import releasing
from survey.store.releases import StoredFigure

PROVINCES = range(200 if os.environ.get("HAILONG_FULL_COUNTS") == "1" else 3)
PROGRAMMES = 10


@pytest.mark.parametrize("seed", PROVINCES)
def test_no_cell_of_few_and_no_change_by_few_can_be_worked_out(seed: int) -> None:
    attack = attack_province(seed)
    assert attack.find_recovered() == []
    secrets = list(attack.secrets())
    asked = random.Random(seed).sample(secrets, min(PROGRAMMES, len(secrets)))
    assert attack.find_pinned(asked) == []
    widths = [attack.width(target) for _, target in asked]
    print(
        f"{len(secrets)} secrets; of {len(asked)} asked, {sum(width < 0.5 for width in widths)} within half an answer"
    )


@pytest.mark.thorough
def test_with_the_small_cells_alone_hidden_the_attack_recovers_some(monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: primary suppression only, and nothing held against the day before."""
    monkeypatch.setattr(releasing, "hide_small", hide_only_the_small)
    recovered = [attack_province(seed).find_recovered() for seed in range(3)]
    assert all(recovered)


@pytest.mark.thorough
def test_what_is_released_is_still_worth_reading() -> None:
    """The price: most answers stay in figures of agencies that are shown."""
    shown = total = 0
    for seed in range(3):
        first, second = draw_province(seed)
        figures = release_both(first, second)[0]
        shown += sum(each.numbers["n"] for each in figures if each.level == "agency" and not each.suppressed)
        total += sum(each.n for each in first)
    print(f"answers in agencies' figures that are shown: {shown / total:.3f}")
    assert shown / total > 0.5


def attack_province(seed: int) -> Attack:
    first, second = draw_province(seed)
    one, two = release_both(first, second)
    return Attack([(first, one), (second, two)])


def hide_only_the_small(
    figures: Sequence[StoredFigure], k: int, earlier: object = (), k_new: object = None
) -> list[StoredFigure]:
    return [replace(each, suppressed=True, figure="{}") if 0 < each.numbers["n"] < k else each for each in figures]
