"""Recordings of questions, to be heard on demand: files of the operator in the data folder, named by their digest.

`recordings/procedures@1/G1.km.0f3a….mp3` is what is said for item G1 in Khmer. A file never changes under its name, so
browsers may keep it for good.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

from survey.mandate.questionnaires import Questionnaire
from survey.mandate.text import LANGUAGES

FOLDER = "recordings"
LARGEST = 2_000_000
DIGEST_LETTERS = 16
NAME = re.compile(r"^(?P<item>[A-Za-z0-9_]+)\.(?P<language>[a-z]{2})\.(?P<digest>[0-9a-f]{16})\.(?P<kind>mp3|ogg|m4a)$")
KINDS = {"mp3": "audio/mpeg", "ogg": "audio/ogg", "m4a": "audio/mp4"}


class NotARecording(Exception):
    """The file is no sound that phones play."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path} is neither MP3, Ogg nor M4A: convert it, for instance with ffmpeg -i FILE out.mp3")


class RecordingTooLarge(Exception):
    """The file would take minutes on a slow network."""

    def __init__(self, path: Path, size: int) -> None:
        super().__init__(
            f"{path} has {size:,} bytes; a question takes at most {LARGEST:,}: record it in mono, 32 kbit/s"
        )


class UnknownLanguageOfRecording(Exception):
    """A recording is in a language that the platform does not speak."""

    def __init__(self, language: str) -> None:
        super().__init__(f"No such language: {language!r}. Use one of {', '.join(LANGUAGES)}.")


@dataclass(frozen=True, slots=True)
class Recording:
    """One item, spoken in one language."""

    questionnaire: str
    item: str
    language: str
    path: Path

    @property
    def is_whole(self) -> bool:
        """Whether the file is what its name says."""
        return _digest(self.path.read_bytes()) == self.path.name.split(".")[2]


def add_recording(home: Path, version: Questionnaire, item: str, language: str, source: Path) -> Recording:
    """Keep a file as what is said for an item; one that was there before is replaced.

    Raises UnknownQuestionnaire, NotARecording, RecordingTooLarge or UnknownLanguageOfRecording.
    """
    version.item(item)
    if language not in LANGUAGES:
        raise UnknownLanguageOfRecording(language)
    content = source.read_bytes()
    if len(content) > LARGEST:
        raise RecordingTooLarge(source, len(content))
    kind = _kind(content)
    if kind is None:
        raise NotARecording(source)
    folder = home / FOLDER / version.key
    folder.mkdir(parents=True, exist_ok=True)
    added = folder / f"{item}.{language}.{_digest(content)}.{kind}"
    _write(added, content)
    for other in list_recordings(home):
        if (other.questionnaire, other.item, other.language) == (version.key, item, language) and other.path != added:
            other.path.unlink()
    return Recording(version.key, item, language, added)


def list_recordings(home: Path) -> Iterator[Recording]:
    """Every recording of an installation, by questionnaire and name."""
    for path in sorted((home / FOLDER).glob("*/*")):
        named = NAME.match(path.name)
        if named:
            yield Recording(path.parent.name, named["item"], named["language"], path)


def addresses(home: Path, questionnaire: str, language: str) -> tuple[tuple[str, str], ...]:
    """Pairs of item code and address of what can be heard in a language."""
    folder = os.path.join(home, FOLDER, questionnaire)
    try:
        changed = os.stat(folder).st_mtime_ns
    except FileNotFoundError:
        return ()
    return _addresses(folder, questionnaire, language, changed)


@lru_cache(maxsize=64)
def _addresses(folder: str, questionnaire: str, language: str, _changed: int) -> tuple[tuple[str, str], ...]:
    named = filter(None, map(NAME.match, sorted(os.listdir(folder))))
    spoken = (each for each in named if each["language"] == language)
    return tuple((each["item"], f"/recordings/{questionnaire}/{each[0]}") for each in spoken)


def _kind(content: bytes) -> str | None:
    """By the first bytes: an MP3 with or without tags, an Ogg stream, an MP4 of sound."""
    if content[:3] == b"ID3" or (len(content) > 1 and content[0] == 0xFF and content[1] & 0xE6 == 0xE2):
        return "mp3"
    if content[:4] == b"OggS":
        return "ogg"
    return "m4a" if content[4:8] == b"ftyp" else None


def _digest(content: bytes) -> str:
    return sha256(content).hexdigest()[:DIGEST_LETTERS]


def _write(path: Path, content: bytes) -> None:
    """Whole or not at all, also when the machine stops meanwhile."""
    unfinished = path.with_suffix(".part")
    unfinished.write_bytes(content)
    unfinished.replace(path)
