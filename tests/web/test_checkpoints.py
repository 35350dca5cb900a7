"""Anybody fetches checkpoints and checks them; whoever holds a receipt takes an answer back, from this site only."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from fieldwork import TODAY, Fieldwork, begin_fieldwork, publish
from flask import Flask
from flask.testing import FlaskClient
from preparing import Prepare
from werkzeug.serving import make_server

from survey.actions.bundling import write_bundle
from survey.actions.publishing_checkpoints import mirror
from survey.actions.releasing import release_wave
from survey.actions.sealing import sign_due
from survey.actions.verifying import verify_folder
from survey.actions.withdrawing import withdraw
from survey.app import CITIZENS, create_app
from survey.gateways.public_site import SiteUnreadable, download_bundle
from survey.keys import Keys
from survey.proof import Checkpoint, Signer, Verifier, open_note
from survey.settings import Settings
from survey.store.database import Database

NOW = datetime(2026, 11, 24, 5, tzinfo=UTC)


def prepare(database: Database, keys: Keys, signer: Signer) -> Fieldwork:
    """A wave with a published release, two checkpoints and an answer that waits."""
    made = begin_fieldwork(database, keys, signer, {("A", "land"): 400}, invited=60)
    made.answer_all({"A.land": "5" * 30 + "2" * 10})
    made.seal_and_tally()
    assert release_wave(database, "W", by="lan", today=TODAY)
    publish(database, "W.1", by="hoa", now=NOW, today=TODAY)
    assert sign_due(database, signer, TODAY) == 1
    return made


@pytest.fixture(scope="module")
def preparation() -> Prepare:
    return prepare


@pytest.fixture
def work(prepared: Fieldwork) -> Fieldwork:
    return prepared


@pytest.fixture
def app(settings: Settings, work: Fieldwork) -> Flask:
    return create_app(settings, [CITIZENS], now=lambda: NOW)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def site(app: Flask) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, app, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def test_the_newest_checkpoint_is_a_signed_note_that_may_be_kept_by_caches(client: FlaskClient, signer: Signer) -> None:
    latest, second = client.get("/checkpoints/latest"), client.get("/checkpoints/2")
    head = Checkpoint.parse(open_note(latest.text, [signer.verifier]).text)
    assert (head.size, latest.text) == (40, second.text)
    assert latest.content_type == "text/plain; charset=utf-8"
    assert latest.headers["Cache-Control"] == "public, max-age=60"
    assert "immutable" in second.headers["Cache-Control"]
    assert "Set-Cookie" not in latest.headers


@pytest.mark.parametrize("path", ["/checkpoints/3", "/checkpoints/0", "/checkpoints/99999999999", "/bundle/7.json"])
def test_what_is_not_there_is_not_found(client: FlaskClient, path: str) -> None:
    assert client.get(path).status_code == 404


@pytest.mark.parametrize("path", ["/bundle/figures/x.jsonl", "/bundle/figures/..%2f.jsonl", "/bundle/leaves/1.bin"])
def test_nothing_else_can_be_fetched(client: FlaskClient, path: str) -> None:
    assert client.get(path).status_code == 404


@pytest.mark.parametrize("language", ["vi", "en", "km"])
def test_the_page_lists_checkpoints_and_says_how_to_check(client: FlaskClient, language: str, signer: Signer) -> None:
    page = client.get(f"/checkpoints?language={language}")
    assert page.status_code == 200
    assert signer.verifier.vkey in page.text
    assert "hailong verify http://localhost" in page.text
    assert page.text.count('href="/checkpoints/') == 3
    assert client.get("/checkpoints?before=2").text.count('href="/checkpoints/') == 2


def test_the_live_site_is_checked_like_a_bundle(site: str, tmp_path: Path, signer: Signer, work: Fieldwork) -> None:
    download_bundle(site, tmp_path / "fetched")
    findings = verify_folder(tmp_path / "fetched", [signer.verifier])
    assert findings.is_clean, findings.lines
    assert any("not computed again" in line for line in findings.lines)
    write_bundle(work.database, signer.verifier, tmp_path / "written")
    assert contents(tmp_path / "fetched") == contents(tmp_path / "written")


def test_a_site_that_shows_a_changed_figure_is_found_out(site: str, tmp_path: Path, signer: Signer) -> None:
    download_bundle(site, tmp_path)
    (figures,) = (tmp_path / "figures").iterdir()
    figures.write_bytes(figures.read_bytes().replace(b"0.75", b"0.95"))
    findings = verify_folder(tmp_path, [signer.verifier])
    assert not findings.is_clean
    assert "W.1" in findings.lines[0]


def test_an_address_without_a_public_site_is_named(site: str, tmp_path: Path) -> None:
    with pytest.raises(SiteUnreadable, match=r"nowhere/bundle/index\.json"):
        download_bundle(site + "/nowhere", tmp_path)
    with pytest.raises(SiteUnreadable, match="no http"):
        download_bundle("file:///etc", tmp_path)


def test_a_mirror_grows_whole_and_is_a_bundle(work: Fieldwork, tmp_path: Path, signer: Signer) -> None:
    folder = tmp_path / "mirror"
    assert mirror(work.database, folder) == 2
    assert mirror(work.database, folder) == 0
    work.answer_all({"A.land": "54"})
    work.seal_and_tally()
    assert mirror(work.database, folder) == 1
    assert verify_folder(folder, [signer.verifier]).is_clean
    write_bundle(work.database, signer.verifier, tmp_path / "written")
    assert contents(folder) == contents(tmp_path / "written")
    assert {path.stat().st_mode & 0o777 for path in folder.rglob("*") if path.is_file()} == {0o644}


def test_the_key_that_the_index_names_is_the_logs(client: FlaskClient, signer: Signer) -> None:
    index = json.loads(client.get("/bundle/index.json").text)
    assert Verifier.parse(index["vkey"]) == signer.verifier
    assert (index["checkpoints"], index["leaves"], index["blocks"]) == (2, 40, 1)


def test_it_is_published_how_long_an_answer_may_wait_for_the_ledger(client: FlaskClient) -> None:
    """The wave seals from the first answer on and ends on 30 November; devices bring answers for seven days more."""
    promised = json.loads(client.get("/bundle/index.json").text)["merge_delay"]
    assert promised == [{"wave": "W", "together": 1, "latest": "2026-12-08"}]
    assert "at the latest 8 December 2026" in client.get("/checkpoints?language=en").text


def test_an_answer_is_taken_back_on_the_page_until_it_is_sealed(client: FlaskClient, work: Fieldwork) -> None:
    (receipt,) = work.answer_all({"A.land": "1"})
    assert 'action="/receipt/withdraw"' in client.get(f"/receipt?code={receipt}").text
    sent = client.post("/receipt/withdraw", data={"code": receipt}, headers={"Sec-Fetch-Site": "same-origin"})
    assert (sent.status_code, sent.headers["Location"]) == (303, f"/receipt?code={receipt}")
    page = client.get(f"/receipt?code={receipt}").text
    assert "Phiếu này đã được rút lại" in page
    assert "/receipt/withdraw" not in page
    work.seal_and_tally()
    sealed = client.get(f"/receipt?code={receipt}").text
    assert "không rút lại được nữa" in sealed
    assert "/receipt/withdraw" not in sealed


def test_another_site_cannot_take_an_answer_back(client: FlaskClient, work: Fieldwork) -> None:
    (receipt,) = work.answer_all({"A.land": "1"})
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}):
        assert client.post("/receipt/withdraw", data={"code": receipt}, headers=headers).status_code == 403
    assert client.get(f"/receipt/withdraw?code={receipt}").status_code == 405
    assert withdraw(work.database, receipt) == "withdrawn", "it was waiting still"


def test_the_page_after_a_withdrawal_is_the_same_for_every_answer(client: FlaskClient, work: Fieldwork) -> None:
    pages = []
    for level in "12345":
        (receipt,) = work.answer_all({"A.land": level})
        client.post("/receipt/withdraw", data={"code": receipt})
        page = client.get(f"/receipt?code={receipt}").text.replace(receipt, "")
        pages.append(page.split("<main", 1)[1])
    assert len(set(pages)) == 1


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes().strip() for path in folder.rglob("*") if path.is_file()}
