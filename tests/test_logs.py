"""Logs: one object a line, whatever was logged; nothing in them tells who somebody is."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from survey import logs

PERSONAL = (
    "0912345678",
    "+84 912 345 678",
    "079 123 456 789",
    "lan.nguyen@example.gov.vn",
    "10.20.30.40",
    "2001:db8::1",
    "A1B2C3D4E5F6G7H8J9K0M1N2P3",
    "7F3K9-9ABQ-2TXY",
    "xQ_1zdkeiuwo-39dkeowpskdie9",
)
PLAIN = ("job seal: 10", "own_account.renew_recovery_codes", "TTHC-2030-01", "checkpoint 12 of 2026-11-24", "HTTP 503")


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """A stream that takes every log, as in a process that serves."""
    root, stream = logging.getLogger(), io.StringIO()
    kept, level = root.handlers[:], root.level
    logs.write_logs(stream)
    yield stream
    root.handlers[:] = kept
    root.setLevel(level)
    logging.getLogger(logs.INFORMED).setLevel(logging.NOTSET)


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


@pytest.mark.parametrize("secret", PERSONAL)
def test_what_tells_who_somebody_is_is_blotted_out(written: io.StringIO, secret: str) -> None:
    logging.getLogger("survey.test").warning("gateway refused %s today", secret)
    assert secret not in written.getvalue()
    assert lines(written)[0]["message"] == "gateway refused … today"


@pytest.mark.parametrize("text", PLAIN)
def test_what_names_nobody_stays(text: str) -> None:
    assert logs.blot(text) == text


def test_of_an_exception_its_kind_and_place_are_written_and_never_its_words(written: io.StringIO) -> None:
    try:
        raise ValueError("Nguyễn Thị Lan nói: chờ lâu quá")
    except ValueError:
        logging.getLogger("survey.test").exception("unhandled")
    line = lines(written)[0]
    assert (line["error"], "Lan" in written.getvalue(), "chờ" in written.getvalue()) == ("ValueError", False, False)
    assert line["stack"][-1].endswith("test_of_an_exception_its_kind_and_place_are_written_and_never_its_words")


@pytest.mark.parametrize("attack", ['x\n{"level": "info"}', "x\r\nfake", "\x1b[2Jgone", "\u202eenil", "\u2028", "\x00"])
def test_nobody_writes_a_line_of_their_own(written: io.StringIO, attack: str) -> None:
    logging.getLogger("survey.test").warning("route %s", attack)
    raw = written.getvalue()
    assert raw.count("\n") == 1
    assert raw.isascii()
    assert all(letter.isprintable() for letter in raw.rstrip("\n"))
    assert lines(written)[0]["message"] == f"route {attack}"


def test_lines_of_one_request_share_its_number_and_others_have_none(written: io.StringIO) -> None:
    logger = logging.getLogger("survey.test")
    logs.begin_request()
    logger.info("one")
    logs.note_event("refused", status=403, route="staff.go_home")
    logs.end_request()
    logger.info("outside")
    one, event, outside = lines(written)
    assert one["request"] == event["request"]
    assert len(one["request"]) == 12
    assert "request" not in outside
    assert (event["message"], event["status"], event["route"]) == ("refused", 403, "staff.go_home")
