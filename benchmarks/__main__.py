"""Every benchmark of one machine on one page: `make bench` writes docs/performance.md's table anew.

    python benchmarks [--into docs/performance.md] [--only submissions,pages]

Each benchmark runs in a process of its own and prints Markdown; here their pages are put between the two marks of the
document, under the machine and the day. What fails or misses its goal is written down as well, and the command then
ends with status 1.
"""

from __future__ import annotations

import os
import platform
import re
import subprocess
import sys
from argparse import ArgumentParser
from datetime import UTC, datetime
from pathlib import Path

HERE = Path(__file__).parent
DOCUMENT = HERE.parent / "docs" / "performance.md"
BEGIN, END = "<!-- make bench: begin -->", "<!-- make bench: end -->"
TITLES = {
    "submissions": "Completed answers, against bare Flask with one durable INSERT",
    "steady": "Two hundred answers a second for a minute",
    "commits": "Durable commits alone: how far below the database a submission is",
    "overload": "Submissions with 40 clients of the staff's pages beside them",
    "pages": "The citizen's page: weight, cost, Lighthouse",
    "processes": "Start-up and memory of each process",
    "estimation": "Estimation, against R survey, svy and bare NumPy",
    "big_file": "A file of ten million rows",
    "spark_file": "The same file on a Spark cluster",
    "exporting": "Exports of a million persons",
    "imports": "Imports, against bare executemany",
    "releasing": "A release of a province",
    "scale": "One database as it grows: sealing, tallying, estimating, verifying",
    "verifying": "An auditor's bundle, against hashlib alone",
}


def main() -> None:
    options = ArgumentParser(description=__doc__)
    options.add_argument("--into", type=Path, default=DOCUMENT)
    options.add_argument("--only", default=",".join(TITLES))
    chosen = options.parse_args()
    names = chosen.only.split(",")
    if unknown := set(names) - TITLES.keys():
        sys.exit(f"no such benchmark: {', '.join(sorted(unknown))}; there are {', '.join(TITLES)}")
    pages = dict(read_pages(chosen.into.read_text(encoding="utf-8")))
    failed = [name for name in names if not run(name, pages)]
    write_pages(chosen.into, pages)
    if failed:
        sys.exit(f"failed, or short of a goal: {', '.join(failed)}")


def run(name: str, pages: dict[str, str]) -> bool:
    """Run one benchmark and keep its page; whether it reached its goals."""
    print(f"\n## {TITLES[name]}\n", flush=True)
    command = [sys.executable, str(HERE / f"{name}.py")]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    print(ended.stdout, ended.stderr[-2000:], flush=True)
    said = "" if ended.returncode == 0 else f"\n\n**Ended with status {ended.returncode}:** {last_line(ended.stderr)}"
    pages[TITLES[name]] = f"{machine()}\n\n{ended.stdout.strip()}{said}\n"
    return ended.returncode == 0


def last_line(text: str) -> str:
    return (text.strip().splitlines() or ["nothing was said"])[-1]


def machine() -> str:
    """Where and when, so that nobody compares seconds of two machines."""
    name = next(iter(re.findall(r"model name\s*: (.+)", Path("/proc/cpuinfo").read_text())), platform.machine())
    load = os.getloadavg()[0]
    day = datetime.now(UTC).date().isoformat()
    return f"{day}, {name}, {os.cpu_count()} cores, load {load:.1f}, Python {platform.python_version()}."


def read_pages(document: str) -> list[tuple[str, str]]:
    """Title and page of each benchmark that a document holds."""
    kept = document.partition(BEGIN)[2].partition(END)[0]
    found = [part.partition("\n") for part in kept.split("\n### ")[1:]]
    return [(title.strip(), page.strip() + "\n") for title, _, page in found]


def write_pages(path: Path, pages: dict[str, str]) -> None:
    """Put the pages between the marks, in the order of the benchmarks."""
    before, _, rest = path.read_text(encoding="utf-8").partition(BEGIN)
    ordered = [title for title in TITLES.values() if title in pages]
    body = "".join(f"\n### {title}\n\n{pages[title]}" for title in ordered)
    path.write_text(f"{before}{BEGIN}\n{body}\n{END}{rest.partition(END)[2]}", encoding="utf-8")


if __name__ == "__main__":
    main()
