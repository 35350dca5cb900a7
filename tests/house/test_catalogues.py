"""Every sentence that a page can say is written in English and Khmer, with the same numbers in the same places."""

import re
from collections import Counter
from functools import cache
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po

ROOT = Path(__file__).parents[2]
LOCALE = ROOT / "survey" / "documents" / "locale"
KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2), "N_": None, "translate": (2,), "say": None}
TRANSLATED = ("en", "km")
PLACEHOLDER = re.compile(r"%\([a-z_0-9]+\)[a-z]|%%")
KHMER = re.compile(r"[\u1780-\u17ff]")
VIETNAMESE = re.compile(r"[ăâđêôơưĂÂĐÊÔƠƯ\u1ea0-\u1ef9]")
# Names of methods and people that are written the same in every language.
SAME_EVERYWHERE = {"Jeffreys", "Korn-Graubard (beta)", "Wilson", "gamma (Fay-Feuer)", "logit"}
HOW = "the commands are at the top of survey/documents/locale/babel.cfg"


@cache
def sentences() -> frozenset[str]:
    """Every sentence marked for translation in the code and the templates."""
    with (LOCALE / "babel.cfg").open(encoding="utf-8") as file:
        methods, options = parse_mapping_cfg(file)  # type: ignore[no-untyped-call]
    found = (
        extracted[2]
        for folder in ("survey", "templates")
        for extracted in extract_from_dir(ROOT / folder, methods, options, KEYWORDS)
    )
    return frozenset(sentence for message in found for sentence in ([message] if isinstance(message, str) else message))


@cache
def catalogue(language: str) -> Catalog:
    with (LOCALE / language / "LC_MESSAGES" / "hailong.po").open("rb") as file:
        return read_po(file, locale=language, abort_invalid=True)


def messages(language: str) -> list[Message]:
    return [message for message in catalogue(language) if message.id]


def forms(message: Message) -> list[tuple[str, str]]:
    """Pairs of a Vietnamese form and its translation; every plural form is compared with the last Vietnamese one."""
    if isinstance(message.id, str):
        return [(message.id, str(message.string))]
    return [(message.id[-1], form) for form in message.string or ()]


def test_the_extraction_sees_code_and_templates() -> None:
    assert {"Chưa khẳng định được", "Gửi phiếu"} <= sentences()


@pytest.mark.parametrize("language", ["vi", *TRANSLATED])
def test_no_sentence_stands_twice_in_a_catalogue(language: str) -> None:
    """Two branches that are merged line by line may both bring one; which translation then holds is chance."""
    written = (LOCALE / language / "LC_MESSAGES" / "hailong.po").read_text(encoding="utf-8")
    entries = Counter(re.findall(r'^msgid ((?:".*"\n)+)', written, re.MULTILINE))
    assert len(entries) > 1000
    assert [entry for entry, times in entries.items() if times > 1] == []


@pytest.mark.parametrize("language", ["vi", *TRANSLATED])
def test_the_catalogue_has_exactly_the_sentences_in_use(language: str) -> None:
    listed = {form for message in messages(language) for form, _ in forms(message)}
    listed |= {message.id[0] for message in messages(language) if not isinstance(message.id, str)}
    assert sentences() - listed == set(), f"Not in the {language} catalogue: {HOW}"
    assert listed - sentences() == set(), f"No longer in use, in the {language} catalogue: {HOW}"


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_sentence_is_translated(language: str) -> None:
    empty = [form for message in messages(language) for form, wording in forms(message) if not wording.strip()]
    assert empty == [], f"Write these in survey/documents/locale/{language}/LC_MESSAGES/hailong.po"
    assert [message.id for message in messages(language) if message.fuzzy] == []


@pytest.mark.parametrize("language", TRANSLATED)
def test_the_placeholders_are_the_same(language: str) -> None:
    pairs = [pair for message in messages(language) for pair in forms(message) if pair[1]]
    different = [pair for pair in pairs if sorted(PLACEHOLDER.findall(pair[0])) != sorted(PLACEHOLDER.findall(pair[1]))]
    assert different == []


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_sentence_ends_as_the_vietnamese_does(language: str) -> None:
    stops = {"vi": (".", "?", ":"), "en": (".", "?", ":"), "km": ("។", "?", "៖")}
    pairs = [pair for message in messages(language) for pair in forms(message)]
    for stop, translated in zip(stops["vi"], stops[language], strict=True):
        assert [pair for pair in pairs if pair[0].endswith(stop) != pair[1].endswith(translated)] == []


def test_english_is_not_vietnamese_and_khmer_is_written_in_khmer_script() -> None:
    english = [wording for message in messages("en") for _, wording in forms(message)]
    assert [wording for wording in english if VIETNAMESE.search(wording.replace("Hài Lòng", ""))] == []
    khmer = [pair for message in messages("km") for pair in forms(message) if pair[0] not in SAME_EVERYWHERE]
    assert [wording for _, wording in khmer if not KHMER.search(wording)] == []


def test_the_vietnamese_catalogue_is_empty_because_the_sentence_is_its_own_msgid() -> None:
    assert [message.id for message in messages("vi") if any(wording for _, wording in forms(message))] == []


def test_the_vietnamese_catalogue_says_nothing_else() -> None:
    """It is not read when pages are made: the sentences themselves are Vietnamese."""
    assert [message.id for message in messages("vi") if any(said for _, said in forms(message))] == []
