"""The API described for programs: OpenAPI 3.1, served at /api/v1/openapi.json and held to the routes by a test."""

from __future__ import annotations

from typing import Any

from survey.actions.receiving import LONGEST_KEY, MOST_TRANSACTIONS
from survey.actions.transactions import CHOICES, DAYS, LONGEST_DOSSIER, PLACES

VERSION = "1.0.0"
TEXT: dict[str, Any] = {"type": "string"}
CODE: dict[str, Any] = {"type": "string", "minLength": 1, "maxLength": 64}
DOSSIER: dict[str, Any] = {"type": "string", "minLength": 1, "maxLength": LONGEST_DOSSIER}
DAY: dict[str, Any] = {"type": "string", "description": "2026-11-24 or 24/11/2026"}
REFUSALS = {
    "400": "the body or a header is not as it must be",
    "401": "the request is not signed by a known client",
    "404": "no such wave, or no such address",
    "405": "this address takes another method",
    "409": "no slip can be given, or the Idempotency-Key was used for another body",
    "411": "the length of the body is not told",
    "413": "the body is larger than 2 MB",
    "415": "the body is not application/json",
    "429": "too many requests: wait for the seconds in Retry-After",
}


def describe(server: str) -> dict[str, Any]:
    """The document, for an installation at this address."""
    return {
        "openapi": "3.1.0",
        "info": {"title": "Hài Lòng", "version": VERSION, "description": "Transactions in, invitations out."},
        "servers": [{"url": server}],
        "security": [{"signature": []}],
        "paths": {
            "/api/v1/transactions": {"post": _post_transactions()},
            "/api/v1/waves": {"get": _get_waves()},
            "/api/v1/status": {"post": _post_dossier("Whether a dossier is drawn", "status", "200", _state())},
            "/api/v1/tokens": {"post": _post_dossier("A one-time link for a drawn dossier", "token", "201", _link())},
            "/api/v1/openapi.json": {"get": _get_description()},
        },
        "components": {"securitySchemes": {"signature": _scheme()}, "schemas": {"Problem": _problem()}},
    }


def _post_transactions() -> dict[str, Any]:
    key = {
        "name": "Idempotency-Key",
        "in": "header",
        "required": True,
        "schema": {"type": "string", "minLength": 1, "maxLength": LONGEST_KEY, "pattern": "^[!-~]+$"},
    }
    batch = {
        "type": "object",
        "required": ["transactions"],
        "additionalProperties": False,
        "properties": {
            "wave": CODE,
            "transactions": {
                "type": "array",
                "minItems": 1,
                "maxItems": MOST_TRANSACTIONS,
                "items": _transaction(),
            },
        },
    }
    rejected = {
        "type": "object",
        "required": ["index", "reason"],
        "properties": {"index": {"type": "integer"}, "reason": TEXT},
    }
    count = {"type": "integer", "minimum": 0}
    received = {
        "type": "object",
        "required": ["wave", "accepted", "already", "rejected"],
        "properties": {
            "wave": TEXT,
            "accepted": count,
            "already": count,
            "merged": count,
            "rejected": {"type": "array", "items": rejected},
        },
    }
    return _operation("Bring a batch of transactions", "receive", "200", received, body=batch, parameters=[key])


def _transaction() -> dict[str, Any]:
    properties: dict[str, Any] = {"dossier": DOSSIER, "agency": CODE, "sector": CODE, "procedure": CODE}
    properties |= {name: {"type": "string", "enum": list(allowed)} for name, allowed in CHOICES.items()}
    properties |= dict.fromkeys(DAYS, DAY) | dict.fromkeys(PLACES, CODE) | {"applicant": DOSSIER}
    return {
        "type": "object",
        "required": ["dossier", "agency"],
        "additionalProperties": False,
        "properties": properties,
    }


def _get_waves() -> dict[str, Any]:
    wave = {
        "type": "object",
        "required": ["wave", "opens_on", "closes_on", "frame", "waiting"],
        "properties": {
            "wave": TEXT,
            "opens_on": TEXT,
            "closes_on": TEXT,
            "frame": {"type": "integer"},
            "waiting": {"type": "integer"},
        },
    }
    answer = {"type": "object", "required": ["waves"], "properties": {"waves": {"type": "array", "items": wave}}}
    return _operation("Waves that take answers, with how much of their frame came", "waves", "200", answer)


def _post_dossier(summary: str, name: str, status: str, answer: dict[str, Any]) -> dict[str, Any]:
    body = {
        "type": "object",
        "required": ["dossier"],
        "additionalProperties": False,
        "properties": {"dossier": DOSSIER},
    }
    return _operation(summary, name, status, answer, body=body)


def _state() -> dict[str, Any]:
    states = {"type": "string", "enum": ["drawn", "given", "not_drawn", "unknown"]}
    return {"type": "object", "required": ["state"], "properties": {"state": states}}


def _link() -> dict[str, Any]:
    return {
        "type": "object",
        "required": ["url", "code", "closes_on"],
        "properties": {"url": TEXT, "code": TEXT, "closes_on": TEXT},
    }


def _get_description() -> dict[str, Any]:
    content = {"application/json": {"schema": {"type": "object"}}}
    return {
        "summary": "This document",
        "operationId": "openapi",
        "security": [],
        "responses": {"200": {"description": "OpenAPI", "content": content}},
    }


def _operation(
    summary: str,
    name: str,
    status: str,
    answer: dict[str, Any],
    *,
    body: dict[str, Any] | None = None,
    parameters: list[dict[str, Any]] | None = None,
) -> dict[str, Any]:
    problem = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    responses: dict[str, Any] = {status: {"description": "done", "content": {"application/json": {"schema": answer}}}}
    responses |= {code: {"description": said, "content": problem} for code, said in REFUSALS.items()}
    operation: dict[str, Any] = {"summary": summary, "operationId": name, "responses": responses}
    if body is not None:
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": body}}}
    if parameters:
        operation["parameters"] = parameters
    return operation


def _scheme() -> dict[str, Any]:
    return {
        "type": "apiKey",
        "in": "header",
        "name": "Authorization",
        "description": "HAILONG-HMAC-SHA256 client=NAME,time=SECONDS,signature=HEX; see docs/api.md",
    }


def _problem() -> dict[str, Any]:
    return {
        "type": "object",
        "required": ["status", "title", "detail"],
        "properties": {"status": {"type": "integer"}, "title": TEXT, "detail": TEXT},
    }
