"""webhook: what portals are told."""

from __future__ import annotations

import sys
from collections.abc import Mapping

import click

from survey.actions import telling
from survey.cli.installation import Installation, pass_installation
from survey.cli.outside import post
from survey.gateways.webhooks import Webhook
from survey.store.webhooks import DELIVERED


@click.group()
def webhook() -> None:
    """Portals that are told what happens; they are listed as [webhook.NAME] in the gateways' file (docs/api.md)."""


@webhook.command("list")
@pass_installation
def list_all(installation: Installation) -> None:
    """Which webhooks are listed, and what each hears of."""
    for name, hook in _hooks(installation).items():
        click.echo(f"{name}  {hook.url}  {', '.join(hook.events or telling.HEARD)}")


@webhook.command()
@click.argument("name")
@pass_installation
def secret(installation: Installation, name: str) -> None:
    """Print the secret that the portal checks signatures with; another `turn` in the file ends it."""
    click.echo(telling.show_secret(installation.keys, _hooks(installation), name))


@webhook.command()
@click.argument("name")
@pass_installation
def ping(installation: Installation, name: str) -> None:
    """Send a webhook a trial now, and say what came of it."""
    found = telling.ping(installation.database, installation.keys, _hooks(installation), name, installation.now)
    click.echo(f"{found.code}: {found.state} ({found.told})")
    if found.state != DELIVERED:
        sys.exit(1)


@webhook.command()
@pass_installation
def deliveries(installation: Installation) -> None:
    """The newest deliveries, with what came of each."""
    for each in telling.list_deliveries(installation.database):
        click.echo(f"{each.code}  {each.event}  {each.state}  attempts {each.attempts}  {each.told}")


@webhook.command()
@click.argument("code")
@pass_installation
def again(installation: Installation, code: str) -> None:
    """Try a delivery that was given up once more."""
    telling.try_again(installation.database, code, installation.now)
    click.echo(f"{code} waits for the next round of `hailong work`.")


def _hooks(installation: Installation) -> Mapping[str, Webhook]:
    return post(installation).gateways.webhooks
