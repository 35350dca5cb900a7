"""Files published by others that the platform carries along, each described in published/README.md."""

from importlib.resources import files
from pathlib import Path

from survey.mandate.errors import MandateFileError


def published_file(name: str) -> Path:
    """The path of a published file, such as "opg_satisfaction.csv"; raises `MandateFileError`."""
    path = Path(str(files("survey.mandate").joinpath("published", name)))
    if not path.is_file():
        raise MandateFileError(f"published/{name}: the file is missing: install the package again")
    return path
