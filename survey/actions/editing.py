"""Changes to a draft, each a function from one document to the next: sections, items, choices, conditions, wordings.

A draft may be incomplete while it is built; each change alone leaves it well-formed.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping, Sequence
from typing import Any

from survey.actions.editing_lines import (
    KINDS,
    MOST_ITEMS,
    ROLES,
    Rejected,
    read_choices,
    read_condition_lines,
    worded,
    write_condition_lines,
)
from survey.mandate.documents import Document
from survey.mandate.questionnaires import NOT_APPLICABLE
from survey.mandate.text import FIRST_LANGUAGE, LANGUAGES

CODE = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,31}")
FIELDS = ("text", "help", "why")


def change_heading(document: Document, title: str, intro: str, sector: str | None) -> Document:
    """The Vietnamese title and introduction, and the sector that the questionnaire is about (None: any)."""
    new = copy.deepcopy(document)
    for name, wording in (("title", title), ("intro", intro)):
        new[name] = worded(new.get(name, {}), FIRST_LANGUAGE, wording)
    new.pop("sector", None)
    if sector:
        new["sector"] = sector
    return new


def add_section(document: Document, code: str, title: str) -> Document:
    new = copy.deepcopy(document)
    _check_code(code, [section["code"] for section in new["section"]])
    new["section"].append({"code": code, "title": worded({}, FIRST_LANGUAGE, title), "item": []})
    return _with_steps(new, [*new.get("steps", []), [code]] if new.get("steps") else None)


def change_section(document: Document, code: str, title: str) -> Document:
    new = copy.deepcopy(document)
    section = find_section(new, code)
    section["title"] = worded(section["title"], FIRST_LANGUAGE, title)
    return new


def remove_section(document: Document, code: str) -> Document:
    """Take a section with its items out; items elsewhere may not rest on them."""
    new = copy.deepcopy(document)
    section = find_section(new, code)
    new["section"].remove(section)
    gone = {item["code"] for item in section["item"]}
    _check_conditions(new, gone)
    steps = [[each for each in step if each != code] for step in new.get("steps", [])]
    return _with_steps(new, [step for step in steps if step] or None)


def move_section(document: Document, code: str, places: int) -> Document:
    new = copy.deepcopy(document)
    _move(new["section"], find_section(new, code), places)
    _check_conditions(new)
    order = [section["code"] for section in new["section"]]
    sizes = [len(step) for step in new.get("steps", [])]
    starts = [sum(sizes[:number]) for number in range(len(sizes))]
    return _with_steps(new, [order[at : at + size] for at, size in zip(starts, sizes, strict=True)] or None)


def put_each_section_on_a_page(document: Document, *, paged: bool) -> Document:
    """A page for each section, or one page for all."""
    new = copy.deepcopy(document)
    return _with_steps(new, [[section["code"]] for section in new["section"]] if paged else None)


def add_item(document: Document, section: str, code: str, kind: str, text: str) -> Document:
    new = copy.deepcopy(document)
    codes = [item["code"] for item in list_items(new)]
    _check_code(code, codes)
    if kind not in KINDS:
        raise Rejected("bad_kind", kind)
    if len(codes) >= MOST_ITEMS:
        raise Rejected("too_many")
    item: Document = {"code": code, "kind": kind, "text": worded({}, FIRST_LANGUAGE, text)}
    if kind == "scale":
        item |= {"indexed": True, "not_applicable": True}
    if kind == "choice":
        item["choice"] = []
    find_section(new, section)["item"].append(item)
    return new


def change_item(document: Document, code: str, values: Mapping[str, str]) -> Document:
    """Text, help, why, role, required, not_applicable, choices and show_if of an item, as a form sends them."""
    new = copy.deepcopy(document)
    item = find_item(new, code)
    for name in FIELDS:
        wording = values.get(name, "").strip()
        item[name] = worded(item.get(name, {}), FIRST_LANGUAGE, wording) if wording or name == "text" else {}
    _set_role(item, values.get("role", "fact"))
    _flag(item, "required", bool(values.get("required")) and not item["why"])
    _flag(
        item, "not_applicable", item["kind"] == "scale" and bool(values.get("not_applicable")) and not item["overall"]
    )
    if item["overall"]:
        _flag(item, "required", True)
    if item["kind"] == "choice":
        item["choice"] = read_choices(values.get("choices", ""), item.get("choice", []))
    _set_condition(item, values)
    for name in (*FIELDS, "overall", "indexed", "required", "not_applicable"):
        if not item.get(name):
            item.pop(name, None)
    _check_conditions(new)
    return new


def remove_item(document: Document, code: str) -> Document:
    new = copy.deepcopy(document)
    section = next((each for each in new["section"] if any(i["code"] == code for i in each["item"])), None)
    if section is None:
        raise Rejected("unknown", code)
    section["item"] = [item for item in section["item"] if item["code"] != code]
    _check_conditions(new, {code})
    return new


def move_item(document: Document, code: str, places: int) -> Document:
    """Up or down in its section, and over its edge into the next one."""
    new = copy.deepcopy(document)
    item, sections = find_item(new, code), new["section"]
    at = next(number for number, section in enumerate(sections) if item in section["item"])
    position = sections[at]["item"].index(item) + places
    if 0 <= position < len(sections[at]["item"]):
        _move(sections[at]["item"], item, places)
    elif 0 <= at + places < len(sections):
        sections[at]["item"].remove(item)
        target = sections[at + places]["item"]
        target.insert(len(target) if places < 0 else 0, item)
    _check_conditions(new)
    return new


def translate(document: Document, language: str, wordings: Mapping[str, str]) -> Document:
    """Wordings in one language by their path, as `list_texts` names them; an empty one is taken out."""
    if language not in LANGUAGES:
        raise Rejected("unknown", language)
    new = copy.deepcopy(document)
    texts = dict(list_texts(new))
    for path, wording in wordings.items():
        if path not in texts:
            raise Rejected("unknown", path)
        if wording.strip() or language == FIRST_LANGUAGE:
            texts[path].update(worded(texts[path], language, wording))
        else:
            texts[path].pop(language, None)
    return new


def list_texts(document: Document) -> list[tuple[str, dict[str, str]]]:
    """Every text of a draft with a path such as "A1.choice.yes", in the order of the page."""
    texts: list[tuple[str, dict[str, str]]] = [(name, document[name]) for name in ("title", "intro")]
    for section in document["section"]:
        texts.append((f"section.{section['code']}", section["title"]))
        for item in section["item"]:
            texts += [(f"{item['code']}.{name}", item[name]) for name in FIELDS if name in item]
            texts += [(f"{item['code']}.choice.{each['code']}", each["text"]) for each in item.get("choice", [])]
    return texts


def completeness(document: Document) -> dict[str, tuple[int, int]]:
    """In each language, how many of the texts are written, of how many."""
    texts = [text for _, text in list_texts(document)]
    return {language: (sum(language in text for text in texts), len(texts)) for language in LANGUAGES}


def list_items(document: Document) -> list[Document]:
    """Every item of a draft, in the order of the page."""
    return [item for section in document["section"] for item in section["item"]]


def find_item(document: Document, code: str) -> Document:
    """Raises Rejected."""
    found = next((item for item in list_items(document) if item["code"] == code), None)
    if found is None:
        raise Rejected("unknown", code)
    return found


def find_section(document: Document, code: str) -> Document:
    """Raises Rejected."""
    found = next((section for section in document["section"] if section["code"] == code), None)
    if found is None:
        raise Rejected("unknown", code)
    section: Document = found
    return section


def role_of(item: Mapping[str, Any]) -> str:
    """overall, indexed, profile, or fact: a fact never enters the index."""
    if item.get("overall"):
        return "overall"
    if item.get("indexed"):
        return "indexed"
    return "profile" if item.get("why") else "fact"


def _set_role(item: Document, role: str) -> None:
    if role not in ROLES:
        raise Rejected("bad_kind", role)
    if (role in ("overall", "indexed") and item["kind"] != "scale") or (role == "profile" and item["kind"] != "choice"):
        raise Rejected("bad_role", item["code"])
    if role == "profile" and not item["why"]:
        raise Rejected("no_wording", item["code"])
    item["overall"], item["indexed"] = role == "overall", role == "indexed"
    if role != "profile":
        item["why"] = {}


def _set_condition(item: Document, values: Mapping[str, str]) -> None:
    """A condition that lines cannot say stays unless it is replaced."""
    lines = values.get("show_if", "")
    if not lines.strip() and write_condition_lines(item.get("show_if")) is None and not values.get("always"):
        return
    condition = None if item["overall"] else read_condition_lines(lines, values.get("join", "every"))
    item.pop("show_if", None)
    if condition is not None:
        item["show_if"] = condition


def _check_conditions(document: Document, gone: set[str] | None = None) -> None:
    """Every condition rests on choices of items that stand before."""
    offered: dict[str, set[str]] = {}
    for item in list_items(document):
        for part in _parts(item.get("show_if")):
            if not set(part["choices"]) <= offered.get(part["item"], set()):
                raise Rejected("rests_on" if part["item"] in (gone or ()) else "bad_condition", item["code"])
        offered[item["code"]] = _offered(item)


def _offered(item: Document) -> set[str]:
    if item["kind"] == "scale":
        return {"1", "2", "3", "4", "5", *([NOT_APPLICABLE] if item.get("not_applicable") else [])}
    return {choice["code"] for choice in item.get("choice", [])}


def _parts(condition: Document | None) -> list[Document]:
    if condition is None:
        return []
    join = next((name for name in ("every", "some") if name in condition), None)
    return [condition] if join is None else [part for each in condition[join] for part in _parts(each)]


def _check_code(code: str, taken: Sequence[str]) -> None:
    if not CODE.fullmatch(code):
        raise Rejected("bad_code", code)
    if code in taken:
        raise Rejected("code_taken", code)


def _flag(item: Document, name: str, value: bool) -> None:
    item[name] = value


def _move(listed: list[Any], value: Any, places: int) -> None:
    at = listed.index(value)
    listed.insert(max(0, at + places), listed.pop(at))


def _with_steps(document: Document, steps: list[list[str]] | None) -> Document:
    document.pop("steps", None)
    if steps and len(steps) > 1:
        document["steps"] = steps
    return document
