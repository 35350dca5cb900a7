"""The repository stands alone: no machine's paths, no registry's host, locks that fix every byte."""

import re
import tomllib
from pathlib import Path

import pytest
from house_tree import ROOT, read, tracked_files

LOCKS = sorted(path for path in tracked_files() if path.parts[0] == "locks" and path.suffix == ".txt")
HERE = Path(__file__).relative_to(ROOT)

# Written so that no pattern finds itself.
FOREIGN = {
    "a path of one machine": r"(?<![\w.~-])/(?:work|root|home/\w+|Users/\w+|mnt)/\w|(?<![\w.])/tmp/\w",
    "a neighbour of the repository": r"\.\./(?!\.\.)shared\b",
    "a package index": r"(?<!no-emit-)(?:index-url|trusted-host|find-links)\b|/simple/?[\s\"']|\bfiles\.python[h]",
    "a private host": r"https?://[\w.-]*\.(?:internal|local|lan|corp|svc)\b",
    "a number of a tracker": r"(?i)\bissues? #?\d",
    "an address of a machine": r"https?://(?!127\.|0\.0\.0\.0)\d{1,3}(?:\.\d{1,3}){3}",
}
TEXT = {".py", ".md", ".toml", ".txt", ".html", ".css", ".js", ".cfg", ".ini", ".sh", ".yaml", ".yml", ".json", ""}
REQUIREMENT = re.compile(r"^([a-z0-9._-]+)(?:\[[\w,-]+\])?==\S+(?: ; [^\\]+)? \\$")
HASH = re.compile(r"^    --hash=sha256:[0-9a-f]{64}(?: \\)?$")


def test_no_file_names_anything_outside_the_repository() -> None:
    files = [path for path in tracked_files() if path.suffix in TEXT and path != HERE]
    found = [(path.as_posix(), what, match.group()) for path in files for what, match in foreign(read(path))]
    assert found == []


def test_the_patterns_find_what_they_are_for() -> None:
    """A rule that cannot fail proves nothing."""
    samples = [
        "open('/wo" + "rk/x')",
        "../sha" + "red/a",
        "--index-" + "url x",
        "http://pkg.loc" + "al/",
        "see iss" + "ue 7",
        "http://10.0" + ".0.1/",
    ]
    for sample, pattern in zip(samples, FOREIGN.values(), strict=True):
        assert re.search(pattern, sample)


@pytest.mark.parametrize("lock", LOCKS, ids=str)
def test_a_lock_fixes_the_bytes_of_every_package_and_names_no_host(lock: Path) -> None:
    lines = read(lock).splitlines()
    strange = [line for line in lines if not (REQUIREMENT.match(line) or HASH.match(line) or line.lstrip()[:1] in "#")]
    assert strange == []
    assert not any("://" in line or "--index" in line for line in lines)
    assert all(
        HASH.match(after) for line, after in zip(lines, [*lines[1:], ""], strict=True) if REQUIREMENT.match(line)
    )


@pytest.mark.parametrize(("lock", "extra"), [("run", None), ("test", "test"), ("all", "all")])
def test_a_lock_holds_every_package_that_the_project_asks_for(lock: str, extra: str | None) -> None:
    project = tomllib.loads(read(Path("pyproject.toml")))["project"]
    asked = [*project["dependencies"], *(project["optional-dependencies"][extra] if extra else [])]
    names = {re.split(r"[^\w.-]", line)[0].lower() for line in asked} - {project["name"]}
    assert names <= packages(lock)


def test_the_locks_agree_on_every_version() -> None:
    run, test, everything = (versions(lock) for lock in ("run", "test", "all"))
    assert run.items() <= test.items()
    assert test.items() <= everything.items()


def foreign(text: str) -> list[tuple[str, re.Match[str]]]:
    return [(what, match) for what, pattern in FOREIGN.items() if (match := re.search(pattern, text))]


def packages(lock: str) -> set[str]:
    return set(versions(lock))


def versions(lock: str) -> dict[str, str]:
    lines = read(Path("locks", f"{lock}.txt")).splitlines()
    pinned = (line.split(" ")[0].split("==") for line in lines if REQUIREMENT.match(line))
    return {name.split("[")[0].lower(): version for name, version in pinned}
