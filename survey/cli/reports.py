"""report: the documents for the administration, from one release."""

from __future__ import annotations

import time
from pathlib import Path

import click

from survey.cli.installation import Installation, pass_installation
from survey.mandate.text import LANGUAGES


@click.command()
@click.argument("code", metavar="RELEASE")
@click.option("--format", "formats", default="docx,xlsx,pdf", show_default=True, help="Separated by commas.")
@click.option("--language", type=click.Choice(LANGUAGES), default="vi", show_default=True)
@click.option("--period", help="q1, h1, q3 or year; the shortest that holds the wave's last day by default.")
@click.option("--year", type=click.IntRange(2000, 2100), help="The report's year.")
@click.option(
    "--to", "folder", type=click.Path(file_okay=False, path_type=Path), default=Path(), help="Folder; here by default."
)
@pass_installation
def report(
    installation: Installation,
    code: str,
    formats: str,
    language: str,
    period: str | None,
    year: int | None,
    folder: Path,
) -> None:
    """Write a release's report as Word, Excel and PDF.

    hailong report TTHC-2030-01.1 --format docx,xlsx,pdf --period q1 --to folder
    """
    from survey.actions.report_texts import with_text
    from survey.actions.reporting import FORMATS, Asked, tell_report, write_documents
    from survey.store.places import EVERYTHING

    wanted = [name.strip() for name in formats.split(",") if name.strip()]
    if not wanted or set(wanted) - set(FORMATS):
        raise click.UsageError(f"--format is '{formats}'. Use {', '.join(FORMATS)}, separated by commas.")
    home, database = installation.settings.home, installation.database
    asked = Asked(code, language, period, year)
    told = with_text(database, tell_report(database, asked, EVERYTHING, home, installation.today))
    folder.mkdir(parents=True, exist_ok=True)
    for name in wanted:
        begun = time.perf_counter()
        path = folder / f"{code}-{language}.{name}"
        path.write_bytes(write_documents(told, [name], home)[name])
        click.echo(f"{wanted.index(name) + 1}/{len(wanted)} {path} ({time.perf_counter() - begun:.1f} s)")
