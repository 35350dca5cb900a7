"""waves, wave: what is asked, when."""

from __future__ import annotations

import csv
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import click

from survey.actions import versions
from survey.actions import waves as waves_action
from survey.cli.installation import Installation, pass_installation
from survey.mandate.rules import COUNTED, PLANNED_MARGINS, PLANNED_RESPONSES, Rule, read_rule
from survey.mandate.text import LANGUAGES
from survey.store.waves import Wave

DATE = click.DateTime(["%Y-%m-%d"])
PURPOSES = ["official", "pilot", "training", "demo"]
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
    """Open, change and close waves."""


RULE = (
    "indicator",
    "method",
    "exclusions",
    "confidence_level",
    "minimum_effective",
    "minimum_df",
    "window_waves",
    "counts",
    "largest_frame_gap",
    "planned_response",
    "planned_margin",
)
Command = Callable[..., None]


def _default(name: str) -> str:
    return f"Opens with {getattr(Rule(), name)}."


def _facts(command: Command) -> Command:
    """The options of a wave and of its rule; what is not given is None or empty."""
    shares = click.Choice(["0.01", "0.05", "0.10"])
    levels = click.Choice(["0.90", "0.95", "0.99"])
    population = "Who is asked: those who had a transaction, or the general public at home. Never merged."
    options = (
        click.option("--series", help="Code of the series that the wave belongs to."),
        click.option("--purpose", type=click.Choice(PURPOSES), help="Opens as official."),
        click.option("--population", type=click.Choice(["transactions", "public"]), help=population),
        click.option(
            "--channel",
            "channels",
            multiple=True,
            type=click.Choice(waves_action.CHANNELS),
            help="How invitations go out (repeatable); all when none is named.",
        ),
        click.option("--sector", "sectors", multiple=True, help="A sector that it is about (repeatable); else all."),
        click.option("--area", "areas", multiple=True, help="An area or area group (repeatable); else all."),
        click.option("--grace-days", type=click.IntRange(0, 60), help="For paper and devices; opens with 7."),
        click.option("--indicator", help=_default("indicator")),
        click.option("--method", help=f"Interval of the rule. {_default('method')}"),
        click.option("--exclusion", "exclusions", multiple=True, help="A public exclusion rule, such as late@1."),
        click.option("--confidence-level", type=levels, help=_default("confidence_level")),
        click.option("--minimum-effective", type=click.IntRange(30), help=_default("minimum_effective")),
        click.option("--minimum-df", type=click.IntRange(8), help=_default("minimum_df")),
        click.option("--window-waves", type=click.IntRange(1, 24), help=_default("window_waves")),
        click.option("--counts", type=click.Choice(COUNTED), help=_default("counts")),
        click.option("--largest-frame-gap", type=shares, help=_default("largest_frame_gap")),
        click.option("--planned-response", type=click.Choice(PLANNED_RESPONSES), help=_default("planned_response")),
        click.option("--planned-margin", type=click.Choice(PLANNED_MARGINS), help=_default("planned_margin")),
        click.option("--finite/--process", default=None, help="Judge these transactions only, or the service."),
    )
    for option in reversed(options):
        command = option(command)
    return command


@wave.command("open")
@click.argument("code")
@click.option("--questionnaire", required=True, help="Code and version, for instance procedures@1.")
@click.option("--name", required=True, help="Name in Vietnamese.")
@click.option("--from", "opens_on", type=DATE, required=True, help="First day, YYYY-MM-DD.")
@click.option("--to", "closes_on", type=DATE, required=True, help="Last day, YYYY-MM-DD.")
@_facts
@pass_installation
def open_wave(installation: Installation, /, code: str, name: str, **given: Any) -> None:
    """Open a wave under a rule, which is locked with the first invitation."""
    told, rule = _split(given)
    seal_minimum = 1 if told.get("purpose") == "demo" else waves_action.SEAL_MINIMUM
    _keep(installation, code, {"name": {"vi": name}, "seal_minimum": seal_minimum, **told}, replace(Rule(), **rule))
    click.echo(f"Wave {code} is open. Next: hailong import frame FILE --wave {code}")
    _tell_drafts(installation, told["questionnaire"], told.get("purpose", "official"))


@wave.command("change")
@click.argument("code")
@click.option("--questionnaire", help="Code and version, for instance procedures@1.")
@click.option("--name", help="Name in Vietnamese.")
@click.option("--from", "opens_on", type=DATE, help="First day, YYYY-MM-DD.")
@click.option("--to", "closes_on", type=DATE, help="Last day, YYYY-MM-DD.")
@_facts
@pass_installation
def change_wave(installation: Installation, /, code: str, name: str | None, **given: Any) -> None:
    """Change what is named, and nothing else, as long as nobody was invited."""
    before = waves_action.find_wave(installation.database, code)
    told, rule = _split(given)
    if not (told or rule or name):
        raise click.UsageError("Say what to change: hailong wave change --help lists it.")
    named = {"name": {**before.name, "vi": name}} if name else {}
    _keep(installation, code, {**_as_it_is(before), **named, **told}, replace(read_rule(before.rule), **rule), True)
    click.echo(f"Wave {code} is changed.")


def _split(given: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What was given of the wave, and of its rule."""
    said = {name: value for name, value in given.items() if value not in (None, ())}
    finite = said.pop("finite", None)
    rule = {name: said.pop(name) for name in RULE if name in said}
    if finite is not None:
        rule["target_population"] = "finite" if finite else "process"
    for name in {"opens_on", "closes_on"} & set(said):
        said[name] = said[name].date()
    return said, rule


def _as_it_is(wave: Wave) -> dict[str, Any]:
    """All of a wave that may be changed, but its rule."""
    same = ("name", "opens_on", "closes_on", "purpose", "population", "grace_days", "seal_minimum")
    lists = {name: (getattr(wave, name) or "").split(",") for name in ("channels", "sectors", "areas")}
    return {
        **{name: getattr(wave, name) for name in same},
        **{name: [each for each in found if each] for name, found in lists.items()},
        "series": wave.series_code,
        "questionnaire": wave.questionnaire if wave.questionnaire_code else None,
    }


def _keep(installation: Installation, code: str, told: dict[str, Any], rule: Rule, instead: bool = False) -> None:
    if told["closes_on"] < told["opens_on"]:
        raise click.UsageError("The last day is before the first day.")
    database, by = installation.database, installation.by
    waves_action.open_wave(database, code=code, rule=rule, instead=instead, recorded=by, **told)


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


def _print_rows(rows: list[tuple[str, ...]], form: str) -> None:
    if form == "csv":
        writer = csv.writer(sys.stdout)
        writer.writerow(COLUMNS)
        writer.writerows(rows)
        return
    widths = [max(len(row[column]) for row in [COLUMNS, *rows]) for column in range(len(COLUMNS))]
    for row in [COLUMNS, *rows]:
        click.echo("  ".join(value.ljust(width) for value, width in zip(row, widths, strict=True)).rstrip())
