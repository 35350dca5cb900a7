"""What a kiosk shows: one page whose screens wait as templates in three languages, and the form of a wave."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256

from markupsafe import Markup

from survey.documents.environment import render, stylesheet, templates_folder
from survey.documents.interviewing import BY_PHONE_ALONE, OUTCOMES
from survey.keys import CROCKFORD
from survey.mandate.conditions import plain
from survey.mandate.digests import write_canonical
from survey.mandate.questionnaires import Questionnaire
from survey.mandate.text import LANGUAGES

COMMENT_LIMIT = 2000
STYLES = ("citizen/style.css", "citizen/khmer.css", "field/kiosk.css")

Recordings = Mapping[str, tuple[tuple[str, str], ...]]


@dataclass(frozen=True, slots=True)
class KioskForm:
    """The form of a wave in every language, and the digest by which a kiosk sees that it has changed."""

    html: str
    digest: str


@cache
def render_kiosk(language: str, version: str, final: tuple[str, ...], ages: tuple[str, ...]) -> str:
    """The page: it works from this one file, its style and its scripts, with the network gone. `final` are the outcomes
    of a call after which nobody calls again."""
    doors = {"outcomes": OUTCOMES, "final": final, "by_phone_alone": BY_PHONE_ALONE, "ages": ages}
    screens = {each: Markup(render("field/screens.html", each, letters=CROCKFORD, **doors)) for each in LANGUAGES}  # noqa: S704 our own template
    return render("field/kiosk.html", language, screens=screens, version=version)


def kiosk_form(questionnaire: Questionnaire, recordings: Recordings) -> KioskForm:
    """`recordings` are pairs of item code and address by language."""
    return _form(questionnaire, tuple(sorted(recordings.items())))


@cache
def kiosk_style() -> str:
    return "".join(stylesheet(name) for name in STYLES)


@cache
def worker_script(version: str) -> str:
    """The service worker, whose bytes change with what it keeps."""
    text = (templates_folder() / "field" / "worker.js").read_text(encoding="utf-8")
    return text.replace("{{ version }}", version)


@cache
def _form(questionnaire: Questionnaire, recordings: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]) -> KioskForm:
    heard = dict(recordings)
    conditions = {each.code: write_canonical(plain(each.show_if)) for each in questionnaire.items if each.show_if}
    forms = "".join(
        render(
            "field/form.html",
            language,
            questionnaire=questionnaire,
            sections=[section for page in questionnaire.pages for section in page],
            conditions=conditions,
            recordings=dict(heard.get(language, ())),
            comment_limit=COMMENT_LIMIT,
        )
        for language in LANGUAGES
    )
    return KioskForm(forms, sha256(forms.encode()).hexdigest()[:16])
