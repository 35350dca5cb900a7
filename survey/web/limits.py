"""A brake on guessing: only failures are counted, so a commune behind one address is never blocked."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


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
