"""Statements that a citizen waits for, compiled once a database: SQLAlchemy makes them, the driver alone runs them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select
from sqlalchemy.engine import Dialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.dml import ReturningInsert

Convert = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class _Compiled:
    text: str
    order: tuple[str, ...] | None
    binds: dict[str, Convert]
    results: tuple[Convert | None, ...]


class Prepared:
    """A statement of bound parameters; `first` gives its first row, as `Connection.execute` would, in a third of the
    time. It belongs to the connection's transaction, or is one by itself on an autocommitting connection."""

    def __init__(self, statement: Select[Any] | ReturningInsert[Any]) -> None:
        self._statement = statement
        self._compiled: dict[str, _Compiled] = {}

    def first(self, connection: Connection, given: dict[str, Any]) -> tuple[Any, ...] | None:
        """Raises what SQLAlchemy raises: IntegrityError, OperationalError ..."""
        dialect = connection.dialect
        compiled = self._compiled.get(dialect.name) or self._compile(dialect)
        values = {name: convert(given[name]) for name, convert in compiled.binds.items()}
        parameters = values if compiled.order is None else tuple(values[name] for name in compiled.order)
        try:
            cursor: Any = connection.connection.cursor()
            try:
                cursor.execute(compiled.text, parameters)
                row = cursor.fetchone()  # both kinds of statement give rows
            finally:
                cursor.close()
        except dialect.loaded_dbapi.Error as error:
            raise _as_sqlalchemy(error, compiled.text, dialect) from error
        if row is None:
            return None
        return tuple(
            value if convert is None else convert(value) for value, convert in zip(row, compiled.results, strict=True)
        )

    def _compile(self, dialect: Dialect) -> _Compiled:
        made: Any = self._statement.compile(dialect=dialect)
        order = tuple(made.positiontup) if made.positional else None
        binds = {name: _binder(bind.type, dialect) for name, bind in made.binds.items()}
        columns = self._statement.exported_columns
        results = tuple(column.type.dialect_impl(dialect).result_processor(dialect, None) for column in columns)
        self._compiled[dialect.name] = _Compiled(str(made), order, binds, results)
        return self._compiled[dialect.name]


def _binder(type_: Any, dialect: Dialect) -> Convert:
    return type_.dialect_impl(dialect).bind_processor(dialect) or _as_it_is


def _as_it_is(value: Any) -> Any:
    return value


def _as_sqlalchemy(error: Exception, text: str, dialect: Dialect) -> Exception:
    """The driver's error under SQLAlchemy's name, without the values, which a log must not hold."""
    family: Any = dialect.loaded_dbapi.Error
    return DBAPIError.instance(text, None, error, family, hide_parameters=True, dialect=dialect)
