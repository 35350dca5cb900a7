"""Whatever a client signs and sends, the API answers as its document says, and never with an error of its own."""

from __future__ import annotations

import json
import os
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_api import Portal, app, fresh_brakes, portal

from survey.actions.receiving import FIELDS
from survey.web import api
from survey.web.limits import FailureBrake
from survey.web.openapi import describe

__all__ = ["app", "fresh_brakes", "portal"]
CASES = 10_000 if os.environ.get("HAILONG_FULL_COUNTS") == "1" else 30
DOCUMENT = describe("http://example.invalid")["paths"]
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=30)
anything = st.recursive(scalars, lambda each: st.lists(each, max_size=4) | st.dictionaries(st.text(), each, max_size=4))
values = st.sampled_from(["TTPVHCC-31507", "VD-CHUNG-THUC", "W", "2026-11-02", "self", "land"]) | scalars
transactions = st.dictionaries(st.sampled_from(sorted(FIELDS)) | st.text(max_size=9), values, max_size=8)
batches = st.fixed_dictionaries(
    {"transactions": st.lists(transactions | anything, max_size=5)}, optional={"wave": values, "other": anything}
)
dossiers = st.fixed_dictionaries({"dossier": values}, optional={"more": anything})
bodies = (batches | dossiers | anything).map(lambda body: json.dumps(body).encode()) | st.binary(max_size=60)


@on_sqlite
def test_every_answer_is_one_that_the_document_names(
    portal: Portal, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api, "brakes", {"mot-cua": FailureBrake(most=1e9, per_second=1)})
    app.config["PROPAGATE_EXCEPTIONS"] = False
    seen: set[int] = set()

    @settings(max_examples=CASES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(path=st.sampled_from(sorted(DOCUMENT)), method=st.sampled_from(["GET", "POST"]), body=bodies, key=keys())
    def send(path: str, method: str, body: bytes, key: str) -> None:
        seen.add(check(portal, path, method, body, key))

    send()
    assert {200, 400, 405} <= seen


def keys() -> st.SearchStrategy[str]:
    return st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=70)


def check(portal: Portal, path: str, method: str, body: bytes, key: str) -> int:
    """The status of one answer, which the document must name with this type of content."""
    answer = portal.send(method, path, body, key)
    operation: dict[str, Any] = DOCUMENT[path].get(method.lower()) or next(iter(DOCUMENT[path].values()))
    named = {"200", "405"} | set(operation["responses"])
    assert str(answer.status_code) in named, (answer.status_code, answer.text)
    expected = "application/json" if answer.status_code < 400 else "application/problem+json"
    assert answer.mimetype == expected
    assert answer.get_json(force=True) is not None
    return answer.status_code
