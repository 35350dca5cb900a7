"""Citizens as a server meets them: a fresh connection and cookie jar each, a page read, its form sent, thanks awaited.

Only a thank-you page counts as an acknowledgement. Standard library only.
"""

from __future__ import annotations

import gzip
import html
import re
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import urlencode

HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')
RECEIPT = re.compile(r'<p class="code">([^<]+)</p>')
PIECE = 65_536


class NotAcknowledged(Exception):
    """The server answered, but not with thanks; the message is its status."""


@dataclass(frozen=True, slots=True)
class Page:
    """What came back: `size` counts the body's bytes as they were transferred."""

    status: int
    headers: Mapping[str, str]
    body: str
    size: int

    @property
    def hidden(self) -> dict[str, str]:
        """The hidden fields of the page's form."""
        return {name: html.unescape(value) for name, value in HIDDEN.findall(self.body)}


class Visitor:
    """One browser without JavaScript: one keep-alive connection, one cookie jar."""

    def __init__(self, address: tuple[str, int], *, language: str = "vi", patience: float = 10.0) -> None:
        self._socket = socket.create_connection(address, timeout=patience)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._common = f"Host: {address[0]}:{address[1]}\r\nAccept-Encoding: gzip\r\nAccept-Language: {language}\r\n"
        self._cookies: dict[str, str] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def get(self, path: str) -> Page:
        """Fetch a page and follow redirects."""
        page = self._ask(f"GET {path} HTTP/1.1\r\n{self._common}{self._cookie_line()}\r\n".encode())
        return self.get(page.headers["location"]) if page.status in (301, 302, 303, 307, 308) else page

    def post(self, path: str, fields: Mapping[str, str | list[str]]) -> Page:
        """Send a form, without following a redirect."""
        body = urlencode(fields, doseq=True).encode()
        head = (
            f"POST {path} HTTP/1.1\r\n{self._common}{self._cookie_line()}"
            f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        return self._ask(head.encode() + body)

    def _cookie_line(self) -> str:
        pairs = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        return f"Cookie: {pairs}\r\n" if pairs else ""

    def _ask(self, request: bytes) -> Page:
        self._socket.sendall(request)
        received = b""
        while b"\r\n\r\n" not in received:
            received += self._receive()
        head, _, raw = received.partition(b"\r\n\r\n")
        status, headers = self._read_head(head.decode("latin-1"))
        length = int(headers.get("content-length", "0"))
        while len(raw) < length:
            raw += self._receive()
        plain = gzip.decompress(raw) if headers.get("content-encoding") == "gzip" else raw
        return Page(status, headers, plain.decode(), len(raw))

    def _receive(self) -> bytes:
        piece = self._socket.recv(PIECE)
        if not piece:
            raise ConnectionResetError("the server closed the connection")
        return piece

    def _read_head(self, head: str) -> tuple[int, dict[str, str]]:
        first, *lines = head.split("\r\n")
        headers: dict[str, str] = {}
        for name, _, value in (line.partition(":") for line in lines):
            headers[name.lower()] = value.strip()
            if name.lower() == "set-cookie":
                cookie, _, content = value.partition(";")[0].strip().partition("=")
                self._cookies[cookie] = content
        return int(first.split(" ")[1]), headers


def open_form(visitor: Visitor, token: str) -> dict[str, str]:
    """Follow an invitation's link to its form; the hidden fields. Raises NotAcknowledged."""
    page = visitor.get(f"/t/{token}")
    hidden = page.hidden
    if page.status != 200 or not hidden:
        raise NotAcknowledged(str(page.status))
    return hidden


def send_form(visitor: Visitor, fields: Mapping[str, str]) -> str:
    """Send a filled form; the receipt on the thank-you page. Raises NotAcknowledged."""
    page = visitor.post("/answer", fields)
    found = RECEIPT.search(page.body)
    if page.status != 200 or found is None:
        raise NotAcknowledged(str(page.status))
    return found.group(1)


@dataclass
class Load:
    """What some clients met: seconds of each completion, and everything that was no completion, by its name."""

    seconds: list[float] = field(default_factory=list)
    receipts: set[str] = field(default_factory=set)
    failures: Counter[str] = field(default_factory=Counter)
    elapsed: float = 0.0
    cpu: float = 0.0  # the server's seconds of processor time for a completion, where somebody measured it

    @property
    def rate(self) -> float:
        """Completions a second."""
        return len(self.seconds) / self.elapsed

    def quantile(self, share: float) -> float:
        """Seconds within which this share of the completions was done."""
        ranked = sorted(self.seconds)
        return ranked[min(len(ranked) - 1, int(share * len(ranked)))]


def run_clients(clients: int, duration: float, complete: Callable[[], str]) -> Load:
    """Let clients complete one answer after another for some seconds, closed loop; `complete` returns a receipt."""
    deadline = time.perf_counter() + duration

    def come() -> float | None:
        now = time.perf_counter()
        return now if now < deadline else None

    return run_comers(clients, come, complete)


def run_comers(clients: int, come: Callable[[], float | None], complete: Callable[[], str]) -> Load:
    """Let clients complete answers while `come`, which may wait, tells the moment that the next one counts from."""
    load = Load()
    lock = threading.Lock()
    began = time.perf_counter()

    def work() -> None:
        while (start := come()) is not None:
            try:
                receipt = complete()
            except (OSError, NotAcknowledged) as failure:
                with lock:
                    load.failures[f"{type(failure).__name__}: {failure}"] += 1
                continue
            with lock:
                load.seconds.append(time.perf_counter() - start)
                load.receipts.add(receipt)

    threads = [threading.Thread(target=work) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    load.elapsed = time.perf_counter() - began
    return load


def complete_answer(address: tuple[str, int], tokens: Iterator[str], answers: Mapping[str, str]) -> str:
    """One citizen from link to thanks with the next token; the receipt."""
    with Visitor(address) as visitor:
        return send_form(visitor, open_form(visitor, next(tokens)) | dict(answers))
