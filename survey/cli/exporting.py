"""export: the persons of a wave, de-identified, for statisticians."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from survey.cli.installation import Installation, pass_installation

FORMATS = ("csv", "parquet", "sav", "dta")


@click.command()
@click.argument("wave_code", metavar="WAVE")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--format", "formats", type=click.Choice(FORMATS), multiple=True, help="May be given again; all four.")
@click.option("--k", type=click.IntRange(2), help="Least number of persons who share what others may know of them.")
@click.option("--key", "more_keys", multiple=True, metavar="ITEM", help="An item that others may know, as the profile.")
@click.option("--release", help="Also what rebuilds the table of this release, in the folder `release`.")
@pass_installation
def export(
    installation: Installation,
    wave_code: str,
    folder: Path,
    formats: tuple[str, ...],
    k: int | None,
    more_keys: tuple[str, ...],
    release: str | None,
) -> None:
    """Write a wave's answers with design, weights, replicate weights, codebook and checksums. It is recorded.

    hailong export TTHC-2030-01 folder --format csv --format sav --release TTHC-2030-01.1
    """
    from survey.actions.exporting import export_wave
    from survey.actions.reproducing import reproduce, write_bundle

    made = export_wave(
        installation.database,
        wave_code,
        folder,
        formats=formats or FORMATS,
        by=installation.by,
        k=k,
        more_keys=more_keys,
        progress=lambda stage, done: click.echo(f"\r{stage}: {done:,} ", err=True, nl=sys.stderr.isatty() is False),
    )
    if release is not None:
        write_bundle(reproduce(installation.database, release, by=installation.by), folder / "release")
    click.echo(
        f"{made.persons:,} persons, {made.left_out:,} left out (excluded or withdrawn), {len(made.files)} files:"
    )
    for name in made.files:
        click.echo(f"  {name}")
    report = made.report
    click.echo(
        f"Disclosure control, k = {report.k}: {report.unique_before:,} were alone with what others may know; now the "
        f"smallest group is {report.smallest_group:,}. {report.small_strata:,} strata have fewer than {report.k}: "
        f"their {report.emptied:,} persons keep the main answer only. Details: disclosure.json"
    )
