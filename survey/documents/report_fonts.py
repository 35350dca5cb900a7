"""The fonts that reports are set in, which lie beside the program: a machine's own may lack Khmer."""

from __future__ import annotations

from pathlib import Path

FONTS = Path(__file__).parent / "fonts"
NEEDED = ("NotoSansKhmer-Bold.ttf", "NotoSansKhmer-Regular.ttf")


def list_missing_fonts() -> list[str]:
    """Files that a report needs and that are not there."""
    return [name for name in NEEDED if not (FONTS / name).is_file()]
