"""backup and restore: the whole installation as a sealed file, and the proof that it comes back."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from survey.cli.installation import Installation, operating_system_user, pass_installation
from survey.proof import Checkpoint, parse_note

if TYPE_CHECKING:
    from survey.actions.backing_up import Checked

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
FOLDER = click.Path(file_okay=False, path_type=Path)


@click.command()
@click.option("--to", "folder", type=FOLDER, help="Where it is written; HAILONG_BACKUPS, or `backups` in the home.")
@click.option("--keep", type=click.IntRange(1, 1000), help="Remove older ones; the newest that was checked stays.")
@pass_installation
def backup(installation: Installation, folder: Path | None, keep: int | None) -> None:
    """Seal the database, the secret and the recordings to the auditors' keys, while everything serves."""
    from survey.actions.backing_up import back_up, keep_newest, read_about

    place = folder or installation.settings.backups
    path = back_up(
        installation.database,
        installation.settings,
        place,
        now=installation.now,
        actor=operating_system_user(),
        vkey=installation.signer.verifier.vkey,
    )
    about = read_about(path)
    click.echo(
        f"{path}: {about.leaves:,} leaves up to checkpoint {about.checkpoint}, {about.waiting:,} answers waiting"
    )
    for name in keep_newest(place, keep) if keep else ():
        click.echo(f"removed {name}")
    click.echo("It counts once `hailong restore --check` has brought it back.")


@click.command()
@click.argument("file", type=FILE)
@click.option(
    "--key", "key_file", type=FILE, required=True, help="The private key that `hailong auditor-key new` made."
)
@click.option("--check", "is_check", is_flag=True, help="Bring it back beside the installation, verify, and clear up.")
@click.option("--kept", type=FILE, help="--check: a checkpoint from another hand that the backup must hold.")
@click.option("--log-key", "log_keys", multiple=True, help="--check: the log's public key, from another hand.")
@click.option("--home", type=FOLDER, help="An empty folder that becomes the new home.")
@click.option("--database-url", help="An empty PostgreSQL database, where the backup is of one.")
@pass_installation
def restore(
    installation: Installation,
    file: Path,
    key_file: Path,
    is_check: bool,
    kept: Path | None,
    log_keys: tuple[str, ...],
    home: Path | None,
    database_url: str | None,
) -> None:
    """Bring a backup back, or check that it would: every leaf, root, checkpoint and figure is verified."""
    from survey.actions import backing_up
    from survey.actions.following_up import read_key
    from survey.settings import own_file, sqlalchemy_url

    key = read_key(key_file.read_text(encoding="ascii"))
    url = sqlalchemy_url("--database-url", database_url) if database_url else None
    if is_check:
        _print_checked(backing_up.check(file, key, url, log_keys, _read_checkpoint(kept), installation.now))
        return
    if home is None:
        raise click.UsageError("Name an empty folder with --home, or use --check.")
    about = backing_up.restore(file, key, home, url or own_file(home))
    click.echo(f"Brought back to {home}: {about.leaves:,} leaves up to checkpoint {about.checkpoint}.")
    click.echo(
        f"Next: HAILONG_HOME={home} hailong migrate, hailong verify; the signing key is kept apart from backups."
    )


def _read_checkpoint(path: Path | None) -> Checkpoint | None:
    return Checkpoint.parse(parse_note(path.read_text(encoding="utf-8")).text) if path else None


def _print_checked(checked: Checked) -> None:
    for line in checked.findings.lines:
        click.echo(line)
    click.echo(f"{checked.leaves:,} leaves brought back and verified in {checked.seconds:.1f} s")
    if not checked.findings.is_clean:
        click.echo("This backup does not count.")
        sys.exit(1)
