"""gunicorn with the numbers that suit this application."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from gunicorn.app.base import BaseApplication
from gunicorn.glogging import Logger

from survey.app import create_app
from survey.logs import JsonLines
from survey.settings import Settings

if TYPE_CHECKING:
    from survey.cli.running import WorkChild


class JsonLogger(Logger):  # type: ignore[misc]
    """gunicorn's log in the form of ours: it would name the address of whoever sends nonsense, and the link."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        for handler in self.error_log.handlers:
            handler.setFormatter(JsonLines())


class Server(BaseApplication):  # type: ignore[misc]
    """One master, its workers of many threads, and the work process beside them."""

    def __init__(
        self,
        settings: Settings,
        doors: Sequence[str],
        *,
        bind: str,
        workers: int,
        threads: int,
        beside: WorkChild | None,
    ) -> None:
        self._settings = settings
        self._doors = tuple(doors)
        self._beside = beside
        self._options: dict[str, Any] = {
            "bind": bind,
            "workers": workers,
            "threads": threads,
            "worker_class": "gthread",
            "timeout": 60,
            "graceful_timeout": 20,
            "keepalive": 5,
            "max_requests": 0,
            "limit_request_line": 2048,
            "limit_request_fields": 60,
            "accesslog": None,
            "errorlog": "-",
            "loglevel": "warning",
            "logger_class": JsonLogger,
            "proc_name": "hailong",
            "control_socket_disable": True,
            "when_ready": self._when_ready,
            "on_exit": self._on_exit,
        }
        super().__init__()

    def load_config(self) -> None:
        for name, value in self._options.items():
            if name in self.cfg.settings:
                self.cfg.set(name, value)

    def load(self) -> Any:
        return create_app(self._settings, self._doors)

    def _when_ready(self, _arbiter: Any) -> None:
        from survey.cli.running import keep_address

        keep_address(self._settings.home, self._options["bind"])
        print(f"Serving on http://{self._options['bind']}", flush=True)  # noqa: T201 the one line a person waits for
        if self._beside is not None:
            self._beside.ensure_running()

    def _on_exit(self, _arbiter: Any) -> None:
        if self._beside is not None:
            self._beside.stop()
