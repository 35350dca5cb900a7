"""A file of persons as statisticians open it: CSV, Parquet, SPSS .sav, Stata .dta, all from one dictionary.

Every answer is a small whole number with a label in Vietnamese and English. Identifiers are text in CSV and Parquet,
and labelled numbers in .sav and .dta, whose texts would have to be as wide as the longest everywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

NOT_APPLICABLE, WITHHELD, NO_ANSWER = 97, 98, 99
SPECIAL: Mapping[int, Mapping[str, str]] = {
    NOT_APPLICABLE: {"vi": "Không áp dụng", "en": "Not applicable"},
    WITHHELD: {"vi": "Không cung cấp để bảo mật", "en": "Withheld to protect the person"},
    NO_ANSWER: {"vi": "Không trả lời", "en": "No answer"},
}
FORMATS = ("csv", "parquet", "sav", "dta")
LONGEST_LABEL = {"sav": 250, "dta": 80}  # of a variable: bytes in SPSS, characters in Stata
LONGEST_VALUE = 120  # bytes of a value's label in SPSS


@dataclass(frozen=True, slots=True)
class Variable:
    """One column: its label by language; the label of each value, or the texts that the codes 0, 1, ... stand for.

    `role` is id, design, weight, key, outcome or answer. `frequencies` counts each value, for the codebook.
    """

    name: str
    label: Mapping[str, str]
    role: str
    values: Mapping[int, Mapping[str, str]] = field(default_factory=dict)
    texts: tuple[str, ...] | None = None
    frequencies: Mapping[int, int] = field(default_factory=dict)
    question: Mapping[str, str] = field(default_factory=dict)

    @property
    def special(self) -> list[int]:
        """Codes that are no answer."""
        return [code for code in SPECIAL if code in self.values]


def write_microdata(frame: pd.DataFrame, variables: Sequence[Variable], path: Path) -> None:
    """Write a frame of codes in the form that the path's suffix names: one of FORMATS."""
    WRITERS[path.suffix[1:]](frame, variables, path)


def both(label: Mapping[str, str], most: int | None = None, *, in_bytes: bool = False) -> str:
    """A label in Vietnamese and English, cut to what a format can hold."""
    text = " / ".join(dict.fromkeys(label[language] for language in ("vi", "en") if language in label))
    if most is None:
        return text
    if not in_bytes:
        return text if len(text) <= most else text[: most - 1] + "…"
    cut = text.encode()[:most].decode(errors="ignore")
    return cut if cut == text else text.encode()[: most - 3].decode(errors="ignore") + "…"


def _with_texts(frame: pd.DataFrame, variables: Sequence[Variable]) -> pd.DataFrame:
    """Codes of texts as categories, which take no more memory than the codes."""
    spelt = {
        each.name: pd.Categorical.from_codes(frame[each.name].to_numpy(np.int32), categories=pd.Index(each.texts))
        for each in variables
        if each.texts is not None
    }
    return frame.assign(**spelt)


def _write_duckdb(frame: pd.DataFrame, variables: Sequence[Variable], path: Path, options: str) -> None:
    import duckdb

    with duckdb.connect() as connection:
        connection.execute("SET memory_limit = '200MB'; SET threads = 1")
        connection.register("persons", _with_texts(frame, variables))
        connection.execute(f"COPY (SELECT * FROM persons) TO '{_quote(path)}' ({options})")  # noqa: S608 our own path


def _write_csv(frame: pd.DataFrame, variables: Sequence[Variable], path: Path) -> None:
    _write_duckdb(frame, variables, path, "FORMAT csv, HEADER")


def _write_parquet(frame: pd.DataFrame, variables: Sequence[Variable], path: Path) -> None:
    _write_duckdb(frame, variables, path, "FORMAT parquet, COMPRESSION zstd")


def _write_sav(frame: pd.DataFrame, variables: Sequence[Variable], path: Path) -> None:
    import pyreadstat

    pyreadstat.write_sav(
        frame,
        str(path),
        column_labels={each.name: both(each.label, LONGEST_LABEL["sav"], in_bytes=True) for each in variables},
        variable_value_labels=_value_labels(variables, LONGEST_VALUE),
        missing_ranges={each.name: [*each.special] for each in variables if each.special},
        row_compress=True,
    )


def _write_dta(frame: pd.DataFrame, variables: Sequence[Variable], path: Path) -> None:
    import pyreadstat

    pyreadstat.write_dta(
        frame,
        str(path),
        column_labels={each.name: both(each.label, LONGEST_LABEL["dta"]) for each in variables},
        variable_value_labels=_value_labels(variables, None),
        version=15,
    )


def _value_labels(variables: Sequence[Variable], most: int | None) -> dict[str, dict[Any, str]]:
    labels: dict[str, dict[Any, str]] = {}
    for each in variables:
        if each.texts is not None:
            labels[each.name] = dict(enumerate(each.texts))
        elif each.values:
            labels[each.name] = {code: both(label, most, in_bytes=True) for code, label in each.values.items()}
    return labels


def _quote(path: Path) -> str:
    return str(path).replace("'", "''")


WRITERS: dict[str, Callable[[pd.DataFrame, Sequence[Variable], Path], None]] = {
    "csv": _write_csv,
    "parquet": _write_parquet,
    "sav": _write_sav,
    "dta": _write_dta,
}
