"""The questionnaires: what people are asked, in three languages. A published version never changes."""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Literal, cast, get_args

from survey.mandate.conditions import Condition, Given, given_parts, holds, plain, read_condition
from survey.mandate.digests import Plain, digest_of, write_canonical
from survey.mandate.errors import UnknownQuestionnaire
from survey.mandate.files import Entry, list_files, read_entry
from survey.mandate.sectors import find_sector
from survey.mandate.sources import Source, find_source
from survey.mandate.text import LANGUAGES, Text

ItemKind = Literal["scale", "choice", "comment"]
NOT_APPLICABLE = "na"


@dataclass(frozen=True)
class Choice:
    """One way to answer an item. `score` is the level 1..5 on the satisfaction scale, None for facts and for "not
    applicable"."""

    code: str
    text: Text
    score: int | None


@dataclass(frozen=True)
class Item:
    """One question. `indexed` items enter the index of their section; facts and integrity questions never do.
    `overall` marks the one item that the satisfaction rate rests on. An item with `why` is a profile item: about the
    person, never required, and the page says why it is asked. `show_if` says when it is asked at all."""

    code: str
    section: str
    kind: ItemKind
    text: Text
    help: Text | None
    required: bool
    not_applicable: bool
    choices: tuple[Choice, ...]
    indexed: bool
    overall: bool
    why: Text | None = None
    show_if: Condition | None = None

    @cached_property
    def choice_codes(self) -> frozenset[str]:
        """What can be chosen."""
        return frozenset(choice.code for choice in self.choices)


@dataclass(frozen=True)
class Section:
    """Items that are shown under one heading; every code belongs to one section."""

    code: str
    title: Text
    items: tuple[Item, ...]


@dataclass(frozen=True)
class Questionnaire:
    """One immutable version of a questionnaire. `languages_status` says, language by language, who stands behind the
    wording; `sources` are where its contents come from. `steps` are the pages of a long one, each with its sections."""

    code: str
    version: int
    sector: str | None
    valid_from: datetime.date
    title: Text
    intro: Text
    sections: tuple[Section, ...]
    sources: tuple[Source, ...]
    languages_status: Mapping[str, str] = field(hash=False)
    steps: tuple[tuple[Section, ...], ...] = ()

    @property
    def key(self) -> str:
        """The version's full name, such as "procedures@1"."""
        return f"{self.code}@{self.version}"

    @cached_property
    def items(self) -> tuple[Item, ...]:
        """Every item, in the order of the page."""
        return tuple(item for section in self.sections for item in section.items)

    @property
    def pages(self) -> tuple[tuple[Section, ...], ...]:
        """The steps; a questionnaire without any is one page."""
        return self.steps or (self.sections,)

    def items_on(self, step: int) -> tuple[Item, ...]:
        """The items of one page, counted from 0."""
        return tuple(item for section in self.pages[step] for item in section.items)

    def asked(self, answers: Mapping[str, str]) -> frozenset[str]:
        """Codes of the items that these answers leave to be asked. An answer to an item that is not asked meets no
        condition either."""
        if not self._has_conditions:
            return self.codes
        asked: dict[str, str] = {}
        for item in self.items:
            if item.show_if is None or holds(item.show_if, asked):
                asked[item.code] = answers.get(item.code, "")
        return frozenset(asked)

    @cached_property
    def codes(self) -> frozenset[str]:
        """The codes of every item."""
        return frozenset(item.code for item in self.items)

    @cached_property
    def _has_conditions(self) -> bool:
        return any(item.show_if is not None for item in self.items)

    @property
    def overall_item(self) -> Item:
        """The item that the satisfaction rate rests on."""
        return next(item for item in self.items if item.overall)

    def item(self, code: str) -> Item:
        """The item with this code; raises `UnknownQuestionnaire` when the version has no such item."""
        for item in self.items:
            if item.code == code:
                return item
        raise UnknownQuestionnaire(f"{self.key} has no item {code!r}")

    def level(self, item: str, choice: str) -> int | None:
        """The level from 1 to 5 that a choice of an item stands for; None for facts and for "not applicable"."""
        return self._levels.get((item, choice))

    @cached_property
    def _levels(self) -> dict[tuple[str, str], int | None]:
        return {(item.code, choice.code): choice.score for item in self.items for choice in item.choices}

    @property
    def canonical(self) -> str:
        """All that is asked and how, as canonical JSON: the text that the digest is of."""
        return write_canonical(_content(self))

    @cached_property
    def digest(self) -> str:
        """SHA-256, in hexadecimal, of all that is asked and how (not of sources and statuses)."""
        return digest_of(_content(self))


@cache
def load_questionnaires() -> dict[str, Questionnaire]:
    """Every version that the package brings, by its full name, such as "procedures@1"."""
    questionnaires: dict[str, Questionnaire] = {}
    for path in list_files("questionnaires"):
        top = read_entry(path)
        questionnaire = read_questionnaire(top)
        if questionnaire.key in questionnaires:
            raise top.error(f"{questionnaire.key} exists already: a version is never edited, give it a new number")
        questionnaires[questionnaire.key] = questionnaire
    return questionnaires


def load_questionnaire(name: str) -> Questionnaire:
    """The package's version called `name`: "procedures@1", or "procedures" for the latest. Those that were built in an
    installation lie in its database. Raises `UnknownQuestionnaire`."""
    found = find_questionnaire(name)
    if found is None:
        raise UnknownQuestionnaire(f"No questionnaire {name!r}: use one of {', '.join(load_questionnaires())}")
    return found


def find_questionnaire(name: str) -> Questionnaire | None:
    """The same; None when the package has none of this name."""
    questionnaires = load_questionnaires()
    if name in questionnaires:
        return questionnaires[name]
    versions = [questionnaire for questionnaire in questionnaires.values() if questionnaire.code == name]
    return max(versions, key=lambda questionnaire: questionnaire.version, default=None)


@cache
def load_levels() -> tuple[Choice, ...]:
    """The satisfaction scale: levels "1" to "5", then "na"."""
    top = read_entry("levels.toml")
    levels = tuple(_read_choice(entry) for entry in top.entries("level"))
    top.finish()
    return levels


def read_questionnaire(top: Entry) -> Questionnaire:
    """The questionnaire that a file's top table describes; raises `MandateFileError` when it breaks a rule."""
    levels = load_levels()
    sector = top.optional_string("sector")
    sections = tuple(_read_section(entry, levels) for entry in top.entries("section"))
    questionnaire = Questionnaire(
        code=top.string("code"),
        version=top.integer("version"),
        sector=None if sector is None else find_sector(sector).code,
        valid_from=top.date("valid_from"),
        title=top.text("title"),
        intro=top.text("intro"),
        sections=sections,
        steps=_read_steps(top, sections),
        sources=tuple(find_source(code) for code in top.strings("sources")),
        languages_status=top.table("languages_status"),
    )
    top.finish()
    _check(questionnaire, top)
    return questionnaire


def _read_section(entry: Entry, levels: tuple[Choice, ...]) -> Section:
    code = entry.string("code")
    title = entry.text("title")
    items = tuple(_read_item(each, code, levels) for each in entry.entries("item"))
    entry.finish()
    return Section(code=code, title=title, items=items)


def _read_steps(top: Entry, sections: tuple[Section, ...]) -> tuple[tuple[Section, ...], ...]:
    named = {section.code: section for section in sections}
    steps = top.lists_of_strings("steps")
    if steps and [code for step in steps for code in step] != list(named):
        raise top.error("steps must name every section once, in the order of the file")
    return tuple(tuple(named[code] for code in step) for step in steps)


def _read_item(entry: Entry, section: str, levels: tuple[Choice, ...]) -> Item:
    kind = entry.string("kind")
    if kind not in get_args(ItemKind):
        raise entry.error(f"kind must be one of {', '.join(get_args(ItemKind))}")
    not_applicable = entry.flag("not_applicable", default=False)
    item = Item(
        code=entry.string("code"),
        section=section,
        kind=cast(ItemKind, kind),
        text=entry.text("text"),
        help=entry.optional_text("help"),
        required=entry.flag("required", default=False),
        not_applicable=not_applicable,
        choices=_read_choices(entry, kind, not_applicable, levels),
        indexed=entry.flag("indexed", default=False),
        overall=entry.flag("overall", default=False),
        why=entry.optional_text("why"),
        show_if=read_condition(entry.entry("show_if")) if "show_if" in entry else None,
    )
    entry.finish()
    _check_item(item, entry)
    return item


def _read_choices(entry: Entry, kind: str, not_applicable: bool, levels: tuple[Choice, ...]) -> tuple[Choice, ...]:
    if kind == "scale":
        return tuple(level for level in levels if not_applicable or level.code != NOT_APPLICABLE)
    return tuple(_read_choice(each) for each in entry.entries("choice"))


def _read_choice(entry: Entry) -> Choice:
    choice = Choice(code=entry.string("code"), text=entry.text("text"), score=entry.optional_integer("score"))
    entry.finish()
    return choice


def _check(questionnaire: Questionnaire, top: Entry) -> None:
    codes = [item.code for item in questionnaire.items]
    if len(set(codes)) != len(codes):
        raise top.error("two items share a code: a code is never reused")
    if sum(item.overall for item in questionnaire.items) != 1:
        raise top.error("exactly one item must be the overall one")
    if set(questionnaire.languages_status) != set(LANGUAGES):
        raise top.error(f"languages_status must speak of {', '.join(LANGUAGES)}")
    for number, item in enumerate(questionnaire.items):
        for given in given_parts(item.show_if) if item.show_if else ():
            _check_given(given, item, questionnaire.items[:number], top)


def _check_given(given: Given, item: Item, before: tuple[Item, ...], top: Entry) -> None:
    asked = next((each for each in before if each.code == given.item), None)
    if asked is None:
        raise top.error(f"show_if of {item.code} rests on {given.item!r}, which is not asked before it")
    unknown = sorted(set(given.choices) - {choice.code for choice in asked.choices})
    if unknown:
        raise top.error(f"show_if of {item.code} rests on {unknown[0]!r}, which {given.item} does not offer")


def _check_item(item: Item, entry: Entry) -> None:
    codes = [choice.code for choice in item.choices]
    if len(set(codes)) != len(codes):
        raise entry.error("two choices share a code")
    if (item.kind == "comment") == bool(codes):
        raise entry.error("a choice item needs choices, and a comment takes none")
    if (item.indexed or item.overall) and item.kind != "scale":
        raise entry.error("only an item on the satisfaction scale can be overall or indexed")
    if item.overall and (not item.required or item.not_applicable):
        raise entry.error("the overall item must be required and always applicable")
    if item.overall and item.show_if:
        raise entry.error("the overall item is asked of everybody: it takes no show_if")
    if item.why and (item.required or item.kind != "choice"):
        raise entry.error("a profile item offers choices and is never required")


def _content(questionnaire: Questionnaire) -> Plain:
    # Written out field by field: a new field of the classes must not change the digests of versions in use.
    content: dict[str, Plain] = {
        "code": questionnaire.code,
        "version": questionnaire.version,
        "sector": questionnaire.sector,
        "title": _wording(questionnaire.title),
        "intro": _wording(questionnaire.intro),
        "sections": [_section_content(section) for section in questionnaire.sections],
    }
    if questionnaire.steps:
        content["steps"] = [[section.code for section in step] for step in questionnaire.steps]
    return content


def _section_content(section: Section) -> Plain:
    return {
        "code": section.code,
        "title": _wording(section.title),
        "items": [_item_content(item) for item in section.items],
    }


def _item_content(item: Item) -> Plain:
    content: dict[str, Plain] = {
        "code": item.code,
        "kind": item.kind,
        "text": _wording(item.text),
        "help": _wording(item.help),
        "required": item.required,
        "indexed": item.indexed,
        "overall": item.overall,
        "choices": [
            {"code": choice.code, "text": _wording(choice.text), "score": choice.score} for choice in item.choices
        ],
    }
    if item.why:
        content["why"] = _wording(item.why)
    if item.show_if:
        content["show_if"] = plain(item.show_if)
    return content


def _wording(text: Text | None) -> Plain:
    return None if text is None else dict(text)
