"""waves, wave: what is asked, when."""

from __future__ import annotations

import csv
import sys
from datetime import date, datetime
from typing import Any

import click

from survey.actions import versions
from survey.actions import waves as waves_action
from survey.cli.installation import Installation, pass_installation
from survey.mandate.rules import COUNTED, PLANNED_MARGINS, PLANNED_RESPONSES, Rule
from survey.mandate.text import LANGUAGES

DATE = click.DateTime(["%Y-%m-%d"])
COLUMNS = ("code", "name", "questionnaire", "collected", "purpose", "opens_on", "closes_on", "open")


@click.command()
@click.option("--open", "only_open", is_flag=True, help="Only waves that take answers today.")
@click.option("--format", "form", type=click.Choice(["table", "csv"]), default="table", show_default=True)
@pass_installation
def waves(installation: Installation, only_open: bool, form: str) -> None:
    """List the waves, code first."""
    today = installation.today
    found = waves_action.list_waves(installation.database, open_on=today if only_open else None)
    rows: list[tuple[str, ...]] = [
        (
            wave.code,
            wave.name["vi"],
            wave.questionnaire if wave.questionnaire_code else "",
            wave.collected,
            wave.purpose,
            wave.opens_on.isoformat(),
            wave.closes_on.isoformat(),
            "yes" if wave.takes_answers(today) else "no",
        )
        for wave in found
    ]
    _print_rows(rows, form)


@click.group()
def wave() -> None:
    """Open and close waves."""


@wave.command("open")
@click.argument("code")
@click.option("--questionnaire", required=True, help="Code and version, for instance procedures@1.")
@click.option("--name", required=True, help="Name in Vietnamese.")
@click.option("--from", "opens_on", type=DATE, required=True, help="First day, YYYY-MM-DD.")
@click.option("--to", "closes_on", type=DATE, required=True, help="Last day, YYYY-MM-DD.")
@click.option("--series", help="Code of the series that the wave belongs to.")
@click.option("--purpose", type=click.Choice(["official", "pilot", "training", "demo"]), default="official")
@click.option(
    "--population",
    type=click.Choice(["transactions", "public"]),
    default="transactions",
    show_default=True,
    help="Who is asked: those who had a transaction, or the general public at home. Never merged.",
)
@click.option("--indicator", default=Rule().indicator, show_default=True)
@click.option("--method", default=Rule().method, show_default=True, help="Interval method of the rule.")
@click.option("--exclusion", "exclusions", multiple=True, help="A public exclusion rule, such as late@1 (repeatable).")
@click.option(
    "--channel",
    "channels",
    multiple=True,
    type=click.Choice(waves_action.CHANNELS),
    help="How invitations go out (repeatable); all when none is named.",
)
@click.option("--sector", "sectors", multiple=True, help="A sector that the wave is about (repeatable); all otherwise.")
@click.option("--area", "areas", multiple=True, help="An area or area group (repeatable); all when none is named.")
@click.option("--grace-days", type=click.IntRange(0, 60), default=7, show_default=True, help="For paper and devices.")
@click.option("--confidence-level", type=click.Choice(["0.90", "0.95", "0.99"]), default=Rule().confidence_level)
@click.option("--minimum-effective", type=click.IntRange(30), default=Rule().minimum_effective, show_default=True)
@click.option("--minimum-df", type=click.IntRange(8), default=Rule().minimum_df, show_default=True)
@click.option("--window-waves", type=click.IntRange(1, 24), default=Rule().window_waves, show_default=True)
@click.option("--counts", type=click.Choice(COUNTED), default=Rule().counts, show_default=True)
@click.option("--largest-frame-gap", type=click.Choice(["0.01", "0.05", "0.10"]), default=Rule().largest_frame_gap)
@click.option(
    "--planned-response",
    type=click.Choice(PLANNED_RESPONSES),
    default=Rule().planned_response,
    show_default=True,
    help="The share of those invited who are expected to answer.",
)
@click.option("--planned-margin", type=click.Choice(PLANNED_MARGINS), default=Rule().planned_margin, show_default=True)
@click.option("--finite", is_flag=True, help="Judge these transactions only (finite population correction).")
@pass_installation
def open_wave(
    installation: Installation,
    /,
    code: str,
    questionnaire: str,
    name: str,
    opens_on: datetime,
    closes_on: datetime,
    series: str | None,
    purpose: str,
    population: str,
    indicator: str,
    method: str,
    exclusions: tuple[str, ...],
    finite: bool,
    channels: tuple[str, ...],
    sectors: tuple[str, ...],
    areas: tuple[str, ...],
    grace_days: int,
    **recipe: Any,
) -> None:
    """Open a wave under a rule, which is locked with the first invitation."""
    target_population = "finite" if finite else "process"
    rule = Rule(
        indicator=indicator, method=method, target_population=target_population, exclusions=exclusions, **recipe
    )
    _check_dates(opens_on.date(), closes_on.date())
    waves_action.open_wave(
        installation.database,
        code=code,
        name={"vi": name},
        questionnaire=questionnaire,
        opens_on=opens_on.date(),
        closes_on=closes_on.date(),
        rule=rule,
        series=series,
        purpose=purpose,
        population=population,
        channels=channels,
        sectors=sectors,
        areas=areas,
        grace_days=grace_days,
        seal_minimum=1 if purpose == "demo" else waves_action.SEAL_MINIMUM,
        recorded=installation.by,
    )
    click.echo(f"Wave {code} is open. Next: hailong import frame FILE --wave {code}")
    _tell_drafts(installation, questionnaire, purpose)


@wave.command("close")
@click.argument("code")
@pass_installation
def close(installation: Installation, code: str) -> None:
    """Take no more answers; what waits is sealed with the next round of work."""
    waves_action.close_wave(installation.database, code, installation.by)
    click.echo(f"Wave {code} is closed.")


def _tell_drafts(installation: Installation, questionnaire: str, purpose: str) -> None:
    version = versions.load_version(installation.database, questionnaire)
    offered = versions.list_languages(installation.database, version, purpose)
    drafts = [language for language in LANGUAGES if language not in offered]
    if drafts:
        signing = f"`hailong questionnaire sign {version.key} --language {drafts[0]} --reviewer NAME`"
        click.echo(
            f"It is not asked in {', '.join(drafts)} until somebody stands behind the wording: {signing}", err=True
        )


def _check_dates(opens_on: date, closes_on: date) -> None:
    if closes_on < opens_on:
        raise click.UsageError("The last day is before the first day.")


def _print_rows(rows: list[tuple[str, ...]], form: str) -> None:
    if form == "csv":
        writer = csv.writer(sys.stdout)
        writer.writerow(COLUMNS)
        writer.writerows(rows)
        return
    widths = [max(len(row[column]) for row in [COLUMNS, *rows]) for column in range(len(COLUMNS))]
    for row in [COLUMNS, *rows]:
        click.echo("  ".join(value.ljust(width) for value, width in zip(row, widths, strict=True)).rstrip())
