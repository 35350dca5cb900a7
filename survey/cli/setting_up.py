"""init, migrate, doctor: from nothing to a working installation, and what is wrong with one."""

from __future__ import annotations

import os
import sys

import click

from survey.actions.signing_in import add_staff, new_password
from survey.cli.installation import Installation, pass_installation
from survey.settings import make_home, write_private
from survey.store.database import Database
from survey.store.migrating import migrate as run_migrations
from survey.store.roles import Role

DEMO_ACCOUNTS = "demo-accounts.txt"
DEMO_STAFF = (("lanh-dao", "official"), ("thong-ke", "statistician"))


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
    from survey.store.roles_postgresql import grant_existing_roles

    settings = installation.settings
    database = Database(settings.database_url_of(Role.MIGRATE), settings.lock_file)
    before, after = run_migrations(database)
    grant_existing_roles(database)
    if before == after:
        click.echo(f"Database: schema {after}, nothing to do.")
    else:
        click.echo(f"Database: schema {before or 'none'} -> {after}.")


def _load_demo(installation: Installation) -> None:
    from survey.actions.demonstrating import load_demo
    from survey.actions.working import run_due_jobs

    click.echo("Loading the demonstration: real counts of two UK services, and a synthetic Sóc Trăng ...")
    demo = load_demo(
        installation.database,
        installation.keys,
        installation.signer,
        today=installation.today,
        progress=lambda what, _: click.echo(f"  {what}"),
    )
    for line in run_due_jobs(installation.database, installation.signer, installation.now, installation.today):
        click.echo(f"  {line}")
    click.echo("Answer as a citizen (the link is good for one answer):")
    for token in demo.tokens.values():
        click.echo(f"  {installation.settings.base_url}/t/{token}")
    click.echo(f"Sign in at {installation.settings.base_url}/staff/ as:")
    for name, role, password in _demo_accounts(installation):
        click.echo(f"  {name}  {password}  ({role})")


def _demo_accounts(installation: Installation) -> list[tuple[str, str, str]]:
    """The demonstration's accounts; their passwords are made once and kept beside the demonstration's data."""
    kept = installation.settings.home / DEMO_ACCOUNTS
    if not kept.exists():
        accounts = [(name, role, new_password()) for name, role in DEMO_STAFF]
        for name, role, password in accounts:
            now, actor = installation.now, "hailong init --demo"
            add_staff(installation.database, name, role, password, now=now, actor=actor)
        write_private(kept, "".join("\t".join(account) + "\n" for account in accounts).encode())
    lines = kept.read_text(encoding="utf-8").splitlines()
    return [(name, role, password) for name, role, password in (line.split("\t") for line in lines)]
