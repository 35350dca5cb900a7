"""Inviting: a stratified draw that a seed repeats, tokens that nothing repeats, nobody drawn twice."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.drawing import draw
from survey.actions.inviting import NoFrame, TooMany, WaveOver, allocate, invite
from survey.actions.waves import UnknownWave, close_wave
from survey.keys import Keys, canonical_token
from survey.store import audits, frames, invitations
from survey.store.database import Database
from survey.store.tables import audit, invitation

LoadTotals = Callable[..., int]


def drawn(database: Database, wave: str) -> dict[str, list[int]]:
    with database.reading() as connection:
        return invitations.list_drawn_positions(connection, wave)


def test_each_token_opens_one_invitation_and_is_kept_only_as_a_hash(
    database: Database, keys: Keys, wave: str, load_totals: LoadTotals, today: date
) -> None:
    load_totals(land=10, civil_status=30)
    invited = invite(database, keys, wave, 8, seed=1, today=today, channel="link")
    assert len({each.token for each in invited}) == 8
    assert all(canonical_token(each.token) == each.token for each in invited)
    with database.reading() as connection:
        for each in invited:
            found = invitations.find_invitation(connection, keys.token_hash(each.token))
            assert found is not None
            assert (found.stratum_code, found.channel, found.is_spent) == (each.stratum_code, "link", False)


def test_anybody_can_repeat_the_draw_from_the_seed_and_the_sizes(
    database: Database, keys: Keys, wave: str, load_totals: LoadTotals, today: date
) -> None:
    sizes = {"TTPVHCC-31507.land": 100, "TTPVHCC-31507.civil_status": 300}
    load_totals(land=100, civil_status=300)
    invite(database, keys, wave, 40, seed=7, today=today)
    places = {code: [str(place) for place in range(1, size + 1)] for code, size in sizes.items()}
    repeated, other = (
        {(each.stratum, int(each.identifier)) for each in draw(places, allocate(sizes, {}, 40), f"{wave}/{seed}")}
        for seed in (7, 8)
    )
    assert {(code, place) for code, taken in drawn(database, wave).items() for place in taken} == repeated
    assert repeated != other


def test_nobody_is_drawn_twice_until_everybody_is_drawn(
    database: Database, keys: Keys, wave: str, load_totals: LoadTotals, today: date
) -> None:
    load_totals(land=7, civil_status=23)
    for seed in range(6):
        invite(database, keys, wave, 5, seed=seed, today=today)
    assert drawn(database, wave) == {
        "TTPVHCC-31507.land": list(range(1, 8)),
        "TTPVHCC-31507.civil_status": list(range(1, 24)),
    }
    with pytest.raises(TooMany, match=r"1 invitations were asked for, but 0 units of wave TTHC are left"):
        invite(database, keys, wave, 1, seed=1, today=today)


def test_the_probability_is_the_share_of_the_stratum_drawn_so_far(
    database: Database, keys: Keys, wave: str, load_totals: LoadTotals, today: date
) -> None:
    load_totals(land=10, civil_status=30)
    invite(database, keys, wave, 4, seed=1, today=today)
    invite(database, keys, wave, 4, seed=2, today=today)
    with database.reading() as connection:
        rows = connection.execute(invitation.select()).mappings().all()
    # 4 of 40: the least is two in each stratum. Then 8 of 40: 2 of 10 and 6 of 30, in proportion.
    assert sorted((row["stratum_code"][14:], row["probability"]) for row in rows) == sorted(
        [("land", 2 / 10)] * 2 + [("civil_status", 2 / 30)] * 2 + [("civil_status", 6 / 30)] * 4
    )


def test_the_seed_is_kept_in_the_audit_trail(
    database: Database, keys: Keys, wave: str, load_totals: LoadTotals, today: date
) -> None:
    load_totals(land=10)
    invite(database, keys, wave, 2, seed=20261124, today=today)
    with database.reading() as connection:
        event = connection.execute(audit.select()).mappings().one()
        assert audits.find_first_break(connection) is None
    assert (event["event"], event["subject"]) == ("invited", wave)
    assert event["detail"] == '{"count":2,"frame_version":1,"seed":"20261124"}'


def test_a_wave_without_a_frame_invites_nobody_and_says_what_to_run(
    database: Database, keys: Keys, wave: str, today: date
) -> None:
    with pytest.raises(NoFrame, match=f"hailong import frame FILE --wave {wave}"):
        invite(database, keys, wave, 1, seed=1, today=today)


def test_a_wave_that_is_over_invites_nobody(
    database: Database, keys: Keys, wave: str, load_totals: LoadTotals, today: date
) -> None:
    load_totals(land=10)
    with pytest.raises(WaveOver):
        invite(database, keys, wave, 1, seed=1, today=date(2026, 12, 1))
    close_wave(database, wave)
    with pytest.raises(WaveOver):
        invite(database, keys, wave, 1, seed=1, today=today)


def test_an_unknown_wave_is_named(database: Database, keys: Keys, today: date) -> None:
    with pytest.raises(UnknownWave, match="NOWHERE"):
        invite(database, keys, "NOWHERE", 1, seed=1, today=today)


def test_who_is_invited_is_drawn_again_when_a_newer_frame_came_in_between(
    database: Database, keys: Keys, wave: str, load_totals: LoadTotals, today: date, monkeypatch: pytest.MonkeyPatch
) -> None:
    load_totals(land=10)
    waiting = [lambda: load_totals(land=10, civil_status=90)]
    read = frames.list_strata

    def read_and_be_overtaken(*arguments: object) -> object:
        strata = read(*arguments)  # type: ignore[arg-type]
        if waiting:
            waiting.pop()()
        return strata

    monkeypatch.setattr(frames, "list_strata", read_and_be_overtaken)
    invite(database, keys, wave, 10, seed=1, today=today)
    assert {code[14:]: len(places) for code, places in drawn(database, wave).items()} == {"land": 2, "civil_status": 8}


POPULATIONS = st.dictionaries(st.sampled_from("abcdefgh"), st.integers(1, 60), min_size=1)


@given(populations=POPULATIONS, share=st.floats(0, 1), more=st.integers(0, 40))
def test_an_allocation_fits_its_strata_and_a_larger_one_holds_it(
    populations: dict[str, int], share: float, more: int
) -> None:
    total = sum(populations.values())
    count = int(share * total)
    allocation = allocate(populations, {}, count)
    larger = allocate(populations, {}, min(total, count + more))
    assert sum(allocation.values()) == count
    assert all(n <= populations[code] and n <= larger[code] for code, n in allocation.items())
    assert allocate(populations, allocation, sum(larger.values()) - count) == {
        code: larger[code] - allocation.get(code, 0) for code in larger if larger[code] > allocation.get(code, 0)
    }
    if count >= 2 * len(populations):
        assert all(allocation[code] >= min(2, size) for code, size in populations.items())


def test_an_allocation_is_proportional() -> None:
    assert allocate({"a": 100, "b": 300, "c": 600}, {}, 100) == {"a": 10, "b": 30, "c": 60}
