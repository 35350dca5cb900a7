"""import: counts, frames, agencies, procedures."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from survey.cli.installation import Installation, pass_installation

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


def show_progress(what: str, done: int) -> None:
    """Count on one line of the terminal; silent where nobody watches."""
    if sys.stderr.isatty():
        click.echo(f"\r{what}: {done:,} ", nl=False, err=True)


@click.group("import")
def import_group() -> None:
    """Bring files in; a file is taken whole or not at all."""


@import_group.command("counts")
@click.argument("file", type=FILE)
@click.option("--wave", "wave_code", required=True, help="Code of the new, closed wave.")
@click.option(
    "--collected",
    type=click.Choice(["sample", "census", "self-selected"]),
    default="self-selected",
    show_default=True,
    help="How the answers were collected; self-selected ones never get an official verdict.",
)
@pass_installation
def counts(installation: Installation, file: Path, wave_code: str, collected: str) -> None:
    """Counts per answer level, a line for each service and month.

    Columns: service, month (YYYY-MM), very_dissatisfied, dissatisfied, neither, satisfied, very_satisfied and, where
    the publisher printed a figure, published_percent.
    """
    from survey.actions.importing_counts import import_counts
    from survey.actions.tallying import tally

    summary = import_counts(
        installation.database,
        installation.signer,
        file,
        wave_code=wave_code,
        collected=collected,
        today=installation.today,
        progress=show_progress,
        recorded=installation.by,
    )
    tally(installation.database)
    click.echo(str(summary))


@import_group.command("frame")
@click.argument("file", type=FILE)
@click.option("--wave", "wave_code", required=True)
@click.option("--trial", is_flag=True, help="Say what would be loaded and which lines are wrong; load nothing.")
@click.option("--accepted-only", is_flag=True, help="Leave wrong lines out instead of refusing the file.")
@click.option("--map", "mapped", multiple=True, metavar="OURS=THEIRS", help="A column that has another name here.")
@pass_installation
def frame(
    installation: Installation,
    file: Path,
    wave_code: str,
    trial: bool,
    accepted_only: bool,
    mapped: tuple[str, ...],
) -> None:
    """Who could be asked, CSV or .xlsx: agency,sector,population totals, or one line a transaction
    (dossier,agency,procedure, and what docs/frame.md lists)."""
    from survey.actions.importing_frame import import_frame

    summary = import_frame(
        installation.database,
        installation.keys,
        file,
        wave_code=wave_code,
        today=installation.today,
        progress=show_progress,
        accepted_only=accepted_only or trial,
        trial=trial,
        renamed=_renamed(mapped),
    )
    for problem in summary.rejected:
        click.echo(f"  {problem}", err=True)
    click.echo(str(summary))


@import_group.command("totals")
@click.argument("file", type=FILE)
@click.option("--wave", "wave_code", required=True)
@pass_installation
def totals(installation: Installation, file: Path, wave_code: str) -> None:
    """How many transactions somebody else counted, to hold the frame against: agency,population."""
    from survey.actions.comparing_totals import import_totals

    for line in import_totals(installation.database, file, wave_code=wave_code, recorded=installation.by):
        click.echo(str(line))


@import_group.command("agencies")
@click.argument("file", type=FILE)
@pass_installation
def agencies(installation: Installation, file: Path) -> None:
    """Agencies: code,name_vi,kind,ownership,area,valid_from."""
    from survey.actions.importing_frame import import_agencies

    click.echo(str(import_agencies(installation.database, file)))


@import_group.command("procedures")
@click.argument("file", type=FILE)
@pass_installation
def procedures(installation: Installation, file: Path) -> None:
    """Procedures and the sector that each counts for: code,name_vi,sector,decided_by,decided_on."""
    from survey.actions.importing_frame import import_procedures

    click.echo(str(import_procedures(installation.database, file)))


@import_group.command("contacts")
@click.argument("file", type=FILE)
@click.option("--wave", "wave_code", required=True)
@pass_installation
def contacts(installation: Installation, file: Path, wave_code: str) -> None:
    """Contacts of those drawn: dossier,phone or email[,channel,language]; all others are read past and kept nowhere."""
    from survey.cli.sending import keep_contacts

    keep_contacts(installation, file, wave_code)


def _renamed(mapped: tuple[str, ...]) -> dict[str, str]:
    pairs = [each.partition("=") for each in mapped]
    wrong = [f"{ours}{sign}{theirs}" for ours, sign, theirs in pairs if not (ours and theirs)]
    if wrong:
        raise click.UsageError(f"--map {wrong[0]}: write OURS=THEIRS, for instance dossier='Mã hồ sơ'.")
    return {theirs.strip().lower(): ours.strip() for ours, _, theirs in pairs}
