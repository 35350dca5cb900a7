"""Recordings are sounds of a sane size, found by what they are and not by their name, and whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from survey.actions.recording import (
    LARGEST,
    NotARecording,
    RecordingTooLarge,
    UnknownLanguageOfRecording,
    add_recording,
    addresses,
    list_recordings,
)
from survey.mandate.errors import UnknownQuestionnaire
from survey.mandate.questionnaires import load_questionnaire

MP3 = b"ID3\x04" + bytes(100)
OGG = b"OggS" + bytes(100)


@pytest.fixture
def sound(tmp_path: Path) -> Path:
    path = tmp_path / "g1.bin"
    path.write_bytes(MP3)
    return path


@pytest.mark.parametrize(
    ("content", "kind"),
    [(MP3, "mp3"), (b"\xff\xfb\x90" + bytes(9), "mp3"), (OGG, "ogg"), (b"\0\0\0\x20ftypM4A " + bytes(9), "m4a")],
)
def test_a_sound_is_known_by_its_first_bytes(home: Path, sound: Path, content: bytes, kind: str) -> None:
    sound.write_bytes(content)
    added = add_recording(home, load_questionnaire("quick"), "G1", "km", sound)
    assert (added.questionnaire, added.path.suffix, added.path.read_bytes()) == ("quick@1", f".{kind}", content)
    assert addresses(home, "quick@1", "km") == (("G1", f"/recordings/quick@1/{added.path.name}"),)
    assert addresses(home, "quick@1", "vi") == ()


def test_a_new_recording_takes_the_place_of_the_old_one(home: Path, sound: Path) -> None:
    add_recording(home, load_questionnaire("quick@1"), "G1", "vi", sound)
    sound.write_bytes(OGG)
    newer = add_recording(home, load_questionnaire("quick@1"), "G1", "vi", sound)
    assert [each.path for each in list_recordings(home)] == [newer.path]
    assert newer.is_whole
    newer.path.write_bytes(OGG + b"x")
    assert not newer.is_whole


@pytest.mark.parametrize("content", [b"", b"<script>", b"\x89PNG\r\n", b"RIFF\0\0\0\0WAVE"])
def test_what_no_phone_plays_is_refused(home: Path, sound: Path, content: bytes) -> None:
    sound.write_bytes(content)
    with pytest.raises(NotARecording, match="ffmpeg"):
        add_recording(home, load_questionnaire("quick@1"), "G1", "vi", sound)
    assert list(list_recordings(home)) == []


def test_what_would_take_minutes_to_load_is_refused(home: Path, sound: Path) -> None:
    sound.write_bytes(MP3 + bytes(LARGEST))
    with pytest.raises(RecordingTooLarge, match="2,000,000"):
        add_recording(home, load_questionnaire("quick@1"), "G1", "vi", sound)


def test_what_is_not_asked_or_spoken_cannot_be_recorded(home: Path, sound: Path) -> None:
    with pytest.raises(UnknownQuestionnaire, match="no item 'Z9'"):
        add_recording(home, load_questionnaire("quick@1"), "Z9", "vi", sound)
    with pytest.raises(UnknownLanguageOfRecording):
        add_recording(home, load_questionnaire("quick@1"), "G1", "fr", sound)
