"""Scrubbing: what names or leads to a person is taken out of a comment before anybody graded may read it.

Structured data (numbers of identity papers, telephones, bank accounts, plates, dossiers; addresses, e-mail, links) by
their form, names by the form of address or family name before them, in Vietnamese with or without diacritics. What it
misses is in docs/privacy.md; a person reads every comment after it and before the officials.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from typing import NamedTuple

from survey.actions.vietnamese_names import (
    FAMILY,
    GIVEN,
    MIDDLE,
    NAMING,
    NOT_NAMES,
    PLACES,
    SECOND_WORDS,
    STRONG,
    TITLES,
)

MARKS = {
    "id": "[số giấy tờ]",
    "phone": "[số điện thoại]",
    "account": "[số tài khoản]",
    "plate": "[biển số xe]",
    "dossier": "[mã hồ sơ]",
    "email": "[thư điện tử]",
    "link": "[liên kết]",
    "address": "[địa chỉ]",
    "name": "[tên người]",
}
DIGIT = r"[\dOo]"
GAP = r"[ .\-–·_]{0,3}"
LONGEST_NAME = 5


class Span(NamedTuple):
    """A part of the text, from `start` up to `end`, and what it is (a key of MARKS)."""

    start: int
    end: int
    kind: str


def scrub(text: str) -> str:
    """The comment in Unicode NFC with every personal part replaced by a word for what stood there."""
    whole = unicodedata.normalize("NFC", text)
    clean, at = [], 0
    for span in find_personal(whole):
        clean += [whole[at : span.start], MARKS[span.kind]]
        at = span.end
    return "".join([*clean, whole[at:]])


def find_personal(text: str) -> list[Span]:
    """The personal parts of a text in NFC, in order and apart from each other."""
    plain = _plain(text)
    found: list[Span] = []
    for find in FINDERS:
        for span in find(text, plain):
            if all(span.end <= other.start or other.end <= span.start for other in found):
                found.append(span)
    return sorted(found)


def _plain(text: str) -> str:
    """Lower case without diacritics, letter for letter, so that places stay the same."""
    return "".join("d" if letter in "đĐ" else unicodedata.normalize("NFD", letter)[0].lower()[:1] for letter in text)


def _of_pattern(kind: str, pattern: re.Pattern[str]) -> Callable[[str, str], Iterator[Span]]:
    def find(_: str, plain: str) -> Iterator[Span]:
        return (Span(*match.span(), kind) for match in pattern.finditer(plain))

    return find


EMAIL = re.compile(r"[\w.+-]+ ?(?:@|\(at\)|\[at\]| a cong ) ?[\w-]+(?:(?:\.| cham )[\w-]+)+")
NETWORK = r"(?:facebook|fb|zalo|tiktok|youtube|instagram|telegram|nick)"
LINK = re.compile(
    rf"(?:https?://|www\.)\S+|\b(?:{NETWORK}|t|m\.me)\.(?:com|me|vn)?/?[\w./?=&-]{{3,}}"
    rf"|\b{NETWORK}(?: (?:toi|cua toi|em|la))* ?[:=] ?@?[\w.]+(?: [\w.]+){{0,3}}|(?<!\w)@[\w.]{{3,}}"
)
DOSSIER = re.compile(r"\b[a-z0-9]{2,5}(?:\.[a-z0-9]{1,5}){1,5} ?[-–] ?\d{6} ?[-–] ?\d{3,6}\b")
PLATE = re.compile(r"\b\d{2} ?[-. ]? ?[a-z]{1,2}\d? ?[-. ]? ?(?:\d{3}[. ]?\d{2}|\d{4})\b(?!\.?\d)")
NUMBER = re.compile(rf"(?<![\w.,])(?:\+|\(\+?)?{DIGIT}(?:\)?{GAP}\(?{DIGIT}){{7,20}}(?!\w)")
MONEY = re.compile(r"[1-9]\d{0,2}(?:[.,  ]\d{3})+$")
DATES = re.compile(
    r"\d{1,2}[-. –]\d{1,2}[-. –]\d{4}$|(?:19|20)\d\d *[-– ] *(?:19|20)\d\d$|(?:19|20)\d{2}[-.]\d{2}[-.]\d{2}$"
)
BEFORE_ACCOUNT = re.compile(
    r"(?:stk|so tai khoan|tai khoan|so tk|\btk|account|bank|vietcombank|agribank|bidv)\W*(?:\w+\W+){0,3}$"
)
BEFORE_MONEY = re.compile(r"^ ?(?:dong|d\b|vnd|trieu|nghin)")
STREET = r"(?:duong|pho|hem|ngo|ngach|kiet|ap|khom|thon|to|khu pho|khu vuc|lo)"
HOUSE = r"\d+[a-z]?(?:/\d+[a-z]?)*"
NO_STREET = r"(?:nay|kia|do|cua|da|bi|rat|khong|con|thi|la|nhung|ma)\b"
ADDRESS_NUMBERED = re.compile(
    rf"\b(?:so(?: nha)? ?)?{HOUSE},? {STREET} (?:{HOUSE}|(?!{NO_STREET})\w+)(?: (?!{NO_STREET})\w+){{0,2}}"
    rf"|\bso nha {HOUSE}|\b(?:hem|ngo|ngach|kiet|to|khom|khu pho|khu vuc|lo) (?:so )?{HOUSE}"
)
ADDRESS_NAMED = re.compile(rf"\b{STREET} ")


def _find_numbers(text: str, plain: str) -> Iterator[Span]:
    for match in NUMBER.finditer(plain):
        kind = _kind_of_number(match.group(), plain[: match.start()], plain[match.end() :])
        if kind:
            yield Span(*match.span(), kind)


def _kind_of_number(written: str, before: str, after: str) -> str | None:
    """What a run of eight digits or more is; None for money, dates, periods and hotlines."""
    digits = re.sub(r"[^\d]", "", re.sub(r"[Oo]", "0", written))
    if MONEY.match(written) or DATES.match(written) or BEFORE_MONEY.match(after):
        return None
    if digits.startswith(("1900", "1800")) and len(digits) <= 10:
        return None
    if BEFORE_ACCOUNT.search(before):
        return "account"
    if re.fullmatch(r"(?:84|0084|0)?0?[235789]\d{8,9}", digits) and (digits[0] == "0" or digits.startswith("84")):
        return "phone"
    return "account" if len(digits) > 12 else "id"


def _find_named_streets(text: str, plain: str) -> Iterator[Span]:
    """A street or hamlet with a name of its own, which is written with capitals; `đường vào xã` has none."""
    for match in ADDRESS_NAMED.finditer(plain):
        end = _end_of_capitals(text, match.end(), 4)
        if end > match.end():
            yield Span(match.start(), end, "address")


PLAIN_TITLES = "|".join(sorted(map(_plain, TITLES), key=len, reverse=True))
TITLE = re.compile(
    rf"(?<![\w/])(?P<first>{PLAIN_TITLES})(?: (?P<second>{PLAIN_TITLES}))?(?::|(?<=bs)\.|(?<=[tgk]s)\.)? +"
)
WORD = re.compile(r"[^\W\d_]+")


def _find_titled_names(text: str, plain: str) -> Iterator[Span]:
    """A form of address and the name after it, which has capitals, or is a common name written without."""
    for match in TITLE.finditer(plain):
        titles = [text[slice(*match.span(group))].lower() for group in ("first", "second") if match.group(group)]
        first = WORD.match(plain, match.end())
        if not first or not all(title in TITLES or title in map(_plain, TITLES) for title in titles):
            continue
        end = _end_of_capitals(text, match.end(), LONGEST_NAME)
        if end > match.end() and not _is_place(plain[match.end() : end]):
            if plain[match.end() : end] not in SECOND_WORDS:
                yield Span(match.end(), end, "name")
        elif first.group() in FAMILY and (end := _end_of_chain(plain, first)):
            yield Span(match.end(), end, "name")
        elif _is_small_name(titles[-1], first.group()):
            yield Span(match.end(), first.end(), "name")


def _end_of_chain(plain: str, first: re.Match[str]) -> int:
    """Where words that names are made of end, from a family name on; 0 where it stands alone."""
    last = first
    while plain[last.end() : last.end() + 1] == " " and (word := WORD.match(plain, last.end() + 1)):
        if word.group() not in FAMILY | MIDDLE | GIVEN:
            break
        last = word
    return last.end() if last is not first else 0


def _is_small_name(title: str, word: str) -> bool:
    """A common given name in small letters, after a form of address that means nothing else."""
    certain = _plain(title) != title or title in ("anh", "em", "mr", "ms", "bs")
    return certain and title not in NAMING and word in GIVEN and word not in NOT_NAMES


def _find_family_names(text: str, plain: str) -> Iterator[Span]:
    """Family, middle and given name, however written; family and given name with capitals."""
    for match in WORD.finditer(plain):
        if match.group() not in FAMILY:
            continue
        capitals = _end_of_capitals(text, match.start(), LONGEST_NAME)
        words = plain[match.start() : capitals].split()
        small = _end_of_small_name(plain, match)
        if len(words) >= 2 and not _is_place(plain[match.start() : capitals]) and _sounds_like_name(words):
            yield Span(match.start(), max(capitals, small), "name")
        elif small:
            yield Span(match.start(), small, "name")


def _sounds_like_name(words: list[str]) -> bool:
    return len(words) >= 3 or words[1] in GIVEN or words[0] in STRONG


SMALL_NAME = re.compile(r" (?:(?:van|thi) [^\W\d_]+|(?:huu|ngoc|duc|kim|quoc|thanh|minh) ([^\W\d_]{2,}))")


def _end_of_small_name(plain: str, family: re.Match[str]) -> int:
    """Where family, `văn` or `thị`, and one or more words end; 0 where that is not what stands here."""
    rest = SMALL_NAME.match(plain, family.end())
    if not rest or (rest.group(1) and rest.group(1) not in GIVEN):
        return 0
    more = re.compile(r"(?: (?:" + "|".join(sorted(GIVEN)) + r")\b){1,2}").match(plain, rest.end())
    return more.end() if more else rest.end()


def _is_place(plain: str) -> bool:
    return any(plain == place or plain.startswith(f"{place} ") for place in PLACES)


def _end_of_capitals(text: str, start: int, most: int) -> int:
    """Where the words that begin with a capital end; `start` where the first does not."""
    end, at = start, start
    for _ in range(most):
        word = WORD.match(text, at)
        if not word or not word.group()[0].isupper():
            break
        end = word.end()
        if text[end : end + 1] != " ":
            break
        at = end + 1
    return end


FINDERS: tuple[Callable[[str, str], Iterator[Span]], ...] = (
    _of_pattern("email", EMAIL),
    _of_pattern("link", LINK),
    _of_pattern("dossier", DOSSIER),
    _of_pattern("plate", PLATE),
    _find_numbers,
    _of_pattern("address", ADDRESS_NUMBERED),
    _find_named_streets,
    _find_titled_names,
    _find_family_names,
)
