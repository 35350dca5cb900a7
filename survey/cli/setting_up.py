"""init, migrate, doctor: from nothing to a working installation, and what is wrong with one."""

from __future__ import annotations

import os
import sys

import click

from survey.cli.installation import Installation, pass_installation
from survey.settings import make_home
from survey.store.database import Database
from survey.store.migrating import migrate as run_migrations


@click.command()
@click.option("--demo", is_flag=True, help="Also load real published counts and a synthetic province.")
@pass_installation
def init(installation: Installation, demo: bool) -> None:
    """Make the data folder, the keys and the database; what is there already is kept."""
    home = make_home(os.environ)
    click.echo(f"Data folder: {home}")
    _migrate(installation)
    click.echo(f"Checkpoints are signed as {installation.signer.verifier.vkey}")
    from survey.actions.waves import load_mandate

    load_mandate(installation.database, installation.today)
    if demo:
        _load_demo(installation)
    click.echo("Ready. Next: hailong staff add NAME --role ROLE, then hailong serve.")


@click.command()
@pass_installation
def migrate(installation: Installation) -> None:
    """Bring the database to the schema of this version."""
    _migrate(installation)


@click.command()
@pass_installation
def doctor(installation: Installation) -> None:
    """Say what is wrong with this installation and how to mend it."""
    from survey.actions.doctoring import examine

    findings = examine(installation)
    for finding in findings:
        click.echo(f"{'ok  ' if finding.is_fine else 'MEND'}  {finding.what}")
        if finding.remedy:
            click.echo(f"      {finding.remedy}")
    if not all(finding.is_fine for finding in findings):
        sys.exit(1)


def _migrate(installation: Installation) -> None:
    settings = installation.settings
    before, after = run_migrations(Database(settings.database_url, settings.lock_file))
    if before == after:
        click.echo(f"Database: schema {after}, nothing to do.")
    else:
        click.echo(f"Database: schema {before or 'none'} -> {after}.")


def _load_demo(installation: Installation) -> None:
    from survey.actions.demonstrating import load_demo
    from survey.actions.working import run_due_jobs

    click.echo("Loading the demonstration: real counts of two UK services, and a synthetic Sóc Trăng ...")
    load_demo(installation.database, installation.keys, installation.signer, today=installation.today)
    for line in run_due_jobs(installation.database, installation.signer, installation.now, installation.today):
        click.echo(f"  {line}")
