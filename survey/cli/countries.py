"""simulate without a wave: a synthetic country whose truth is known."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

SHARE = click.FloatRange(0, 1)
OPTIONS: tuple[tuple[str, Any, str], ...] = (
    ("areas", click.IntRange(1), "Areas."),
    ("agencies", click.IntRange(1), "Agencies of each area."),
    ("procedures", click.IntRange(1), "Procedures of each agency."),
    ("invited", click.IntRange(1), "Invitations in each stratum."),
    ("satisfaction", SHARE, "Share satisfied, which strata vary around."),
    ("answers-if-satisfied", SHARE, "Share of the satisfied who answer."),
    ("answers-if-not", SHARE, "Share of the others who answer."),
    ("cluster-size", click.IntRange(1), "Persons in a cluster."),
    ("rho", click.FloatRange(0, 1, max_open=True), "Correlation of answers in a cluster."),
    ("stuffed-agencies", SHARE, "Share of agencies that stuff."),
    ("stuffing", click.FloatRange(0, 1, max_open=True), "Share of their answers that is made up."),
)


def country_options(command: Callable[..., None]) -> Callable[..., None]:
    """The options of a country, a folder to write it to, how often to draw it, and the study of the intervals."""
    for name, kind, told in reversed(OPTIONS):
        command = click.option(f"--{name}", type=kind, help=told)(command)
    command = click.option("--samples", type=click.IntRange(1), help="Draw so often and count what is wrong.")(command)
    coverage = "Study the intervals over simulated samples; full is that of docs/methods.md, some minutes."
    command = click.option("--coverage", type=click.Choice(["small", "full"]), help=coverage)(command)
    folder = click.Path(file_okay=False, path_type=Path)
    return click.option("--country", "folder", type=folder, help="Write a country's truth and a sample here.")(command)


def simulate_country(seed: int, asked: Mapping[str, Any]) -> None:
    """Write a country, or draw it many times and print one line of JSON for each figure."""
    from survey.actions.simulating_country import Country, study, write_country

    given = {name: value for name, value in asked.items() if value is not None}
    folder, samples, coverage = (given.pop(name, None) for name in ("folder", "samples", "coverage"))
    if folder is None and samples is None and coverage is None:
        raise click.UsageError("Name a WAVE, a folder by --country, how many --samples to draw, or --coverage.")
    if coverage is not None:
        _study_intervals(coverage, seed)
    country = Country(**given)
    if folder is not None:
        click.echo(f"Written to {folder}: {', '.join(write_country(country, folder, seed))}")
    if samples is not None:
        for name, value in asdict(study(country, samples=samples, seed=seed)).items():
            click.echo(f"{name:14} {value:,.4f}" if isinstance(value, float) else f"{name:14} {value:,}")


def _study_intervals(size: str, seed: int) -> None:
    from survey.actions.studying_coverage import SIZES, GuaranteeBroken, study_coverage

    try:
        for table in study_coverage(SIZES[size], seed):
            click.echo(f"{table}\n")
    except GuaranteeBroken as broken:
        raise click.ClickException(str(broken)) from None
