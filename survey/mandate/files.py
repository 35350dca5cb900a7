"""Reading the mandate's TOML files: each value is asked for by name and type, and nothing unread may stay."""

import datetime
import tomllib
import unicodedata
from collections.abc import Iterator, Mapping
from importlib.resources import files
from typing import Any

from survey.mandate.errors import MandateFileError, MissingText
from survey.mandate.text import Text


class Entry:
    """One table of a data file. Values are taken out one by one; `finish` refuses whatever was not asked for.

    Every method raises `MandateFileError`, naming the file and the entry, when the value is absent or of another type.
    """

    def __init__(self, values: Mapping[str, Any], where: str) -> None:
        self.where = where
        self._left = dict(values)

    def __contains__(self, key: str) -> bool:
        """Whether a value under `key` is still to be taken out."""
        return key in self._left

    def string(self, key: str) -> str:
        return unicodedata.normalize("NFC", self._take(key, str))

    def optional_string(self, key: str) -> str | None:
        return self.string(key) if key in self._left else None

    def strings(self, key: str) -> tuple[str, ...]:
        values = self._take(key, list) if key in self._left else []
        if not all(isinstance(value, str) for value in values):
            raise self.error(f"{key} must be a list of strings")
        return tuple(values)

    def lists_of_strings(self, key: str) -> tuple[tuple[str, ...], ...]:
        """Lists under `key`, in the file's order; none when the key is absent."""
        return (
            tuple(Entry({key: values}, self.where).strings(key) for values in self._take(key, list))
            if key in self
            else ()
        )

    def integers(self, key: str) -> tuple[int, ...]:
        values = self._take(key, list)
        if not all(isinstance(value, int) and not isinstance(value, bool) for value in values):
            raise self.error(f"{key} must be a list of whole numbers")
        return tuple(values)

    def integer(self, key: str) -> int:
        return int(self._take(key, int))

    def optional_integer(self, key: str) -> int | None:
        return self.integer(key) if key in self._left else None

    def number(self, key: str) -> float:
        return float(self._take(key, float))

    def flag(self, key: str, default: bool) -> bool:
        return bool(self._take(key, bool)) if key in self._left else default

    def date(self, key: str) -> datetime.date:
        value = self._take(key, datetime.date)
        if isinstance(value, datetime.datetime):
            raise self.error(f"{key} must be a date without a time")
        return datetime.date(value.year, value.month, value.day)

    def optional_date(self, key: str) -> datetime.date | None:
        return self.date(key) if key in self._left else None

    def text(self, key: str) -> Text:
        wordings = self._take(key, dict)
        try:
            return Text({language: unicodedata.normalize("NFC", wording) for language, wording in wordings.items()})
        except (MissingText, TypeError, ValueError) as error:
            raise self.error(f"{key}: {error}") from error

    def optional_text(self, key: str) -> Text | None:
        return self.text(key) if key in self._left else None

    def table(self, key: str) -> dict[str, str]:
        return {name: str(value) for name, value in self._take(key, dict).items()}

    def texts(self, key: str) -> dict[str, Text]:
        """The texts under `key`, by their own names."""
        tables = Entry(self._take(key, dict), f"{self.where}, {key}")
        return {name: tables.text(name) for name in tuple(tables._left)}

    def entry(self, key: str) -> "Entry":
        return Entry(self._take(key, dict), f"{self.where}, {key}")

    def entries(self, key: str) -> "Iterator[Entry]":
        """The tables under `key`, in the file's order; none when the key is absent."""
        tables = self._take(key, list) if key in self._left else []
        for number, values in enumerate(tables, start=1):
            if not isinstance(values, dict):
                raise self.error(f"{key} must be a list of tables")
            yield Entry(values, f"{self.where}, {key} {values.get('code', number)}")

    def finish(self) -> None:
        if self._left:
            raise self.error(f"unknown key {sorted(self._left)[0]!r}: remove it or correct its spelling")

    def error(self, message: str) -> MandateFileError:
        return MandateFileError(f"{self.where}: {message}")

    def _take(self, key: str, kind: type) -> Any:
        if key not in self._left:
            raise self.error(f"{key} is missing: add it")
        value = self._left.pop(key)
        if not isinstance(value, kind) or (kind is not bool and isinstance(value, bool)):
            raise self.error(f"{key} must be a {kind.__name__}, not {value!r}")
        return value


def read_entry(path: str) -> Entry:
    """The top table of the data file at `path` (relative to the mandate's data folder)."""
    resource = files("survey.mandate").joinpath("data", *path.split("/"))
    try:
        return Entry(tomllib.loads(resource.read_text(encoding="utf-8")), path)
    except FileNotFoundError as error:
        raise MandateFileError(f"{path}: the file is missing: install the package again") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise MandateFileError(f"{path}: not a readable TOML file: {error}") from error


def list_files(folder: str) -> list[str]:
    """The data files of `folder`, as paths for `read_entry`, in the order of their names."""
    names = (entry.name for entry in files("survey.mandate").joinpath("data", folder).iterdir())
    return sorted(f"{folder}/{name}" for name in names if name.endswith(".toml"))
