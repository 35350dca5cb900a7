"""The citizen's answer page. Rendered once per (questionnaire version, language, mode), then spliced per visit.

Only a page that comes back with errors is rendered in full, with everything that was typed. Both go through one
template, so they cannot differ in anything else.
"""

from __future__ import annotations

from collections.abc import Mapping

from survey.documents.environment import render
from survey.documents.shell import CitizenShell, LanguageLink
from survey.documents.splicing import CUT, SplicedPage, cut_page
from survey.mandate.questionnaires import Questionnaire

MODES = ("link", "kiosk")
DEFAULT_ACTION = "/answer"
COMMENT_LIMIT = 2000
# Private-use characters stand for the per-visit parts while the body is rendered; no text of the mandate holds them.
PARTS = {"nonce": "\ue001", "token": "\ue002", "key": "\ue003"}

_pages: dict[tuple[str, str, str, str], SplicedPage] = {}


class UnknownMode(ValueError):
    """Asked for a way of showing the form that does not exist."""

    def __init__(self, mode: str) -> None:
        super().__init__(f"No such mode: {mode!r}. Use one of {', '.join(MODES)}.")


def form_page(
    questionnaire: Questionnaire, language: str, mode: str = "link", action: str = DEFAULT_ACTION
) -> SplicedPage:
    """The empty form, from the cache after the first time."""
    cached = (questionnaire.digest, language, mode, action)
    if cached not in _pages:
        _pages[cached] = cut_page(_render(questionnaire, language, mode, action, {}, {}), PARTS)
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
    body = _render(questionnaire, language, mode, action, _without_parts(answers), errors)
    return cut_page(body, PARTS).splice(token=token, key=key, nonce=nonce)


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


def _without_parts(answers: Mapping[str, str]) -> dict[str, str]:
    reserved = str.maketrans("", "", CUT + "".join(PARTS.values()))
    return {code: answer.translate(reserved) for code, answer in answers.items()}
