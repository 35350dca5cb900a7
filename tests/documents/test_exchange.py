"""Questionnaires from and for other programs: nothing lost in silence, nothing believed of what a file claims."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from xml.etree.ElementTree import Element, fromstring

import pytest
from openpyxl import Workbook, load_workbook

from survey.documents.ddi import NAMESPACE, write_ddi
from survey.documents.exchange import Imported, NotReadable
from survey.documents.expressions import NotUnderstood, read_expression
from survey.documents.lss import read_lss
from survey.documents.xlsform import read_xlsform, write_xlsform
from survey.mandate.documents import Document, read_document
from survey.mandate.questionnaires import Questionnaire, load_questionnaire, load_questionnaires

STATUS = {"vi": "in use", "en": "draft", "km": "draft"}
LEVELS = ["Rất không hài lòng", "Không hài lòng", "Bình thường", "Hài lòng", "Rất hài lòng"]


def settled(document: Document) -> Questionnaire:
    return read_document({**document, "version": 1, "valid_from": "2026-11-24", "languages_status": STATUS})


def workbook(survey: list[list[object]], choices: list[list[object]] | None = None, title: str = "Thử") -> bytes:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "survey"
    for row in survey:
        sheet.append(row)
    for name, rows in (("choices", choices or []), ("settings", [["form_title", "form_id"], [title, "thu"]])):
        other = book.create_sheet(name)
        for row in rows:
            other.append(row)
    return saved(book)


def saved(book: Workbook) -> bytes:
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


def codes(imported: Imported, where: str) -> list[str]:
    return [remark.code for remark in imported.remarks if remark.where == where]


class TestXlsform:
    @pytest.mark.parametrize("key", sorted(load_questionnaires()))
    def test_every_questionnaire_of_the_package_comes_back_as_it_went(self, key: str) -> None:
        version = load_questionnaire(key)
        imported = read_xlsform(write_xlsform(version), "x")
        again = settled(imported.document | {"version": version.version})
        assert again.canonical == version.canonical
        assert imported.losses == []

    def test_what_is_not_supported_is_said_item_by_item(self) -> None:
        survey: list[list[object]] = [
            ["type", "name", "label::Tiếng Việt (vi)", "label::French (fr)", "relevant", "constraint", "required"],
            ["start", "start", "", "", "", "", ""],
            ["note", "loi_chao", "Xin chào", "Bonjour", "", "", ""],
            ["begin group", "chung", "Chung", "", "", "", ""],
            ["select_one yn", "da-den", "Ông/Bà đã đến chưa?", "", "", "", "yes"],
            ["select_multiple yn", "nhieu", "Chọn nhiều", "", "", "", ""],
            ["integer", "tuoi", "Tuổi", "", "", ". > 17", ""],
            ["text", "y_kien", "Ý kiến, <b>thưa</b> ${tuoi}", "", "${da-den} = 'yes' or ${da-den} = 'no'", "", ""],
            ["text", "khac", "Khác", "", "${tuoi} > 18", "regex(., 'x')", ""],
            ["geopoint", "noi", "Nơi", "", "", "", ""],
            ["end group", "", "", "", "", "", ""],
        ]
        imported = read_xlsform(
            workbook(survey, [["list_name", "name", "label"], ["yn", "yes", "Có"], ["yn", "no", "Chưa"]]), "x"
        )
        assert codes(imported, "start") == codes(imported, "noi") == ["left_identifying"]
        assert codes(imported, "loi_chao") == ["left_language", "kept"]
        assert codes(imported, "da-den") == ["renamed", "kept"]
        assert codes(imported, "nhieu") == codes(imported, "tuoi") == ["left_type"]
        assert codes(imported, "y_kien") == ["markup", "reference"]
        assert codes(imported, "khac") == ["left_condition", "left_settings"]
        items = {item["code"]: item for item in imported.document["section"][0]["item"]}
        assert set(items) == {"da_den", "y_kien", "khac"}
        assert items["y_kien"]["show_if"] == {"item": "da_den", "choices": ["yes", "no"]}
        assert items["y_kien"]["text"]["vi"] == "Ý kiến, thưa ${tuoi}"
        assert items["da_den"]["required"] is True

    def test_a_form_of_the_official_template_says_of_every_row_and_setting_what_became_of_it(self) -> None:
        """official_form.xlsx has the template's columns and some 20 of its types; pyxform 4.5.0 converts it, and all
        thirteen packages as `write_xlsform` writes them, without an error."""
        imported = read_xlsform((Path(__file__).parent / "official_form.xlsx").read_bytes(), "x")
        told = {remark.where: codes(imported, remark.where) for remark in imported.remarks}
        assert told == {
            **{key: ["left_identifying"] for key in ("start", "end", "today", "deviceid", "noi_o")},
            "chao": ["kept"],
            "da_den": ["left_settings"],
            "hai_long": ["five_levels", "left_settings"],
            "ly_do": ["left_other", "left_settings"],
            "xa": ["left_settings"],
            "gop_y": ["left_condition", "left_media"],
            "gioi_thieu": ["left_condition"],
            "settings": ["left_settings"],
            **{key: ["left_type"] for key in ("kenh", "lan", "phut", "so_lan", "tuoi", "nam_sinh", "ngay")},
            **{key: ["left_type"] for key in ("diem", "dong_y", "anh")},
        }
        first, last = imported.document["section"]
        assert [item["code"] for item in first["item"]] == ["da_den", "hai_long", "ly_do", "xa", "gop_y"]
        assert [item["code"] for item in last["item"]] == ["gioi_thieu"]
        asked = first["item"][1]
        assert asked["text"]["en"] == "How satisfied are you overall?"
        assert (asked["help"]["vi"], asked["required"]) == ("Chọn một mức.", True)
        assert asked["show_if"] == {"item": "da_den", "choices": ["co"]}

    def test_a_list_with_the_words_of_the_scale_becomes_the_scale_and_another_is_only_pointed_out(self) -> None:
        survey: list[list[object]] = [
            ["type", "name", "label"],
            ["select_one a", "A", "Chung"],
            ["select_one b", "B", "Khác"],
        ]
        choices: list[list[object]] = [["list_name", "name", "label"]]
        choices += [["a", number, word] for number, word in enumerate(LEVELS, 1)]
        choices += [["b", number, f"mức {number}"] for number in range(1, 6)]
        imported = read_xlsform(workbook(survey, choices), "x")
        assert [item["kind"] for item in imported.document["section"][0]["item"]] == ["scale", "choice"]
        assert codes(imported, "B") == ["five_levels"]

    def test_a_wording_that_looks_like_a_formula_stays_a_wording(self) -> None:
        version = load_questionnaire("onequestion@1")
        document = write_with_title(version, "=1+1")
        sheet = load_workbook(io.BytesIO(write_xlsform(settled(document))))["settings"]
        assert sheet["A2"].data_type == "s"
        assert read_xlsform(write_xlsform(settled(document)), "x").document["title"]["vi"] == "=1+1"

    @pytest.mark.parametrize(
        ("content", "reason"),
        [
            (lambda: b"\x89PNG\r\n\x1a\n" + bytes(40), "PNG"),
            (lambda: b"type,name\ntext,a\n", "not an .xlsx"),
            (lambda: b"\xd0\xcf\x11\xe0" + bytes(40), "old .xls"),
            (lambda: write_xlsform(load_questionnaire("quick@1"))[:3000], "not an .xlsx|damaged"),
            (lambda: bomb(), "suspiciously large"),  # noqa: PLW0108 defined below
            (lambda: with_part("xl/worksheets/sheet1.xml", lambda part: b"<!DOCTYPE x>" + part), "document types"),
            (lambda: with_part("xl/worksheets/sheet1.xml", lambda part: part[:400]), "cannot be read"),
            (lambda: edited(lambda sheet: sheet.merge_cells("A2:B2")), "merged cells"),
            (lambda: edited(lambda sheet: sheet.__setitem__("C2", "=1+1")), "C2 holds a formula"),
            (lambda: edited(lambda sheet: sheet.__setitem__("A1", "name")), "named twice"),
            (lambda: edited(lambda sheet: sheet.__setitem__("A1", "kind")), "columns type and name"),
            (lambda: edited(lambda sheet: sheet.__setattr__("title", "other")), "no sheet called survey"),
            (
                lambda: edited(lambda sheet: [sheet.append(["text", "a"]) for _ in range(20_001)]),
                "more than 20,000 rows",
            ),
        ],
    )
    def test_a_bad_workbook_is_refused_with_its_remedy(self, content: Callable[[], bytes], reason: str) -> None:
        with pytest.raises(NotReadable, match=reason):
            read_xlsform(content(), "x")


class TestLimeSurvey:
    def test_a_structure_of_the_newer_layout_is_read_in_its_languages(self) -> None:
        imported = read_lss(lss(NEW), "khao sát 1")
        document = imported.document
        assert document["code"] == "khao-sat-1"
        assert document["title"] == {"vi": "Khảo sát", "en": "Survey"}
        assert [(item["code"], item["kind"]) for item in document["section"][0]["item"]] == [
            ("Q1", "choice"),
            ("Q2_SQ001", "scale"),
            ("Q2_SQ002", "scale"),
            ("Q3", "comment"),
        ]
        first, *_, last = document["section"][0]["item"]
        assert first["choice"] == [{"code": "A2", "text": {"vi": "Có"}}, {"code": "A1", "text": {"vi": "Không"}}]
        assert first["required"] is True
        assert last["show_if"] == {"item": "Q1", "choices": ["A1", "A2"]}
        assert codes(imported, "Q1") == ["markup", "left_other"]
        assert codes(imported, "Q2") == ["split"]
        assert codes(imported, "Q4") == ["left_type"]
        assert codes(imported, "Q5") == ["left_identifying"]

    def test_a_structure_of_the_older_layout_is_read_too(self) -> None:
        imported = read_lss(lss(OLD), "old")
        (item,) = imported.document["section"][0]["item"]
        assert item["text"] == {"vi": "Ông/Bà có hài lòng?", "en": "Are you satisfied?"}
        assert [choice["text"] for choice in item["choice"]] == [{"vi": "Có", "en": "Yes"}, {"vi": "Không", "en": "No"}]
        assert codes(imported, "Hai_long") == ["left_condition"]

    @pytest.mark.parametrize(
        ("content", "reason"),
        [
            (b"<html/>", "no LimeSurvey"),
            (b"\x89PNG", "no readable XML"),
            (b'<!DOCTYPE d [<!ENTITY a "aaaa">]><document>&a;</document>', "entities"),
            ("<document/>".encode("utf-16"), "no LimeSurvey"),
            (b"<document><LimeSurveyDocType>Group</LimeSurveyDocType></document>", "no LimeSurvey"),
            (b"x" * 10_000_001, "more than"),
        ],
    )
    def test_what_is_no_structure_is_refused(self, content: bytes, reason: str) -> None:
        with pytest.raises(NotReadable, match=reason):
            read_lss(content, "x")


class TestConditions:
    @pytest.mark.parametrize(
        ("text", "condition"),
        [
            ("${a} = 'x'", {"item": "a", "choices": ["x"]}),
            ("selected(${a}, 'x') and ${b} = 1", {"every": [
                {"item": "a", "choices": ["x"]}, {"item": "b", "choices": ["1"]},
            ]}),
            ('((a.NAOK == "x" or a.NAOK == "y"))', {"item": "a", "choices": ["x", "y"]}),
            ("a == 'x' || b == 'y' && a == 'z'", {"some": [
                {"item": "a", "choices": ["x"]},
                {"every": [{"item": "b", "choices": ["y"]}, {"item": "a", "choices": ["z"]}]},
            ]}),
            ("1", None),
        ],
    )  # fmt: skip
    def test_equality_and_or_and_brackets_are_understood(self, text: str, condition: object) -> None:
        assert read_expression(text, lambda name: name if name in "ab" else None) == condition

    @pytest.mark.parametrize(
        "text",
        ["${a} > 1", "not(${a} = 1)", "${c} = 1", "${a} = ", "(${a} = 1", "a b", "(" * 40, "x" * 5000, "${a} != 2"],
    )
    def test_all_else_says_that_it_is_not(self, text: str) -> None:
        with pytest.raises(NotUnderstood):
            read_expression(text, lambda name: name if name in "ab" else None)


# The order of children that the schema of DDI-Codebook 2.5 prescribes, for the elements that are written here.
ORDER_OF_CHILDREN = {
    "codeBook": ["stdyDscr", "dataDscr"],
    "stdyDscr": ["citation", "stdyInfo", "othrStdyMat"],
    "citation": ["titlStmt", "prodStmt", "verStmt"],
    "titlStmt": ["titl", "parTitl", "IDNo"],
    "prodStmt": ["software"],
    "verStmt": ["version"],
    "stdyInfo": ["abstract"],
    "othrStdyMat": ["relMat"],
    "dataDscr": ["varGrp", "var"],
    "varGrp": ["labl"],
    "var": ["labl", "qstn", "universe", "catgry", "concept", "varFormat"],
    "qstn": ["preQTxt", "qstnLit", "ivuInstr"],
    "catgry": ["catValu", "labl"],
}


class TestDdi:
    @pytest.mark.parametrize("key", sorted(load_questionnaires()))
    def test_elements_stand_in_the_order_of_the_schema_and_identifiers_are_unique(self, key: str) -> None:
        book = fromstring(write_ddi(load_questionnaire(key)))
        for element in book.iter():
            children = [local(child) for child in element]
            order = ORDER_OF_CHILDREN.get(local(element), [])
            assert set(children) <= set(order), local(element)
            assert children == sorted(children, key=order.index)
        found = [element.get("ID") for element in book.iter() if element.get("ID")]
        assert len(found) == len(set(found))
        assert {name for group in book.iter(f"{{{NAMESPACE}}}varGrp") for name in group.get("var", "").split()} <= set(
            found
        )

    def test_every_item_is_a_variable_with_its_categories(self) -> None:
        version = load_questionnaire("procedures@1")
        book = fromstring(write_ddi(version))
        variables = {variable.get("name"): variable for variable in book.iter(f"{{{NAMESPACE}}}var")}
        assert list(variables) == [item.code for item in version.items]
        missing = [each.get("missing") for each in variables["A1"].iter(f"{{{NAMESPACE}}}catgry")]
        assert missing == [None] * 5 + ["Y"]
        assert variables["F1"].findtext(f"{{{NAMESPACE}}}concept") == "fact, never in the index"


def local(element: Element) -> str:
    space, _, name = element.tag.rpartition("}")
    assert space == f"{{{NAMESPACE}"
    return name


def write_with_title(version: Questionnaire, title: str) -> Document:
    from survey.mandate.documents import write_document

    return write_document(version) | {"title": {"vi": title}}


def bomb() -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * 20_000_000)
    return written.getvalue()


def with_part(name: str, change: Callable[[bytes], bytes]) -> bytes:
    written = io.BytesIO()
    source = zipfile.ZipFile(io.BytesIO(write_xlsform(load_questionnaire("quick@1"))))
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for part in source.namelist():
            content = source.read(part)
            archive.writestr(part, change(content) if part == name else content)
    return written.getvalue()


def edited(change: Callable[..., object]) -> bytes:
    book = load_workbook(io.BytesIO(write_xlsform(load_questionnaire("quick@1"))))
    change(book["survey"])
    return saved(book)


def table(name: str, *rows: dict[str, str]) -> str:
    written = ("".join(f"<{key}><![CDATA[{value}]]></{key}>" for key, value in row.items()) for row in rows)
    return f"<{name}><rows>{''.join(f'<row>{row}</row>' for row in written)}</rows></{name}>"


def lss(body: str) -> bytes:
    return f"<document><LimeSurveyDocType>Survey</LimeSurveyDocType>{body}</document>".encode()


def question(qid: str, kind: str, title: str, order: str, **more: str) -> dict[str, str]:
    return {"qid": qid, "parent_qid": "0", "gid": "1", "type": kind, "title": title, "question_order": order, **more}


def worded(qid: str, text: str, language: str = "vi") -> dict[str, str]:
    return {"qid": qid, "question": text, "help": "", "language": language}


NEW = "".join(
    (
        table("surveys", {"language": "vi"}),
        table(
            "surveys_languagesettings",
            {"surveyls_language": "vi", "surveyls_title": "Khảo sát", "surveyls_welcometext": "<p>Xin chào</p>"},
            {"surveyls_language": "en", "surveyls_title": "Survey", "surveyls_welcometext": ""},
        ),
        table("groups", {"gid": "1", "group_order": "1"}),
        table("group_l10ns", {"gid": "1", "group_name": "Chung", "language": "vi"}),
        table(
            "questions",
            question("10", "L", "Q1", "1", mandatory="Y", other="Y"),
            question("20", "A", "Q2", "2"),
            question("30", "T", "Q3", "3", relevance='((Q1.NAOK == "A1" or Q1.NAOK == "A2"))'),
            question("40", "R", "Q4", "4"),
            question("50", "|", "Q5", "5"),
        ),
        table(
            "subquestions",
            {"qid": "22", "parent_qid": "20", "gid": "1", "type": "T", "title": "SQ002", "question_order": "2"},
            {"qid": "21", "parent_qid": "20", "gid": "1", "type": "T", "title": "SQ001", "question_order": "1"},
        ),
        table(
            "question_l10ns",
            worded("10", "Ông/Bà <b>đã</b> đến?"),
            worded("20", "Mức hài lòng"),
            worded("21", "Chỗ ngồi"),
            worded("22", "Biển chỉ dẫn"),
            worded("30", "Ý kiến"),
        ),
        table(
            "answers",
            {"aid": "1", "qid": "10", "code": "A1", "sortorder": "2", "scale_id": "0"},
            {"aid": "2", "qid": "10", "code": "A2", "sortorder": "1", "scale_id": "0"},
        ),
        table(
            "answer_l10ns",
            {"aid": "1", "answer": "Không", "language": "vi"},
            {"aid": "2", "answer": "Có", "language": "vi"},
        ),
    )
)
OLD = "".join(
    (
        table("surveys", {"language": "vi"}),
        table("groups", {"gid": "1", "group_name": "Chung", "group_order": "0", "language": "vi"}),
        table(
            "questions",
            question("1", "L", "Hai_long", "1", question="Are you satisfied?", language="en"),
            question("1", "L", "Hai_long", "1", question="Ông/Bà có hài lòng?", language="vi"),
        ),
        table(
            "answers",
            {"qid": "1", "code": "Y", "answer": "Yes", "sortorder": "1", "language": "en", "scale_id": "0"},
            {"qid": "1", "code": "Y", "answer": "Có", "sortorder": "1", "language": "vi", "scale_id": "0"},
            {"qid": "1", "code": "N", "answer": "No", "sortorder": "2", "language": "en", "scale_id": "0"},
            {"qid": "1", "code": "N", "answer": "Không", "sortorder": "2", "language": "vi", "scale_id": "0"},
            {"qid": "1", "code": "N", "answer": "2", "sortorder": "2", "language": "vi", "scale_id": "1"},
        ),
        table("conditions", {"qid": "1", "cqid": "9", "value": "Y"}),
    )
)
