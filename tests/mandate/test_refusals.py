"""A file of the mandate that somebody edited wrongly is refused at the entry, with what to do."""

import datetime
from types import ModuleType
from typing import Any

import pytest

from survey.mandate import areas, indicators, periods, sectors, targets
from survey.mandate.errors import MandateError, MandateFileError, UnknownArea, UnknownSource
from survey.mandate.files import Entry, read_entry
from survey.mandate.sources import find_source

DAY = datetime.date(2026, 1, 1)
NAME = {"vi": "x"}
SECTOR = {
    "code": "a",
    "name": NAME,
    "goal_group": "14",
    "service_kind": "service",
    "source": "hailong",
    "valid_from": DAY,
}
AREA = {"code": "1", "name": NAME, "kind": "commune", "valid_from": DAY, "source": "hailong"}
GROUP = {"code": "g", "name": NAME, "members": ["1"], "valid_from": DAY, "source": "hailong"}
TARGET = {
    "code": "t",
    "sector": "land",
    "area": "94",
    "rate": 0.9,
    "due": DAY,
    "valid_from": DAY,
    "article": "1",
    "status": "in_force",
    "note": "n",
    "source": "hailong",
}
INDICATOR = {
    "code": "i",
    "version": 1,
    "kind": "share",
    "scores": [0, 0, 0, 1, 1],
    "lowest": 0,
    "highest": 1,
    "source": "hailong",
    "name": NAME,
}
PERIOD = {
    "code": "q",
    "start": "12-15",
    "start_year": -1,
    "end": "03-14",
    "source": "hailong",
    "valid_from": DAY,
    "name": NAME,
}


def load_targets_of(*entries: dict[str, Any]) -> dict[str, Any]:
    return {"formula": {"status": "none", "note": NAME}, "note": {"n": NAME}, "target": list(entries)}


@pytest.mark.parametrize(
    ("room", "loader", "content", "reason"),
    [
        (sectors, "load_sectors", {"sector": [SECTOR, SECTOR]}, "a code is never reused"),
        (sectors, "load_sectors", {"sector": [SECTOR | {"parent": "b"}]}, "parent 'b' is not defined above it"),
        (sectors, "load_sectors", {"sector": [SECTOR | {"service_kind": "shop"}]}, "procedure, service"),
        (areas, "_load", {"area": [AREA, AREA]}, "a code is never reused"),
        (areas, "_load", {"area": [AREA | {"kind": "hamlet"}]}, "kind must be one of city"),
        (areas, "_load", {"area": [AREA], "group": [GROUP | {"members": ["2"]}]}, "member '2' is not an area"),
        (targets, "_load", load_targets_of(TARGET, TARGET), "a code is never reused"),
        (targets, "_load", load_targets_of(TARGET | {"rate": 90.0}), "a share between 0 and 1"),
        (targets, "_load", load_targets_of(TARGET | {"status": "maybe"}), "status must be one of in_force"),
        (targets, "_load", load_targets_of(TARGET | {"note": "m"}), "note 'm' is not among"),
        (indicators, "load_indicators", {"indicator": [INDICATOR, INDICATOR]}, "give it a new version"),
        (indicators, "load_indicators", {"indicator": [INDICATOR | {"kind": "sum"}]}, "kind must be one of share"),
        (indicators, "load_indicators", {"indicator": [INDICATOR | {"scores": [0, 1]}]}, "give five scores"),
        (periods, "load_report_periods", {"period": [PERIOD | {"start": "15 December"}]}, "written as MM-DD"),
    ],
)
def test_a_wrong_entry_is_refused_with_the_reason(
    monkeypatch: pytest.MonkeyPatch, room: ModuleType, loader: str, content: dict[str, Any], reason: str
) -> None:
    monkeypatch.setattr(room, "read_entry", lambda path: Entry(content, path))
    with pytest.raises(MandateFileError, match=reason):
        getattr(room, loader).__wrapped__()


@pytest.mark.parametrize("link", [{"parent": "9"}, {"predecessors": ["9"]}])
def test_an_area_cannot_point_to_a_place_that_is_not_there(
    monkeypatch: pytest.MonkeyPatch, link: dict[str, Any]
) -> None:
    monkeypatch.setattr(areas, "read_entry", lambda path: Entry({"area": [AREA | link]}, path))
    with pytest.raises(UnknownArea, match=r"areas.toml, area 1: '9' is not an area"):
        areas._load.__wrapped__()


def test_a_source_that_is_not_registered_is_refused() -> None:
    with pytest.raises(UnknownSource, match=r"add it to sources.toml"):
        find_source("hearsay")


def test_text_that_is_not_toml_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "broken.toml").write_text("code = ", encoding="utf-8")
    monkeypatch.setattr("survey.mandate.files.files", lambda package: tmp_path)
    with pytest.raises(MandateFileError, match=r"broken.toml: not a readable TOML file"):
        read_entry("broken.toml")


def test_every_refusal_is_a_mandate_error_whose_message_is_not_quoted() -> None:
    assert issubclass(UnknownSource, MandateError)
    assert str(UnknownSource("No source")) == "No source"
