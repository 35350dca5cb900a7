"""XLSForm, the workbook that ODK, KoboToolbox and SurveyCTO share: a questionnaire from one, and as one.

https://xlsform.org: the sheets survey, choices and settings. Read with openpyxl and not with pyxform, because pyxform
answers with a form for ODK and without the rows, while the report must name each item that is not taken over. What only
this platform knows (the role of an item, why a profile item is asked, pages) stands in columns of its own, which other
programs ignore, so that a questionnaire comes back as it went.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping

from openpyxl import Workbook

from survey.documents.exchange import (
    Imported,
    NotReadable,
    as_questionnaire_code,
    is_satisfaction_scale,
    language_of,
    new_document,
)
from survey.documents.expressions import NotUnderstood, read_expression, write_expression
from survey.documents.workbooks import Sheet, read_workbook
from survey.mandate.documents import Document
from survey.mandate.questionnaires import NOT_APPLICABLE, Item, Questionnaire, load_levels
from survey.mandate.text import FIRST_LANGUAGE, LANGUAGES

SHEETS = ("survey", "choices", "settings")
LANGUAGE_COLUMNS = {"vi": "Tiếng Việt (vi)", "en": "English (en)", "km": "ភាសាខ្មែរ (km)"}
IDENTIFYING = {"deviceid", "subscriberid", "simserial", "phonenumber", "username", "email", "audit", "geopoint"}
TIMES = {"start", "end", "today"}
ENDS = ("end group", "end_group", "end repeat", "end_repeat")
SETTINGS = (
    "appearance",
    "constraint",
    "constraint_message",
    "guidance_hint",
    "required_message",
    "read_only",
    "calculation",
    "default",
    "choice_filter",
    "repeat_count",
    "parameters",
    "trigger",
    "readonly",
)
OF_FORM = ("form_title", "form_id", "version", "default_language", "style")
MULTILINE = "multiline"
MEDIA = ("media::", "image", "big-image", "audio", "video")
ROLE, WHY, PAGE, INTRO = "hailong_role", "hailong_why", "hailong_page", "hailong_intro"
INTRO_NAME = "intro"
SCALE, SCALE_NA = "hailong_levels", "hailong_levels_na"


def read_xlsform(content: bytes, name: str) -> Imported:
    """The questionnaire in a workbook, with a report on each item. Raises NotReadable when it is no XLSForm."""
    sheets = read_workbook(content, SHEETS)
    if "survey" not in sheets:
        raise NotReadable("The workbook has no sheet called survey: is it an XLSForm?")
    if not {"type", "name"} <= set(sheets["survey"].columns):
        raise NotReadable("The sheet survey needs the columns type and name: is it an XLSForm?")
    return _Reader(sheets, name).read()


def write_xlsform(questionnaire: Questionnaire) -> bytes:
    """The questionnaire as a workbook that the XLSForm tools take."""
    book = Workbook()
    survey = book.active
    assert survey is not None
    survey.title = "survey"
    labels = [f"label::{LANGUAGE_COLUMNS[language]}" for language in LANGUAGES]
    hints = [f"hint::{LANGUAGE_COLUMNS[language]}" for language in LANGUAGES]
    whys = [f"{WHY}_{language}" for language in LANGUAGES]
    survey.append(["type", "name", *labels, *hints, "required", "relevant", "appearance", ROLE, *whys, PAGE])
    for row in _survey_rows(questionnaire):
        survey.append(row)
    choices = book.create_sheet("choices")
    choices.append(["list_name", "name", *labels, "hailong_score"])
    for row in _choice_rows(questionnaire):
        choices.append(row)
    _write_settings(book, questionnaire)
    for sheet in book.worksheets:
        for cells in sheet.iter_rows():
            for cell in cells:
                if cell.data_type == "f":
                    cell.data_type = "s"  # a wording that begins with = is a wording
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


def _survey_rows(questionnaire: Questionnaire) -> Iterator[list[str]]:
    intro = ["note", INTRO_NAME, *_wordings(questionnaire.intro)]
    yield [*intro, *[""] * 6, INTRO]
    pages = {section.code: number for number, page in enumerate(questionnaire.steps, 1) for section in page}
    for section in questionnaire.sections:
        page = str(pages.get(section.code, ""))
        yield ["begin_group", f"group_{section.code}", *_wordings(section.title), *[""] * 10, page]
        for item in section.items:
            yield _item_row(item)
        yield ["end_group"]


def _item_row(item: Item) -> list[str]:
    role = "overall" if item.overall else "indexed" if item.indexed else "profile" if item.why else "fact"
    kind = {
        "comment": "text",
        "scale": f"select_one {SCALE_NA if item.not_applicable else SCALE}",
        "choice": f"select_one {item.code}",
    }[item.kind]
    return [
        kind,
        item.code,
        *_wordings(item.text),
        *_wordings(item.help or {}),
        "yes" if item.required else "",
        write_expression(item.show_if) if item.show_if else "",
        MULTILINE if item.kind == "comment" else "",
        role,
        *_wordings(item.why or {}),
    ]


def _choice_rows(questionnaire: Questionnaire) -> Iterator[list[str]]:
    for name, codes in ((SCALE, "12345"), (SCALE_NA, ["1", "2", "3", "4", "5", NOT_APPLICABLE])):
        for level in load_levels():
            if level.code in codes:
                yield [name, level.code, *_wordings(level.text), "" if level.score is None else str(level.score)]
    for item in questionnaire.items:
        if item.kind == "choice":
            for choice in item.choices:
                score = "" if choice.score is None else str(choice.score)
                yield [item.code, choice.code, *_wordings(choice.text), score]


def _write_settings(book: Workbook, questionnaire: Questionnaire) -> None:
    settings = book.create_sheet("settings")
    titles = [f"hailong_title_{language}" for language in LANGUAGES]
    settings.append(["form_title", "form_id", "version", "default_language", "style", *titles, "hailong_sector"])
    title = questionnaire.title.in_language(FIRST_LANGUAGE)
    style = "pages" if questionnaire.steps else ""
    settings.append(
        [
            title,
            questionnaire.code,
            str(questionnaire.version),
            LANGUAGE_COLUMNS[FIRST_LANGUAGE],
            style,
            *_wordings(questionnaire.title),
            questionnaire.sector or "",
        ]
    )


def _wordings(text: Mapping[str, str]) -> list[str]:
    return [text.get(language, "") for language in LANGUAGES]


class _Reader:
    def __init__(self, sheets: dict[str, Sheet], name: str) -> None:
        self._survey = sheets["survey"]
        self._settings = next((row for _, row in sheets["settings"].rows), {}) if "settings" in sheets else {}
        self._default = language_of(self._settings.get("default_language", FIRST_LANGUAGE))
        title = self._titles() or {self._main: self._settings.get("form_title", name)}
        code = as_questionnaire_code(self._settings.get("form_id", name))
        self._imported = Imported(new_document(code, title, {}))
        self._lists = self._read_lists(sheets.get("choices"))
        self._pages: dict[str, str] = {}
        self._groups: list[str] = []

    def read(self) -> Imported:
        document = self._imported.document
        if self._settings.get("hailong_sector"):
            document["sector"] = self._settings["hailong_sector"]
        for _, row in self._survey.rows:
            self._read_row(row)
        if lost := [name for name in self._settings if name not in OF_FORM and not name.startswith("hailong_")]:
            self._imported.remark("settings", "left_settings", ", ".join(lost))
        document["section"] = [section for section in document["section"] if section["item"]]
        document["intro"] = document["intro"] or dict(document["title"])
        self._set_pages()
        return self._imported

    @property
    def _main(self) -> str:
        return self._default if self._default in LANGUAGES else FIRST_LANGUAGE

    def _titles(self) -> dict[str, str]:
        named = {language: self._settings.get(f"hailong_title_{language}", "") for language in LANGUAGES}
        return {language: wording for language, wording in named.items() if wording}

    def _read_row(self, row: dict[str, str]) -> None:
        kind, _, rest = row.get("type", "").replace("begin group", "begin_group").partition(" ")
        if row.get("type") in ENDS:
            if self._groups:
                self._groups.pop()
        elif kind in ("begin_group", "begin_repeat") or row.get("type", "").startswith("begin repeat"):
            self._open_group(row, "begin_repeat" if "repeat" in row["type"] else kind)
        elif kind and (row.get("name") or kind in TIMES | IDENTIFYING):
            self._read_item(row, kind, rest.strip())

    def _open_group(self, row: dict[str, str], kind: str) -> None:
        name = row.get("name", "")
        self._groups.append(name)
        if kind == "begin_repeat":
            self._imported.remark(name, "left_type", "begin_repeat")
        if row.get("relevant"):
            self._imported.remark(name, "left_condition", row["relevant"][:200])
        if len(self._groups) > 1:
            self._imported.remark(name, "flattened")
            return
        code = self._imported.name(name.removeprefix("group_") or "S") if name else "S"
        title = self._texts(row, "label", name) or dict(self._imported.document["title"])
        self._imported.document["section"].append({"code": code, "title": title, "item": []})
        if row.get(PAGE):
            self._pages[code] = row[PAGE]

    def _read_item(self, row: dict[str, str], kind: str, rest: str) -> None:
        name = row.get("name") or kind
        if kind == "note" and (row.get(ROLE) == INTRO or not self._imported.document["intro"]):
            self._imported.document["intro"] = self._texts(row, "label", name)
            self._imported.remark(name, "kept")
        elif kind in IDENTIFYING | TIMES or kind.startswith("geo"):
            self._imported.remark(name, "left_identifying", kind)
        elif kind in ("select_one", "text"):
            self._keep_item(row, name, kind, rest)
        else:
            self._imported.remark(name, "left_type", row["type"][:80])

    def _keep_item(self, row: dict[str, str], name: str, kind: str, rest: str) -> None:
        before = len(self._imported.losses)
        code, role = self._imported.name(name), row.get(ROLE, "")
        item: Document = {
            "code": code,
            "kind": "comment",
            "text": self._texts(row, "label", name) or {self._main: name},
        }
        for field, column in (("help", "hint"), ("why", WHY)):
            wordings = self._texts(row, column, name)
            if wordings:
                item[field] = wordings
        if kind == "select_one":
            self._set_choices(item, name, rest)
        if item["kind"] == "scale" and role in ("overall", "indexed"):
            item[role] = True
        if row.get("required", "").lower() in ("yes", "true", "true()", "1"):
            item["required"] = True
        self._set_condition(item, name, row.get("relevant", ""))
        self._tell_of_columns(row, name)
        self._section()["item"].append(item)
        if FIRST_LANGUAGE not in item["text"]:
            self._imported.remark(name, "no_vietnamese")
        if len(self._imported.losses) == before:
            self._imported.remark(name, "kept")

    def _set_choices(self, item: Document, name: str, rest: str) -> None:
        list_name, _, option = rest.partition(" ")
        choices = self._lists.get(list_name, [])
        if option.strip() == "or_other":
            self._imported.remark(name, "left_other")
        if is_satisfaction_scale(choices):
            item["kind"] = "scale"
            if any(choice["code"] == NOT_APPLICABLE for choice in choices):
                item["not_applicable"] = True
            return
        item["kind"], item["choice"] = "choice", [dict(choice) for choice in choices]
        if not choices:
            self._imported.remark(name, "no_choices")
        elif [choice["code"] for choice in choices][:5] == ["1", "2", "3", "4", "5"]:
            self._imported.remark(name, "five_levels")

    def _set_condition(self, item: Document, name: str, relevant: str) -> None:
        try:
            condition = read_expression(relevant, self._imported.known)
        except NotUnderstood:
            self._imported.remark(name, "left_condition", relevant[:200])
            return
        if condition is not None:
            item["show_if"] = condition

    def _tell_of_columns(self, row: dict[str, str], name: str) -> None:
        given = {column.partition("::")[0] for column, value in row.items() if value}
        if row.get("appearance") == MULTILINE:
            given.discard("appearance")
        settings = [column for column in SETTINGS if column in given]
        if settings:
            self._imported.remark(name, "left_settings", ", ".join(settings))
        media = [column for column in row if column.startswith(MEDIA)]
        if media:
            self._imported.remark(name, "left_media", ", ".join(media))

    def _section(self) -> Document:
        sections = self._imported.document["section"]
        if not self._groups and (not sections or sections[-1].get("code") != "S"):
            taken = any(section["code"] == "S" for section in sections)
            code = self._imported.name(f"S{len(sections)}") if taken else "S"
            sections.append({"code": code, "title": dict(self._imported.document["title"]), "item": []})
        section: Document = sections[-1]
        return section

    def _set_pages(self) -> None:
        steps: dict[str, list[str]] = {}
        for section in self._imported.document["section"]:
            if section["code"] not in self._pages:
                return
            steps.setdefault(self._pages[section["code"]], []).append(section["code"])
        if len(steps) > 1:
            self._imported.document["steps"] = list(steps.values())

    def _texts(self, row: Mapping[str, str], column: str, where: str) -> dict[str, str]:
        """The wordings of `label`, `label::English (en)` or `hailong_why_en`, by language."""
        texts: dict[str, str] = {}
        for name, wording in row.items():
            base, sign, language = name.partition("::")
            if name == column:
                texts.setdefault(self._main, wording)
            elif base.strip() == column and sign:
                texts[language_of(language.strip(" :"))] = wording
            elif name.startswith(f"{column}_") and column == WHY:
                texts[name.removeprefix(f"{WHY}_")] = wording
        return self._imported.clean(where, texts)

    def _read_lists(self, sheet: Sheet | None) -> dict[str, list[Document]]:
        lists: dict[str, list[Document]] = {}
        for _, row in sheet.rows if sheet else ():
            name, code = row.get("list_name", row.get("list name", "")), row.get("name", row.get("value", ""))
            if name and code:
                text = self._texts(row, "label", f"{name}/{code}") or {self._main: code}
                score = {"score": int(row["hailong_score"])} if row.get("hailong_score", "").isdigit() else {}
                lists.setdefault(name, []).append({"code": code, "text": text, **score})
        return lists
