"""An installation with a wave to answer, made by the commands that a person would use."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from quick_home import QuickHome
from serving import ROOT, Home

EXAMPLES = ROOT / "docs" / "examples"
WAVE, HIDING_WAVE = "MAU", "THAT"
SECTORS = ("civil_status", "certification", "land")
AGENCIES = ("TTPVHCC-31507", "TTPVHCC-31528", "TTPVHCC-31591")
POPULATION = 20_000


def local_today() -> date:
    """The day on which the commands take place: where the province is."""
    return datetime.now(UTC).astimezone(ZoneInfo("Asia/Ho_Chi_Minh")).date()


def make_home(folder: Path, database_url: str | None = None) -> Home:
    """A demo wave, which seals and publishes at once, and an official one, which hides each answer among ten."""
    home = QuickHome(folder, database_url)
    folder.mkdir(parents=True, exist_ok=True)
    home.run("init")
    home.run("import", "agencies", str(EXAMPLES / "agencies.csv"))
    frame = folder / "frame.csv"
    rows = [f"{agency},{sector},{POPULATION}\n" for agency in AGENCIES for sector in SECTORS]
    frame.write_text("agency,sector,population\n" + "".join(rows))
    for code, purpose in ((WAVE, "demo"), (HIDING_WAVE, "official")):
        open_wave(home, code, purpose)
        home.run("import", "frame", str(frame), "--wave", code)
    return home


def open_wave(home: Home, code: str, purpose: str) -> None:
    today = local_today()
    home.run(
        *("wave", "open", code, "--questionnaire", "procedures@1", "--name", f"Đợt {code}", "--purpose", purpose),
        *("--from", (today - timedelta(days=3)).isoformat(), "--to", (today + timedelta(days=30)).isoformat()),
    )


def invite(home: Home, count: int, seed: int, wave: str = WAVE) -> list[str]:
    """Tokens of fresh links, as the command printed them."""
    printed = home.run("invite", wave, "--count", str(count), "--seed", str(seed))
    return [link.rpartition("/")[2] for link in printed.split()]
