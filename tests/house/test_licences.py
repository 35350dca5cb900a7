"""The page of third-party software is what the lock brings."""

import runpy

import pytest
from house_tree import ROOT


def test_the_page_lists_every_package_of_the_lock_with_its_licence(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        runpy.run_path(str(ROOT / ".ci" / "licences"), run_name="__main__")
    page = (ROOT / "docs" / "third-party.md").read_text(encoding="utf-8")
    assert page == capsys.readouterr().out, "run `make licences`"
    assert page.count("\n| ") > 40
    assert "not stated" not in page
