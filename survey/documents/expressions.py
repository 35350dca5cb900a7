"""Conditions as XLSForm and LimeSurvey write them, read into the platform's, and the platform's written as XLSForm.

Understood: equality of an answer with a choice, `selected()`, `and`, `or`, brackets. All else is not, and says so.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from survey.mandate.conditions import Condition, Every, Given
from survey.mandate.documents import Document

TOKENS = re.compile(
    r"\s*(?:(?P<mark>&&|\|\||==|=|\(|\)|,)|(?P<text>'[^']*'|\"[^\"]*\")|\$\{(?P<braced>[^{}]+)\}"
    r"|(?P<word>[A-Za-z_][A-Za-z0-9_.]*)|(?P<number>-?\d+))"
)
LONGEST = 4000
DEEPEST = 30


class NotUnderstood(ValueError):
    """The expression says something that the platform's conditions cannot."""


def read_expression(text: str, code_of: Callable[[str], str | None]) -> Document | None:
    """The condition that an expression says; None for one that always holds. Raises NotUnderstood.

    `code_of` gives the item's code here for a foreign name, None where the item was not taken over.
    """
    if text.strip() in ("", "1", "true()", "true"):
        return None
    parser = _Parser(_split(text), code_of)
    condition = parser.any_of()
    if parser.left:
        raise NotUnderstood(text)
    return condition


def write_expression(condition: Condition) -> str:
    """The condition as XLSForm's relevant."""
    if isinstance(condition, Given):
        parts = [f"${{{condition.item}}} = '{choice}'" for choice in condition.choices]
        return " or ".join(parts) if len(parts) == 1 else f"({' or '.join(parts)})"
    joined = " and " if isinstance(condition, Every) else " or "
    return f"({joined.join(write_expression(part) for part in condition.parts)})"


class _Parser:
    def __init__(self, tokens: list[tuple[str, str]], code_of: Callable[[str], str | None]) -> None:
        self.left = tokens
        self._code_of = code_of
        self._depth = 0

    def any_of(self) -> Document:
        parts = [self._all_of()]
        while self._next_is("or", "||"):
            parts.append(self._all_of())
        return _join(parts, "some")

    def _all_of(self) -> Document:
        parts = [self._one()]
        while self._next_is("and", "&&"):
            parts.append(self._one())
        return _join(parts, "every")

    def _one(self) -> Document:
        self._depth += 1
        if self._depth > DEEPEST * 10:
            raise NotUnderstood("too deep")
        if self._next_is("("):
            inside = self.any_of()
            self._expect(")")
            return inside
        if self._next_is("selected"):
            self._expect("(")
            item = self._item()
            self._expect(",")
            choice = self._choice()
            self._expect(")")
            return {"item": item, "choices": [choice]}
        item = self._item()
        if not self._next_is("=", "=="):
            raise NotUnderstood(item)
        return {"item": item, "choices": [self._choice()]}

    def _item(self) -> str:
        kind, value = self._take()
        name = value.removesuffix(".NAOK").removesuffix(".value") if kind == "word" else value
        code = self._code_of(name) if kind in ("word", "braced") else None
        if code is None:
            raise NotUnderstood(value)
        return code

    def _choice(self) -> str:
        kind, value = self._take()
        if kind not in ("text", "number"):
            raise NotUnderstood(value)
        return value.strip("'\"")

    def _take(self) -> tuple[str, str]:
        if not self.left:
            raise NotUnderstood("it ends too early")
        return self.left.pop(0)

    def _expect(self, mark: str) -> None:
        if not self._next_is(mark):
            raise NotUnderstood(mark)

    def _next_is(self, *marks: str) -> bool:
        if self.left and self.left[0][0] in ("mark", "word") and self.left[0][1] in marks:
            self.left.pop(0)
            return True
        return False


def _split(text: str) -> list[tuple[str, str]]:
    if len(text) > LONGEST or text.count("(") > DEEPEST:
        raise NotUnderstood(text[:80])
    tokens, at, text = [], 0, text.strip()
    while at < len(text):
        found = TOKENS.match(text, at)
        if found is None or found.lastgroup is None:
            raise NotUnderstood(text[at : at + 40])
        tokens.append((found.lastgroup, found[found.lastgroup]))
        at = found.end()
    return tokens


def _join(parts: list[Document], join: str) -> Document:
    """Several choices of one item are one condition."""
    if len(parts) == 1:
        return parts[0]
    items = {part.get("item") for part in parts}
    if join == "some" and len(items) == 1 and None not in items:
        choices = [choice for part in parts for choice in part["choices"]]
        return {"item": items.pop(), "choices": list(dict.fromkeys(choices))}
    return {join: parts}
