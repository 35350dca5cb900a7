"""The citizen's answer page. Rendered once per (questionnaire version, language, mode), then spliced per visit.

Only a page that comes back with errors is rendered in full, with everything that was typed. Both go through one
template, so they cannot differ in anything else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from itertools import chain

from survey.documents.compressing import CompressedPieces, compress_pieces
from survey.documents.environment import render
from survey.documents.shell import CitizenShell, LanguageLink
from survey.mandate.questionnaires import Questionnaire

MODES = ("link", "kiosk")
DEFAULT_ACTION = "/answer"
COMMENT_LIMIT = 2000
# Private-use characters stand for the per-visit parts while the body is rendered; no text of the mandate holds them.
PARTS = {"nonce": "\ue001", "token": "\ue002", "key": "\ue003"}

_pages: dict[tuple[str, str, str, str], FormPage] = {}


class UnknownMode(ValueError):
    """Asked for a way of showing the form that does not exist."""

    def __init__(self, mode: str) -> None:
        super().__init__(f"No such mode: {mode!r}. Use one of {', '.join(MODES)}.")


@dataclass(frozen=True, slots=True)
class FormPage:
    """A rendered page cut open where a visit differs: `pieces[i]` is followed by the part named `parts[i]`."""

    pieces: tuple[bytes, ...]
    parts: tuple[str, ...]

    def splice_gzip(self, *, token: str, key: str, nonce: str) -> bytes:
        """The same page as a gzip stream; only the few words of this visit are not compressed beforehand."""
        values = {"token": _escaped(token), "key": _escaped(key), "nonce": _escaped(nonce)}
        return _compressed(self.pieces).join([values[part] for part in self.parts])

    def splice(self, *, token: str, key: str, nonce: str) -> bytes:
        """The page for one visit. Values are escaped; the cost is one join."""
        values = {"token": _escaped(token), "key": _escaped(key), "nonce": _escaped(nonce)}
        filled = [values[part] for part in self.parts]
        return b"".join(chain.from_iterable(zip(self.pieces, filled, strict=False))) + self.pieces[-1]


def form_page(
    questionnaire: Questionnaire, language: str, mode: str = "link", action: str = DEFAULT_ACTION
) -> FormPage:
    """The empty form, from the cache after the first time."""
    cached = (questionnaire.digest, language, mode, action)
    if cached not in _pages:
        _pages[cached] = _cut(_render(questionnaire, language, mode, action, {}, {}))
    return _pages[cached]


def form_with_errors(
    questionnaire: Questionnaire,
    language: str,
    mode: str,
    answers: Mapping[str, str],
    errors: Mapping[str, str],
    *,
    token: str,
    key: str,
    nonce: str,
    action: str = DEFAULT_ACTION,
) -> bytes:
    """The form again with all that was typed. `answers` maps item codes to choice codes or text; `errors` maps item
    codes to codes of `verdicts.FORM_ERRORS`. The keyboard's focus lands on the first item with an error."""
    page = _cut(_render(questionnaire, language, mode, action, _without_parts(answers), errors))
    return page.splice(token=token, key=key, nonce=nonce)


def language_links(parameter: str = "language") -> tuple[LanguageLink, ...]:
    """The same page in each language, by a query parameter."""
    return tuple(LanguageLink(language, f"?{parameter}={language}") for language in ("vi", "km", "en"))


def _render(
    questionnaire: Questionnaire,
    language: str,
    mode: str,
    action: str,
    answers: Mapping[str, str],
    errors: Mapping[str, str],
) -> str:
    if mode not in MODES:
        raise UnknownMode(mode)
    # Following a language link would drop what was typed, so a page with errors offers none.
    links = () if errors else language_links()
    return render(
        "citizen/form.html",
        language,
        questionnaire=questionnaire,
        mode=mode,
        action=action,
        answers=answers,
        errors=errors,
        first_error=next((item.code for item in questionnaire.items if item.code in errors), None),
        comment_limit=COMMENT_LIMIT,
        parts=PARTS,
        shell=CitizenShell(nonce=PARTS["nonce"], languages=links),
    )


def _cut(text: str) -> FormPage:
    marks = {mark: part for part, mark in PARTS.items()}
    parts = tuple(marks[character] for character in text if character in marks)
    for mark in marks:
        text = text.replace(mark, "\ue000")
    return FormPage(tuple(piece.encode() for piece in text.split("\ue000")), parts)


@lru_cache(maxsize=64)
def _compressed(pieces: tuple[bytes, ...]) -> CompressedPieces:
    return compress_pieces(pieces)


def _without_parts(answers: Mapping[str, str]) -> dict[str, str]:
    reserved = str.maketrans("", "", "\ue000" + "".join(PARTS.values()))
    return {code: answer.translate(reserved) for code, answer in answers.items()}


def _escaped(value: str) -> bytes:
    return escape(value).encode()
