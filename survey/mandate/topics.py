"""What comments are about: topics, each by a list of words that anybody can read."""

from dataclasses import dataclass
from functools import cache

from survey.mandate.files import Entry, read_entry
from survey.mandate.text import Text


@dataclass(frozen=True)
class Topic:
    """A topic; a comment that holds one of its words is about it."""

    code: str
    name: Text
    words: tuple[str, ...]


@cache
def load_topics() -> dict[str, Topic]:
    """Every topic by its code, in the order of the file."""
    top = read_entry("topics.toml")
    topics = {topic.code: topic for topic in map(_read, top.entries("topic"))}
    top.finish()
    return topics


def _read(entry: Entry) -> Topic:
    topic = Topic(entry.string("code"), entry.text("name"), entry.strings("words"))
    entry.finish()
    return topic
