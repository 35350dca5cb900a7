"""What importing a questionnaire from another program says, item by item, and what its readers share."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import unescape

from survey.mandate.documents import Document
from survey.mandate.questionnaires import NOT_APPLICABLE, load_levels
from survey.mandate.text import FIRST_LANGUAGE, LANGUAGES

REMARKS = {
    "kept": "taken over as it was",
    "scale": "taken over on the platform's satisfaction scale: read whether lowest and highest agree",
    "split": "made into several items: {detail}",
    "renamed": "has the code {detail} here",
    "five_levels": "looks like a scale and was taken over as choices: its words are not those of the platform's scale",
    "left_type": "left out: items of the type {detail} are not asked here",
    "left_identifying": "left out: {detail} would tell who answered",
    "left_condition": "its condition was left out, so everybody is asked: {detail}",
    "left_settings": "taken over without {detail}",
    "left_other": 'taken over without the answer "other" and its text',
    "left_media": "taken over without pictures, sound or film: {detail}",
    "left_language": "wordings left out in {detail}: the platform speaks Vietnamese, English and Khmer",
    "markup": "formatting was taken out of the wording",
    "reference": "its wording names another answer, which is not filled in here: {detail}",
    "flattened": "a group inside a group: its items stand in the group around it",
    "no_choices": "its list of choices is missing or empty: add choices",
    "no_vietnamese": "has no Vietnamese wording: translate it",
}
CODE = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,31}")
REFERENCE = re.compile(r"\$?\{[^{}]{1,200}\}")
TAG = re.compile(r"<[^<>]{1,500}>")
NAMES_OF_LANGUAGES = {
    "vi": "vi", "vietnamese": "vi", "tiếng việt": "vi", "en": "en", "english": "en", "tiếng anh": "en",
    "km": "km", "khmer": "km", "ខ្មែរ": "km", "tiếng khmer": "km", "cambodian": "km",
}  # fmt: skip


class NotReadable(ValueError):
    """The file cannot be read as what it claims to be; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Remark:
    """What became of one item (or of the whole, with an empty `where`). `code` is one of `REMARKS`."""

    where: str
    code: str
    detail: str = ""

    def __str__(self) -> str:
        said = REMARKS[self.code].format(detail=self.detail)
        return f"{self.where}: {said}" if self.where else said


@dataclass
class Imported:
    """A questionnaire from outside as a document, and the report. Codes are made valid here and stay unique."""

    document: Document
    remarks: list[Remark] = field(default_factory=list)
    _codes: dict[str, str] = field(default_factory=dict)

    def remark(self, where: str, code: str, detail: str = "") -> None:
        self.remarks.append(Remark(where, code, detail))

    @property
    def losses(self) -> list[Remark]:
        """The remarks that say that something was not taken over whole."""
        return [each for each in self.remarks if each.code not in ("kept", "renamed", "split", "scale")]

    def name(self, foreign: str) -> str:
        """A valid code for a foreign name, the same for the same name; a change is remarked."""
        if foreign not in self._codes:
            code = self._free(_as_code(foreign))
            self._codes[foreign] = code
            if code != foreign:
                self.remark(foreign, "renamed", code)
        return self._codes[foreign]

    def known(self, foreign: str) -> str | None:
        """The code that a foreign name has here, if it was taken over."""
        return self._codes.get(foreign)

    def clean(self, where: str, wordings: Mapping[str, str]) -> dict[str, str]:
        """Wordings in the platform's languages, as plain text; what is lost is remarked."""
        others = sorted(language for language, wording in wordings.items() if language not in LANGUAGES and wording)
        if others:
            self.remark(where, "left_language", ", ".join(others))
        known = {language: wordings[language] for language in LANGUAGES if wordings.get(language, "").strip()}
        plain = {language: _plain(wording) for language, wording in known.items()}
        if any(TAG.search(wording) for wording in known.values()):
            self.remark(where, "markup")
        named = sorted({found for wording in plain.values() for found in REFERENCE.findall(wording)})
        if named:
            self.remark(where, "reference", ", ".join(named)[:200])
        return {language: wording for language, wording in plain.items() if wording}

    def _free(self, code: str) -> str:
        taken, number, free = set(self._codes.values()), 2, code
        while free in taken:
            free, number = f"{code[:28]}_{number}", number + 1
        return free


def language_of(name: str) -> str:
    """The platform's code for a language as other programs name it ("Tiếng Việt (vi)", "English", "km-KH")."""
    text = unicodedata.normalize("NFC", name).strip()
    in_brackets = re.search(r"\(([A-Za-z]{2,3})(?:-[A-Za-z]+)?\)\s*$", text)
    short = in_brackets.group(1) if in_brackets else text.split("-")[0]
    return NAMES_OF_LANGUAGES.get(short.strip().lower(), NAMES_OF_LANGUAGES.get(text.lower(), short.strip() or "?"))


def is_satisfaction_scale(choices: Sequence[Document]) -> bool:
    """Whether choices are the platform's levels 1 to 5 (and perhaps "not applicable"), by code and by words."""
    levels = {level.code: level.text for level in load_levels()}
    codes = [choice["code"] for choice in choices]
    if codes not in (["1", "2", "3", "4", "5"], ["1", "2", "3", "4", "5", NOT_APPLICABLE]):
        return False
    return all(
        choice["text"].get(language, wording) == wording
        for choice in choices
        for language, wording in levels[choice["code"]].items()
    ) and any(FIRST_LANGUAGE in choice["text"] or "en" in choice["text"] for choice in choices)


def new_document(code: str, title: Mapping[str, str], intro: Mapping[str, str]) -> Document:
    """An empty draft."""
    return {"code": code, "title": dict(title), "intro": dict(intro), "sources": [], "section": []}


def as_questionnaire_code(text: str) -> str:
    """A code for a questionnaire from a foreign name: letters, digits and hyphens."""
    return (re.sub(r"[^A-Za-z0-9._-]+", "-", _ascii(text)).strip("-._") or "imported")[:64]


def _as_code(foreign: str) -> str:
    code = re.sub(r"[^A-Za-z0-9_]+", "_", _ascii(foreign)).strip("_")[:32]
    return code if CODE.fullmatch(code) else f"Q{code}"[:32]


def _ascii(text: str) -> str:
    letters = unicodedata.normalize("NFD", text.replace("đ", "d").replace("Đ", "D"))
    return "".join(letter for letter in letters if unicodedata.category(letter) != "Mn")


def _plain(wording: str) -> str:
    text = unescape(TAG.sub(" ", wording)).replace("\u00a0", " ")
    kept = "".join(sign if unicodedata.category(sign) not in ("Cc", "Cs") else " " for sign in text)
    return unicodedata.normalize("NFC", " ".join(kept.split()))
