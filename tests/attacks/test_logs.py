"""No token, telephone number, address or word of a citizen stands in any log of a served session."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from datetime import UTC, datetime, timedelta
from http.cookiejar import CookieJar
from pathlib import Path

import pytest
from fieldwork import begin_fieldwork
from serving import ROOT, Home
from sqlalchemy import text

pytestmark = pytest.mark.thorough

# Two lengths, a broken name of a header, a line break in one, a line that is no request: smuggling begins so.
STRANGE = (
    "POST /answer HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET",
    "POST /answer HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\nContent-Length: 7\r\n\r\nabcdef",
    "GET /t/{token} HTTP/1.1\r\nHost: x\r\nBad Name: 1\r\n\r\n",
    "GET /t/{token} HTTP/1.1\r\nHost: x\r\nX: a\rSet-Cookie: b\r\n\r\n",
    "GET /t/{token} {token} HTTP/9.9\r\n\r\n",
    "GET /staff/nothing-here HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n",
)
WORDS, PHONE = "khonggiongaica", "0912345678"


def test_the_log_of_a_served_session_names_nobody(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    home.run("init")
    with home.database() as database:
        today = datetime.now(UTC).date()
        dates = {"opens_on": today - timedelta(days=2), "closes_on": today + timedelta(days=9)}
        work = begin_fieldwork(database, home.keys, home.signer, {("A", "land"): 50}, invited=3, **dates)
    tokens = [*work.tokens["A.land"], "A1B2C3D4E5F6G7H8J9K0M1N2P3", "not-a-token-but-a-secret"]
    log, address = tmp_path / "log", f"127.0.0.1:{free_port()}"
    with log.open("wb") as output:
        command = [sys.executable, "-m", "survey", "serve", "--bind", address]
        process = subprocess.Popen(command, env=home.environment, cwd=ROOT, stdout=output, stderr=output)
        try:
            visit(f"http://{address}", tokens)
            for strange in STRANGE:
                assert send_raw(address, strange.format(token=tokens[0]).encode()).startswith(b"HTTP/1.1 4")
        finally:
            process.terminate()
            process.wait(30)
    said = log.read_text(errors="replace")
    lines = [json.loads(line) for line in said.splitlines() if not line.startswith("Serving on")]
    assert {"refused"} <= {line["message"] for line in lines if line["logger"] == "survey.security"}
    assert any(line["logger"] == "gunicorn.error" for line in lines), "the control: the server complains of nonsense"
    with home.database() as database, database.reading() as connection:
        stored = connection.execute(text("SELECT count(*) FROM spent")).scalar_one()
    assert stored == len(work.tokens["A.land"]), "the control: answers were stored"
    assert "Serving on" in said, "the control: the log was written"
    for secret in (*tokens, WORDS, PHONE):
        assert secret not in said
    assert re.findall(r"\b\d+\.\d+\.\d+\.\d+\b", said.replace(address, "")) == []


def visit(address: str, tokens: list[str]) -> None:
    """Open links and send answers, good and bad, twice each."""
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
    wait_for(opener, address)
    for token in [*tokens, *tokens]:
        form = request(opener, f"{address}/t/{token}")
        key = re.search(r'name="key" value="([^"]+)"', form)
        body = {"token": token, "key": key.group(1) if key else "k" * 32, "G1": "5", "K1": f"{WORDS} {PHONE}"}
        request(opener, f"{address}/answer", body)
        request(opener, f"{address}/code", {"code": token})
        request(opener, f"{address}/receipt?code={token}")
    request(opener, f"{address}/answer", {"K1": "\ud800" + WORDS})


def send_raw(address: str, request: bytes) -> bytes:
    """The first line that comes back for bytes that no browser sends."""
    host, _, port = address.partition(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(request)
        return connection.recv(200)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_for(opener: urllib.request.OpenerDirector, address: str) -> None:
    for _ in range(150):
        try:
            opener.open(f"{address}/readyz", timeout=5)
        except OSError:
            time.sleep(0.2)
        else:
            return
    raise AssertionError("the server did not start")


def request(opener: urllib.request.OpenerDirector, url: str, fields: dict[str, str] | None = None) -> str:
    data = urllib.parse.urlencode(fields, errors="surrogatepass").encode() if fields else None
    try:
        body: bytes = opener.open(url, data, timeout=10).read()
    except urllib.error.HTTPError as refused:
        body = refused.read()
    return body.decode()
