"""Text messages through any HTTP gateway: SMS providers, Zalo's OA interface, a province's own hub. One contract.

A gateway is described, not programmed: address, method, headers, a body with `{to}`, `{text}` and `{id}`, and the
patterns that tell success, a number that will never work, and delivery.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, quote_plus

from survey.gateways.errors import GatewayUnavailable, RecipientRefused
from survey.gateways.outbound import Allowed, call

PLACE = re.compile(r"\{(to|text|id)\}")


@dataclass(frozen=True, slots=True)
class TextGateway:
    """How one provider is spoken to. `success` must be found in the answer's body, whose group `id`, if it has one,
    numbers the message; `refused` tells a recipient that will never work. With `report_url` (holding `{id}`), the
    provider is asked later until `delivered` or `failed` is found; without one, taken means delivered."""

    url: str
    allowed: Allowed
    success: re.Pattern[str]
    method: str = "POST"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""
    refused: re.Pattern[str] | None = None
    report_url: str = ""
    delivered: re.Pattern[str] | None = None
    failed: re.Pattern[str] | None = None
    per_minute: int = 60

    def send(self, to: str, text: str, identifier: str) -> str | None:
        """Hand a message over; the provider's number of it while delivery is to be confirmed, else None.

        `identifier` is new with every attempt: a message that is sent again holds another code, and a provider that
        took it for a repetition would deliver only the void one.
        Raises GatewayForbidden, GatewayUnavailable, RecipientRefused.
        """
        values = {"to": to, "text": text, "id": identifier}
        body = _fill(self.body, values, self._escape()).encode() if self.body else None
        url = _fill(self.url, values, _in_address)
        answer = call(self.allowed, url, method=self.method, headers=self.headers, body=body)
        if self.refused is not None and self.refused.search(answer.body):
            raise RecipientRefused("The gateway will not deliver to this recipient.")
        found = self.success.search(answer.body) if 200 <= answer.status < 300 else None
        if found is None:
            raise GatewayUnavailable(f"The gateway answered {answer.status} without the pattern of success.")
        return found.groupdict().get("id") if self.report_url else None

    def is_delivered(self, report: str) -> bool:
        """Whether the provider confirms delivery by now. Raises RecipientRefused when it gave up."""
        url = _fill(self.report_url, {"id": report}, _in_address)
        answer = call(self.allowed, url, method="GET", headers=self.headers, body=None)
        if self.failed is not None and self.failed.search(answer.body):
            raise RecipientRefused("The gateway could not deliver.")
        return self.delivered is not None and self.delivered.search(answer.body) is not None

    def _escape(self) -> Callable[[str], str]:
        kind = next((value for name, value in self.headers.items() if name.lower() == "content-type"), "")
        return quote_plus if "urlencoded" in kind else _as_json


def _in_address(text: str) -> str:
    return quote(text, safe="")


def _as_json(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)[1:-1]


def _fill(template: str, values: Mapping[str, str], escape: Callable[[str], str]) -> str:
    """Put values where their names stand, once: what a value holds is never read as a name."""
    return PLACE.sub(lambda found: escape(values[found[1]]) if found[1] in values else found[0], template)
