"""areas, procedures: what there is on a day."""

from __future__ import annotations

import csv
import sys
from datetime import datetime
from pathlib import Path

import click

from survey.cli.importing import FILE, import_group
from survey.cli.installation import Installation, pass_installation

DAY = click.DateTime(["%Y-%m-%d"])


@click.command()
@click.option("--on", type=DAY, help="A day, as YYYY-MM-DD; today when it is not given.")
@click.option("--agencies", is_flag=True, help="Agencies instead of areas.")
@click.option("--groups", is_flag=True, help="Groups of areas with their members.")
@pass_installation
def areas(installation: Installation, on: datetime | None, agencies: bool, groups: bool) -> None:
    """The tree of areas as of a day, each with its code, kind, name and what it came from."""
    from survey.store import area_trees

    day = on.date() if on else installation.today
    with installation.database.reading() as connection:
        if groups:
            for code, (name, members) in area_trees.list_groups(connection, day).items():
                click.echo(f"{code}\t{name['vi']}\t{' '.join(members)}")
            return
        places = area_trees.list_dated_agencies(connection) if agencies else area_trees.list_areas(connection)
        came_from = (
            area_trees.list_agency_successions(connection) if agencies else area_trees.list_area_successions(connection)
        )
    from survey.actions.showing_places import list_tree

    for depth, place, before in list_tree(places, came_from, day, flat=agencies):
        click.echo(
            f"{'  ' * depth}{place.code}\t{place.kind}\t{place.name['vi']}" + (f"\tfrom {before}" if before else "")
        )


@click.command()
@click.option("--on", type=DAY, help="A day, as YYYY-MM-DD; today when it is not given.")
@pass_installation
def procedures(installation: Installation, on: datetime | None) -> None:
    """The sector of every procedure as of a day, who decided it and when: the CSV that `import procedures` reads."""
    from survey.actions.showing_places import list_decisions

    writer = csv.writer(sys.stdout)
    writer.writerows(list_decisions(installation.database, on.date() if on else installation.today))


@import_group.command("areas")
@click.argument("file", type=FILE)
@click.option("--trial", is_flag=True, help="Say what would be loaded; load nothing.")
@pass_installation
def import_areas(installation: Installation, file: Path, trial: bool) -> None:
    """Areas, CSV or GeoJSON: code,name_vi,kind,parent,valid_from[,valid_to,predecessors]."""
    from survey.actions.importing_areas import import_areas as load

    click.echo(str(load(installation.database, file, by=installation.by, keep=not trial)))


@import_group.command("area-groups")
@click.argument("file", type=FILE)
@click.option("--trial", is_flag=True, help="Say what would be loaded; load nothing.")
@pass_installation
def import_area_groups(installation: Installation, file: Path, trial: bool) -> None:
    """Groups of areas, a line for each member: group,name_vi,area,valid_from[,valid_to]."""
    from survey.actions.importing_areas import import_groups

    click.echo(import_groups(installation.database, file, by=installation.by, keep=not trial))
