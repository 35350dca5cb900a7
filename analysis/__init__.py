"""Design-based statistics of satisfaction surveys: rates, intervals, weights and verdicts from counts.

Names are loaded when they are first used: a process that only needs `analysis.intervals` never imports pandas.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from analysis.estimate import Estimate as Estimate

_HOMES = {
    "estimate": ("Estimate",),
}
_MODULE_OF = {name: module for module, names in _HOMES.items() for name in names}
__all__ = sorted(_MODULE_OF)  # noqa: PLE0605 the table above is the one list of public names


def __getattr__(name: str) -> object:
    if name not in _MODULE_OF:
        raise AttributeError(f"module 'analysis' has no attribute {name!r}")
    value = getattr(import_module(f"analysis.{_MODULE_OF[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
