"""Reads a domain's condition, such as `sex == 'F' & age >= 60 & !is.na(answer)`, without evaluating code.

Grammar: comparisons (`==`, `!=`, `<`, `<=`, `>`, `>=`) of columns, numbers, quoted strings and one arithmetic operation
(`a / b > 1`); `is.na(column)`; joined by `&`, `|` (also `and`, `or`), negated by `!` (also `not`), with parentheses.
Column names may hold dots. A comparison with a missing value is not true, as in R's `subset`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import narwhals as nw

from analysis.errors import BadCondition

_TOKEN = re.compile(
    r"""\s*(?:(?P<number>\d+\.?\d*(?:[eE][-+]?\d+)?|\.\d+)(?![\w.])
        |(?P<string>"[^"]*"|'[^']*')|(?P<quoted>`[^`]*`)
        |(?P<name>[^\W\d][\w.]*)|(?P<operator>==|!=|<=|>=|&&|\|\||[-+*/<>&|!()]))""",
    re.VERBOSE,
)
_COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "==": lambda left, right: left == right,
    "!=": lambda left, right: left != right,
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
    ">": lambda left, right: left > right,
    ">=": lambda left, right: left >= right,
}
_COMPUTE: dict[str, Callable[[Any, Any], Any]] = {
    "+": lambda left, right: left + right,
    "-": lambda left, right: left - right,
    "*": lambda left, right: left * right,
    "/": lambda left, right: left / right,
}
_WORDS = {"and": "&", "or": "|", "not": "!", "&&": "&", "||": "|"}


def read_condition(text: str) -> nw.Expr:
    """The condition as a narwhals expression that is true or false, never missing. Raises BadCondition."""
    reader = _Reader(text)
    condition = reader.read_either()
    reader.expect_end()
    return condition


def list_columns(text: str) -> tuple[str, ...]:
    """The columns that a condition names, in order of appearance."""
    tokens = _tokens(text)
    functions = {"is.na", "and", "or", "not"}
    named = (
        value.strip("`") for kind, value in tokens if kind == "quoted" or (kind == "name" and value not in functions)
    )
    return tuple(dict.fromkeys(named))


def refuse_mixed(text: str, schema: Mapping[str, nw.dtypes.DType]) -> None:
    """Raise BadCondition where a column of numbers is compared with text, or the other way round."""
    tokens = _tokens(text)
    for (left, name), (_, operator), (right, value) in zip(tokens, tokens[1:], tokens[2:], strict=False):
        if operator not in _COMPARE or "operator" in {left, right}:
            continue
        column, literal = (name, value) if left in {"name", "quoted"} else (value, name)
        kind, other = schema.get(column.strip("`")), right if left in {"name", "quoted"} else left
        if kind is not None and _mixes(kind, other):
            raise BadCondition(
                f"Cannot compare {column} with {literal} in {text!r}: the column holds {kind}; "
                + ("put the value in quotes" if other == "number" else "leave the quotes away")
            )


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = [(kind, _WORDS.get(value, value)) for kind, value in _tokens(text)]
        self.place = 0

    def read_either(self) -> nw.Expr:
        condition = self.read_both()
        while self.take("|"):
            condition = condition | self.read_both()
        return condition

    def read_both(self) -> nw.Expr:
        condition = self.read_one()
        while self.take("&"):
            condition = condition & self.read_one()
        return condition

    def read_one(self) -> nw.Expr:
        if self.take("!"):
            return ~self.read_one()
        if self.take("("):
            condition = self.read_either()
            self.expect(")")
            return condition
        if self.peek() == ("name", "is.na"):
            return self.read_missing()
        return self.read_comparison()

    def read_missing(self) -> nw.Expr:
        self.place += 1
        self.expect("(")
        column = self.read_value()
        self.expect(")")
        return _as_expression(column, self).is_null()

    def read_comparison(self) -> nw.Expr:
        left = self.read_sum()
        kind, operator = self.peek()
        if kind != "operator" or operator not in _COMPARE:
            self.fail("expected a comparison")
        self.place += 1
        right = self.read_sum()
        return _as_expression(_COMPARE[operator](left, right), self).fill_null(value=False)

    def read_sum(self) -> Any:
        value = self.read_value()
        while self.peek()[1] in _COMPUTE and self.peek()[0] == "operator":
            operator = self.peek()[1]
            self.place += 1
            value = _COMPUTE[operator](value, self.read_value())
        return value

    def read_value(self) -> Any:
        kind, value = self.peek()
        if (kind, value) == ("operator", "-"):
            self.place += 1
            return -self.read_value()
        self.place += 1
        if kind == "number":
            return float(value) if re.search(r"[.eE]", value) else int(value)
        if kind == "string":
            return value[1:-1]
        if kind in {"name", "quoted"}:
            return nw.col(value.strip("`"))
        return self.fail("expected a column, a number or a quoted string")

    def take(self, operator: str) -> bool:
        found = self.peek()[1] == operator and self.peek()[0] != "string"
        self.place += found
        return found

    def expect(self, operator: str) -> None:
        if not self.take(operator):
            self.fail(f"expected {operator!r}")

    def expect_end(self) -> None:
        if self.place < len(self.tokens):
            self.fail("expected the end")

    def peek(self) -> tuple[str, str]:
        return self.tokens[self.place] if self.place < len(self.tokens) else ("end", "")

    def fail(self, reason: str) -> Any:
        found = self.peek()[1] or "the end"
        raise BadCondition(f"Cannot read the condition {self.text!r}: {reason}, found {found!r}")


def _tokens(text: str) -> list[tuple[str, str]]:
    tokens: list[tuple[str, str]] = []
    place = 0
    while text[place:].strip():
        match = _TOKEN.match(text, place)
        if match is None:
            raise BadCondition(f"Cannot read the condition {text!r} from {text[place:].strip()!r} on")
        tokens.append((str(match.lastgroup), match[match.lastgroup or 0]))
        place = match.end()
    return tokens


def _mixes(kind: nw.dtypes.DType, literal: str) -> bool:
    if literal == "number":
        return kind == nw.String or isinstance(kind, nw.Categorical | nw.Enum)
    return literal == "string" and kind.is_numeric()


def _as_expression(value: Any, reader: _Reader) -> nw.Expr:
    if not isinstance(value, nw.Expr):
        reader.fail("the condition names no column")
    expression: nw.Expr = value
    return expression
