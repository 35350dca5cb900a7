"""A brake on guessing: only failures are counted, so a commune behind one address is never blocked."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from functools import partial


class FailureBrake:
    """A bucket of failures for the whole process: each takes one, and they come back at a steady rate.

    Kept in memory and holding no address: whoever has a valid token is not counted and not slowed.
    """

    def __init__(self, most: float, per_second: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = most
        self._per_second = per_second
        self._clock = clock
        self._left = most
        self._filled_at = clock()
        self._lock = threading.Lock()

    def count_failure(self) -> bool:
        """Count one; False when there were too many and the caller must be told to wait."""
        with self._lock:
            now = self._clock()
            self._left = min(self._most, self._left + (now - self._filled_at) * self._per_second)
            self._filled_at = now
            if self._left < 1:
                return False
            self._left -= 1
            return True

    def give_back(self) -> None:
        """It was no failure after all."""
        with self._lock:
            self._left = min(self._most, self._left + 1)


class AccountBrakes:
    """A brake for each account: beyond it no password is tried, so guessing goes at its rate and no faster.

    An attempt is counted before it is made, so that many at once gain nothing. Only the accounts tried last are kept.
    """

    def __init__(
        self, most: float, per_second: float, *, kept: int = 10_000, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._make = partial(FailureBrake, most, per_second, clock)
        self._kept = kept
        self._brakes: OrderedDict[str, FailureBrake] = OrderedDict()
        self._lock = threading.Lock()

    def may_try(self, account: str) -> bool:
        return self._of(account).count_failure()

    def was_right(self, account: str) -> None:
        self._of(account).give_back()

    def _of(self, account: str) -> FailureBrake:
        with self._lock:
            brake = self._brakes.pop(account, None) or self._make()
            self._brakes[account] = brake
            if len(self._brakes) > self._kept:
                self._brakes.popitem(last=False)
            return brake
