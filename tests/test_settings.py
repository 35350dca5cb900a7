"""Settings: what is missing or weak stops the program with a sentence that says what to set."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from survey.settings import SECRET_FILE, SettingsError, load_settings, make_home, write_private

STRONG = "kX9-7vQ2_mT5zR8wL4pN6cJ3hD1sB0yG"


def load(home: Path, **environ: str):
    given = {"HAILONG_HOME": str(home), "HAILONG_SECRET_KEY": STRONG, **environ}
    return load_settings({name: value for name, value in given.items() if value})


def test_a_home_is_all_that_is_needed(tmp_path: Path) -> None:
    make_home({"HAILONG_HOME": str(tmp_path)})
    settings = load_settings({"HAILONG_HOME": str(tmp_path)})
    assert settings.database_url == f"sqlite:///{tmp_path / 'hailong.sqlite'}"
    assert settings.base_url == "http://127.0.0.1:8000"
    assert (settings.hosts, settings.proxies) == ((), 0)


def test_a_made_secret_is_random_kept_and_its_owners_alone(tmp_path: Path) -> None:
    homes = [make_home({"HAILONG_HOME": str(tmp_path / name)}) for name in "ab"]
    secrets = [(home / SECRET_FILE).read_text() for home in homes]
    assert secrets[0] != secrets[1]
    assert stat.S_IMODE((homes[0] / SECRET_FILE).stat().st_mode) == 0o600
    assert stat.S_IMODE(homes[0].stat().st_mode) == 0o700
    make_home({"HAILONG_HOME": str(homes[0])})
    assert (homes[0] / SECRET_FILE).read_text() == secrets[0]


def test_no_secret_is_kept_where_one_is_set(tmp_path: Path) -> None:
    home = make_home({"HAILONG_HOME": str(tmp_path), "HAILONG_SECRET_KEY": STRONG})
    assert not (home / SECRET_FILE).exists()
    assert load(home).secret_key == STRONG.encode()


@pytest.mark.parametrize(
    ("secret", "reason"),
    [
        ("x9?kQ", r"too short \(5 characters\)"),
        ("a" * 64, "can be guessed"),
        ("changeme-" + STRONG, "can be guessed"),
        (STRONG[:31], r"too short \(31 characters\)"),
    ],
)
def test_a_weak_secret_is_refused_and_not_repeated(tmp_path: Path, secret: str, reason: str) -> None:
    with pytest.raises(SettingsError, match=f"{reason}.*Set HAILONG_SECRET_KEY to at least 32") as refused:
        load(tmp_path, HAILONG_SECRET_KEY=secret)
    assert secret not in str(refused.value)


def test_without_a_secret_the_way_to_one_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"no secret key. Run `hailong init`"):
        load(tmp_path, HAILONG_SECRET_KEY="")


@pytest.mark.parametrize(
    ("given", "understood"),
    [
        ("sqlite:////data/x.sqlite", "sqlite:////data/x.sqlite"),
        ("postgresql://me:pw@db/hailong", "postgresql+psycopg://me:pw@db/hailong"),
        ("postgres://me@db/hailong", "postgresql+psycopg://me@db/hailong"),
        ("postgresql+psycopg://db/hailong", "postgresql+psycopg://db/hailong"),
    ],
)
def test_database_urls_that_are_understood(tmp_path: Path, given: str, understood: str) -> None:
    assert load(tmp_path, HAILONG_DATABASE_URL=given).database_url == understood


@pytest.mark.parametrize("url", ["mysql://me:hunter2@db/x", "oracle://db", "just some words", "/data/x.sqlite"])
def test_an_unknown_database_is_refused_without_its_password(tmp_path: Path, url: str) -> None:
    with pytest.raises(SettingsError, match=r"HAILONG_DATABASE_URL .*Set it to sqlite:") as refused:
        load(tmp_path, HAILONG_DATABASE_URL=url)
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize("url", ["khaosat.gov.vn", "ftp://khaosat.gov.vn", "https://"])
def test_an_address_that_nobody_can_open_is_refused(tmp_path: Path, url: str) -> None:
    with pytest.raises(SettingsError, match="HAILONG_BASE_URL"):
        load(tmp_path, HAILONG_BASE_URL=url)


@pytest.mark.parametrize("number", ["-1", "two", "1.5", "²"])
def test_the_number_of_proxies_is_a_whole_number(tmp_path: Path, number: str) -> None:
    with pytest.raises(SettingsError, match="HAILONG_PROXIES"):
        load(tmp_path, HAILONG_PROXIES=number)


def test_hosts_are_a_list_in_any_case(tmp_path: Path) -> None:
    assert load(tmp_path, HAILONG_HOSTS=" KhaoSat.gov.vn, ,b.vn ").hosts == ("khaosat.gov.vn", "b.vn")


def test_a_private_file_is_never_written_over(tmp_path: Path) -> None:
    write_private(tmp_path / "key", b"one")
    with pytest.raises(FileExistsError):
        write_private(tmp_path / "key", b"two")
    assert (tmp_path / "key").read_bytes() == b"one"
