"""LimeSurvey's survey structure (LSS), of its older and its newer layout, as a draft with a report on each item."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from survey.documents.exchange import (
    Imported,
    NotReadable,
    as_questionnaire_code,
    is_satisfaction_scale,
    language_of,
    new_document,
)
from survey.documents.expressions import NotUnderstood, read_expression
from survey.mandate.documents import Document
from survey.mandate.text import FIRST_LANGUAGE, LANGUAGES

LARGEST = 10_000_000
MOST_ROWS = 50_000
Row = dict[str, str]
LISTS = {"L", "!", "O"}
ARRAYS = {"F", "H"}
WRITTEN = {"T", "S", "U"}
MULTIPLE = {"M", "P"}
YES_NO = (("Y", {"vi": "Có", "en": "Yes", "km": "មាន"}), ("N", {"vi": "Không", "en": "No", "km": "ទេ"}))
UNCERTAIN = ("U", {"vi": "Không chắc", "en": "Uncertain", "km": "មិនប្រាកដ"})
CHANGE = (
    ("I", {"vi": "Tăng", "en": "Increase", "km": "កើនឡើង"}),
    ("S", {"vi": "Như cũ", "en": "Same", "km": "ដដែល"}),
    ("D", {"vi": "Giảm", "en": "Decrease", "km": "ថយចុះ"}),
)
SEXES = (("F", {"vi": "Nữ", "en": "Female", "km": "ស្រី"}), ("M", {"vi": "Nam", "en": "Male", "km": "ប្រុស"}))
FIXED = {"Y": YES_NO, "G": SEXES, "C": (*YES_NO[:1], UNCERTAIN, *YES_NO[1:]), "E": CHANGE}
OF_SUBQUESTIONS = {"F", "H", "A", "B", "C", "E", "M", "P", "Q"}
IDENTIFYING = {"|": "file upload"}
TYPES = {
    "1": "array with two scales", ":": "array of numbers", ";": "array of texts", "D": "date", "I": "language switch",
    "K": "several numbers", "N": "number", "R": "ranking", "*": "equation", "X": "text display",
}  # fmt: skip
ATTRIBUTES = {
    "random_order", "em_validation_q", "em_validation_sq", "exclude_all_others", "array_filter", "array_filter_exclude",
    "hidden", "min_answers", "max_answers", "other_replace_text", "prefix", "suffix", "time_limit",
}  # fmt: skip


def read_lss(content: bytes, name: str) -> Imported:
    """The questionnaire in a survey structure. Raises NotReadable when it is none."""
    root = _parse(content)
    if root.tag != "document" or (root.findtext("LimeSurveyDocType") or "").strip() != "Survey":
        raise NotReadable("The file is no LimeSurvey survey structure. Export it there as .lss (survey structure).")
    return _Reader(root, name).read()


def _parse(content: bytes) -> Element:
    if len(content) > LARGEST:
        raise NotReadable(f"The file has more than {LARGEST:,} bytes. Is it a survey structure?")
    try:
        root: Element = fromstring(content, forbid_dtd=True)
    except DefusedXmlException as error:
        raise NotReadable("The file declares document types or entities, which LimeSurvey never writes.") from error
    except (ParseError, ValueError, LookupError) as error:
        raise NotReadable(f"The file is no readable XML ({error}). Export it again.") from error
    return root


class _Reader:
    def __init__(self, root: Element, name: str) -> None:
        self._root = root
        settings = self._rows("surveys_languagesettings")
        titles = {language_of(row.get("surveyls_language", "")): row.get("surveyls_title", "") for row in settings}
        welcomes = {
            language_of(row.get("surveyls_language", "")): row.get("surveyls_welcometext", "") for row in settings
        }
        survey = next(iter(self._rows("surveys")), {})
        self._main = language_of(survey.get("language", "") or next(iter(titles), FIRST_LANGUAGE))
        self._imported = Imported(new_document(as_questionnaire_code(name), {}, {}))
        document = self._imported.document
        document["title"] = self._imported.clean("", titles) or {self._spoken: name}
        document["intro"] = self._imported.clean("", welcomes) or dict(document["title"])
        self._texts = self._collect("question_l10ns", "qid", ("question", "help"))
        self._answers = self._collect_answers()
        self._parents: dict[str, list[Row]] = {}
        for row in self._unique([*self._rows("subquestions"), *self._rows("questions")], "qid"):
            if row.get("parent_qid", "0") not in ("0", ""):
                self._parents.setdefault(row["parent_qid"], []).append(row)

    def read(self) -> Imported:
        document = self._imported.document
        questions = [
            row for row in self._unique(self._rows("questions"), "qid") if row.get("parent_qid", "0") in ("0", "")
        ]
        groups = self._unique(self._rows("groups"), "gid")
        names = self._collect("group_l10ns", "gid", ("group_name",)) or {}
        for group in sorted(groups, key=lambda row: _number(row.get("group_order"))):
            gid = group.get("gid", "")
            titles = names.get(gid, {}).get("group_name") or self._old_texts("groups", "gid", gid, "group_name")
            title = self._imported.clean(f"group {gid}", titles) or dict(document["title"])
            section: Document = {"code": f"S{len(document['section']) + 1}", "title": title, "item": []}
            if group.get("grelevance", "1") not in ("", "1"):
                self._imported.remark(section["code"], "left_condition", group["grelevance"][:200])
            document["section"].append(section)
            mine = [row for row in questions if row.get("gid") == gid]
            for row in sorted(mine, key=lambda row: _number(row.get("question_order"))):
                section["item"] += self._read_question(row)
        document["section"] = [section for section in document["section"] if section["item"]]
        return self._imported

    @property
    def _spoken(self) -> str:
        return self._main if self._main in LANGUAGES else FIRST_LANGUAGE

    def _read_question(self, row: Row) -> list[Document]:
        kind, title = row.get("type", ""), row.get("title", row.get("qid", "?"))
        if kind in IDENTIFYING:
            self._imported.remark(title, "left_identifying", IDENTIFYING[kind])
            return []
        if kind not in {*LISTS, *WRITTEN, *FIXED, *OF_SUBQUESTIONS, "5"}:
            self._imported.remark(title, "left_type", TYPES.get(kind, kind[:20]))
            return []
        before = len(self._imported.losses)
        parts = self._subquestions(row, title) if kind in OF_SUBQUESTIONS else [(title, row["qid"], {})]
        items = [self._item(row, kind, name, qid, lead) for name, qid, lead in parts]
        if kind in OF_SUBQUESTIONS:
            self._imported.remark(title, "split", ", ".join(item["code"] for item in items) or "none")
        self._tell_of_settings(row, title)
        if len(self._imported.losses) == before and kind not in OF_SUBQUESTIONS:
            self._imported.remark(title, "kept")
        return items

    def _subquestions(self, row: Row, title: str) -> list[tuple[str, str, dict[str, str]]]:
        lead = self._wordings(row["qid"], "question")
        listed = sorted(self._parents.get(row["qid"], []), key=lambda each: _number(each.get("question_order")))
        return [(f"{title}_{each.get('title', each['qid'])}", each["qid"], lead) for each in listed]

    def _item(self, row: Row, kind: str, name: str, qid: str, lead: dict[str, str]) -> Document:
        code = self._imported.name(name)
        own = self._wordings(qid, "question")
        joined = {
            language: ": ".join(filter(None, (lead.get(language, ""), own.get(language, ""))))
            for language in {*lead, *own}
        }
        text = self._imported.clean(name, joined) or {self._spoken: name}
        item: Document = {"code": code, "kind": "choice", "text": text}
        hint = self._imported.clean(name, self._wordings(row["qid"], "help"))
        if hint:
            item["help"] = hint
        if row.get("mandatory") in ("Y", "S"):
            item["required"] = True
        self._set_answers(item, kind, name, row["qid"])
        self._set_condition(item, name, row.get("relevance", "1"))
        if FIRST_LANGUAGE not in text:
            self._imported.remark(name, "no_vietnamese")
        return item

    def _set_answers(self, item: Document, kind: str, name: str, qid: str) -> None:
        if kind in WRITTEN or kind == "Q":
            item["kind"] = "comment"
        elif kind in ("5", "A"):
            item["kind"] = "scale"
            self._imported.remark(name, "scale")
        elif kind == "B":
            numbers = [str(number) for number in range(1, 11)]
            item["choice"] = [{"code": each, "text": dict.fromkeys(LANGUAGES, each)} for each in numbers]
        elif kind in FIXED or kind in MULTIPLE:
            item["choice"] = [{"code": code, "text": dict(text)} for code, text in FIXED.get(kind, YES_NO)]
        else:
            self._set_listed(item, name, self._answers.get(qid, []))

    def _set_listed(self, item: Document, name: str, listed: list[tuple[str, dict[str, str]]]) -> None:
        choices = [
            {"code": code, "text": self._imported.clean(name, text) or {self._spoken: code}} for code, text in listed
        ]
        if is_satisfaction_scale(choices):
            item["kind"] = "scale"
            return
        item["choice"] = choices
        if not choices:
            self._imported.remark(name, "no_choices")
        elif len(choices) == 5:
            self._imported.remark(name, "five_levels")

    def _set_condition(self, item: Document, name: str, relevance: str) -> None:
        try:
            condition = read_expression(relevance, self._code_of)
        except NotUnderstood:
            self._imported.remark(name, "left_condition", relevance[:200])
            return
        if condition is not None:
            item["show_if"] = condition

    def _code_of(self, name: str) -> str | None:
        return self._imported.known(name)

    def _tell_of_settings(self, row: Row, title: str) -> None:
        conditions = sum(each.get("qid") == row["qid"] for each in self._rows("conditions"))
        if conditions and row.get("relevance", "1") in ("", "1"):
            self._imported.remark(title, "left_condition", f"{conditions} of the older kind")
        if row.get("other") == "Y":
            self._imported.remark(title, "left_other")
        if row.get("type") in ("O", "P"):
            self._imported.remark(title, "left_settings", "the comment beside each choice")
        if row.get("preg"):
            self._imported.remark(title, "left_settings", "its check of what is written")
        found = {
            each.get("attribute", "")
            for each in self._rows("question_attributes")
            if each.get("qid") == row["qid"] and each.get("value", "") not in ("", "0")
        }
        if found & ATTRIBUTES:
            self._imported.remark(title, "left_settings", ", ".join(sorted(found & ATTRIBUTES)))

    def _wordings(self, qid: str, field: str) -> dict[str, str]:
        found = self._texts.get(qid, {}).get(field)
        if found:
            return found
        for table in ("questions", "subquestions"):
            old = self._old_texts(table, "qid", qid, field)
            if old:
                return old
        return {}

    def _old_texts(self, table: str, key: str, value: str, field: str) -> dict[str, str]:
        """Wordings of the older layout: a row for each language, in the table itself."""
        rows = (row for row in self._rows(table) if row.get(key) == value and row.get(field))
        return {language_of(row.get("language", self._main)): row[field] for row in rows}

    def _collect(self, table: str, key: str, fields: tuple[str, ...]) -> dict[str, dict[str, dict[str, str]]]:
        """Wordings of the newer layout: key to field to language to wording."""
        found: dict[str, dict[str, dict[str, str]]] = {}
        for row in self._rows(table):
            for field in fields:
                if row.get(field):
                    texts = found.setdefault(row.get(key, ""), {}).setdefault(field, {})
                    texts[language_of(row.get("language", self._main))] = row[field]
        return found

    def _collect_answers(self) -> dict[str, list[tuple[str, dict[str, str]]]]:
        """Answers of each question in order, with their wordings, from either layout."""
        new = self._collect("answer_l10ns", "aid", ("answer",))
        found: dict[str, dict[str, tuple[int, dict[str, str]]]] = {}
        for row in self._rows("answers"):
            if row.get("scale_id", "0") not in ("0", ""):
                continue
            _, texts = found.setdefault(row.get("qid", ""), {}).setdefault(
                row.get("code", ""), (_number(row.get("sortorder")), {})
            )
            texts.update(new.get(row.get("aid", ""), {}).get("answer", {}))
            if row.get("answer"):
                texts[language_of(row.get("language", self._main))] = row["answer"]
        return {
            qid: [(code, texts) for code, (_, texts) in sorted(listed.items(), key=lambda each: each[1][0])]
            for qid, listed in found.items()
        }

    def _unique(self, rows: list[Row], key: str) -> list[Row]:
        """One row for each key, that of the survey's own language first."""
        ordered = sorted(rows, key=lambda row: language_of(row.get("language", self._main)) != self._main)
        return list({row.get(key, ""): row for row in reversed(ordered)}.values())[::-1]

    def _rows(self, table: str) -> list[Row]:
        rows = list(_read_rows(self._root, table))
        if len(rows) > MOST_ROWS:
            raise NotReadable(f"The table {table} has more than {MOST_ROWS:,} rows. Is it a survey structure?")
        return rows


def _read_rows(root: Element, table: str) -> Iterator[Row]:
    for row in root.iterfind(f"{table}/rows/row"):
        yield {field.tag: (field.text or "").strip() for field in row}


def _number(text: str | None) -> int:
    return int(text) if text and text.lstrip("-").isdigit() and len(text) < 10 else 0
