"""What lies outside an account's scope does not exist for it: asked before every view of the staff, by its address.

A view that filters by scope itself is entered for any wave that lies partly inside; every other view, and every post,
only for a wave that lies inside wholly. What changes the whole installation is closed to whoever sees a part of it.
"""

from __future__ import annotations

from flask import abort, g, request

from survey.store.places import EVERYTHING, Scope
from survey.store.reaching import NOTHING, WHOLE, find_wave_of_release, measure_wave
from survey.web.services import services

OF_WAVES = ("waves_operator", "frame_upload", "contact_upload", "sampling", "ballots")
OF_RELEASES = ("statistician", "reports", "release_way")
FILTERED = ("official", "statistician", "reports")  # these hand the scope to their queries
FILTERED_POSTS = ("reports.ask",)
WHOLE_INSTALLATION = ("places", "builder")


def check_reach(scope: Scope) -> None:
    """Abort with 404 for what lies outside, with 403 for a change of what belongs to everybody."""
    g.reach = scope
    if scope == EVERYTHING:
        return
    blueprint, posted = request.blueprint or "", request.method not in ("GET", "HEAD")
    wave = _wave(blueprint)
    if wave is not None:
        changes = posted and request.endpoint not in FILTERED_POSTS
        _check_wave(wave, scope, wholly=changes or blueprint not in FILTERED)
    elif posted and (blueprint in WHOLE_INSTALLATION or blueprint in OF_WAVES):
        abort(403)


def sees_wave(code: str) -> bool:
    """Whether a list may name a wave to the reader: any of it lies inside the scope."""
    scope: Scope = g.reach
    if scope == EVERYTHING:
        return True
    with services().database.reading() as connection:
        return measure_wave(connection, code, scope) != NOTHING


def rules_wave(code: str) -> bool:
    """Whether the reader may change what all of a wave follows: it lies inside the scope wholly."""
    scope: Scope = g.reach
    with services().database.reading() as connection:
        return scope == EVERYTHING or measure_wave(connection, code, scope) == WHOLE


def _wave(blueprint: str) -> str | None:
    """The wave that an address is about; an unknown release is about one that nobody has."""
    named = request.view_args or {}
    if "wave" in named and blueprint != "interviewer":  # they see the doors that they were sent to
        return str(named["wave"])
    if "code" in named and blueprint in OF_WAVES:
        return str(named["code"])
    if "code" in named and blueprint in OF_RELEASES:
        with services().database.reading() as connection:
            return find_wave_of_release(connection, str(named["code"])) or ""
    return None


def _check_wave(wave: str, scope: Scope, *, wholly: bool) -> None:
    with services().database.reading() as connection:
        reach = measure_wave(connection, wave, scope)
    if reach == NOTHING or (wholly and reach != WHOLE):
        abort(404)
