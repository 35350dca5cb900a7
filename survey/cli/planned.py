"""planned: samples that a statistician accepted into a wave's schedule; drawing them, and whom to ask again."""

from __future__ import annotations

import csv
import secrets
import sys

import click

from survey.cli.installation import Installation, operating_system_user, pass_installation


@click.group()
def planned() -> None:
    """Samples that a statistician accepted into a wave's schedule."""


@planned.command("list")
@click.argument("wave_code", metavar="WAVE")
@pass_installation
def list_planned(installation: Installation, wave_code: str) -> None:
    """The planned samples of a wave: number, invitations, strata, who accepted them and when."""
    from survey.actions.monitoring import list_planned

    for each in list_planned(installation.database, wave_code):
        counted = f"{sum(each.strata.values()):,} invitations in {len(each.strata):,} strata"
        click.echo(f"{each.number}  {counted}  {each.accepted_by}  {each.accepted_on}")


@planned.command("draw")
@click.argument("wave_code", metavar="WAVE")
@click.argument("number", type=int)
@click.option("--seed", type=int, help="Decides who is drawn; random otherwise.")
@pass_installation
def draw_planned(installation: Installation, wave_code: str, number: int, seed: int | None) -> None:
    """Draw the places of a planned sample, once; `hailong invite WAVE --left` hands their links out."""
    from survey.actions.inviting import AlreadyDrawn, NoFrame, TooMany, WaveOver, draw_places
    from survey.actions.monitoring import list_planned
    from survey.actions.waves import UnknownWave

    found = [each for each in list_planned(installation.database, wave_code) if each.number == number]
    if not found:
        raise click.ClickException(f"Wave {wave_code} has no planned sample {number}; see `hailong planned list`.")
    try:
        places = draw_places(
            installation.database,
            wave_code,
            sum(found[0].strata.values()),
            seed=secrets.randbelow(2**31) if seed is None else seed,
            today=installation.today,
            now=installation.now,
            actor=operating_system_user(),
            strata=found[0].strata,
            planned=f"{wave_code}/{number}",
        )
    except (AlreadyDrawn, NoFrame, TooMany, UnknownWave, WaveOver) as refused:
        raise click.ClickException(str(refused)) from refused
    click.echo(f"{len(places):,} places are drawn; `hailong invite {wave_code} --left` hands their links out.")


@planned.command("silent")
@click.argument("wave_code", metavar="WAVE")
@click.option("--share", type=click.FloatRange(0, 1, min_open=True), default=0.1, show_default=True)
@click.option("--seed", help="Decides who is drawn; random otherwise.")
@pass_installation
def draw_silent(installation: Installation, wave_code: str, share: float, seed: str | None) -> None:
    """Draw whom of the silent to ask again: stratum, place and chance as CSV. It is recorded."""
    from survey.actions import asking_again
    from survey.actions.waves import UnknownWave

    chosen = seed or secrets.token_hex(8)
    try:
        drawn = asking_again.draw_silent(installation.database, wave_code, share, seed=chosen, by=installation.by)
    except (asking_again.NobodySilent, asking_again.TooLate, UnknownWave) as refused:
        raise click.ClickException(str(refused)) from refused
    rows = csv.writer(sys.stdout)
    rows.writerow(("stratum", "place", "probability"))
    rows.writerows((each.stratum, each.position, each.probability) for each in drawn)
    click.echo(f"{len(drawn):,} places are drawn with the seed {chosen}.", err=True)
