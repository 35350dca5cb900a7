"""invite, slip, optout, auditor-key: what they print, what they refuse, and what an auditor opens at home."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from ended import Run
from posting import CODE

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
FRAME = str(EXAMPLES / "frame-contacts.csv")
TODAY = datetime.now(UTC).date()


@pytest.fixture
def wave(installed: Run) -> str:
    """A wave that invites by slips and text messages, with the frame of the documentation."""
    installed("import", "agencies", str(EXAMPLES / "agencies.csv"))
    installed("import", "procedures", str(EXAMPLES / "procedures.csv"))
    open_wave(installed, "W", "slip", "sms", "counter")
    return "W"


def open_wave(run: Run, code: str, *channels: str) -> None:
    chosen = [word for channel in channels for word in ("--channel", channel)]
    opened = run(
        *("wave", "open", code, "--questionnaire", "procedures@1", "--name", "Thử", *chosen),
        *("--from", (TODAY - timedelta(days=2)).isoformat(), "--to", (TODAY + timedelta(days=9)).isoformat()),
    )
    assert opened.status == 0
    run("import", "frame", FRAME, "--wave", code)


def test_a_wave_refuses_a_channel_that_it_was_not_opened_for_before_anybody_is_drawn(wave: str, installed: Run) -> None:
    refused = installed("invite", wave, "--count", "2")
    assert (refused.status, refused.out) == (1, "")
    assert "asks by slip,sms,counter only, not by link" in refused.err
    assert "8 places drawn" in installed("invite", wave, "--count", "8", "--later").out


@pytest.mark.parametrize(
    "arguments",
    [(), ("--count", "1", "--left"), ("--left", "--again", "2030-01-01"), ("--left", "--contacts", FRAME)],
)
def test_what_to_hand_out_is_said_in_one_way(wave: str, installed: Run, arguments: tuple[str, ...]) -> None:
    ended = installed("invite", wave, *arguments)
    assert ended.status == 2
    assert "Usage" in ended.err


def test_slips_go_into_a_new_file_that_only_its_owner_reads(wave: str, installed: Run, tmp_path: Path) -> None:
    path = tmp_path / "slips.html"
    assert installed("invite", wave, "--count", "3", "--seed", "1", "--slips", str(path)).status == 0
    assert len(CODE.findall(path.read_text(encoding="utf-8"))) == 3
    assert path.stat().st_mode & 0o077 == 0
    again = installed("invite", wave, "--count", "1", "--slips", str(path))
    assert again.status == 1
    assert "is there already" in again.err
    assert "neither .html nor .pdf" in installed("invite", wave, "--count", "1", "--slips", str(tmp_path / "a.doc")).err
    assert installed("invite", wave, "--left", "--slips", str(tmp_path / "b.html")).status == 0
    assert not (tmp_path / "b.html").exists()  # the refused runs drew nobody: nothing is left


def test_the_slip_of_one_dossier_is_written_once(wave: str, installed: Run, tmp_path: Path) -> None:
    installed("invite", wave, "--count", "8", "--later")
    one, two = str(tmp_path / "1.html"), str(tmp_path / "2.html")
    dossier = "VD.31507.2026.000001"
    assert installed("slip", dossier, "--output", one, "--form", "a6").status == 0
    assert "105mm 148mm" in Path(one).read_text(encoding="utf-8")
    assert "already" in installed("slip", dossier, "--output", two).err
    assert not Path(two).exists()
    assert installed("slip", dossier, "--output", two, "--again").status == 0
    assert "in no frame" in installed("slip", "HS.1", "--output", str(tmp_path / "3.html")).out


def test_an_auditor_opens_at_home_what_was_sealed(
    wave: str, installed: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HAILONG_AUDITOR_PERCENT", "100")
    key, sealed = tmp_path / "auditor.key", tmp_path / "sealed.txt"
    public = installed("auditor-key", "new", "--output", str(key)).out.strip()
    assert key.stat().st_mode & 0o077 == 0
    assert installed("auditor-key", "add", "thanh-tra", public).status == 0
    assert installed("auditor-key", "list").out == f"thanh-tra\t{public}\n"
    said = installed("invite", wave, "--count", "8", "--contacts", FRAME).out
    assert "6 kept" in said
    assert "6 of them sealed for auditors" in said
    sealed.write_text(installed("auditor-key", "export", wave, "thanh-tra").out)
    monkeypatch.setenv("HAILONG_HOME", str(tmp_path / "nowhere"))
    opened = [json.loads(line) for line in installed("auditor-key", "open", str(sealed), "--key", str(key)).lines]
    assert sorted(each["contact"] for each in opened) == [f"8491234500{n}" for n in (1, 2, 3, 5, 6, 7)]
    assert {each["wave"] for each in opened} == {wave}


def test_opting_out_is_undone_only_where_it_was_done(installed: Run) -> None:
    assert installed("optout", "0912 345 678").status == 0
    assert installed("optout", "+84912345678", "--undo").status == 0
    again = installed("optout", "0912345678", "--undo")
    assert (again.status, "nothing was changed" in again.err) == (1, True)
    assert "neither a telephone number" in installed("optout", "ông Tư").err


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("HAILONG_MESSAGE_ADDRESS", "x" * 80, "HAILONG_MESSAGE_ADDRESS"),
        ("HAILONG_BILINGUAL", "31591,nowhere", "nowhere"),
        ("HAILONG_REMINDER_HOURS", "never", "HAILONG_REMINDER_HOURS"),
        ("HAILONG_GATEWAYS", str(EXAMPLES / "gateways.toml"), "SMS_KEY"),
    ],
)
def test_the_doctor_says_why_nothing_could_be_sent(
    installed: Run, monkeypatch: pytest.MonkeyPatch, name: str, value: str, reason: str
) -> None:
    assert "Sending: by no gateway" in installed("doctor").out
    monkeypatch.setenv(name, value)
    ended = installed("doctor")
    assert ended.status != 0
    assert reason in ended.out + ended.err
