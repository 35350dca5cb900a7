"""A real Spark cluster for one test: a standalone master and one worker on loopback, ended with the test."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

PATIENCE = 60.0  # seconds


def start(home: Path) -> Iterator[Any]:
    """Yield a session on a cluster started from the Spark that PySpark brings along in `home`."""
    port = find_port()
    address = f"spark://127.0.0.1:{port}"
    environment = os.environ | {"SPARK_HOME": str(home), "SPARK_LOCAL_IP": "127.0.0.1"}
    master = ["org.apache.spark.deploy.master.Master", "--host", "127.0.0.1", "--port", str(port), "--webui-port", "0"]
    worker = ["org.apache.spark.deploy.worker.Worker", "--cores", "1", "--memory", "1g", "--webui-port", "0", address]
    processes: list[subprocess.Popen[bytes]] = []
    try:
        for command in (master, worker):
            processes.append(launch(home, command, environment))
            wait_for(port)
        yield from open_session(address, environment)
    finally:
        for process in reversed(processes):
            process.terminate()
            process.wait(timeout=PATIENCE)


def open_session(address: str, environment: dict[str, str]) -> Iterator[Any]:
    from pyspark.sql import SparkSession

    os.environ["SPARK_LOCAL_IP"] = environment["SPARK_LOCAL_IP"]
    builder = SparkSession.builder.master(address).appName("test_engines")
    settings = {
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.ui.enabled": "false",
        "spark.executor.memory": "512m",
        "spark.sql.shuffle.partitions": "4",
    }
    for name, value in settings.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    try:
        assert session.sparkContext.master == address
        yield session
    finally:
        session.stop()


def launch(home: Path, command: list[str], environment: dict[str, str]) -> subprocess.Popen[bytes]:
    script = str(home / "bin" / "spark-class")
    return subprocess.Popen([script, *command], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def find_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def wait_for(port: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.2)
    raise TimeoutError(f"Spark's master did not listen on port {port}")
