"""The floor: bare Flask with the same steps (redirect, page, post, thanks) and one durable INSERT, under our gunicorn.

    python benchmarks/floor_app.py serve --bind 127.0.0.1:8000

It checks nothing, renders nothing and knows no token: what a real survey costs more is what the survey does.
"""

from __future__ import annotations

import secrets
import sqlite3
import threading
from argparse import ArgumentParser
from collections.abc import Callable
from typing import Any

import psycopg
from flask import Flask, Response, redirect, request

from survey.cli.running import THREADS
from survey.cli.server import Server
from survey.settings import load_settings

FORM = """<!doctype html><title>Floor</title><form method="post" action="/answer">
<input type="hidden" name="key" value="%s"><input name="G1"><textarea name="K1"></textarea><button>Send</button>
</form>"""
THANKS = '<!doctype html><title>Thanks</title><p class="code">%s</p>'
TABLE = "CREATE TABLE IF NOT EXISTS floor (id TEXT PRIMARY KEY, body TEXT NOT NULL)"

Insert = Callable[[str, str], None]


class FloorServer(Server):
    """The product's own gunicorn settings around the bare application."""

    def load(self) -> Flask:
        return make_floor(open_sqlite if self._settings.is_sqlite else open_postgresql, database_of(self._settings))


def database_of(settings: Any) -> str:
    """A file beside the product's, or its PostgreSQL database in libpq's spelling."""
    if settings.is_sqlite:
        return str(settings.home / "floor.sqlite")
    return str(settings.database_url).replace("postgresql+psycopg:", "postgresql:")


def make_floor(open_database: Callable[[str], Insert], name: str) -> Flask:
    """The application; each thread opens the database once."""
    app = Flask(__name__)
    own = threading.local()

    @app.get("/readyz")
    def ready() -> Response:
        return Response("ready\n")

    @app.get("/t/<token>")
    def open_link(token: str) -> Any:
        answer = redirect("/answer", 303)
        answer.set_cookie("token", token)
        return answer

    @app.get("/answer")
    def show_form() -> str:
        return FORM % secrets.token_hex(16)

    @app.post("/answer")
    def take_answer() -> str:
        if not hasattr(own, "insert"):
            own.insert = open_database(name)
        own.insert(request.form["key"], request.get_data(as_text=True) or str(request.form.to_dict()))
        return THANKS % request.form["key"]

    return app


def open_sqlite(name: str) -> Insert:
    """One durable commit an INSERT: WAL, synchronous FULL."""
    connection = sqlite3.connect(name, isolation_level=None, timeout=30)
    for pragma in ("journal_mode=WAL", "synchronous=FULL"):
        connection.execute(f"PRAGMA {pragma}")
    connection.execute(TABLE)
    return lambda key, body: _discard(connection.execute("INSERT INTO floor VALUES (?, ?)", (key, body)))


def open_postgresql(name: str) -> Insert:
    """One durable commit an INSERT: PostgreSQL's defaults."""
    connection = psycopg.connect(name, autocommit=True)
    connection.execute("SELECT pg_advisory_lock(1)")
    connection.execute(TABLE)
    connection.execute("SELECT pg_advisory_unlock(1)")
    return lambda key, body: _discard(connection.execute("INSERT INTO floor VALUES (%s, %s)", (key, body)))


def main() -> None:
    options = ArgumentParser(description=__doc__)
    options.add_argument("command", choices=["serve"])
    options.add_argument("--bind", required=True)
    options.add_argument("--no-work", action="store_true")
    chosen = options.parse_args()
    settings = load_settings()
    workers = 1 if settings.is_sqlite else 2
    FloorServer(settings, (), bind=chosen.bind, workers=workers, threads=THREADS, beside=None).run()


def _discard(_: object) -> None:
    """What the database answered is not needed."""


if __name__ == "__main__":
    main()
