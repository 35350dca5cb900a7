"""The one place where templates meet a language: Jinja2, gettext catalogues and Babel's formats.

Sentences in templates and code are Vietnamese; a missing catalogue or entry therefore falls back to Vietnamese.
Messages are always %-formatted, so a literal per cent sign in one is written `%%`.
"""

from __future__ import annotations

import gettext as catalogues
import re
from collections.abc import Callable
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from survey.documents import formats, verdicts
from survey.documents.once import made_once
from survey.mandate.text import FIRST_LANGUAGE, LANGUAGES, Text

LANGUAGE_NAMES = {"vi": "Tiếng Việt", "km": "ខ្មែរ", "en": "English"}

PACKAGE = Path(__file__).resolve().parent


class UnknownLanguage(ValueError):
    """Asked for a language that the product does not speak."""

    def __init__(self, language: str) -> None:
        super().__init__(f"No such language: {language!r}. Use one of {', '.join(LANGUAGES)}.")


class TemplatesMissing(RuntimeError):
    """Neither the checkout's nor the installed package's templates exist."""

    def __init__(self) -> None:
        super().__init__("The page templates are missing: reinstall the package, or run from a complete checkout.")


def render(template: str, language: str, **context: Any) -> str:
    """Draw `templates/<template>` in the reader's language. An undefined name is an error; values are escaped."""
    return environment(language).get_template(template).render(context)


def translate(language: str, msgid: str, **values: object) -> str:
    """The sentence in the reader's language, with `%(name)s` filled in. Plain text: escape it before it enters HTML."""
    return _catalogue(language).gettext(msgid) % values


@made_once
def environment(language: str) -> Environment:
    """Jinja2 with autoescape, strict undefined, this language's catalogue and formats."""
    environment = Environment(
        loader=FileSystemLoader(templates_folder()),
        extensions=["jinja2.ext.i18n"],
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    catalogue = _catalogue(language)
    environment.install_gettext_callables(  # type: ignore[attr-defined]
        catalogue.gettext, catalogue.ngettext, newstyle=True
    )
    environment.filters.update(_filters(language))
    environment.globals.update(_globals(language))
    return environment


def templates_folder() -> Path:
    """The installed package's templates, or the checkout's."""
    for folder in (PACKAGE.parent / "_templates", PACKAGE.parents[1] / "templates"):
        if (folder / "citizen").is_dir():
            return folder
    raise TemplatesMissing


@cache
def stylesheet(name: str) -> Markup:
    """A template folder's style sheet without its comments and indentation, ready to stand inside `<style>`."""
    text = (templates_folder() / name).read_text(encoding="utf-8")
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    text = re.sub(r"\s+", " ", text)
    return Markup(re.sub(r"\s*([{};,]|(?<=[a-z]):)\s*", r"\1", text).replace(";}", "}").strip())  # noqa: S704 our own file


@made_once
def _catalogue(language: str) -> catalogues.NullTranslations:
    if language not in LANGUAGES:
        raise UnknownLanguage(language)
    if language == FIRST_LANGUAGE:  # the sentences themselves
        return catalogues.NullTranslations()
    path = PACKAGE / "locale" / language / "LC_MESSAGES" / "hailong.po"
    if not path.is_file():
        return catalogues.NullTranslations()
    compiled = BytesIO()
    with path.open("rb") as file:
        write_mo(compiled, read_po(file, locale=language, abort_invalid=True))
    compiled.seek(0)
    return catalogues.GNUTranslations(compiled)


def _filters(language: str) -> dict[str, Callable[..., str]]:
    return {name: _in(language, function) for name, function in formats.FILTERS.items()} | {
        "wording": _in(language, _word)
    }


def _globals(language: str) -> dict[str, Any]:
    def say(message: str, **values: object) -> str:
        return translate(language, message, **values)

    return {
        "language": language,
        "languages": LANGUAGE_NAMES,
        "stylesheet": stylesheet,
        "word": lambda words, code: say(verdicts.find_word(words, code)),
        "reason": lambda code, numbers: verdicts.tell(language, say, verdicts.REASONS, code, numbers),
        "advice": lambda code, numbers: verdicts.tell(language, say, verdicts.FLAGS, code, numbers),
        "words": verdicts,
    }


def _word(text: Text, language: str) -> str:
    """The mandate's wording; where nobody has written it in this language, the Vietnamese, and marked as such."""
    wording = text.in_language(language)
    return wording if language in text else Markup('<span lang="vi">{}</span>').format(wording)


def _in(language: str, function: Callable[..., str]) -> Callable[..., str]:
    def written(value: Any, *arguments: Any, **options: Any) -> str:
        return function(value, language, *arguments, **options)

    return written
