"""Prometheus metrics at /metrics, for whoever holds the token; without a token in the settings there are none.

Labels are the first part of an address, the class of a status and the code of a refusal: nothing that names a person, a
token or a dossier. Workers' counters meet in the folder that PROMETHEUS_MULTIPROC_DIR names.
"""

from __future__ import annotations

import hmac
import os
import time
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from flask import Blueprint, Flask, Response, abort, current_app, request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector

from survey.actions.gauging import read_gauges
from survey.web.access import allow_everybody
from survey.web.lane import DEFECT
from survey.web.services import METRICS, services

if TYPE_CHECKING:
    from collections.abc import Callable

PREFIX = "hailong"
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)
PARTS = {"t", "answer", "thanks", "receipt", "kiosk", "voice", "static", "staff", "api", "healthz", "readyz", "metrics"}

blueprint = Blueprint("metrics", __name__)


class Metrics:
    """The counters of one application, and the middleware that feeds them."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.seconds = Histogram(
            f"{PREFIX}_request_seconds",
            "Time of the server for a request",
            ["part", "status"],
            buckets=SECONDS,
            registry=self.registry,
        )
        self.refused = Counter(
            f"{PREFIX}_refused", "Citizens who were refused, by reason", ["reason"], registry=self.registry
        )
        self.lane_defects = Counter(
            f"{PREFIX}_lane_defects",
            "Ordinary visits that failed before the app and were asked again",
            registry=self.registry,
        )

    def count_refusal(self, reason: str) -> None:
        self.refused.labels(reason).inc()

    def count_by_reason(self) -> dict[str, float]:
        """Refusals of all workers since the start, by reason."""
        samples = [each for family in self._counted().collect() for each in family.samples]
        return {each.labels["reason"]: each.value for each in samples if each.name == f"{PREFIX}_refused_total"}

    def around(self, application: WSGIApplication) -> Any:
        """The application, with each request's time and status counted."""

        def measured(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            began, statuses = time.perf_counter(), []

            def noted(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Callable[[bytes], object]:
                statuses.append(status[:1] + "xx")
                return start_response(status, headers, exc_info)

            body = application(environ, noted)
            if environ.get(DEFECT):
                self.lane_defects.inc()
            part = environ.get("PATH_INFO", "/").split("/")[1]
            self.seconds.labels(part if part in PARTS else "other", *statuses[:1]).observe(time.perf_counter() - began)
            return body

        return measured

    def write(self) -> bytes:
        """Everything in Prometheus' text format: counters of all workers, then what the database says."""
        return generate_latest(self._counted()) + generate_latest(_database_registry())

    def _counted(self) -> CollectorRegistry:
        if not os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
            return self.registry
        counted = CollectorRegistry()
        MultiProcessCollector(counted)  # type: ignore[no-untyped-call]
        return counted


def install_metrics(app: Flask) -> None:
    """Count from now on, and answer at /metrics."""
    metrics = Metrics()
    app.extensions[METRICS] = metrics
    app.wsgi_app = metrics.around(app.wsgi_app)  # type: ignore[method-assign]
    app.register_blueprint(blueprint)


@blueprint.get("/metrics")
@allow_everybody
def show_metrics() -> Response:
    """The numbers, for whoever sends the token; nobody else learns that they exist."""
    token = services().settings.metrics_token
    sent = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if not hmac.compare_digest(sent.encode(), token.encode()):
        abort(404)
    metrics: Metrics = current_app.extensions[METRICS]
    return Response(metrics.write(), content_type=CONTENT_TYPE_LATEST)


class _Gauges:
    """What the database says, read when somebody asks."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        known = services()
        families: dict[str, GaugeMetricFamily] = {}
        for gauge in read_gauges(known.database, known.now(), known.today()):
            labels = ["job"] if gauge.label else []
            new = GaugeMetricFamily(f"{PREFIX}_{gauge.name}", gauge.what, labels=labels)
            family = families.setdefault(gauge.name, new)
            family.add_metric([gauge.label] if gauge.label else [], float(gauge.value))
        yield from families.values()


def _database_registry() -> CollectorRegistry:
    registry = CollectorRegistry()
    registry.register(_Gauges())
    return registry
