"""Questionnaires that are built here: a draft of several hands, four eyes, versions that never change."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import pytest
from fieldwork import TODAY, begin_fieldwork

from survey.actions import building, editing
from survey.actions.building import BridgeNeeded, DraftChanged, DraftExists, NotPublishable, NotSigned, SameAuthor
from survey.actions.editing_lines import Rejected, read_condition_lines, write_condition_lines
from survey.actions.release_inputs import collect_inputs, read_inputs
from survey.actions.versions import list_versions, load_version
from survey.keys import Keys
from survey.mandate.documents import Document
from survey.mandate.errors import UnknownQuestionnaire
from survey.mandate.questionnaires import load_questionnaire
from survey.proof import Signer
from survey.store import audits, waves
from survey.store.audits import By
from survey.store.database import Database
from survey.web.services import clock

AUTHOR, SECOND = By("an-operator", clock()), By("binh-operator", clock())


def built(database: Database, code: str = "visit") -> None:
    """A draft from one question, with a fact, a condition and a profile item, in Vietnamese."""
    building.start_draft(database, code, "Ý kiến về lần khám", by=AUTHOR, today=TODAY)
    edit(database, lambda d: editing.add_section(d, "F", "Lần khám này"), code)
    edit(database, lambda d: editing.add_item(d, "F", "F1", "choice", "Ông/Bà có phải chờ không?"), code)
    edit(
        database,
        lambda d: editing.change_item(
            d, "F1", {"text": "Ông/Bà có phải chờ không?", "role": "fact", "choices": "yes | Có\nno | Không"}
        ),
        code,
    )
    edit(database, lambda d: editing.add_item(d, "F", "F2", "scale", "Thời gian chờ"), code)
    edit(
        database,
        lambda d: editing.change_item(
            d, "F2", {"text": "Thời gian chờ", "role": "indexed", "not_applicable": "1", "show_if": "F1 = yes"}
        ),
        code,
    )


def edit(database: Database, change: object, code: str = "visit", by: By = AUTHOR) -> None:
    building.edit_draft(database, code, change, revision=None, by=by, today=TODAY)  # type: ignore[arg-type]


def test_what_was_built_is_found_by_the_loader_of_the_package_and_asked_in_a_wave(
    database: Database, keys: Keys, signer: Signer
) -> None:
    built(database)
    with pytest.raises(UnknownQuestionnaire):
        load_version(database, "visit@1")
    version = building.publish_draft(database, "visit", by=SECOND, today=TODAY)
    assert load_version(database, "visit@1") is load_version(database, "visit@1")
    assert load_version(database, "visit").digest == version.digest
    work = begin_fieldwork(database, keys, signer, {("A", "land"): 5}, invited=2, questionnaire="visit@1")
    work.answer(work.tokens["A.land"].pop(), "4", F1="yes", F2="2")
    assert work.seal_and_tally() == 1
    with database.reading() as connection:
        wave = waves.find_wave(connection, "W")
        assert wave is not None
        inputs = collect_inputs(connection, wave, 1)
    assert "Lần khám này" in inputs, "a bundle leaves the house without the database that the wording lies in"
    assert read_inputs(inputs).questionnaire == version


def test_a_second_installation_in_one_process_knows_nothing_of_the_first_ones_questionnaires(
    database: Database, migrated_file: Path, tmp_path: Path
) -> None:
    built(database)
    building.publish_draft(database, "visit", by=SECOND, today=TODAY)
    shutil.copy(migrated_file, tmp_path / "other.sqlite")
    other = Database(f"sqlite:///{tmp_path / 'other.sqlite'}", tmp_path / "other.lock")
    assert "visit@1" in [each.key for each in list_versions(database)]
    assert "visit@1" not in [each.key for each in list_versions(other)]
    built(other)
    edit(other, lambda d: editing.change_section(d, "F", "Khác"))
    building.publish_draft(other, "visit", by=SECOND, today=TODAY)
    assert load_version(other, "visit@1").digest != load_version(database, "visit@1").digest
    other.close()


def test_the_author_cannot_publish_alone_and_neither_can_whoever_helped(database: Database) -> None:
    built(database)
    with pytest.raises(SameAuthor):
        building.publish_draft(database, "visit", by=AUTHOR, today=TODAY)
    edit(database, lambda d: editing.change_section(d, "F", "Về lần khám"), by=SECOND)
    with pytest.raises(SameAuthor):
        building.publish_draft(database, "visit", by=SECOND, today=TODAY)
    third = By("chi-statistician", clock())
    assert building.publish_draft(database, "visit", by=third, today=TODAY).key == "visit@1"
    with database.reading() as connection:
        events = [entry.event for entry in audits.list_entries(connection, newest=9)]
    assert events.count("questionnaire-drafted") == events.count("questionnaire-published") == 1


def test_a_draft_with_an_item_without_choices_is_not_published(database: Database) -> None:
    built(database)
    edit(database, lambda d: editing.add_item(d, "F", "F3", "choice", "Ông/Bà đến bằng gì?"))
    assert building.review(database, "visit").version is None
    with pytest.raises(NotPublishable, match="F3"):
        building.publish_draft(database, "visit", by=SECOND, today=TODAY)


def test_a_change_of_wording_needs_a_bridge_note_and_a_translation_does_not(database: Database) -> None:
    built(database)
    building.publish_draft(database, "visit", by=SECOND, today=TODAY)
    building.start_draft(database, "visit", "", by=AUTHOR, today=TODAY)
    edit(database, lambda d: editing.translate(d, "en", {"F2.text": "Waiting time"}))
    assert not building.review(database, "visit").needs_bridge
    edit(database, lambda d: editing.translate(d, "vi", {"F2.text": "Thời gian phải chờ"}))
    changed = building.review(database, "visit")
    assert [(each.what, each.where, each.breaks_trend) for each in changed.differences] == [
        ("wording", "F2", True),
        ("wording", "F2", False),
    ]
    with pytest.raises(BridgeNeeded):
        building.publish_draft(database, "visit", by=SECOND, today=TODAY)
    building.note_bridge(database, "visit", "Thử song song hai cách hỏi", revision=None, by=AUTHOR, today=TODAY)
    assert building.publish_draft(database, "visit", by=SECOND, today=TODAY).key == "visit@2"
    assert load_version(database, "visit").version == 2
    assert load_version(database, "visit@1").item("F2").text["vi"] == "Thời gian chờ"


def test_nobody_overwrites_what_another_wrote_meanwhile(database: Database) -> None:
    built(database)
    shown = building.find_draft(database, "visit").revision
    edit(database, lambda d: editing.change_section(d, "F", "Khác"), by=SECOND)
    with pytest.raises(DraftChanged):
        building.edit_draft(
            database, "visit", lambda d: editing.remove_section(d, "F"), revision=shown, by=AUTHOR, today=TODAY
        )
    assert editing.find_section(building.review(database, "visit").document, "F")["title"]["vi"] == "Khác"


def test_codes_of_the_package_stay_the_packages_and_a_copy_remembers_its_base(database: Database) -> None:
    with pytest.raises(DraftExists, match="another code"):
        building.start_draft(database, "procedures", "", by=AUTHOR, today=TODAY)
    building.start_draft(database, "st-procedures", "", base="procedures@1", by=AUTHOR, today=TODAY)
    found = building.review(database, "st-procedures")
    assert found.draft.based_on == "procedures@1"
    assert found.differences == ()
    edit(database, lambda d: editing.remove_item(d, "A4"), "st-procedures")
    assert [(each.what, each.where) for each in building.review(database, "st-procedures").differences] == [
        ("removed", "A4")
    ]


def test_a_language_is_a_draft_until_somebody_else_records_who_reviewed_it(database: Database) -> None:
    built(database)
    version = building.publish_draft(database, "visit", by=SECOND, today=TODAY)
    assert building.signed_languages(database, version) == ("vi",)
    with pytest.raises(NotSigned, match="F1"):
        building.sign_language(database, "visit@1", "en", "Nguyễn Văn An, Sở Ngoại vụ", by=SECOND, today=TODAY)
    pack = load_questionnaire("onequestion@1")
    with database.writing("publish-pack") as connection:
        from survey.store.waves import add_questionnaire

        add_questionnaire(connection, pack.code, 1, pack.canonical, bytes.fromhex(pack.digest), TODAY)
    building.sign_language(database, "onequestion@1", "km", "Thạch Thị Sa Rươne, Ban Dân tộc", by=SECOND, today=TODAY)
    assert building.signed_languages(database, pack) == ("vi", "km")
    with pytest.raises(NotSigned, match="already"):
        building.sign_language(database, "onequestion@1", "km", "Somebody else", by=AUTHOR, today=TODAY)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda d: editing.add_item(d, "F", "F1", "scale", "Lại"), "code_taken"),
        (lambda d: editing.add_item(d, "F", "1F", "scale", "Sai mã"), "bad_code"),
        (lambda d: editing.add_item(d, "F", "F9", "matrix", "Sai loại"), "bad_kind"),
        (lambda d: editing.add_item(d, "F", "F9", "scale", "  "), "no_wording"),
        (lambda d: editing.add_item(d, "F", "F9", "scale", "x" * 1001), "too_long"),
        (lambda d: editing.add_item(d, "Z", "Z1", "scale", "Không có mục"), "unknown"),
        (lambda d: editing.change_item(d, "F1", {"text": "x", "role": "indexed", "choices": "a | A"}), "bad_role"),
        (lambda d: editing.change_item(d, "F1", {"text": "x", "role": "fact", "choices": "yes: Có"}), "bad_choice"),
        (
            lambda d: editing.change_item(d, "F1", {"text": "x", "role": "fact", "choices": "no | Không"}),
            "bad_condition",
        ),
        (
            lambda d: editing.change_item(d, "F2", {"text": "x", "role": "indexed", "show_if": "F2 = 1"}),
            "bad_condition",
        ),
        (lambda d: editing.change_item(d, "F2", {"text": "x", "role": "indexed", "show_if": "F1"}), "bad_condition"),
        (lambda d: editing.remove_item(d, "F1"), "rests_on"),
        (lambda d: editing.move_item(d, "F2", -1), "bad_condition"),
        (lambda d: editing.translate(d, "fr", {}), "unknown"),
        (lambda d: editing.translate(d, "vi", {"F2.text": ""}), "no_wording"),
    ],
)
def test_a_change_that_would_break_the_draft_is_refused(database: Database, change: object, reason: str) -> None:
    built(database)
    before = building.find_draft(database, "visit")
    with pytest.raises(Rejected) as refused:
        edit(database, change)
    assert refused.value.reason == reason
    assert building.find_draft(database, "visit") == before


def test_items_and_sections_move_and_pages_follow() -> None:
    document = editing.add_section(draft(), "F", "Thêm")
    document = editing.put_each_section_on_a_page(document, paged=True)
    assert document["steps"] == [["G"], ["K"], ["F"]]
    document = editing.move_section(document, "F", -2)
    assert document["steps"] == [["F"], ["G"], ["K"]]
    assert editing.remove_section(document, "F")["steps"] == [["G"], ["K"]]
    assert [section["code"] for section in editing.move_item(document, "K1", -1)["section"] if section["item"]] == ["G"]


def test_completeness_counts_texts_language_by_language() -> None:
    document = draft()
    total = len(editing.list_texts(document))
    assert editing.completeness(document) == {"vi": (total, total), "en": (total, total), "km": (total, total)}
    less = editing.translate(document, "km", {"K1.text": ""})
    assert editing.completeness(less)["km"] == (total - 1, total)


def test_a_condition_written_in_lines_reads_back_the_same() -> None:
    condition = read_condition_lines("F1 = yes, no\nF2 = 1", "some")
    assert condition == {"some": [{"item": "F1", "choices": ["yes", "no"]}, {"item": "F2", "choices": ["1"]}]}
    assert write_condition_lines(condition) == ("F1 = yes, no\nF2 = 1", "some")


def draft() -> Document:
    from survey.mandate.documents import write_document

    return write_document(load_questionnaire("onequestion@1")) | {"valid_from": date(2026, 11, 24).isoformat()}
