"""estimate, release, bundle: figures, and what proves them."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from survey.cli.installation import Installation, pass_installation

FIGURES = ("n", "rate", "se", "low", "high", "n_effective", "deff", "method", "target", "verdict", "official")


@click.command()
@click.option("--wave", "wave_code", required=True)
@click.option("--by", default="", help="For instance service,month (or agency, sector, area, stratum, period).")
@click.option("--indicator", help="Definition of the figure; the rule's own by default. For instance rescaled_mean.")
@click.option("--target", type=click.FloatRange(0, 1, min_open=True, max_open=True), help="For instance 0.9.")
@click.option("--method", help="Interval method; the rule's own by default.")
@click.option("--confidence-level", type=click.FloatRange(0, 1, min_open=True, max_open=True))
@click.option("--format", "form", type=click.Choice(["table", "csv", "json"]), default="table", show_default=True)
@pass_installation
def estimate(
    installation: Installation,
    wave_code: str,
    by: str,
    indicator: str | None,
    target: float | None,
    method: str | None,
    confidence_level: float | None,
    form: str,
) -> None:
    """Rate, interval, effective n, design effect and verdict for any wave, from its tally."""
    from survey.actions.estimating import estimate_wave, judge_by_rule

    breakdown = [name.strip() for name in by.split(",") if name.strip()]
    data, found = estimate_wave(
        installation.database,
        wave_code,
        by=breakdown,
        indicator=indicator,
        method=method,
        confidence_level=confidence_level,
    )
    rows: list[dict[str, Any]] = []
    for domain in found:
        got = domain.estimate
        verdict = judge_by_rule(got, target, data.rule, on=installation.today).code if target else None
        figures = {name: getattr(got, name) for name in FIGURES if hasattr(got, name)}
        rows.append({**domain.keys, **figures, "target": target, "verdict": verdict, "official": data.wave.is_official})
    _print(rows, breakdown, form)


@click.command()
@click.argument("wave_code", metavar="WAVE")
@pass_installation
def release(installation: Installation, wave_code: str) -> None:
    """Draft a release of a wave; publishing takes a second person, in the browser. A demo wave is published at once."""
    from survey.actions.releasing import release_wave

    made = release_wave(installation.database, wave_code, by="command line", today=installation.today)
    if made is None:
        click.echo("Nothing new since the last release.")
    elif made.published_on:
        click.echo(f"Release {made.code} is published.")
    else:
        click.echo(f"Draft {made.code} is ready. A statistician publishes it under Releases.")


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--rows", is_flag=True, help="Also the rows: for an auditor only.")
@pass_installation
def bundle(installation: Installation, folder: Path, rows: bool) -> None:
    """Write checkpoints and proofs to a folder that survey/proof.py checks alone."""
    from survey.actions.bundling import write_bundle

    write_bundle(installation.database, installation.signer.verifier, folder, with_rows=rows)
    click.echo(f"Written. Check it with: python proof.py {folder}")


def _print(rows: list[dict[str, Any]], by: Sequence[str], form: str) -> None:
    if form == "json":
        click.echo(json.dumps(rows, ensure_ascii=False, indent=1))
        return
    columns = [*by, *FIGURES]
    if form == "csv":
        writer = csv.DictWriter(sys.stdout, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        return
    table = [columns, *([_shown(row[column]) for column in columns] for row in rows)]
    widths = [max(len(line[column]) for line in table) for column in range(len(columns))]
    for line in table:
        click.echo("  ".join(value.rjust(width) for value, width in zip(line, widths, strict=True)))


def _shown(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.4f}" if isinstance(value, float) else str(value)
