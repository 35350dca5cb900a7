"""roles and sign: what separates those who serve, those who work and whoever holds the key."""

from __future__ import annotations

import os
from pathlib import Path

import click

from survey.cli.installation import Installation, pass_installation
from survey.settings import home_folder
from survey.store.database import Database
from survey.store.roles import RESTRICTED, Role

ADDRESS_OF = {
    Role.WEB: "HAILONG_DATABASE_URL of `hailong serve --no-work`",
    Role.WORK: "HAILONG_WORK_DATABASE_URL of `hailong work` and of an operator's commands",
    Role.READ: "HAILONG_READ_DATABASE_URL of `hailong estimate`",
    Role.AUDIT: "HAILONG_AUDIT_DATABASE_URL of `hailong verify` and `hailong bundle`",
}


@click.group()
def roles() -> None:
    """PostgreSQL's roles: who serves, who works, who reads, who audits."""


@roles.command()
@pass_installation
def create(installation: Installation) -> None:
    """Make the roles and grant each what it needs; again after that, only the grants are made anew."""
    from survey.store.roles_postgresql import make_roles, role_name

    settings = installation.settings
    database = Database(settings.database_url_of(Role.MIGRATE), settings.lock_file)
    made = make_roles(database)
    database.close()
    click.echo(f"Roles made: {', '.join(made) or 'none, they were there'}. All have their grants.")
    for role, purpose in ADDRESS_OF.items():
        click.echo(f"  {role_name(role):15} {purpose}")
    click.echo("They have no password: let the server know them by peer or certificate, or set one in psql.")


@roles.command()
@click.argument("role", type=click.Choice([str(role) for role in RESTRICTED]))
def show(role: str) -> None:
    """The grants of a role, as SQL."""
    from survey.store.roles_postgresql import list_grants

    for statement in list_grants(Role(role)):
        click.echo(f"{statement};")


@click.command()
@click.option("--listen", "path", type=click.Path(path_type=Path), required=True, help="The socket to listen on.")
@click.option("--group", help="The group that may open the socket: that of `hailong work`.")
@click.option("--adopt", "is_adopting", is_flag=True, help="The key was moved here from an embedded installation.")
def sign(path: Path, group: str | None, is_adopting: bool) -> None:
    """Hold the key of the log, and sign checkpoints for `hailong work`; to be run by a user of its own.

    The key and the head that was signed last are in the folder `keys` of HAILONG_HOME, which must be this user's.
    """
    from survey.signing import SigningProcess, adopt, listen

    folder = home_folder(os.environ) / "keys"
    if is_adopting:
        adopt(folder)
    process = SigningProcess(folder)
    listener = listen(path, group)
    click.echo(f"Signing as {process.verifier.vkey} on {path}")
    process.serve(listener)
