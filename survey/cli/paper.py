"""paper: forms to print; they are keyed in the browser, by two people."""

from __future__ import annotations

from pathlib import Path

import click

from survey.actions import keying
from survey.actions.versions import load_version
from survey.cli.installation import Installation, pass_installation
from survey.documents.messages import group_code
from survey.documents.paper_form import render_paper
from survey.mandate.text import LANGUAGES


@click.group()
def paper() -> None:
    """Forms on paper: print them for drawn places, see how far their keying is."""


@paper.command("print")
@click.argument("wave_code", metavar="WAVE")
@click.option("--count", type=click.IntRange(1, keying.MOST_SHEETS), required=True, help="How many to draw.")
@click.option("--seed", type=int, required=True, help="The same seed draws the same places.")
@click.option("--language", type=click.Choice(LANGUAGES), default="vi", show_default=True)
@click.option("--into", type=click.Path(file_okay=False, path_type=Path), default=Path("."), help="A folder.")
@pass_installation
def print_sheets(installation: Installation, wave_code: str, count: int, seed: int, language: str, into: Path) -> None:
    """Draw places and write one file to print for each stratum: a sheet a place."""
    batches = keying.print_batches(
        installation.database, wave_code, count, language, seed=seed, today=installation.today, by=installation.by
    )
    into.mkdir(parents=True, exist_ok=True)
    for batch, _ in batches:
        click.echo(f"{_write(installation, batch.code, into)}: {batch.sheets} sheets, {batch.stratum_code}")


@paper.command("again")
@click.argument("batch_code", metavar="BATCH")
@click.option("--into", type=click.Path(file_okay=False, path_type=Path), default=Path("."), help="A folder.")
@pass_installation
def print_again(installation: Installation, batch_code: str, into: Path) -> None:
    """Write the file of a batch again; of two sheets with one number only the first is stored."""
    into.mkdir(parents=True, exist_ok=True)
    click.echo(_write(installation, batch_code, into))


@paper.command("list")
@pass_installation
def show(installation: Installation) -> None:
    """List the batches: sheets that nobody keyed, that one or two keyed, that are stored."""
    for report in keying.list_reports(installation.database):
        batch, counts = report.batch, report.counts
        told = "  ".join(f"{word} {counts.get(word, 0)}" for word in ("printed", "once", "twice", "stored"))
        click.echo(f"{group_code(batch.code)}  {batch.wave_code}  {batch.stratum_code}  {batch.language}  {told}")


def _write(installation: Installation, batch_code: str, into: Path) -> Path:
    batch, wave, numbers = keying.find_printed(installation.database, batch_code)
    path = into / f"{group_code(batch.code)}.html"
    questionnaire = load_version(installation.database, wave.questionnaire)
    text = render_paper(questionnaire, batch.code, numbers, wave.closes_on, batch.language)
    path.write_text(text, encoding="utf-8")
    return path
