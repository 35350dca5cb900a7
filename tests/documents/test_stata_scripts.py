"""The Stata scripts, read strictly: there is no free Stata to run them."""

from __future__ import annotations

import pytest
from stata_review import review

from survey.actions.reproducing import FILES
from survey.documents.load_scripts import write_load_scripts
from survey.documents.microdata import SPECIAL, Variable
from survey.documents.scripts import read_scripts

REBUILD = read_scripts()["rebuild.do"].decode()
RULE = ("indicator", "method", "confidence_level", "target_population", "lonely_psu", "score_")
LABELLED = {1: {"vi": "Không"}, **SPECIAL}
VARIABLES = [
    *(Variable(name, {"vi": name}, "design", texts=("a", "b")) for name in ("stratum", "psu")),
    *(Variable(name, {"vi": name}, "design") for name in ("variance_stratum", "population", "weight")),
    Variable("G1", {"vi": "G1"}, "outcome", LABELLED),
]


def test_the_script_that_rebuilds_a_table_names_only_files_columns_and_macros_that_exist() -> None:
    assert review(REBUILD, FILES, macros=RULE) == []


@pytest.mark.parametrize("finite", [True, False])
def test_the_script_that_opens_the_persons_names_only_what_the_file_has(finite: bool) -> None:
    script = write_load_scripts(VARIABLES, finite=finite, groups=30)["load.do"].decode()
    names = [each.name for each in VARIABLES]
    opened = script.replace(
        "use microdata.dta, clear", "import delimited using microdata.csv, varnames(1) stringcols(1) clear"
    )
    assert review(opened, {"microdata.csv": names}) == []
    coded = script.split("mvdecode ")[1].split(",")[0].split()
    assert set(coded) <= set(names)


@pytest.mark.parametrize(
    ("right", "wrong", "told"),
    [
        (
            "use if design == \"`design`i''\" using `designs', clear",
            "use `designs' if design == 1, clear",
            "form of use",
        ),
        ("total / _N", "totals / _N", "no variable totals"),
        ("using strata.csv", "using stratum.csv", "no file stratum.csv"),
        ("invibetatail(`inner'", "qbeta(`inner'", "no function qbeta"),
        ("local rest = 1 - `fraction'", "local rest = 1 - `fractoin'", "macro fractoin"),
        ("expand n", "expnd n", "no command expnd"),
        ("    if `fraction' > 0 {", "    if `fraction' > 0", "no"),
    ],
)
def test_what_the_review_is_for(right: str, wrong: str, told: str) -> None:
    """The controls: each fault is named. The first stood in the script until it was read like this."""
    assert right in REBUILD
    assert told in " ".join(review(REBUILD.replace(right, wrong, 1), FILES, macros=RULE))
