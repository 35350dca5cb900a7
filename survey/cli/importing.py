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
@pass_installation
def frame(installation: Installation, file: Path, wave_code: str) -> None:
    """Who could be asked: agency,sector,population totals, or one line a transaction (dossier,agency,procedure)."""
    from survey.actions.importing_frame import import_frame

    summary = import_frame(
        installation.database,
        installation.keys,
        file,
        wave_code=wave_code,
        today=installation.today,
        progress=show_progress,
    )
    click.echo(str(summary))


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
