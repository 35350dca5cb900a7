"""What is dear to make is made once, also when sixteen ask for it at the same moment after a start."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from threading import RLock
from typing import TypeVar, TypeVarTuple

Given = TypeVarTuple("Given")
Made = TypeVar("Made")


def made_once(make: Callable[[*Given], Made]) -> Callable[[*Given], Made]:
    """`functools.cache` where whoever comes while it is being made waits, instead of making it as well; what is there
    already is had without waiting."""
    made: dict[tuple[*Given], Made] = {}
    making = RLock()

    @wraps(make)
    def had(*given: *Given) -> Made:
        try:
            return made[given]
        except KeyError:
            with making:
                if given not in made:
                    made[given] = make(*given)
                return made[given]

    return had
