"""client: who may call the API."""

from __future__ import annotations

import click

from survey.actions import clients
from survey.cli.installation import Installation, pass_installation


@click.group()
def client() -> None:
    """Add, renew and retire the clients of the API."""


@client.command("add")
@click.argument("name")
@pass_installation
def add(installation: Installation, name: str) -> None:
    """Add a client and print its secret, once."""
    secret = clients.add_client(
        installation.database, installation.keys, name, on=installation.today, recorded=installation.by
    )
    click.echo(secret)
    click.echo(f"This is the secret of {name}. It is shown once; docs/api.md says how to sign with it.", err=True)


@client.command("renew")
@click.argument("name")
@pass_installation
def renew(installation: Installation, name: str) -> None:
    """Print another secret; the one before opens nothing from now on."""
    click.echo(clients.renew_client(installation.database, installation.keys, name, recorded=installation.by))


@client.command("retire")
@click.argument("name")
@pass_installation
def retire(installation: Installation, name: str) -> None:
    """Let a client call no more."""
    clients.retire_client(installation.database, name, on=installation.today, recorded=installation.by)
    click.echo(f"{name} may call no more.")


@client.command("list")
@pass_installation
def list_all(installation: Installation) -> None:
    """List the clients."""
    for each in clients.list_clients(installation.database):
        click.echo(f"{each.name}  since {each.added_on}  " + (f"retired {each.retired_on}" if each.retired_on else ""))
