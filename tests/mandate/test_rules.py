import pytest

from survey.mandate.rules import MalformedRule, Rule, level_outcome, read_rule


def test_a_rule_is_read_back_from_its_own_bytes() -> None:
    rule = Rule(target_population="finite", minimum_effective=50)
    assert read_rule(rule.canonical()) == rule
    assert read_rule(rule.canonical()).digest() == rule.digest()


def test_any_change_of_the_recipe_changes_its_digest() -> None:
    assert Rule().digest() != Rule(confidence_level="0.90").digest()


def test_the_tally_sums_the_five_levels_of_the_overall_item() -> None:
    assert {level_outcome(level) for level in range(1, 6)} <= set(Rule().outcomes)


@pytest.mark.parametrize("indicator", ["top3@1", "silence766@1", "top2"])
def test_a_verdict_cannot_rest_on_an_unknown_a_comparison_only_or_an_unversioned_indicator(indicator: str) -> None:
    with pytest.raises(MalformedRule, match="cannot rest on the indicator"):
        Rule(indicator=indicator)


def test_a_target_population_is_finite_or_a_process() -> None:
    with pytest.raises(MalformedRule, match="finite, process"):
        Rule(target_population="everybody")


def test_a_rule_of_another_version_is_refused() -> None:
    with pytest.raises(MalformedRule, match="another version"):
        read_rule('{"colour": "red"}')
