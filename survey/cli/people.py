"""staff: accounts."""

from __future__ import annotations

import sys

import click

from survey.actions.signing_in import ROLES, add_staff, new_password
from survey.cli.installation import Installation, operating_system_user, pass_installation
from survey.store.places import Scope


@click.group()
def staff() -> None:
    """Accounts of the people who work with the figures."""


@staff.command("add")
@click.argument("name")
@click.option("--role", type=click.Choice(ROLES), required=True)
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input, else make one.")
@click.option("--area", help="Limit what the account sees to an area and all below it (its code).")
@click.option("--sector", help="Limit what the account sees to a sector and all below it (its code).")
@pass_installation
def add(
    installation: Installation, name: str, role: str, password_stdin: bool, area: str | None, sector: str | None
) -> None:
    """Make an account and print its password once."""
    password = sys.stdin.readline().rstrip("\r\n") if password_stdin else new_password()
    add_staff(
        installation.database,
        name,
        role,
        password,
        now=installation.now,
        actor=operating_system_user(),
        scope=Scope(area, sector),
    )
    click.echo(f"{name} may sign in as {role}.")
    if not password_stdin:
        click.echo(f"Password (shown only now): {password}")
