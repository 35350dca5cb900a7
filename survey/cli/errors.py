"""Errors that a user can mend: shown as their own sentence."""

from __future__ import annotations

from survey.actions.signing_in import BadAccount
from survey.actions.waves import UnknownWave, WaveExists
from survey.mandate.errors import MandateError
from survey.mandate.rules import MalformedRule
from survey.settings import SettingsError
from survey.store.migrating import SchemaOutdated, SchemaTooNew

MENDABLE: tuple[type[Exception], ...] = (
    BadAccount,
    MalformedRule,
    MandateError,
    SchemaOutdated,
    SchemaTooNew,
    SettingsError,
    UnknownWave,
    WaveExists,
)
