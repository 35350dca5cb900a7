"""How long a questionnaire takes: so many signs to read at the speed of slow and of quick readers, so many choices.

Speeds are the mean, less and plus one deviation, of seventeen languages in Trauzettel-Klosinski and Dietz (2012),
Standardized assessment of reading performance: the new International Reading Speed Texts IReST, Investigative
Ophthalmology & Visual Science 53(9), 5452-5461: 184 (SD 29) words, 370 (80) syllables, 863 (234) characters a minute.
Vietnamese writes each syllable apart; Khmer writes no spaces, so its characters are counted. Vietnamese and Khmer are
not among the seventeen, and the time to choose is this program's assumption: the estimate is a range, to be tried on
people in a pilot.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from survey.mandate.questionnaires import Questionnaire
from survey.mandate.text import Text

A_MINUTE = {"vi": (290, 450), "en": (155, 213), "km": (629, 1097)}
SECONDS_TO_CHOOSE = (2.0, 5.0)
SECONDS_TO_WRITE = (0.0, 40.0)


@dataclass(frozen=True, slots=True)
class ReadingTime:
    """Seconds that quick and slow readers need when every item is asked."""

    quick: float
    slow: float

    @property
    def minutes(self) -> tuple[int, int]:
        """Both in whole minutes, rounded up."""
        return -int(-self.quick // 60), -int(-self.slow // 60)


def estimate_reading_time(questionnaire: Questionnaire, language: str) -> ReadingTime:
    """The range for one language; where a wording is missing in it, the Vietnamese is read."""
    signs = sum(_count(text, language) for text in _texts_read(questionnaire))
    slowest, fastest = A_MINUTE[language]
    closed = sum(item.kind != "comment" for item in questionnaire.items)
    written = len(questionnaire.items) - closed
    extra = [
        closed * choose + written * write for choose, write in zip(SECONDS_TO_CHOOSE, SECONDS_TO_WRITE, strict=True)
    ]
    return ReadingTime(quick=60 * signs / fastest + extra[0], slow=60 * signs / slowest + extra[1])


def _texts_read(questionnaire: Questionnaire) -> Iterator[Text]:
    """The scale is learnt at its first use and not read again."""
    yield from (questionnaire.title, questionnaire.intro)
    scale_read = False
    for section in questionnaire.sections:
        yield section.title
        for item in section.items:
            yield from (text for text in (item.text, item.help, item.why) if text is not None)
            if item.kind != "scale" or not scale_read:
                yield from (choice.text for choice in item.choices)
            scale_read = scale_read or item.kind == "scale"


def _count(text: Text, language: str) -> int:
    wording = text.in_language(language)
    if language == "km" and "km" in text:
        return sum(unicodedata.category(sign)[0] in "LMN" for sign in wording)
    return len(wording.split())
