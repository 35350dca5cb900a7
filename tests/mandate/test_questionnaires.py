"""What people are asked: complete in three languages, one idea an item, and never edited once in use."""

import re
import unicodedata
from collections.abc import Iterator

import pytest

from survey.mandate.digests import digest_of
from survey.mandate.errors import MandateFileError, UnknownQuestionnaire
from survey.mandate.files import Entry
from survey.mandate.questionnaires import (
    Choice,
    Questionnaire,
    load_levels,
    load_questionnaire,
    load_questionnaires,
    read_questionnaire,
)
from survey.mandate.text import LANGUAGES, Text

PUBLISHED_DIGESTS = {
    "education-lower@1": "7f16e720ab4360a6b81e46df8ff25ac124d4d8d67cfa945ecf06b2f667e64464",
    "education-preschool@1": "64f64dc72d7f5c780726d0e85a74b10765435da46ac3a35fa57518e81b20b680",
    "education-primary@1": "9673a6f0df3d317f08ee3c4641fe4bd5416be53c5ec044be144d680cb459d7ce",
    "education-students@1": "1bd06061368ac9d8db62512ee9e1394e22ede4f6688950b8cd8c1047b6fd4c9e",
    "education@1": "f1ed177e751c908c418ba9b2717e0c6795bc56e0dc26ca5375fc72573b63e1f7",
    "health-inpatient@1": "9146b3899153ea6fe345eb269b87d5e3160f35cc9e15c43d6f122acb55aa0ae5",
    "health-outpatient@1": "74db8d579dcdd9013a769b224db9d17a7cb8ef8e61e3c21c8b265f150bc27ef8",
    "health-station@1": "88b91ae4cbfc96f148f69abd37cc501edb0e7aa28297923a3091ac8ec85c8c3b",
    "health@1": "f705c6dc73b690cd853a286f669823b7ae5eaf048274a4ed1209b95583f50c7e",
    "household@1": "25abb7b993fec5030c4792b63f500fda93873d6d0b8f9a33d2ad37e7505053af",
    "onequestion@1": "510f419856cec9e7621f568d0510a767868fa5c41055bd05c9172d8053b69aeb",
    "procedures@1": "17fbd17f5f9913594e49377134c609e8a1ac605964d75beb4a790c409a236b08",
    "quick@1": "93be21b2a9a5f55d1c77e395f4715fd5338dcbcae9b5b061facd8a4cd7a4b28b",
}
QUESTIONNAIRES = list(load_questionnaires().values())
KHMER = re.compile(r"[\u1780-\u17ff]")


def every_text(questionnaire: Questionnaire) -> Iterator[Text]:
    yield from (questionnaire.title, questionnaire.intro)
    for section in questionnaire.sections:
        yield section.title
        for item in section.items:
            yield item.text
            if item.help is not None:
                yield item.help
            if item.why is not None:
                yield item.why
            yield from (choice.text for choice in item.choices)


def test_published_versions_stay_as_they_were_published() -> None:
    digests = {name: questionnaire.digest for name, questionnaire in load_questionnaires().items()}
    assert digests == PUBLISHED_DIGESTS, "A published version never changes: write a new version in a new file"


def test_the_three_sectors_have_a_questionnaire() -> None:
    sectors = {load_questionnaire(name).sector for name in ("procedures@1", "health@1", "education@1")}
    assert sectors == {"procedures", "health", "education"}


@pytest.mark.parametrize("questionnaire", QUESTIONNAIRES, ids=lambda each: each.key)
class TestEveryQuestionnaire:
    def test_has_every_wording_in_every_language(self, questionnaire: Questionnaire) -> None:
        assert [text.in_language("vi") for text in every_text(questionnaire) if text.missing] == []

    def test_is_written_in_khmer_script_in_khmer_only(self, questionnaire: Questionnaire) -> None:
        khmer = [text.in_language("km") for text in every_text(questionnaire)]
        assert [wording for wording in khmer if not KHMER.search(wording) and re.search(r"[^\W\d]", wording)] == []
        others = [text.in_language(language) for text in every_text(questionnaire) for language in ("vi", "en")]
        assert [wording for wording in others if KHMER.search(wording)] == []

    def test_is_in_composed_unicode_without_stray_spaces(self, questionnaire: Questionnaire) -> None:
        wordings = [text.in_language(language) for text in every_text(questionnaire) for language in LANGUAGES]
        assert [wording for wording in wordings if wording != unicodedata.normalize("NFC", wording.strip())] == []
        assert [wording for wording in wordings if "  " in wording] == []

    def test_marks_english_and_khmer_as_drafts(self, questionnaire: Questionnaire) -> None:
        assert questionnaire.languages_status["vi"] == "in use"
        drafts = {questionnaire.languages_status[language] for language in ("en", "km")}
        assert drafts == {"draft until a named reviewer signs"}

    def test_gives_no_two_items_one_code(self, questionnaire: Questionnaire) -> None:
        codes = [item.code for item in questionnaire.items]
        assert len(codes) == len(set(codes))

    def test_asks_the_overall_item_first_and_requires_nothing_else(self, questionnaire: Questionnaire) -> None:
        assert questionnaire.items[0] == questionnaire.overall_item
        assert [item.code for item in questionnaire.items if item.required] == ["G1"]
        assert not questionnaire.overall_item.not_applicable

    def test_scores_five_levels_and_lets_people_say_that_an_item_does_not_apply(
        self, questionnaire: Questionnaire
    ) -> None:
        for item in questionnaire.items:
            if item.kind == "scale":
                expected: list[tuple[str, int | None]] = [("1", 1), ("2", 2), ("3", 3), ("4", 4), ("5", 5)]
                expected += [("na", None)] if item.not_applicable else []
                assert [(choice.code, choice.score) for choice in item.choices] == expected

    def test_never_indexes_a_fact_or_an_integrity_question(self, questionnaire: Questionnaire) -> None:
        indexed = {item.section for item in questionnaire.items if item.indexed}
        assert indexed.isdisjoint({"F", "I", "K"})
        facts = [item for item in questionnaire.items if item.kind == "choice"]
        assert {choice.score for item in facts for choice in item.choices} <= {None}

    def test_ends_with_an_optional_comment(self, questionnaire: Questionnaire) -> None:
        last = questionnaire.items[-1]
        assert (last.kind, last.required, last.choices) == ("comment", False, ())

    def test_says_where_its_contents_come_from(self, questionnaire: Questionnaire) -> None:
        assert "hailong" in [source.code for source in questionnaire.sources]


def test_procedures_asks_about_twenty_questions_and_the_integrity_ones() -> None:
    codes = [item.code for item in load_questionnaire("procedures@1").items]
    assert codes == [
        "G1",
        "A1",
        "A2",
        "A3",
        "A4",
        "B1",
        "B2",
        "B3",
        "B4",
        "C1",
        "C2",
        "C3",
        "D1",
        "D2",
        "E1",
        "E2",
        "F1",
        "F2",
        "I1",
        "I2",
        "K1",
    ]


def test_health_asks_the_five_parts_with_cost_return_and_expectation() -> None:
    questionnaire = load_questionnaire("health@1")
    assert [section.code for section in questionnaire.sections] == ["G", "A", "B", "C", "D", "E", "H", "F", "I", "K"]
    assert [choice.code for choice in questionnaire.item("F2").choices] == ["yes", "maybe", "no"]


def test_a_name_without_a_version_is_the_latest_and_an_unknown_one_is_refused() -> None:
    assert load_questionnaire("procedures") is load_questionnaire("procedures@1")
    with pytest.raises(UnknownQuestionnaire, match=r"No questionnaire 'taxes'.*procedures@1"):
        load_questionnaire("taxes")
    with pytest.raises(UnknownQuestionnaire, match="onequestion@1 has no item 'Z9'"):
        load_questionnaire("onequestion").item("Z9")


def test_a_change_of_one_word_changes_the_digest() -> None:
    assert digest_of({"text": {"vi": "Phí"}}) != digest_of({"text": {"vi": "phí"}})
    assert digest_of({"b": 1, "a": 2}) == digest_of({"a": 2, "b": 1})


def drafted(*items: dict[str, object], **changes: object) -> Entry:
    text = {"vi": "x"}
    values: dict[str, object] = {"code": "draft", "version": 1, "valid_from": DAY, "title": text, "intro": text}
    values["languages_status"] = dict.fromkeys(LANGUAGES, "draft")
    values["section"] = [{"code": "G", "title": text, "item": [{"text": text, **item} for item in items]}]
    return Entry(values | changes, "questionnaires/draft-1.toml")


DAY = load_questionnaire("procedures").valid_from
OVERALL: dict[str, object] = {"code": "G1", "kind": "scale", "overall": True, "required": True}


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        (drafted(OVERALL, {"code": "G1", "kind": "comment"}), "two items share a code"),
        (drafted({"code": "K1", "kind": "comment"}), "exactly one item must be the overall one"),
        (drafted(OVERALL | {"required": False}), "overall item must be required"),
        (drafted(OVERALL, {"code": "F1", "kind": "choice"}), "a choice item needs choices"),
        (drafted(OVERALL, {"code": "F1", "kind": "comment", "indexed": True}), "satisfaction scale"),
        (drafted(OVERALL, {"code": "F1", "kind": "slider"}), "kind must be one of scale, choice, comment"),
        (drafted(OVERALL, languages_status={"vi": "in use"}), "languages_status must speak of"),
        (drafted(OVERALL, colour="red"), "unknown key 'colour'"),
    ],
)
def test_a_draft_that_breaks_a_rule_is_refused_with_the_reason(entry: Entry, reason: str) -> None:
    with pytest.raises(MandateFileError, match=reason):
        read_questionnaire(entry)


def test_a_sound_draft_is_read() -> None:
    questionnaire = read_questionnaire(drafted(OVERALL))
    assert questionnaire.key == "draft@1"
    assert questionnaire.overall_item.choices[0] == Choice(code="1", text=load_levels()[0].text, score=1)
