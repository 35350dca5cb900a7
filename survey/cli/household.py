"""household: villages, lists and drawn households of a wave of the general public, and its rates."""

from __future__ import annotations

from pathlib import Path

import click

from survey.actions import household as households
from survey.cli.installation import Installation, pass_installation

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def household() -> None:
    """Waves at people's homes: draw villages and households, see who works where, estimate."""


@household.command("psus")
@click.argument("path", metavar="FILE", type=FILE)
@click.option("--wave", required=True)
@pass_installation
def load_psus(installation: Installation, path: Path, wave: str) -> None:
    """Load the villages: psu, name, stratum, agency, households, adults."""
    count = households.import_psus(
        installation.database, path, wave_code=wave, today=installation.today, by=installation.by
    )
    click.echo(f"{count:,} villages loaded.")


@household.command("draw")
@click.argument("wave")
@click.option("--villages", required=True, help="STRATUM=COUNT,... with two in each and eight degrees of freedom.")
@click.option("--seed", type=int, required=True)
@pass_installation
def draw_villages(installation: Installation, wave: str, villages: str, seed: int) -> None:
    """Draw villages with probability proportional to their households."""
    drawn = households.draw_psus(installation.database, wave, _read_allocation(villages), seed=seed, by=installation.by)
    for each in drawn:
        click.echo(f"{each.stratum}\t{each.identifier}\t{each.probability:.6f}")


@household.command("listed")
@click.argument("wave")
@click.argument("psu", metavar="VILLAGE")
@click.argument("path", metavar="FILE", type=FILE)
@click.option("--by", "lister", required=True, help="Who walked the village and updated the list.")
@pass_installation
def keep_list(installation: Installation, wave: str, psu: str, path: Path, lister: str) -> None:
    """Keep a village's updated list: one household a line."""
    lines = path.read_text("utf-8").splitlines()
    by = type(installation.by)(lister, installation.now)
    kept = households.keep_list(installation.database, wave, psu, lines, today=installation.today, by=by)
    click.echo(f"{kept.households:,} households listed in {psu}.")


@household.command("take")
@click.argument("wave")
@click.argument("psu", metavar="VILLAGE")
@click.option("--count", type=click.IntRange(1), required=True)
@click.option("--seed", type=int, required=True)
@click.option("--interviewer", help="The account that works here.")
@pass_installation
def take(installation: Installation, wave: str, psu: str, count: int, seed: int, interviewer: str | None) -> None:
    """Draw households down a village's list, and say who calls there."""
    drawn = households.draw_households(
        installation.database, wave, psu, count, seed=seed, today=installation.today, by=installation.by
    )
    if interviewer:
        households.assign(installation.database, wave, psu, interviewer, by=installation.by)
    for each in drawn:
        click.echo(f"{each.number}\t{each.address}")


@household.command("list")
@click.argument("wave")
@pass_installation
def show(installation: Installation, wave: str) -> None:
    """List the villages: chance of being drawn, list, drawn households, interviewer."""
    for report in households.list_reports(installation.database, wave):
        psu, listed = report.psu, report.listed
        chance = f"{psu.probability:.6f}" if psu.probability else "not drawn"
        lines = f"{listed.households} listed" if listed else "no list"
        click.echo(f"{psu.stratum_code}\t{psu.code}\t{psu.name}\t{chance}\t{lines}\t{psu.interviewer or ''}")


@household.command("forget")
@click.argument("wave")
@pass_installation
def forget(installation: Installation, wave: str) -> None:
    """Empty the addresses and rosters of a wave that is over."""
    count = households.forget(installation.database, wave, today=installation.today, by=installation.by)
    click.echo(f"{count:,} addresses forgotten.")


@household.command("estimate")
@click.argument("wave")
@click.option("--margins", type=FILE, help="Adults by stratum, sex and age, to which the weights are calibrated.")
@pass_installation
def estimate(installation: Installation, wave: str, margins: Path | None) -> None:
    """The rate of all and of those with an agency contact in 12 months, and the effect of the interviewers."""
    from survey.actions.household_estimating import estimate_households, read_margins

    known = read_margins(margins) if margins else None
    found = estimate_households(installation.database, wave, margins=known)
    for name, each in (("all", found.everybody), ("contact in 12 months", found.contacted)):
        if each is not None:
            click.echo(
                f"{name}\t{each.rate:.4f}\t[{each.low:.4f}, {each.high:.4f}]\tn {each.n}\tdf {each.df:g}"
                f"\tdesign effect {each.deff:.2f}"
            )
    if found.effect is not None:
        click.echo(
            f"interviewers\t{found.effect.interviewers}\trho {found.effect.rho:.3f}\tdeff {found.effect.deff:.2f}"
        )
    click.echo("\t".join(f"{name} {value:.3f}" for name, value in found.outcome_rates.items()))


def _read_allocation(text: str) -> dict[str, int]:
    try:
        return {name.strip(): int(count) for name, count in (each.split("=") for each in text.split(","))}
    except ValueError as wrong:
        raise click.BadParameter("write STRATUM=COUNT, separated by commas", param_hint="--villages") from wrong
