"""Opening anybody's survey file: CSV, Parquet, Stata or SPSS, with only the columns that a question names."""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pandas as pd

from survey.actions.scanning_csv import CannotRead, read_columns, scan_csv

SHOWN = 12
NOBODYS_COLUMN = "\x00"


class NoSuchColumn(CannotRead):
    """A question names a column that the file does not have; `names` are those that it has."""

    def __init__(self, message: str, names: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.names = tuple(names)


@dataclass(frozen=True, slots=True)
class Table:
    """A file's columns as a frame that narwhals reads, lazily where it can be, and the value labels of each column."""

    frame: Any
    labels: Mapping[str, Mapping[object, str]] = field(default_factory=dict)


def open_table(path: Path, wanted: Sequence[str], spark: str | None = None) -> Table:
    """Open a file for the columns `wanted`; on the cluster `spark` (the address of its master) where one is named.

    Raises CannotRead and NoSuchColumn.
    """
    if spark is not None:
        return _open_on_spark(path, wanted, spark)
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        raise CannotRead(f"{path.name}: only {', '.join(READERS)} files can be read; save it as one of these.")
    if not path.is_file():
        near = difflib.get_close_matches(path.name, [file.name for file in path.parent.glob("*")], 1)
        raise CannotRead(f"There is no file {path}.{_suggest(near)}")
    return reader(path, tuple(dict.fromkeys(wanted)))


def read_names(path: Path) -> tuple[str, ...]:
    """The names of a file's columns. Raises CannotRead."""
    suffix = path.suffix.lower()
    if suffix in (".csv", ".tsv", ".txt"):
        return scan_csv(path).names
    try:
        open_table(path, (NOBODYS_COLUMN,))
    except NoSuchColumn as listed:
        return listed.names
    return ()


def _open_on_spark(path: Path, wanted: Sequence[str], master: str) -> Table:
    """A Parquet file, or a folder of them, read by the workers of a cluster, which must find it under the same path."""
    if find_spec("pyspark") is None:
        raise CannotRead("A cluster needs the package pyspark: `pip install pyspark`, or leave --spark out.")
    sql = import_module("pyspark.sql")
    builder = sql.SparkSession.builder.master(master).appName("hailong estimate")
    session = builder.config("spark.ui.enabled", "false").config("spark.sql.ansi.enabled", "true").getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    try:
        frame = session.read.parquet(str(path.absolute()))
    except import_module("pyspark.errors").PySparkException as error:
        raise CannotRead(f"Spark cannot read {path} as Parquet: {str(error).splitlines()[0]}") from error
    check_names(path.name, wanted, frame.columns)
    return Table(frame.select(*wanted))


def check_names(file: str, wanted: Sequence[str], names: Sequence[str]) -> None:
    """Raises NoSuchColumn for the first name that is not there, with the nearest one that is."""
    for name in wanted:
        if name in names:
            continue
        plain = {_fold(known): known for known in names}
        near = [plain[found] for found in difflib.get_close_matches(_fold(name), list(plain), 2, 0.6)]
        some = ", ".join(names[:SHOWN]) + (f", ... ({len(names):,} columns)" if len(names) > SHOWN else "")
        raise NoSuchColumn(f"{file} has no column {name!r}.{_suggest(near) or f' It has: {some}.'}", names)


def _suggest(near: Sequence[str]) -> str:
    return f" Did you mean {' or '.join(repr(name) for name in near)}?" if near else ""


def _fold(name: str) -> str:
    """Without case and accents, in which typed names differ most."""
    letters = unicodedata.normalize("NFD", name.casefold().replace("đ", "d"))
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


def _open_csv(path: Path, wanted: Sequence[str]) -> Table:
    scanned = scan_csv(path)
    check_names(path.name, wanted, scanned.names)
    return Table(read_columns(path, scanned, wanted))


def _open_parquet(path: Path, wanted: Sequence[str]) -> Table:
    """DuckDB first: it adds up in a stream, where Polars holds the rows; pyarrow reads the columns into memory."""
    engine = next((name for name in ENGINES if find_spec(name)), None)
    if engine is None:
        raise CannotRead("Parquet needs one of duckdb, polars, pyarrow: `pip install duckdb`, or save it as CSV.")
    try:
        frame, names = ENGINES[engine](path, wanted)
    except NoSuchColumn:
        raise
    except Exception as error:
        if type(error).__module__.partition(".")[0] not in {"duckdb", "_duckdb", "polars", "pyarrow"}:
            raise
        raise CannotRead(f"{path.name} is not a Parquet file that {engine} can read: {error}") from error
    check_names(path.name, wanted, names)
    return Table(frame)


def _scan_duckdb(path: Path, wanted: Sequence[str]) -> tuple[Any, list[str]]:
    relation = import_module("duckdb").connect().read_parquet(str(path))
    return relation, list(relation.columns)


def _scan_polars(path: Path, wanted: Sequence[str]) -> tuple[Any, list[str]]:
    frame = import_module("polars").scan_parquet(path)
    return frame, list(frame.collect_schema().names())


def _read_pyarrow(path: Path, wanted: Sequence[str]) -> tuple[Any, list[str]]:
    parquet = import_module("pyarrow.parquet")
    names = list(parquet.read_schema(path).names)
    check_names(path.name, wanted, names)
    return parquet.read_table(path, columns=list(wanted)), names


def _open_stata(path: Path, wanted: Sequence[str]) -> Table:
    try:
        with pd.read_stata(path, iterator=True, convert_categoricals=False) as opened:
            reader: Any = opened  # pandas-stubs does not know its methods
            check_names(path.name, wanted, list(reader.variable_labels()))
            found = _clean(reader.read(columns=list(wanted), convert_categoricals=False))
            return Table(found, _list_labels(reader, wanted))
    except NoSuchColumn:
        raise
    except (ValueError, UnicodeDecodeError) as error:
        raise CannotRead(f"{path.name} is not a Stata file that can be read: {error}") from error


def _list_labels(reader: Any, wanted: Sequence[str]) -> dict[str, Mapping[object, str]]:
    """Stata names label sets; pandas keeps which column uses which set, and by habit it has the column's own name."""
    sets = dict(zip(getattr(reader, "_varlist", ()), getattr(reader, "_lbllist", ()), strict=False))
    kept = reader.value_labels()
    return {name: kept[sets.get(name, name)] for name in wanted if sets.get(name, name) in kept}


def _open_spss(path: Path, wanted: Sequence[str]) -> Table:
    if find_spec("pyreadstat") is None:
        raise CannotRead(
            "SPSS files need the package pyreadstat: `pip install pyreadstat`, or save the file as CSV or Stata .dta."
        )
    pyreadstat = import_module("pyreadstat")
    try:
        _, described = pyreadstat.read_sav(str(path), metadataonly=True)
        check_names(path.name, wanted, described.column_names)
        found, _ = pyreadstat.read_sav(str(path), usecols=list(wanted))
    except pyreadstat.ReadstatError as error:
        raise CannotRead(f"{path.name} is not an SPSS file that can be read: {error}") from error
    return Table(_clean(found), {name: described.variable_value_labels.get(name, {}) for name in wanted})


def _clean(frame: pd.DataFrame) -> pd.DataFrame:
    """Stata and SPSS write a missing text as an empty one."""
    texts = [name for name in frame if not pd.api.types.is_numeric_dtype(frame[name])]
    return frame.assign(**{str(name): frame[name].astype(object).where(frame[name] != "", None) for name in texts})


READERS: dict[str, Callable[[Path, Sequence[str]], Table]] = {
    ".csv": _open_csv,
    ".tsv": _open_csv,
    ".txt": _open_csv,
    ".parquet": _open_parquet,
    ".pq": _open_parquet,
    ".dta": _open_stata,
    ".sav": _open_spss,
}
ENGINES: dict[str, Callable[[Path, Sequence[str]], tuple[Any, list[str]]]] = {
    "duckdb": _scan_duckdb,
    "polars": _scan_polars,
    "pyarrow": _read_pyarrow,
}
