"""The open API of releases described for programs: OpenAPI 3.1, held to the answers by a test."""

from __future__ import annotations

from typing import Any

TEXT: dict[str, Any] = {"type": "string"}
OBJECT: dict[str, Any] = {"type": "object"}
CODE: dict[str, Any] = {
    "name": "code",
    "in": "path",
    "required": True,
    "schema": {"type": "string", "minLength": 1, "maxLength": 80},
    "description": "WAVE.NUMBER",
}
ABOUT: dict[str, Any] = {
    "code": TEXT,
    "wave": TEXT,
    "name": {"type": "object", "additionalProperties": TEXT},
    "fieldwork": {"type": "object", "properties": {"begins": TEXT, "ends": TEXT}, "required": ["begins", "ends"]},
    "collected": {"type": "string", "enum": ["sample", "census", "self-selected"]},
    "official": {"type": "boolean"},
    "checkpoint": OBJECT,
    "digest": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
    "published_on": TEXT,
}
FIGURE: dict[str, Any] = {
    "type": "object",
    "required": ["level", "sector", "place", "suppressed"],
    "properties": {
        "level": {"type": "string", "enum": ["wave", "sector", "agency", "month"]},
        "sector": {"type": ["string", "null"]},
        "place": TEXT,
        "suppressed": {"type": "boolean"},
        "numbers": {
            "type": "object",
            "description": "n, rate, low, high (shares in 0..1), n_effective, population, invited, answered; verdicts "
            "and definitions for sectors; absent where suppressed",
        },
    },
}


def describe_releases(server: str) -> dict[str, Any]:
    """The document, for an installation at this address."""
    release = {"type": "object", "required": [*ABOUT], "properties": {**ABOUT, "url": TEXT}}
    whole = {
        "type": "object",
        "required": [*ABOUT, "header", "figures"],
        "properties": {**ABOUT, "header": OBJECT, "figures": {"type": "array", "items": FIGURE}},
    }
    listed = {
        "type": "object",
        "required": ["releases"],
        "properties": {"releases": {"type": "array", "items": release}},
    }
    return {
        "openapi": "3.1.0",
        "info": {"title": "Hài Lòng: releases", "version": "1.0.0", "description": "Published figures, frozen."},
        "servers": [{"url": server}],
        "paths": {
            "/api/v1/releases": {"get": _get("Every published release", listed)},
            "/api/v1/releases/{code}": {
                "get": {**_get("One release with its figures", whole, missing=True), "parameters": [CODE]}
            },
        },
    }


def _get(summary: str, schema: dict[str, Any], *, missing: bool = False) -> dict[str, Any]:
    responses: dict[str, Any] = {"200": {"description": summary, "content": {"application/json": {"schema": schema}}}}
    if missing:
        problem = {"type": "object", "required": ["error"], "properties": {"error": TEXT}}
        said = "no published release has this code"
        responses["404"] = {"description": said, "content": {"application/json": {"schema": problem}}}
    return {"summary": summary, "responses": responses}
