"""staff: accounts."""

from __future__ import annotations

import sys

import click

from survey.actions import accounts
from survey.actions.signing_in import ROLES, add_staff, new_password
from survey.cli.installation import Installation, operating_system_user, pass_installation
from survey.store.places import EVERYTHING, Scope


@click.group()
def staff() -> None:
    """Accounts of the people who work with the figures."""


@staff.command("add")
@click.argument("name")
@click.option("--role", type=click.Choice(ROLES), required=True)
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input, else make one.")
@click.option("--invite", is_flag=True, help="Make no password: print a link by which the person sets one.")
@click.option("--area", help="Limit what the account sees to an area and all below it (its code).")
@click.option("--sector", help="Limit what the account sees to a sector and all below it (its code).")
@pass_installation
def add(
    installation: Installation,
    name: str,
    role: str,
    password_stdin: bool,
    invite: bool,
    area: str | None,
    sector: str | None,
) -> None:
    """Make an account and print its password, or the link of an invitation, once."""
    password = sys.stdin.readline().rstrip("\r\n") if password_stdin else "" if invite else new_password()
    if password_stdin and not password:
        raise click.UsageError("There is no password on standard input.")
    add_staff(
        installation.database,
        name,
        role,
        password,
        now=installation.now,
        actor=operating_system_user(),
        scope=Scope(area, sector),
        stolen=installation.settings.stolen_passwords,
    )
    click.echo(f"{name} may sign in as {role}.")
    if invite:
        _print_link(installation, name)
    elif not password_stdin:
        click.echo(f"Password (shown only now): {password}")


@staff.command("list")
@pass_installation
def list_staff(installation: Installation) -> None:
    """Every account: name, role, scope, state."""
    invited = accounts.list_invited(installation.database)
    for each in accounts.list_accounts(installation.database, EVERYTHING):
        state = "disabled" if each.disabled else "invited" if each.name in invited else "active"
        factor = "second factor" if each.has_factor else "password only"
        scope = f"area {each.scope.area or 'all'}, sector {each.scope.sector or 'all'}"
        click.echo(f"{each.name}  {each.role}  {scope}  {state}  {factor}")


@staff.command("reset")
@click.argument("name")
@pass_installation
def reset(installation: Installation, name: str) -> None:
    """Forget password, second factors and single sign-on of an account, end its sessions, print a new link."""
    accounts.read_account(installation.database, name)
    accounts.forget_secrets(installation.database, name, installation.by)
    _print_link(installation, name)


@staff.command("disable")
@click.argument("name")
@pass_installation
def disable(installation: Installation, name: str) -> None:
    """Close an account at once, with all its sessions."""
    accounts.switch(installation.database, name, disabled=True, by=installation.by)
    click.echo(f"{name} may sign in no more.")


@staff.command("enable")
@click.argument("name")
@pass_installation
def enable(installation: Installation, name: str) -> None:
    """Open a closed account again."""
    accounts.switch(installation.database, name, disabled=False, by=installation.by)
    click.echo(f"{name} may sign in again.")


@staff.command("sessions")
@click.argument("name")
@click.option("--end", is_flag=True, help="End them all.")
@pass_installation
def sessions(installation: Installation, name: str, end: bool) -> None:
    """The sessions of an account that are open."""
    for each in accounts.read_account(installation.database, name).sessions:
        click.echo(f"{each.device}  since {each.started_at:%Y-%m-%d %H:%M}  seen {each.seen_at:%Y-%m-%d %H:%M} (UTC)")
        if end:
            accounts.end_session(installation.database, name, each.session_hash, installation.by)
    if end:
        click.echo("Ended.")


def _print_link(installation: Installation, name: str) -> None:
    token = accounts.invite_again(installation.database, installation.keys, name, installation.by)
    click.echo(f"Link for {name}, good once, for 72 hours: {installation.settings.base_url}/staff/join/{token}")
