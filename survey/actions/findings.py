"""Findings: what was checked, a line each, and whether all of it holds."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Findings:
    """`ok` lines hold, `WRONG` ones do not, and what begins with `note` was not, or could not be, decided."""

    lines: list[str] = field(default_factory=list)
    is_clean: bool = True

    def good(self, line: str) -> None:
        self.lines.append(f"ok    {line}")

    def unsure(self, line: str) -> None:
        self.lines.append(f"note  {line}")

    def bad(self, line: str) -> None:
        self.lines.append(f"WRONG {line}")
        self.is_clean = False
