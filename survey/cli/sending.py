"""invite, send, slip, optout, auditor-key: how invitations reach people."""

from __future__ import annotations

import secrets
import sys
import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from survey.cli.importing import show_progress
from survey.cli.installation import Installation, operating_system_user, pass_installation
from survey.cli.outside import post, serving
from survey.settings import load_sending

if TYPE_CHECKING:
    from survey.actions.inviting import HandOut, Invited
    from survey.store.minting import Place

DATE = click.DateTime(["%Y-%m-%d"])
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
NEW_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command()
@click.argument("wave_code", metavar="WAVE")
@click.option("--count", type=click.IntRange(1), help="How many to draw.")
@click.option("--seed", type=int, help="The same seed draws the same sample; without one it is chosen and recorded.")
@click.option("--codes", is_flag=True, help="Also print the code that may be typed instead, after a tab.")
@click.option("--slips", type=NEW_FILE, help="Write printed slips into this new file (.html or .pdf), eight on A4.")
@click.option("--contacts", type=FILE, help="Draw, and keep from this file the contacts of those drawn, to be sent to.")
@click.option("--later", is_flag=True, help="Only draw: the slips are given at the counter.")
@click.option("--left", is_flag=True, help="Draw nobody: hand out what was drawn and has no link yet.")
@click.option("--again", type=DATE, help="Draw nobody: replace every unused slip or link drawn on this day.")
@pass_installation
def invite(
    installation: Installation,
    wave_code: str,
    count: int | None,
    seed: int | None,
    codes: bool,
    slips: Path | None,
    contacts: Path | None,
    later: bool,
    left: bool,
    again: datetime | None,
) -> None:
    """Draw from the wave's frame and print one link a line, or slips, or keep contacts to send to.

    A run that was killed may be finished with --left; slips that were lost are replaced with --again, which makes the
    lost ones void.
    """
    if (count is not None) + left + (again is not None) != 1:
        raise click.UsageError("Give one of --count, --left and --again.")
    if contacts is not None and count is None:
        raise click.UsageError("--contacts goes with --count. For those drawn before: hailong import contacts.")
    if contacts is None and not later:
        from survey.actions.inviting import check_channel

        check_channel(installation.database, wave_code, "slip" if slips else "link")
    write = _choose_writer(installation, wave_code, slips, codes)
    places = _choose_places(installation, wave_code, count, seed, left, again)
    if contacts is not None:
        keep_contacts(installation, contacts, wave_code)
    elif later:
        click.echo(f"{len(places):,} places drawn. Their slips are given at the counter, or with --left.")
    else:
        _hand_out(installation, places, write, "slip" if slips else "link", again is not None)


@click.command()
@click.option("--until-done", is_flag=True, help="Go on until nothing is due.")
@pass_installation
def send(installation: Installation, until_done: bool) -> None:
    """Send what is due by hand; `hailong work` does the same every few seconds."""
    from survey.actions.sending import send_due

    handed = total = send_due(post(installation), installation.now, installation.today, time.sleep)
    while until_done and handed:
        handed = send_due(post(installation), installation.now, installation.today, time.sleep)
        total += handed
    click.echo(f"{total:,} messages handed over.")


@click.command()
@click.argument("dossier")
@click.option("--form", type=click.Choice(["receipt", "a6", "sheet"]), default="receipt", show_default=True)
@click.option("--output", type=NEW_FILE, required=True, help="A new file, .html or .pdf.")
@click.option("--again", is_flag=True, help="Replace the slip that was given; the earlier one becomes void.")
@pass_installation
def slip(installation: Installation, dossier: str, form: str, output: Path, again: bool) -> None:
    """Write the slip of one dossier, if it was drawn, for a printer of 80 mm or on A6."""
    from survey.actions.counter import issue, look_up
    from survey.actions.slips import SlipFile
    from survey.actions.waves import find_wave

    looked = look_up(installation.database, installation.keys, dossier, today=installation.today)
    if looked.wave_code is None:
        click.echo(f"{dossier}: {looked.sentence}")
        return
    wave = find_wave(installation.database, looked.wave_code)
    sending = load_sending(installation.settings)
    file = SlipFile(output, sending.address, installation.settings.base_url, wave.closes_on, form)
    issue(
        installation.database,
        installation.keys,
        dossier,
        today=installation.today,
        now=installation.now,
        actor=operating_system_user(),
        again=again,
        write=file.write,
    )
    click.echo(f"{output} holds the slip.")


@click.command()
@click.argument("contact")
@click.option("--undo", is_flag=True, help="The person wants messages again.")
@pass_installation
def optout(installation: Installation, contact: str, undo: bool) -> None:
    """Send nothing more to a telephone number or an e-mail address; only its keyed hash is kept."""
    from survey.actions.opting_out import opt_in, opt_out

    act = opt_in if undo else opt_out
    act(
        installation.database,
        installation.keys,
        contact,
        now=installation.now,
        today=installation.today,
        actor=operating_system_user(),
    )
    click.echo("This contact gets messages again." if undo else "Nothing more is sent to this contact.")


@click.group("auditor-key")
def auditor_key() -> None:
    """Keys to which a few contacts are sealed, for call-backs by auditors."""


@auditor_key.command("new")
@click.option("--output", type=NEW_FILE, required=True, help="Where the private key is written; it never leaves you.")
def new_key(output: Path) -> None:
    """On the auditor's own machine: make a pair of keys and print the public one. Needs no installation."""
    from survey.actions.following_up import new_auditor_key
    from survey.settings import write_private

    private, public = new_auditor_key()
    try:
        write_private(output, f"{private}\n".encode())
    except OSError as error:
        raise click.UsageError(f"{output} cannot be written: {error.strerror}.") from error
    click.echo(public)


@auditor_key.command("add")
@click.argument("name")
@click.argument("public_key")
@pass_installation
def add_key(installation: Installation, name: str, public_key: str) -> None:
    """Seal contacts to this public key from the next draw on."""
    from survey.actions.following_up import add_auditor_key

    add_auditor_key(installation.database, name, public_key, now=installation.now, actor=operating_system_user())
    click.echo(f"From now on a few contacts of each draw are sealed to {name}.")


@auditor_key.command("retire")
@click.argument("name")
@pass_installation
def retire_key(installation: Installation, name: str) -> None:
    """Seal nothing more to a key."""
    from survey.actions.following_up import retire_auditor_key

    retire_auditor_key(installation.database, name, now=installation.now, actor=operating_system_user())
    click.echo(f"Nothing more is sealed to {name}.")


@auditor_key.command("list")
@pass_installation
def list_keys(installation: Installation) -> None:
    """Names and public keys in use."""
    from survey.store.contacts import list_auditor_keys

    with installation.database.reading() as connection:
        for key in list_auditor_keys(connection):
            click.echo(f"{key.name}\t{key.public_key.hex()}")


@auditor_key.command("export")
@click.argument("wave_code", metavar="WAVE")
@click.argument("name")
@pass_installation
def export(installation: Installation, wave_code: str, name: str) -> None:
    """Print the sealed contacts of a wave for an auditor, a line each; entered in the audit trail."""
    from survey.actions.following_up import export_sealed

    for line in export_sealed(
        installation.database, wave_code, name, now=installation.now, actor=operating_system_user()
    ):
        click.echo(line)


@auditor_key.command("open")
@click.argument("file", type=FILE)
@click.option("--key", "key_file", type=FILE, required=True, help="The file with the private key.")
def open_file(file: Path, key_file: Path) -> None:
    """On the auditor's own machine: decrypt what was exported, a JSON object a line. Needs no installation."""
    import json

    from survey.actions.following_up import open_sealed

    for contact in open_sealed(file.read_text(encoding="ascii").split(), key_file.read_text(encoding="ascii")):
        click.echo(json.dumps(contact, ensure_ascii=False, sort_keys=True))


def keep_contacts(installation: Installation, file: Path, wave_code: str) -> None:
    """Keep the contacts of those drawn and say what became of the file's."""
    from survey.actions.contacts import import_contacts

    kept = import_contacts(
        installation.database,
        installation.keys,
        file,
        wave_code=wave_code,
        channels=serving(post(installation)),
        now=installation.now,
        actor=operating_system_user(),
        progress=show_progress,
    )
    click.echo(str(kept))


def _choose_writer(installation: Installation, wave_code: str, slips: Path | None, codes: bool) -> HandOut:
    if slips is None:
        return _LinePrinter(installation.settings.base_url, codes)
    from survey.actions.slips import SlipFile
    from survey.actions.waves import find_wave

    wave = find_wave(installation.database, wave_code)
    sending = load_sending(installation.settings)
    return SlipFile(slips, sending.address, installation.settings.base_url, wave.closes_on, "sheet").write


def _choose_places(
    installation: Installation,
    wave_code: str,
    count: int | None,
    seed: int | None,
    left: bool,
    again: datetime | None,
) -> list[Place]:
    from survey.actions import inviting

    database, today = installation.database, installation.today
    if left:
        return inviting.list_places_left(database, wave_code, today)
    if again is not None:
        return inviting.list_places_again(database, wave_code, again.date(), today)
    assert count is not None
    return inviting.draw_places(
        database,
        wave_code,
        count,
        seed=secrets.randbelow(2**31) if seed is None else seed,
        today=today,
        followed_share=load_sending(installation.settings).auditor_share,
        now=installation.now,
    )


def _hand_out(installation: Installation, places: Sequence[Place], write: HandOut, channel: str, again: bool) -> None:
    from survey.actions.inviting import hand_out, record_replaced

    if again:
        record_replaced(installation.database, places, now=installation.now, actor=operating_system_user())
    for _ in hand_out(installation.database, installation.keys, places, channel, write):
        pass


class _LinePrinter:
    """Prints links, flushed before the codes become live."""

    def __init__(self, base_url: str, codes: bool) -> None:
        self._base_url = base_url
        self._codes = codes

    def __call__(self, invited: Sequence[Invited]) -> None:
        for each in invited:
            click.echo(f"{self._base_url}/t/{each.token}" + (f"\t{each.code}" if self._codes else ""))
        sys.stdout.flush()
