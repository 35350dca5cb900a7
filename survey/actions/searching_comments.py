"""Finding comments: those that officials may read, by words with or without diacritics."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from survey.actions.releasing_comments import list_batches, show_batch
from survey.store import places
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


def search_comments(database: Database, query: str, scope: Scope) -> list[Comment]:
    """Readable comments that hold every word of the query; none for an empty one."""
    words = query[:LONGEST_QUERY].split()
    if not words:
        return []
    found = [each for batch in list_readable(database, scope) for each in show_batch(database, batch.number)]
    return [each for each in found if matches(each.text, words)]


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
