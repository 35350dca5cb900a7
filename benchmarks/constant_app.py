"""The smallest answer there is: one constant WSGI response, under our gunicorn settings.

python benchmarks/constant_app.py serve --bind 127.0.0.1:8000
"""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Callable, Iterable
from typing import Any

from survey.cli.running import THREADS
from survey.cli.server import Server
from survey.settings import load_settings

BODY = b"ready\n"
HEADERS = [("Content-Type", "text/plain"), ("Content-Length", str(len(BODY)))]


class ConstantServer(Server):
    """The product's own gunicorn settings around an application that always says the same."""

    def load(self) -> Any:
        return answer


def answer(_: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    start_response("200 OK", HEADERS)
    return [BODY]


def main() -> None:
    options = ArgumentParser(description=__doc__)
    options.add_argument("command", choices=["serve"])
    options.add_argument("--bind", required=True)
    options.add_argument("--no-work", action="store_true")
    chosen = options.parse_args()
    settings = load_settings()
    workers = 1 if settings.is_sqlite else 2
    ConstantServer(settings, (), bind=chosen.bind, workers=workers, threads=THREADS, beside=None).run()


if __name__ == "__main__":
    main()
