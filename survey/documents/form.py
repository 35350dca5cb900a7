"""The citizen's answer page. Rendered once per (questionnaire version, language, mode, layout), then spliced per visit.

Only a page that comes back with answers on it is rendered in full. Both go through one template, so they cannot differ
in anything else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Lock

from survey.documents.environment import render
from survey.documents.layout import Layout, lay_out
from survey.documents.shell import CitizenShell, LanguageLink
from survey.documents.splicing import CUT, SplicedPage, cut_page
from survey.mandate.questionnaires import Questionnaire
from survey.mandate.text import LANGUAGES

MODES = ("link", "kiosk", "voice")
DEFAULT_ACTION = "/answer"
COMMENT_LIMIT = 2000
# Private-use characters stand for the per-visit parts while the body is rendered; no text of the mandate holds them.
PARTS = {"nonce": "\ue001", "token": "\ue002", "key": "\ue003", "carried": "\ue004"}

_pages: dict[tuple[object, ...], SplicedPage] = {}
_rendering = Lock()


class UnknownMode(ValueError):
    """Asked for a way of showing the form that does not exist."""

    def __init__(self, mode: str) -> None:
        super().__init__(f"No such mode: {mode!r}. Use one of {', '.join(MODES)}.")


@dataclass(frozen=True, slots=True)
class Filled:
    """What stands on a page that comes back: `answers` by item code, `errors` as codes of `verdicts.FORM_ERRORS`,
    `added` items that these answers brought up. The keyboard's focus lands on the first of either."""

    answers: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)
    added: tuple[str, ...] = ()
    declined: bool = False


def form_page(
    questionnaire: Questionnaire,
    language: str,
    mode: str = "link",
    action: str = DEFAULT_ACTION,
    *,
    layout: Layout | None = None,
    recordings: tuple[tuple[str, str], ...] = (),
    khmer_font: bool = False,
    about: str = "",
    languages: tuple[str, ...] = LANGUAGES,
) -> SplicedPage:
    """A page of the form without answers on it, from the cache after the first time: the first page unless a layout
    says otherwise. `recordings` are pairs of item code and address; `about` names who is spoken of in open voice;
    `languages` are those that are offered."""
    cached = (questionnaire.digest, language, mode, action, layout, recordings, khmer_font, about, languages)
    if cached not in _pages:
        with _rendering:  # after a start everybody asks for the same page at once
            if cached not in _pages:
                first = layout or lay_out(questionnaire, 0, {})
                rest = (recordings, khmer_font, about, languages)
                body = _render(questionnaire, language, mode, action, first, Filled(), *rest)
                _pages[cached] = cut_page(body, PARTS)
    return _pages[cached]


def form_with_answers(
    questionnaire: Questionnaire,
    language: str,
    filled: Filled,
    layout: Layout,
    *,
    recordings: tuple[tuple[str, str], ...] = (),
    khmer_font: bool = False,
    mode: str = "link",
    action: str = DEFAULT_ACTION,
    about: str = "",
    languages: tuple[str, ...] = LANGUAGES,
    token: str,
    key: str,
    carried: str,
    nonce: str,
) -> bytes:
    """A page of the form with all that was typed on it."""
    clean = Filled(_without_parts(filled.answers), filled.errors, filled.added, filled.declined)
    body = _render(questionnaire, language, mode, action, layout, clean, recordings, khmer_font, about, languages)
    return cut_page(body, PARTS).splice(token=token, key=key, nonce=nonce, carried=carried)


def language_links(offered: tuple[str, ...] = LANGUAGES) -> tuple[LanguageLink, ...]:
    """The same page in each language that is offered, by a query parameter."""
    return tuple(LanguageLink(each, f"?language={each}") for each in ("vi", "km", "en") if each in offered)


def _render(
    questionnaire: Questionnaire,
    language: str,
    mode: str,
    action: str,
    layout: Layout,
    filled: Filled,
    recordings: tuple[tuple[str, str], ...],
    khmer_font: bool,
    about: str,
    languages: tuple[str, ...],
) -> str:
    if mode not in MODES:
        raise UnknownMode(mode)
    shown = {*layout.asked, *dict(layout.conditions)}
    focused = [
        item.code
        for item in questionnaire.items_on(layout.step)
        if item.code in filled.errors or item.code in filled.added
    ]
    return render(
        "citizen/form.html",
        language,
        questionnaire=questionnaire,
        sections=[
            (section, [item for item in section.items if item.code in shown])
            for section in questionnaire.pages[layout.step]
            if any(item.code in shown for item in section.items)
        ],
        mode=mode,
        about=about,
        action=action,
        layout=layout,
        conditions=dict(layout.conditions),
        answers=filled.answers,
        errors=filled.errors,
        added=filled.added,
        declined=filled.declined,
        focused=focused[0] if focused else None,
        recordings=dict(recordings),
        comment_limit=COMMENT_LIMIT,
        parts=PARTS,
        shell=CitizenShell(PARTS["nonce"], language_links(languages), khmer_font=khmer_font or mode == "kiosk"),
    )


def _without_parts(answers: Mapping[str, str]) -> dict[str, str]:
    reserved = str.maketrans("", "", CUT + "".join(PARTS.values()))
    return {code: answer.translate(reserved) for code, answer in answers.items()}
