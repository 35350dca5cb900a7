"""Scripts that open an exported file of persons in R, Stata and Python with its labels and its design.

Where the folder `release` of `hailong reproduce` lies beside them, they also count the persons again, hold the counts
against those of the release, and rebuild the released table from them.
"""

from __future__ import annotations

from collections.abc import Sequence

from survey.documents.microdata import SPECIAL, Variable

R = """# Open the persons with their labels and their design:  source("load.R")   (in this folder)
suppressMessages(library(survey))
persons <- read.csv("microdata.csv", encoding = "UTF-8", colClasses = c({texts}))
clustered <- any(persons$psu != "")
{labels}
design <- svydesign(
  ids = if (clustered) ~psu else ~1, strata = ~variance_stratum, weights = ~weight, data = persons{fpc}
)
if (file.exists("replicates.csv")) {{
  replicates <- read.csv("replicates.csv")
  stopifnot(identical(replicates$id, persons$id))
  jackknife <- svrepdesign(
    data = persons, weights = ~weight, repweights = as.matrix(replicates[-1]), type = "other",
    scale = {scale}, rscales = rep(1, {groups}), combined.weights = TRUE, mse = TRUE
  )
}}
if (file.exists("release/cells.csv")) {{
  cells <- read.csv("release/cells.csv", encoding = "UTF-8", colClasses = "character", na.strings = character())
  level <- ifelse(persons${overall}_code %in% 1:5, persons${overall}_code, "")
  own <- aggregate(list(n = rep(1, nrow(persons))), list(key = paste(persons$stratum, persons$psu, level)), sum)
  theirs <- aggregate(list(n = as.numeric(cells$n)), list(key = paste(cells$stratum, cells$psu, cells$level)), sum)
  if (!isTRUE(all.equal(own, theirs))) stop("these persons are not those of the release: it has another checkpoint")
  cat(nrow(persons), "persons are those of the release; Rscript release/rebuild.R rebuilds its table\\n")
}}
"""
PYTHON = '''"""Open the persons with their design:  python load.py   (in this folder; needs pandas)"""

import pathlib
import sys

import pandas as pd

folder = pathlib.Path(__file__).parent
texts = dict.fromkeys({texts!r}, str)
persons = pd.read_csv(folder / "microdata.csv", dtype=texts, keep_default_na=False)
answered = ~persons["{overall}"].isin({special!r})
satisfied = persons["{overall}"].isin([4, 5])[answered]
weights = persons["weight"][answered]
rate = (weights * satisfied).sum() / weights.sum()
print(f"{{len(persons)}} persons; weighted share of levels 4 and 5: {{rate:.12f}}")
release = folder / "release" / "cells.csv"
if release.exists():
    cells = pd.read_csv(release, dtype=str, keep_default_na=False)
    level = persons["{overall}"].where(answered, 0).astype(str).replace("0", "")
    own = persons.assign(level=level).groupby(["stratum", "psu", "level"]).size()
    theirs = cells.assign(n=cells["n"].astype(int)).groupby(["stratum", "psu", "level"])["n"].sum()
    if not own.sort_index().equals(theirs.sort_index()):
        sys.exit("these persons are not those of the release: it has another checkpoint")
    print(f"{{len(persons)}} persons are those of the release; release/rebuild.py rebuilds its table")
'''
STATA = """* Open the persons with their labels and their design:  do load.do   (in this folder)
version 15
use microdata.dta, clear
mvdecode {coded}, mv(97 = .a \\ 98 = .b \\ 99 = .c)
{fpc}svyset {units} [pweight = weight], strata(variance_stratum){option} singleunit(centered)
svy: tabulate {overall}
* Replicate weights, where replicates.csv was written: import it, merge 1:1 id, then
* svyset [pweight = weight], jkrweight(rw1-rw{groups}, multiplier({scale})) vce(jackknife) mse
* The released table: do release/rebuild.do
"""


def write_load_scripts(variables: Sequence[Variable], *, finite: bool, groups: int) -> dict[str, bytes]:
    """load.R, load.do and load.py for a file of these variables."""
    texts = [each.name for each in variables if each.texts is not None]
    coded = [each for each in variables if each.values]
    overall = next(each.name for each in variables if each.role == "outcome")
    scale = f"{groups - 1} / {groups}"
    r = R.format(
        texts=", ".join(f'{name} = "character"' for name in texts),
        labels="\n".join(_label_in_r(each) for each in coded),
        fpc=",\n  fpc = ~whole" if finite else "",
        overall=overall,
        scale=scale,
        groups=groups,
    )
    if finite:
        r = r.replace("design <- svydesign(", f"{WHOLE_IN_R}\ndesign <- svydesign(", 1)
    clustered = any(each.name == "psu" and each.texts not in (None, ("",)) for each in variables)
    stata = STATA.format(
        coded=" ".join(each.name for each in coded if each.special),
        fpc=WHOLE_IN_STATA if finite else "",
        option=" fpc(whole)" if finite else "",
        units="psu" if clustered else "_n",
        overall=overall,
        groups=groups,
        scale=f"`={groups - 1}/{groups}'",
    )
    python = PYTHON.format(texts=texts, overall=overall, special=sorted(SPECIAL))
    return {"load.R": r.encode(), "load.do": stata.encode(), "load.py": python.encode()}


WHOLE_IN_R = """sizes <- unique(persons[c("stratum", "variance_stratum", "population")])
whole <- tapply(sizes$population, sizes$variance_stratum, sum)
persons$whole <- as.numeric(whole[as.character(persons$variance_stratum)])"""
WHOLE_IN_STATA = """egen byte first = tag(stratum)
bysort variance_stratum: egen double whole = total(population * first)
"""


def _label_in_r(variable: Variable) -> str:
    """Keep the code beside a factor with labels; what is no answer becomes missing."""
    told = {code: label for code, label in variable.values.items() if code not in SPECIAL}
    codes = ", ".join(map(str, told))
    labels = ", ".join(_quote(label.get("en", label["vi"])) for label in told.values())
    name = variable.name
    return (
        f"persons${name}_code <- persons${name}\n"
        f"persons${name} <- factor(persons${name}, levels = c({codes}), labels = make.unique(c({labels})))"
    )


def _quote(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
