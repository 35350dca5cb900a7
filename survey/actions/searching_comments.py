"""Finding comments: those that officials may read, by words with or without diacritics, and by topic."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import cache

from survey.actions.releasing_comments import list_batches
from survey.mandate.topics import Topic, load_topics
from survey.store import comments, places
from survey.store.comments import Comment, CommentBatch
from survey.store.database import Database
from survey.store.places import Scope

LONGEST_QUERY = 100


def list_readable(database: Database, scope: Scope) -> list[CommentBatch]:
    """Batches that a statistician passed on, of agencies inside the scope; a whole wave's only for who sees all."""
    with database.reading() as connection:
        agencies = places.list_agencies(connection, scope)
    sees_all = scope.area is None and scope.sector is None
    passed = [batch for batch in list_batches(database) if batch.read_on is not None]
    if scope.sector is not None:
        return []
    return [batch for batch in passed if batch.agency_code in agencies or (sees_all and not batch.agency_code)]


def read_comments(database: Database, scope: Scope, agency: str | None = None) -> list[Comment]:
    """Every readable comment, or those of one agency, the newest batch first and in random order within one."""
    wanted = [each.number for each in list_readable(database, scope) if agency in (None, each.agency_code)]
    with database.reading() as connection:
        return comments.list_passed(connection, wanted)


def search_comments(found: Sequence[Comment], query: str, topic: Topic | None = None) -> list[Comment]:
    """Those that hold every word of the query and are about the topic; none without either."""
    words = query[:LONGEST_QUERY].split()
    if not words and topic is None:
        return []
    return [each for each in found if matches(each.text, words) and (topic is None or is_about(each.text, topic))]


def count_topics(found: Sequence[Comment]) -> list[tuple[Topic, int]]:
    """How many are about each topic, in the order of the topics."""
    return [(topic, sum(is_about(each.text, topic) for each in found)) for topic in load_topics().values()]


def is_about(text: str, topic: Topic) -> bool:
    """Whether a text holds one of the topic's words as whole words.

    Somebody who types without diacritics at all is met by phrases without theirs; by no single syllable, which may then
    be any of several words.
    """
    exact = unicodedata.normalize("NFC", text).casefold()
    plain = fold(text)
    if _one_of(topic.words).search(exact):
        return True
    return plain == exact and bool(_one_of(tuple(fold(each) for each in topic.words if " " in each)).search(plain))


@cache
def _one_of(words: tuple[str, ...]) -> re.Pattern[str]:
    """Latin words stand between what is no letter; Khmer is written without spaces."""
    shapes = [re.escape(each) if _is_khmer(each) else rf"(?<!\w){re.escape(each)}(?!\w)" for each in words]
    return re.compile("|".join(shapes) or r"(?!)")


def _is_khmer(word: str) -> bool:
    return any("\u1780" <= each <= "\u17ff" for each in word)


def matches(text: str, words: Sequence[str]) -> bool:
    """Whether a text holds every word: a word without diacritics also finds those with, one with finds only itself."""
    exact = unicodedata.normalize("NFC", text).casefold()
    plain = fold(text)
    return all(_holds(exact, plain, unicodedata.normalize("NFC", word).casefold()) for word in words)


def fold(text: str) -> str:
    """Lower case without the diacritics of Latin letters; Khmer vowel signs are letters and stay."""
    letters = unicodedata.normalize("NFD", text.casefold().replace("đ", "d"))
    return "".join(each for each in letters if not unicodedata.combining(each) or "\u1780" <= each <= "\u17ff")


def _holds(exact: str, plain: str, word: str) -> bool:
    return word in plain if fold(word) == word else word in exact
