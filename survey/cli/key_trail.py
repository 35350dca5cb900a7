"""key: which keys sign the log, and how one follows another."""

from __future__ import annotations

from pathlib import Path

import click

from survey.cli.auditing import signed_in
from survey.cli.installation import Installation, operating_system_user, pass_installation

AUDITORS = click.option("--auditor", "names", multiple=True, required=True, help="Two; each is asked for the password.")
REASON = click.option("--reason", required=True, help="Published with the statement.")


@click.group()
def key() -> None:
    """The keys that sign checkpoints, and the published trail of how one followed another."""


@key.command("list")
@pass_installation
def list_all(installation: Installation) -> None:
    """Every key with the checkpoints that it signed."""
    from survey.actions.rekeying import list_keys

    for period in list_keys(installation.database):
        until = f"to {period.last}, {period.became}: {period.reason}" if period.last is not None else "on"
        click.echo(f"{period.vkey}  from checkpoint {period.first} {until}")


@key.command()
@REASON
@pass_installation
def rotate(installation: Installation, reason: str) -> None:
    """A new key follows the old one, which signs that it does. Do it every year, and when staff change."""
    from survey.actions.rekeying import rotate_key

    statement = rotate_key(
        installation.database,
        _own_folder(installation),
        reason=reason,
        actor=operating_system_user(),
        now=installation.now,
        today=installation.today,
    )
    _tell(statement.new.vkey, statement.first)


@key.command()
@REASON
@AUDITORS
@pass_installation
def lost(installation: Installation, reason: str, names: tuple[str, ...]) -> None:
    """The key is gone: two auditors agree that a new one goes on, under a new name of the log."""
    _replace(installation, "lost", reason, names)


@key.command()
@REASON
@AUDITORS
@pass_installation
def compromised(installation: Installation, reason: str, names: tuple[str, ...]) -> None:
    """Somebody else may have the key: nothing that it signs from now on counts; two auditors agree on a new one."""
    _replace(installation, "compromised", reason, names)


def _replace(installation: Installation, became: str, reason: str, names: tuple[str, ...]) -> None:
    from survey.actions.rekeying import replace_key

    with signed_in(installation, names) as sessions:
        statement = replace_key(
            installation.database,
            installation.keys,
            _own_folder(installation),
            became=became,
            reason=reason,
            sessions=sessions,
            now=installation.now,
            today=installation.today,
        )
    _tell(statement.new.vkey, statement.first)
    click.echo("No signature leads to this key: give it to auditors, witnesses and newspapers by another hand.")


def _own_folder(installation: Installation) -> Path:
    """Where the key is; a key that another process holds is replaced by whoever runs that process."""
    if installation.settings.signer:
        raise click.UsageError(
            "HAILONG_SIGNER: the key is held by another user's process. Stop it, and run this as that user, without "
            "HAILONG_SIGNER and with HAILONG_HOME its folder and HAILONG_DATABASE_URL the log's database."
        )
    return installation.settings.key_folder


def _tell(vkey: str, first: int) -> None:
    click.echo(f"From checkpoint {first} on, the log is signed as {vkey}")
    click.echo("Restart `hailong serve` and `hailong work`, and publish the new key where the old one was.")
