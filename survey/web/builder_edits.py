"""The changes that the builder's forms name by `do`."""

from __future__ import annotations

from collections.abc import Callable

from survey.actions import editing
from survey.mandate.documents import Document

Form = dict[str, str]
EDITS: dict[str, Callable[[Document, Form], Document]] = {
    "heading": lambda d, f: editing.change_heading(d, f.get("title", ""), f.get("intro", ""), f.get("sector") or None),
    "pages": lambda d, f: editing.put_each_section_on_a_page(d, paged=bool(f.get("paged"))),
    "add_section": lambda d, f: editing.add_section(d, f.get("code", "").strip(), f.get("title", "")),
    "change_section": lambda d, f: editing.change_section(d, f.get("code", ""), f.get("title", "")),
    "remove_section": lambda d, f: editing.remove_section(d, f.get("code", "")),
    "section_up": lambda d, f: editing.move_section(d, f.get("code", ""), -1),
    "section_down": lambda d, f: editing.move_section(d, f.get("code", ""), 1),
    "add_item": lambda d, f: editing.add_item(
        d, f.get("section", ""), f.get("code", "").strip(), f.get("kind", ""), f.get("text", "")
    ),
    "change_item": lambda d, f: editing.change_item(d, f.get("code", ""), f),
    "remove_item": lambda d, f: editing.remove_item(d, f.get("code", "")),
    "item_up": lambda d, f: editing.move_item(d, f.get("code", ""), -1),
    "item_down": lambda d, f: editing.move_item(d, f.get("code", ""), 1),
}
