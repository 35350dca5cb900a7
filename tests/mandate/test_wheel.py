"""The mandate travels inside the installed package: nothing is read from the checkout."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.thorough

ROOT = Path(__file__).parents[2]


def test_a_wheel_holds_every_data_file_of_the_mandate(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", tmp_path],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        packed = set(archive.namelist())
    mandate = ROOT / "survey" / "mandate"
    data = [path for folder in ("data", "published") for path in (mandate / folder).rglob("*.*")]
    assert len(data) > 10
    assert {path.relative_to(ROOT).as_posix() for path in data} <= packed
