"""Comments that were written by hand after the scrubber was finished, and by which it was not changed since.

`heldout_comments.txt` has one a line, with what is personal in braces: {name:…}, {phone:…}.
"""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

from comment_samples import Comment

MARKED = re.compile(r"\{(\w+):([^}]*)\}")


def read_comments() -> list[Comment]:
    lines = Path(__file__).with_name("heldout_comments.txt").read_text(encoding="utf-8").splitlines()
    return [_read(unicodedata.normalize("NFC", line)) for line in lines]


def _read(line: str) -> Comment:
    text, parts, at = "", [], 0
    for match in MARKED.finditer(line):
        text += line[at : match.start()]
        parts.append((len(text), len(text) + len(match.group(2)), match.group(1)))
        text += match.group(2)
        at = match.end()
    return Comment(text + line[at:], tuple(parts))
