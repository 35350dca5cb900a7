"""Nothing acknowledged is lost when the power goes: what a sync did not cover is torn or dropped by chance."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from broken_homes import make_home
from campaign import find_false_proofs
from cut_postgresql import PostgresqlPowerCut, postgresql_to_cut
from power_cut import Disk
from rounds import SEED, PowerCut, count, play
from serving import Home

pytestmark = [pytest.mark.faults, pytest.mark.thorough]

ROUNDS = count(full=30, quick=2)
POSTGRESQL_ROUNDS = count(full=30, quick=1)
ROUNDS_OF_CONTROLS = 15
UNSAFE_SERVER = Path(__file__).with_name("unsafe_server.py")


@pytest.fixture
def cut(installation: Home, tmp_path: Path) -> PowerCut:
    return PowerCut(Disk(installation.path, tmp_path / "disk"))


@pytest.fixture(scope="module")
def cut_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Home, PostgresqlPowerCut]]:
    """An installation on a PostgreSQL server whose power can be cut; both last for all tests of this file."""
    with postgresql_to_cut() as fault:
        yield make_home(tmp_path_factory.mktemp("cut") / "home", fault.url), fault


def test_whoever_was_thanked_is_stored_once_after_every_power_cut(installation: Home, cut: PowerCut) -> None:
    crowd, broken = play(installation, ROUNDS, SEED, cut)
    assert broken == []
    assert len(crowd.acknowledged) > ROUNDS * 4
    assert cut.lost_writes > 0  # else no power was cut while anything was being written
    assert find_false_proofs(installation) == []


@pytest.mark.parametrize("synchronous", ["normal", "off"])
def test_a_database_that_does_not_wait_for_the_disk_is_found_out(
    installation: Home, cut: PowerCut, synchronous: str
) -> None:
    """The control: with SQLite's synchronous=NORMAL or OFF, which a kill alone never shows, answers are lost."""
    cut.extra = {"UNSAFE": synchronous}
    _, broken = play(installation, ROUNDS_OF_CONTROLS, SEED, cut, program=UNSAFE_SERVER, until_broken=True)
    assert any("acknowledged answers are lost" in promise or "damaged" in promise for promise in broken)


@pytest.mark.postgresql
def test_whoever_was_thanked_is_stored_once_on_postgresql_too(cut_home: tuple[Home, PostgresqlPowerCut]) -> None:
    home, fault = cut_home
    fault.restart()
    crowd, broken = play(home, POSTGRESQL_ROUNDS, SEED, fault)
    assert broken == []
    assert len(crowd.acknowledged) > POSTGRESQL_ROUNDS * 4
    assert fault.lost_writes > 0
    assert find_false_proofs(home) == []


@pytest.mark.postgresql
def test_a_postgresql_that_does_not_wait_for_the_disk_is_found_out(cut_home: tuple[Home, PostgresqlPowerCut]) -> None:
    """The control: with synchronous_commit=off, answers are lost."""
    home, fault = cut_home
    fault.restart(synchronous_commit="off")
    _, broken = play(home, ROUNDS_OF_CONTROLS, SEED, fault, until_broken=True)
    assert any("acknowledged answers are lost" in promise for promise in broken)
