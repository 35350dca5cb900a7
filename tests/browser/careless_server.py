"""A server that must not be trusted: it tells a kiosk that answers are stored and sealed, and commits them later."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from typing import Any

from survey.actions import replaying
from survey.actions.replaying import Told
from survey.cli import main

SECONDS_LATE = 3.0
honest_replay = replaying.replay


def replay_later(*arguments: Any, **more: Any) -> list[Told]:
    threading.Thread(target=_commit_late, args=(arguments, more), daemon=True).start()
    return [Told(key, "stored", "0000000000") for key, _ in arguments[3]]


def _commit_late(arguments: tuple[Any, ...], more: dict[str, Any]) -> None:
    time.sleep(SECONDS_LATE)
    honest_replay(*arguments, **more)


def claim_all_held(_database: object, receipts: Sequence[str]) -> list[str]:
    return ["included"] * len(receipts)


replaying.replay = replay_later
replaying.find_held = claim_all_held

if __name__ == "__main__":
    main()
