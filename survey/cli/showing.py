"""recording, change, accounting: what citizens can hear, what changed, what became of every place in a sample."""

from __future__ import annotations

import csv
import sys
from datetime import datetime
from pathlib import Path

import click

from survey.cli.installation import Installation, pass_installation
from survey.mandate.text import LANGUAGES, Text

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
DATE = click.DateTime(["%Y-%m-%d"])


@click.group()
def recording() -> None:
    """Questions that can be heard."""


@recording.command("add")
@click.argument("questionnaire")
@click.argument("item")
@click.argument("language", type=click.Choice(LANGUAGES))
@click.argument("file", type=FILE)
@pass_installation
def add_recording(installation: Installation, questionnaire: str, item: str, language: str, file: Path) -> None:
    """Let an item of a questionnaire, such as procedures@1 and G1, be heard: MP3, Ogg or M4A, at most 2 MB."""
    from survey.actions import recording as action
    from survey.actions.versions import load_version

    version = load_version(installation.database, questionnaire)
    added = action.add_recording(installation.settings.home, version, item, language, file)
    click.echo(f"{added.questionnaire} {added.item} can be heard in {added.language}: {added.path.name}")


@recording.command("list")
@pass_installation
def list_recordings(installation: Installation) -> None:
    """What can be heard, and whether every file is still what its name says."""
    from survey.actions import recording as action

    damaged = False
    for each in action.list_recordings(installation.settings.home):
        damaged |= not each.is_whole
        state = "" if each.is_whole else "\tdamaged: add it again"
        click.echo(f"{each.questionnaire}\t{each.item}\t{each.language}\t{each.path.name}{state}")
    if damaged:
        sys.exit(1)


@click.group()
def change() -> None:
    """What changed since people spoke."""


@change.command("add")
@click.option("--on", "day", type=DATE, required=True, help="The day of the change, YYYY-MM-DD.")
@click.option("--vi", required=True, help="What changed, in Vietnamese.")
@click.option("--en", help="The same in English.")
@click.option("--km", help="The same in Khmer.")
@click.option("--sector", help="The sector, where it is not for all.")
@pass_installation
def add_change(
    installation: Installation, day: datetime, vi: str, en: str | None, km: str | None, sector: str | None
) -> None:
    """Publish a change on /changes."""
    from survey.actions import changes

    text = Text({language: words for language, words in (("vi", vi), ("en", en), ("km", km)) if words is not None})
    added = changes.add_change(installation.settings.home, day.date(), text, sector)
    click.echo(f"Change {added.number} is published.")


@change.command("list")
@pass_installation
def list_changes(installation: Installation) -> None:
    """The changes that stand, newest first."""
    from survey.actions import changes

    for each in changes.list_changes(installation.settings.home):
        click.echo(f"{each.number}\t{each.on}\t{each.sector or ''}\t{each.text}")


@change.command("withdraw")
@click.argument("number", type=int)
@pass_installation
def withdraw_change(installation: Installation, number: int) -> None:
    """Show a change no longer."""
    from survey.actions import changes

    changes.withdraw_change(installation.settings.home, number)
    click.echo(f"Change {number} is no longer shown.")


@click.command()
@click.argument("wave_code", metavar="WAVE")
@click.option("--agency", help="This agency day by day, instead of every agency as of the newest day.")
@pass_installation
def accounting(installation: Installation, wave_code: str, agency: str | None) -> None:
    """The ballot accounting of a wave as CSV: drawn, sent, opened, answered, expired, excluded, agency by agency."""
    from survey.actions.accounting import COUNTS, list_ballots
    from survey.actions.waves import find_wave

    find_wave(installation.database, wave_code)
    writer = csv.writer(sys.stdout)
    writer.writerow(("day", "checkpoint", "agency", *COUNTS))
    for each in list_ballots(installation.database, wave_code, agency=agency):
        counts = (each.counts.get(name, 0) for name in COUNTS)
        writer.writerow((each.day.isoformat(), each.checkpoint, each.agency_code, *counts))
