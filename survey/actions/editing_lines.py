"""What a form of the builder holds as lines: choices and conditions, read and written back; what is refused."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import get_args

from survey.actions.reading_csv import is_name
from survey.mandate.documents import Document
from survey.mandate.questionnaires import NOT_APPLICABLE, ItemKind
from survey.mandate.text import FIRST_LANGUAGE

CHOICE_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
LONGEST_WORDING = 1000
MOST_ITEMS = 200
MOST_CHOICES = 60
KINDS = get_args(ItemKind)
ROLES = ("overall", "indexed", "fact", "profile")


class Rejected(ValueError):
    """A change cannot be made. `reason` is one of `REASONS`, `where` the code that it is about."""

    def __init__(self, reason: str, where: str = "") -> None:
        self.reason, self.where = reason, where
        super().__init__(f"{REASONS[reason]} ({where[:80]})" if where else REASONS[reason])


REASONS = {
    "bad_code": "A code starts with a letter and holds A-Z, a-z, 0-9, _ only, and is not one of the package's.",
    "code_taken": "This code is taken: give each section and each item a code of its own.",
    "no_wording": "Write the Vietnamese wording.",
    "too_long": "The text is too long.",
    "too_many": f"A questionnaire holds at most {MOST_ITEMS} items, and an item {MOST_CHOICES} choices.",
    "unknown": "There is no such section or item.",
    "bad_kind": f"The kind of an item is one of {', '.join(KINDS)}, and its role one of {', '.join(ROLES)}.",
    "bad_role": "Only an item on the satisfaction scale is overall or indexed; a profile item offers choices.",
    "bad_choice": "Write a choice a line: its code, a vertical bar, its wording. Each code once.",
    "bad_condition": "Write a condition a line, such as F1 = yes, no: an item that stands before, and its choices.",
    "rests_on": "Another item is asked only after this one: change its condition first.",
}


def read_choices(lines: str, known: Sequence[Document]) -> list[Document]:
    """Choices from lines "code | wording"; translations and scores of known codes stay. Raises Rejected."""
    before = {choice["code"]: choice for choice in known}
    choices: dict[str, Document] = {}
    for line in filter(None, map(str.strip, lines.splitlines())):
        code, bar, wording = (part.strip() for part in line.partition("|"))
        if not bar or not CHOICE_CODE.fullmatch(code) or code in choices or code == NOT_APPLICABLE:
            raise Rejected("bad_choice", line)
        old = before.get(code, {"code": code, "text": {}})
        choices[code] = {**old, "text": worded(old["text"], FIRST_LANGUAGE, wording)}
    if len(choices) > MOST_CHOICES:
        raise Rejected("too_many")
    return list(choices.values())


def write_choices(choices: Sequence[Document]) -> str:
    """The lines that `read_choices` reads."""
    return "\n".join(f"{choice['code']} | {choice['text'].get(FIRST_LANGUAGE, '')}" for choice in choices)


def read_condition_lines(lines: str, join: str) -> Document | None:
    """A condition from lines "F1 = yes, no", of which every one or some one must hold. Raises Rejected."""
    parts: list[Document] = []
    for line in filter(None, map(str.strip, lines.splitlines())):
        item, sign, choices = line.partition("=")
        codes = [code.strip() for code in choices.split(",") if code.strip()]
        if not sign or not codes:
            raise Rejected("bad_condition", line)
        parts.append({"item": item.strip(), "choices": codes})
    if len(parts) <= 1:
        return parts[0] if parts else None
    return {"some" if join == "some" else "every": parts}


def write_condition_lines(condition: Document | None) -> tuple[str, str] | None:
    """The lines and how they are joined; None for a condition in conditions, which lines cannot say."""
    if condition is None:
        return "", "every"
    join = next((name for name in ("every", "some") if name in condition), None)
    parts = [condition] if join is None else condition[join]
    if not all("item" in part for part in parts):
        return None
    return "\n".join(f"{part['item']} = {', '.join(part['choices'])}" for part in parts), join or "every"


def worded(text: Mapping[str, str], language: str, wording: str) -> dict[str, str]:
    """A text with one wording set, without stray spaces. Raises Rejected."""
    clean = " ".join(wording.split())
    if not clean:
        raise Rejected("no_wording")
    if not is_name(clean, LONGEST_WORDING):
        raise Rejected("too_long")
    return {**text, language: clean}
