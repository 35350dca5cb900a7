"""The demonstration, served for real, and a browser to walk through it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from citizen_door import Door, open_door
from playwright.sync_api import Browser, BrowserContext, Page
from serving import Home, Server, serving

from survey.keys import Keys
from survey.proof import Signer

SignIn = Callable[..., Page]


@pytest.fixture(scope="session")
def demo(demonstration: Path, tmp_path_factory: pytest.TempPathFactory) -> Home:
    """The demonstration as `hailong init --demo` makes it."""
    home = tmp_path_factory.mktemp("demo") / "home"
    shutil.copytree(demonstration / "home", home)
    return Home(home)


@pytest.fixture(scope="session")
def bare_home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """An installation with nothing in it but keys, schema and mandate, to be copied and never opened."""
    home = Home(tmp_path_factory.mktemp("bare") / "home")
    home.run("init")
    return home


@pytest.fixture(scope="session")
def server(demo: Home) -> Iterator[Server]:
    with serving(demo) as running:
        yield running


@pytest.fixture(scope="session")
def citizen_door(
    migrated_file: Path, keys: Keys, signer: Signer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Door]:
    """The citizens' door with a wave of every kind, served by this process."""
    secret = b"a secret of the tests, long enough to pass"
    with open_door(migrated_file, tmp_path_factory.mktemp("door"), secret, keys, signer) as door:
        yield door


@pytest.fixture
def open_browser(browser: Browser, server: Server) -> Iterator[Callable[..., BrowserContext]]:
    """A fresh browser at a width in px: no cookie, no cache."""
    contexts = []

    def opened(width: int = 1280, height: int = 800, **options: object) -> BrowserContext:
        size = {"width": width, "height": height}
        contexts.append(browser.new_context(viewport=size, base_url=server.url, **options))
        return contexts[-1]

    yield opened
    for context in contexts:
        context.close()


@pytest.fixture
def sign_in(demo: Home, open_browser: Callable[..., BrowserContext]) -> SignIn:
    """Signs in as one of the demonstration's accounts; the page that follows."""
    lines = (demo.path / "demo-accounts.txt").read_text(encoding="utf-8").splitlines()
    passwords = {role: (name, password) for name, role, password in (line.split("\t") for line in lines)}

    def signed_in(role: str, width: int = 1280, **options: object) -> Page:
        page = open_browser(width, **options).new_page()
        page.goto("/staff/")
        name, password = passwords[role]
        page.fill("#name", name)
        page.fill("#password", password)
        page.press("#password", "Enter")
        page.wait_for_url(lambda url: "sign-in" not in url)
        return page

    return signed_in


@pytest.fixture
def invite(demo: Home) -> Callable[[], str]:
    """The path of a fresh link, drawn while the server runs."""

    def invited() -> str:
        link = demo.run("invite", "TTHC-OPEN", "--count", "1").strip()
        return "/t/" + link.rpartition("/")[2]

    return invited


@pytest.fixture
def screenshots() -> Path | None:
    """Where pictures go: the folder that HAILONG_SCREENSHOTS names, or nowhere."""
    named = os.environ.get("HAILONG_SCREENSHOTS")
    if not named:
        return None
    folder = Path(named)
    folder.mkdir(parents=True, exist_ok=True)
    return folder
