"""The scripts that rebuild a released table in other programs: R, Stata and plain Python."""

from __future__ import annotations

from importlib.resources import files

SCRIPTS = ("rebuild.R", "rebuild.do", "rebuild.py")


def read_scripts() -> dict[str, bytes]:
    """Each script by its name. They read the CSV files of the folder that they lie in, and nothing else."""
    folder = files("survey.documents").joinpath("rebuild")
    return {name: folder.joinpath(name).read_bytes() for name in SCRIPTS}
