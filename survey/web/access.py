"""Who may enter: every view declares it, and the app refuses to start when one does not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from flask import Flask

View = TypeVar("View", bound=Callable[..., Any])
ATTRIBUTE = "__access__"
FILES = "__most_bytes__"


class UndeclaredAccess(RuntimeError):
    """A route does not say who may enter."""


@dataclass(frozen=True, slots=True)
class Access:
    """Roles that may enter; `public` lets everybody in. `confirmed` asks who has not said lately who they are again."""

    public: bool = False
    roles: tuple[str, ...] = ()
    confirmed: bool = False


PUBLIC = Access(public=True)


def allow(*roles: str, confirmed: bool = False) -> Callable[[View], View]:
    """Declare which roles may enter a view; `confirmed` where rows leave, something is published or rights given."""
    return _declare(Access(roles=roles, confirmed=confirmed))


def allow_everybody(view: View) -> View:
    """Declare that everybody may enter a view."""
    return _declare(PUBLIC)(view)


def access_of(view: Callable[..., Any]) -> Access | None:
    """What a view declared."""
    declared: Access | None = getattr(view, ATTRIBUTE, None)
    return declared


def takes_files(most_bytes: int) -> Callable[[View], View]:
    """Declare that a view takes uploads of up to so many bytes, more than a form of answers may have."""

    def decorate(view: View) -> View:
        setattr(view, FILES, most_bytes)
        return view

    return decorate


def largest_upload(view: Callable[..., Any] | None) -> int | None:
    """How many bytes a view takes; None for as many as every other."""
    most: int | None = getattr(view, FILES, None)
    return most


def check_every_route(app: Flask) -> None:
    """Raise UndeclaredAccess when a route of the app declares nothing."""
    silent = sorted(
        rule.endpoint for rule in app.url_map.iter_rules() if access_of(app.view_functions[rule.endpoint]) is None
    )
    if silent:
        raise UndeclaredAccess(
            f"These views do not say who may enter: {', '.join(silent)}. Decorate them with @allow or @allow_everybody."
        )


def _declare(access: Access) -> Callable[[View], View]:
    def decorate(view: View) -> View:
        setattr(view, ATTRIBUTE, access)
        return view

    return decorate
