"""A provider and a mail server, each for one test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from outside import Mailbox, Provider, mail_server, make_certificate, text_provider


@pytest.fixture
def provider() -> Iterator[Provider]:
    """A provider of text messages on loopback."""
    with text_provider() as running:
        yield running


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for `localhost`."""
    return make_certificate(tmp_path_factory.mktemp("tls") / "server.pem")


@pytest.fixture
def mailbox(certificate: Path) -> Iterator[Mailbox]:
    """A mail server that takes mail only after STARTTLS."""
    with mail_server(certificate) as box:
        yield box
