"""plan, nightly: sizes and allocation for a wave's frame, and the survey plan as a Word file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from survey.cli.installation import Installation, pass_installation
from survey.mandate.text import LANGUAGES

if TYPE_CHECKING:
    from survey.actions.planning import SamplePlan

SHARE = click.FloatRange(0, 1)
ALLOCATIONS = ("proportional", "power", "kish")  # said here, for the help waits for no statistics


@click.command()
@click.argument("wave_code", metavar="WAVE")
@click.option("--target", type=SHARE, default=0.9, show_default=True)
@click.option("--expected", type=SHARE, default=0.95, show_default=True, help="The rate that is thought to be true.")
@click.option("--power", type=SHARE, default=0.8, show_default=True)
@click.option("--margin", type=SHARE, default=0.03, show_default=True, help="Half of the interval.")
@click.option("--deff", type=float, default=1.0, show_default=True, help="Design effect.")
@click.option("--response", type=SHARE, default=0.5, show_default=True)
@click.option("--reserve", type=SHARE, default=0.1, show_default=True)
@click.option("--cost-fixed", type=float, default=0.0)
@click.option("--cost-invitation", type=float, default=0.0)
@click.option("--cost-answer", type=float, default=0.0)
@click.option("--allocation", type=click.Choice(ALLOCATIONS), default=ALLOCATIONS[0], show_default=True)
@click.option("--word", type=click.Path(dir_okay=False, path_type=Path), help="Write the survey plan into this file.")
@click.option("--language", type=click.Choice(LANGUAGES), default="vi", show_default=True)
@pass_installation
def plan(
    installation: Installation, /, wave_code: str, word: Path | None, language: str, **wanted: float | str
) -> None:
    """Say how many to invite in each stratum, what that shows and what it costs."""
    from survey.actions.planning import Wanted, plan_wave

    found = plan_wave(installation.database, wave_code, Wanted(**wanted))  # type: ignore[arg-type]
    click.echo(f"invitations\t{found.invitations:,}\treserve {found.reserve:,}\tanswers {found.answers:,}")
    click.echo(f"for the verdict\t{found.for_decision or 'no size'}\tfor the margin {found.for_margin:,}")
    lowest = "no rate" if found.lowest_shown is None else f"{found.lowest_shown:.1%}"
    click.echo(f"power\t{found.power:.3f}\tlowest rate that shows the target {lowest}\tcost {found.cost:,.0f}")
    for each in found.strata:
        click.echo(f"{each.stratum}\t{each.population:,}\t{each.invitations:,}\t{each.probability:.6f}")
    if word is not None:
        _write(installation, wave_code, found, word, language)


@click.command()
@click.argument("wave_code", metavar="WAVE")
@click.option("--rate", type=click.FloatRange(0, 1, min_open=True), required=True, help="The planned chance of each.")
@click.option("--seed", required=True, help="The wave's own: with another, another sample would be drawn.")
@pass_installation
def nightly(installation: Installation, wave_code: str, rate: float, seed: str) -> None:
    """Draw what came into the frame since the last night, each with the planned chance; twice adds nothing."""
    from survey.actions.drawing_nightly import draw_nightly

    added = draw_nightly(
        installation.database, wave_code, rate, seed=seed, today=installation.today, by=installation.by
    )
    click.echo(f"{added:,} places drawn. `hailong invite {wave_code} --left` hands them out.")


def _write(installation: Installation, wave_code: str, found: SamplePlan, path: Path, language: str) -> None:
    from survey.actions.printing_plans import paper_of
    from survey.actions.waves import find_wave
    from survey.documents.survey_plan import write_plan

    wave = find_wave(installation.database, wave_code)
    path.write_bytes(write_plan(paper_of(found, wave, language), language))
    click.echo(f"{path} written.")
