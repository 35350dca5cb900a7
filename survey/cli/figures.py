"""estimate, release, bundle: figures, and what proves them."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from survey.cli.installation import Installation, pass_installation
from survey.store.roles import Role

if TYPE_CHECKING:
    from analysis import Design
    from survey.actions.estimating import DomainEstimate
    from survey.actions.estimating_file import FileQuestion

FIGURES = ("n", "rate", "se", "low", "high", "df", "n_effective", "deff", "method", "target", "verdict", "official")
WAVE_OPTIONS = ("indicator", "method", "confidence_level")
LONELY_RULES = ("fail", "remove", "certainty", "adjust", "average", "collapse")


@click.command()
@click.argument("file", required=False, type=click.Path(dir_okay=False, path_type=Path))
@click.option("--wave", "wave_code", help="Code of a wave of this installation, in place of FILE.")
@click.option("--by", default="", help="For instance service,month (a wave: agency, sector, area, stratum, period).")
@click.option("--indicator", help="Definition of the figure; the rule's own by default. For instance rescaled_mean.")
@click.option("--target", type=click.FloatRange(0, 1, min_open=True, max_open=True), help="For instance 0.9.")
@click.option("--method", help="Interval method; the rule's own by default, guarded for a file.")
@click.option("--confidence-level", type=click.FloatRange(0, 1, min_open=True, max_open=True))
@click.option("--format", "form", type=click.Choice(["table", "csv", "json"]), default="table", show_default=True)
@click.option("--outcome", help="FILE: column of the answer.")
@click.option("--satisfied", help="FILE: values that count as satisfied, such as 4,5; not needed for 0/1.")
@click.option("--missing", help="FILE: values that mean no answer, such as 9,99.")
@click.option("--stratum", help="FILE: column of the strata.")
@click.option("--psu", help="FILE: column of the clusters; one for each stage, separated by commas.")
@click.option("--weight", help="FILE: column of the weights; population / responses of the stratum by default.")
@click.option("--population", help="FILE: column of the strata's populations; one for each stage.")
@click.option("--count", help="FILE: column that says how many alike responses a row stands for.")
@click.option("--within", help="FILE: condition of a domain, such as \"sex == 'F' & age >= 60\".")
@click.option("--lonely-psu", type=click.Choice(LONELY_RULES), help="FILE: for strata of one PSU; collapse by default.")
@click.option("--nest", is_flag=True, help="FILE: PSU labels are only unique inside their stratum.")
@click.option("--drop-incomplete", is_flag=True, help="FILE: leave out rows with gaps in the design; they are counted.")
@click.option("--spark", help="FILE: master of a Spark cluster that reads a Parquet file, such as spark://host:7077.")
@pass_installation
def estimate(
    installation: Installation,
    /,
    file: Path | None,
    wave_code: str | None,
    by: str,
    form: str,
    target: float | None,
    **asked: Any,
) -> None:
    """Rate, interval, effective n, design effect and verdict: of a FILE (csv, parquet, dta, sav) or of a wave.

    hailong estimate survey.csv --outcome answer --satisfied 4,5 --stratum commune --population N_h --target 0.9
    """
    if (file is None) == (wave_code is None):
        raise click.UsageError("Name either a FILE or a --wave.")
    breakdown = _split(by)
    if file is not None:
        rows, notes = _estimate_file(file, breakdown, target, installation.today, asked)
        for line in notes:
            click.echo(line, err=form != "table")
    else:
        _refuse_file_options(asked)
        rows = _estimate_wave(installation, str(wave_code), breakdown, target, asked)
    _print(rows, breakdown, form)


@click.command()
@click.argument("wave_code", metavar="WAVE")
@pass_installation
def release(installation: Installation, wave_code: str) -> None:
    """Draft a release of a wave; publishing takes a second person, in the browser. A demo wave is published at once."""
    from survey.actions.releasing import release_wave

    made = release_wave(
        installation.database, wave_code, by="command line", today=installation.today, recorded=installation.by
    )
    if made is None:
        click.echo("Nothing new since the last release, or too little: a few new answers could be told apart.")
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

    reader = installation.by if rows else None
    write_bundle(installation.audited, installation.signer.verifier, folder, reader=reader)
    click.echo(f"Written. Check it with: python proof.py {folder}")


def _estimate_wave(
    installation: Installation, wave_code: str, by: list[str], target: float | None, asked: Mapping[str, Any]
) -> list[dict[str, Any]]:
    from survey.actions.estimating import estimate_wave, judge_by_rule

    options = {name: asked[name] for name in WAVE_OPTIONS}
    data, found = estimate_wave(installation.database_of(Role.READ), wave_code, by=by, **options)
    rows = []
    for domain in found:
        verdict = judge_by_rule(domain.estimate, target, data.rule, on=installation.today).code if target else None
        rows.append(_to_row(domain, target, verdict, official=data.wave.is_official))
    return rows


def _estimate_file(
    file: Path, by: list[str], target: float | None, today: date, asked: Mapping[str, Any]
) -> tuple[list[dict[str, Any]], list[str]]:
    from analysis import Target, judge
    from survey.actions.estimating_file import estimate_file

    found = estimate_file(_ask(file, by, asked))
    rows = []
    for domain in found.domains:
        verdict = judge(domain.estimate, Target(target), today).code if target else None
        rows.append(_to_row(domain, target, verdict, official=False))
    return rows, found.rows.explain()


def _ask(file: Path, by: list[str], asked: Mapping[str, Any]) -> FileQuestion:
    from survey.actions.coding_outcomes import Coding
    from survey.actions.estimating_file import FileQuestion
    from survey.mandate.indicators import load_indicator

    if not asked["outcome"]:
        raise click.UsageError("Name the column of the answer: --outcome COLUMN.")
    if asked["satisfied"] and asked["indicator"]:
        raise click.UsageError("--satisfied and --indicator both say how answers are scored: give one of them.")
    return FileQuestion(
        path=file,
        outcome=asked["outcome"],
        design=_read_design(asked),
        coding=Coding(
            tuple(_split(asked["satisfied"])),
            tuple(_split(asked["missing"])),
            load_indicator(asked["indicator"]) if asked["indicator"] else None,
        ),
        by=tuple(by),
        within=asked["within"],
        method=asked["method"] or "guarded",
        confidence_level=asked["confidence_level"] or 0.95,
        drop_incomplete=asked["drop_incomplete"],
        spark=asked["spark"],
    )


def _read_design(asked: Mapping[str, Any]) -> Design:
    from analysis import Design

    psus: list[str | None] = [*_split(asked["psu"])]
    populations = _split(asked["population"])
    if psus and len(populations) == len(psus) + 1:
        psus.append(None)  # the last population is that of the responses inside the last cluster
    return Design(
        weight=asked["weight"],
        stratum=_split(asked["stratum"]) or None,
        psu=psus or None,
        population=populations or None,
        count=asked["count"],
        lonely_psu=asked["lonely_psu"] or "collapse",
        nest=asked["nest"],
    )


def _refuse_file_options(asked: Mapping[str, Any]) -> None:
    given = [name for name, value in asked.items() if value and name not in WAVE_OPTIONS]
    if given:
        raise click.UsageError(f"--{given[0].replace('_', '-')} describes a FILE; a wave knows its own design.")


def _to_row(domain: DomainEstimate, target: float | None, verdict: str | None, *, official: bool) -> dict[str, Any]:
    figures = {name: getattr(domain.estimate, name) for name in FIGURES if hasattr(domain.estimate, name)}
    return {**domain.keys, **figures, "target": target, "verdict": verdict, "official": official}


def _split(names: str | None) -> list[str]:
    return [name.strip() for name in (names or "").split(",") if name.strip()]


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


@click.command()
@click.argument("code", metavar="RELEASE")
@click.option(
    "--to", "folder", type=click.Path(file_okay=False, path_type=Path), help="Also write what rebuilds it elsewhere."
)
@pass_installation
def reproduce(installation: Installation, code: str, folder: Path | None) -> None:
    """Count a release's answers again, compute its figures again and compare every printed digit.

    With --to, a folder of counts, frame, rule and scripts in R, Stata and Python that rebuild the released table.
    """
    from survey.actions.reproducing import reproduce as reproduce_release
    from survey.actions.reproducing import write_bundle

    made = reproduce_release(installation.database, code, by=installation.by)
    for line in made.findings.lines:
        click.echo(line)
    if folder is not None:
        names = write_bundle(made, folder)
        click.echo(f"Written: {len(names)} files in {folder}. Rebuild with: Rscript {folder / 'rebuild.R'}")
    if not made.findings.is_clean:
        sys.exit(1)
