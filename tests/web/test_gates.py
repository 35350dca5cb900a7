"""Whoever looks waits, whoever answers does not: which requests are turned away, in which order, at five and ten times
the load that a process can carry."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

import pytest

from survey.cli.running import THREADS
from survey.documents.citizen import wait_page
from survey.web import gates
from survey.web.gates import AUDIT, DASHBOARD, EXPORT, FORM, RECEIPT, SHED_FIRST_TO_LAST, Gates, kind_of

ADDRESSES = {
    EXPORT: "/staff/questionnaires/procedures/draft/export/xlsform",
    AUDIT: "/staff/screening/TTHC",
    DASHBOARD: "/staff/scoreboard",
    RECEIPT: "/receipt",
    FORM: "/answer",
}
ANSWER_SECONDS, LOOK_SECONDS = 0.03, 0.3
ANSWERERS, ANSWERS = 4, 10


class Resting:
    """An app whose requests stay inside until they are let go, or for some seconds."""

    def __init__(self) -> None:
        self.free = threading.Event()
        self.inside: Counter[str] = Counter()
        self.most: Counter[str] = Counter()
        self.lock = threading.Lock()

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        name = "looking" if method == "GET" else "answering"
        with self.lock:
            self.inside[name] += 1
            self.most[name] = max(self.most[name], self.inside[name])
        if path == "/park":
            self.free.wait(20)
        else:
            time.sleep(LOOK_SECONDS if method == "GET" else ANSWER_SECONDS)
        with self.lock:
            self.inside[name] -= 1
        start("200 OK", [("Content-Length", "4")])
        return [b"done"]


def ask(app: Any, method: str, path: str) -> str:
    """The status of an answer, whose body is read and closed as a server does."""
    said: list[tuple[str, dict[str, str]]] = []
    environ = {"REQUEST_METHOD": method, "PATH_INFO": path, "wsgi.url_scheme": "http"}
    body = app(environ, lambda status, headers, _=None: said.append((status, dict(headers))))
    assert b"".join(body)
    if hasattr(body, "close"):
        body.close()
    status, headers = said[0]
    assert ("Retry-After" in headers) == status.startswith("503")
    return status[:3]


@pytest.mark.parametrize(
    ("answering", "let_in"),
    [
        (0, {EXPORT, AUDIT, DASHBOARD, RECEIPT, FORM}),
        (6, {AUDIT, DASHBOARD, RECEIPT, FORM}),
        (8, {DASHBOARD, RECEIPT, FORM}),
        (10, {RECEIPT, FORM}),
        (15, {FORM}),
        (20, set()),
        (23, set()),
    ],
)
def test_the_more_answer_the_more_kinds_are_closed_in_order(answering: int, let_in: set[gates.Kind]) -> None:
    resting = Resting()
    door = Gates(resting)
    with ExitStack() as closing:
        pool = closing.enter_context(ThreadPoolExecutor(THREADS))
        closing.callback(resting.free.set)
        for _ in range(answering):
            pool.submit(ask, door, "POST", "/park")
        while resting.inside["answering"] < answering:
            time.sleep(0.001)
        quick = Gates(lambda _, start: (start("200 OK", []), [b"in"])[1])
        quick._inside = door._inside
        assert {kind for kind in SHED_FIRST_TO_LAST if ask(quick, "GET", ADDRESSES[kind]) == "200"} == let_in
        assert ask(quick, "POST", "/answer") == "200"


def crowd(door: Any, lookers: int) -> tuple[list[float], Counter[str]]:
    """Seconds of each of some answers, and what lookers were told meanwhile: all through one pool of threads, first
    come, first served."""
    over = threading.Event()
    all_here = threading.Barrier(lookers + ANSWERERS)
    waits: list[float] = []
    told: Counter[str] = Counter()
    with ThreadPoolExecutor(THREADS) as server, ThreadPoolExecutor(lookers + ANSWERERS) as people:

        def look(number: int) -> None:
            path = list(ADDRESSES.values())[number % 3]
            all_here.wait()
            while not over.is_set():
                told[server.submit(ask, door, "GET", path).result()] += 1
                time.sleep(0.05)

        def answer() -> None:
            all_here.wait()
            time.sleep(0.05)
            for _ in range(ANSWERS):
                began = time.monotonic()
                assert server.submit(ask, door, "POST", "/answer").result() == "200"
                waits.append(time.monotonic() - began)

        looking = [people.submit(look, number) for number in range(lookers)]
        for each in [people.submit(answer) for _ in range(ANSWERERS)]:
            each.result()
        over.set()
        for each in looking:
            each.result()
    return sorted(waits), told


def median(waits: list[float]) -> float:
    return waits[len(waits) // 2]


def test_at_five_and_ten_times_the_load_answers_take_no_longer_than_twice_their_time() -> None:
    """The control: without the gates, the same lookers take every thread and answers queue behind them."""
    wait_page("vi")
    idle, _ = crowd(Gates(Resting()), 0)
    for times in (5, 10):
        resting = Resting()
        waits, told = crowd(Gates(resting), times * THREADS // 2)
        assert median(waits) <= 2 * median(idle)
        assert told["503"] > told["200"] > 0
        assert resting.most["looking"] <= sum(kind.places for kind in (EXPORT, AUDIT, DASHBOARD))
    unprotected = Resting()
    slow, _ = crowd(unprotected, 5 * THREADS // 2)
    assert median(slow) > 2 * median(idle)
    assert unprotected.most["looking"] > THREADS - 4


def test_a_place_is_free_again_when_its_body_is_made_or_its_request_failed() -> None:
    def failing(_: Any, __: Any) -> Iterable[bytes]:
        raise RuntimeError

    door = Gates(failing)
    for _ in range(EXPORT.places + 1):
        with pytest.raises(RuntimeError):
            ask(door, "GET", ADDRESSES[EXPORT])
    streaming = Gates(lambda _, start: (start("200 OK", []), (piece for piece in (b"a", b"b")))[1])
    assert [ask(streaming, "GET", ADDRESSES[EXPORT]) for _ in range(3)] == ["200"] * 3
    assert (streaming._inside, streaming._taken[EXPORT]) == (0, 0)
    whole = Gates(lambda _, start: (start("200 OK", [("Content-Length", "2")]), (piece for piece in (b"a", b"b")))[1])
    for _ in range(3):
        assert whole({"REQUEST_METHOD": "GET", "PATH_INFO": ADDRESSES[EXPORT]}, lambda *_: None), "made, and not read"
    held = streaming({"REQUEST_METHOD": "GET", "PATH_INFO": ADDRESSES[EXPORT]}, lambda *_: None)
    assert ask(streaming, "GET", ADDRESSES[EXPORT]) == "503"
    held.close()  # type: ignore[attr-defined]
    assert ask(streaming, "GET", ADDRESSES[EXPORT]) == "200"


def test_what_took_long_rests_as_long_while_people_answer() -> None:
    now = [100.0]

    def slow(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        now[0] += 1.5 if environ["REQUEST_METHOD"] == "GET" else 0.0
        start("200 OK", [])
        return [b"done"]

    door = Gates(slow, lambda: now[0])
    assert [ask(door, "GET", ADDRESSES[EXPORT]) for _ in range(2)] == ["200", "200"]
    now[0] += 60
    door._sent_at = now[0] + 1.4
    assert [ask(door, "GET", ADDRESSES[EXPORT]) for _ in range(2)] == ["200", "503"]
    now[0] += 1.6
    assert ask(door, "GET", ADDRESSES[EXPORT]) == "200"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/answer"),
        ("POST", "/kiosk/replay"),
        ("POST", "/staff/waves/TTHC/close"),
        ("POST", "/staff/sign-in"),
        ("GET", "/staff/sign-in"),
        ("GET", "/healthz"),
        ("POST", "/api/v1/transactions"),
    ],
)
def test_what_somebody_typed_and_who_watches_the_machine_are_never_turned_away(method: str, path: str) -> None:
    assert kind_of(method, path) is None
