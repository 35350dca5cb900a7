"""DDI-Codebook 2.5, with which statistics offices archive: a questionnaire's variables, questions and categories.

https://ddialliance.org/Specification/DDI-Codebook/2.5/: the order of elements is the schema's. It holds what was asked,
never answers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from survey.documents.expressions import write_expression
from survey.mandate.questionnaires import NOT_APPLICABLE, Item, Questionnaire
from survey.mandate.text import FIRST_LANGUAGE, LANGUAGES

NAMESPACE = "ddi:codebook:2_5"
SCHEMA = "http://www.ddialliance.org/Specification/DDI-Codebook/2.5/XMLSchema/codebook.xsd"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
PRODUCER = "Hài Lòng"


def write_ddi(questionnaire: Questionnaire) -> bytes:
    """The codebook as XML in UTF-8."""
    book = Element("codeBook", {"xmlns": NAMESPACE, "xmlns:xsi": XSI, "version": "2.5"})
    book.set("xsi:schemaLocation", f"{NAMESPACE} {SCHEMA}")
    book.set("xml:lang", FIRST_LANGUAGE)
    _describe_study(SubElement(book, "stdyDscr"), questionnaire)
    _describe_data(SubElement(book, "dataDscr"), questionnaire)
    indent(book)
    written: bytes = tostring(book, encoding="utf-8", xml_declaration=True)
    return written


def _describe_study(study: Element, questionnaire: Questionnaire) -> None:
    citation = SubElement(study, "citation")
    titles = SubElement(citation, "titlStmt")
    first, *others = _texts(questionnaire.title)
    _say(titles, "titl", *first)
    for language, wording in others:
        _say(titles, "parTitl", language, wording)
    SubElement(titles, "IDNo").text = questionnaire.key
    production = SubElement(citation, "prodStmt")
    SubElement(production, "software", {"version": questionnaire.digest[:16]}).text = PRODUCER
    version = SubElement(citation, "verStmt")
    SubElement(version, "version", {"date": questionnaire.valid_from.isoformat()}).text = str(questionnaire.version)
    info = SubElement(study, "stdyInfo")
    for language, wording in _texts(questionnaire.intro):
        _say(info, "abstract", language, wording)
    if questionnaire.sources:
        _cite(SubElement(study, "othrStdyMat"), questionnaire)


def _cite(material: Element, questionnaire: Questionnaire) -> None:
    for source in questionnaire.sources:
        SubElement(material, "relMat").text = f"{source.document}, {source.issuer}"


def _describe_data(data: Element, questionnaire: Questionnaire) -> None:
    for section in questionnaire.sections:
        listed = " ".join(f"V_{item.code}" for item in section.items)
        group = SubElement(data, "varGrp", {"ID": f"G_{section.code}", "type": "section", "var": listed})
        for language, wording in _texts(section.title):
            _say(group, "labl", language, wording)
    for item in questionnaire.items:
        _describe_item(SubElement(data, "var", _attributes(item)), item)


def _attributes(item: Item) -> dict[str, str]:
    interval = {"intrvl": "discrete"} if item.kind != "comment" else {}
    nature = {"scale": "ordinal", "choice": "nominal", "comment": "other"}[item.kind]
    return {"ID": f"V_{item.code}", "name": item.code, **interval, "nature": nature}


def _describe_item(variable: Element, item: Item) -> None:
    for language, wording in _texts(item.text):
        _say(variable, "labl", language, wording)
    question = SubElement(variable, "qstn", {"ID": f"Q_{item.code}", "responseDomainType": _domain(item)})
    for language, wording in _texts(item.help or {}):
        _say(question, "preQTxt", language, wording)
    for language, wording in _texts(item.text):
        _say(question, "qstnLit", language, wording)
    if item.show_if is not None:
        SubElement(question, "ivuInstr").text = f"Asked when {write_expression(item.show_if)}"
    SubElement(variable, "universe").text = "everybody" if item.show_if is None else write_expression(item.show_if)
    for choice in item.choices:
        missing = {"missing": "Y"} if choice.code == NOT_APPLICABLE else {}
        category = SubElement(variable, "catgry", missing)
        SubElement(category, "catValu").text = choice.code
        for language, wording in _texts(choice.text):
            _say(category, "labl", language, wording)
    SubElement(variable, "concept").text = _concept(item)
    SubElement(variable, "varFormat", {"type": "character", "schema": "other"})


def _domain(item: Item) -> str:
    return {"scale": "category", "choice": "category", "comment": "text"}[item.kind]


def _concept(item: Item) -> str:
    if item.overall:
        return "overall satisfaction"
    if item.indexed:
        return "satisfaction, in the index"
    return "profile" if item.why else "fact, never in the index"


def _texts(text: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    return ((language, text[language]) for language in LANGUAGES if language in text)


def _say(parent: Element, name: str, language: str, wording: str) -> None:
    SubElement(parent, name, {"xml:lang": language}).text = wording
