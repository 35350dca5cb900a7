"""kiosk, voice: devices that answer for many, and people who speak without an invitation."""

from __future__ import annotations

import getpass
import os

import click

from survey.actions import kiosks, open_voice
from survey.actions.kiosks import DeviceReport
from survey.cli.installation import Installation, pass_installation
from survey.store.tables.devices import CHANNELS

COLUMNS = ("name", "channel", "agency", "wave", "state", "contact", "waiting", "stored", "second uses", "clock")


@click.group()
def kiosk() -> None:
    """Devices that answer for many: pair them, see how they are, take them out."""


@kiosk.command("pair")
@click.argument("name")
@click.option("--agency", required=True, help="Where it stands (the agency's code).")
@click.option("--wave", required=True, help="What it asks (the wave's code).")
@click.option("--channel", type=click.Choice(CHANNELS), default="kiosk", show_default=True)
@pass_installation
def pair(installation: Installation, name: str, agency: str, wave: str, channel: str) -> None:
    """Print a one-time code, to be typed on the device within a day."""
    code = kiosks.pair_device(
        installation.database,
        installation.keys,
        name,
        agency=agency,
        wave=wave,
        now=installation.now,
        actor=_actor(),
        channel=channel,
    )
    click.echo(f"Open {installation.settings.base_url}/kiosk/ on the device and type this code within 24 hours:")
    click.echo(code)


@kiosk.command("list")
@pass_installation
def show(installation: Installation) -> None:
    """List the devices: last contact to the hour, what waits on them, what they brought."""
    rows = [COLUMNS, *(_row(report) for report in kiosks.list_reports(installation.database))]
    widths = [max(len(row[column]) for row in rows) for column in range(len(COLUMNS))]
    for row in rows:
        click.echo("  ".join(value.ljust(width) for value, width in zip(row, widths, strict=True)).rstrip())


@kiosk.command("unpair")
@click.argument("name")
@pass_installation
def unpair(installation: Installation, name: str) -> None:
    """Take nothing more from a device, at once."""
    kiosks.unpair_device(installation.database, name, now=installation.now, actor=_actor())
    click.echo(f"{name} is not paired any more. What it still holds stays on it until it is paired again.")


@kiosk.command("renew-key")
@click.argument("name")
@pass_installation
def renew_key(installation: Installation, name: str) -> None:
    """Have a device make a new key at its next contact (each does so by itself every 90 days)."""
    kiosks.ask_for_new_key(installation.database, name, now=installation.now, actor=_actor())
    click.echo(f"{name} will make a new key at its next contact.")


@kiosk.command("clear-unreadable")
@click.argument("name")
@pass_installation
def clear_unreadable(installation: Installation, name: str) -> None:
    """Have a device send once more what could not be read, and get rid of what still cannot."""
    kiosks.clear_unreadable(installation.database, name, now=installation.now, actor=_actor())
    click.echo(f"{name} will send it once more at its next contact, and get rid of what still cannot be read.")


@click.group()
def voice() -> None:
    """Open voice: what people say without an invitation; shown apart, never in the rate."""


@voice.command("open")
@click.argument("wave_code", metavar="WAVE")
@pass_installation
def open_beside(installation: Installation, wave_code: str) -> None:
    """Hear whoever stands at an agency of the wave; run again after a new frame."""
    beside = open_voice.open_voice(installation.database, wave_code, installation.by)
    click.echo(f"Open voice is kept in wave {beside.code}, apart from every rate.")
    click.echo(f"Posters lead to {installation.settings.base_url}/v/AGENCY")


@voice.command("show")
@click.argument("wave_code", metavar="WAVE")
@pass_installation
def show_voice(installation: Installation, wave_code: str) -> None:
    """How many spoke at each agency, and their levels where at least ten did."""
    for heard in open_voice.list_voices(installation.database, wave_code):
        levels = " ".join(f"{level}:{count}" for level, count in sorted(heard.levels.items()))
        click.echo(f"{heard.agency_code}\t{heard.count}\t{levels}")


def _row(report: DeviceReport) -> tuple[str, ...]:
    device = report.device
    second = sum(counts.get("spent", 0) for counts in report.refused.values())
    return (
        device.name,
        device.channel,
        device.agency_code,
        device.wave_code,
        device.state,
        device.contact_at.strftime("%Y-%m-%d %Hh") if device.contact_at else "never",
        str(device.waiting),
        str(device.stored),
        str(second),
        "right" if device.skew == "none" else device.skew,
    )


def _actor() -> str:
    try:
        return f"os:{getpass.getuser()}"
    except (KeyError, OSError):
        return f"os:{os.getuid()}"
