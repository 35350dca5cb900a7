"""How soon an installation serves and what each of its processes holds, before and after some answers.

    python benchmarks/processes.py [--completions 2000]

Memory is the proportional set size (PSS): pages shared with other processes are counted once among them. The floor
beside it is bare Flask under the same gunicorn settings. Start-up is from the command to the first ready answer.
"""

from __future__ import annotations

import re
import sys
from argparse import ArgumentParser
from pathlib import Path
from tempfile import TemporaryDirectory

from load_client import complete_answer
from submissions import ANSWERS, FLOOR, HIDING_WAVE, Home, invite, make_home, serving

from survey.cli.running import PARENT_VARIABLE

MOST_MEGABYTES = 200.0
PSS = re.compile(r"^Pss:\s+(\d+) kB", re.MULTILINE)


def main() -> None:
    options = ArgumentParser(description=__doc__)
    options.add_argument("--completions", type=int, default=2000)
    completions = options.parse_args().completions
    print("| process | start s | fresh MB | MB after load |")
    print("|---|---:|---:|---:|")
    with TemporaryDirectory() as place:
        home = make_home(Path(place, "home"))
        most = measure(home, completions)
    if most > MOST_MEGABYTES:
        sys.exit(f"a web process holds {most:.0f} MB; {MOST_MEGABYTES:.0f} are wanted at most")


def measure(home: Home, completions: int) -> float:
    """Print each process of the product and of the floor; megabytes of the largest web process after the load."""
    tokens = iter(invite(home, completions, 1, HIDING_WAVE))
    with serving(home) as server:
        fresh = processes(server.process.pid)
        for _ in range(completions):
            complete_answer(server.address, tokens, ANSWERS)
        loaded = processes(server.process.pid)
        for name, megabytes in fresh.items():
            start = f"{server.seconds_to_ready:.1f}" if name == "master" else ""
            print(f"| {name} | {start} | {megabytes:.0f} | {loaded.get(name, 0.0):.0f} |")
    with serving(home, "--no-work", program=FLOOR) as server:
        for name, megabytes in processes(server.process.pid).items():
            start = f"{server.seconds_to_ready:.1f}" if name == "master" else ""
            print(f"| bare Flask, {name} | {start} | {megabytes:.0f} | |", flush=True)
    return loaded.get("web 1", 0.0)


def processes(master: int) -> dict[str, float]:
    """Megabytes of the master, its web workers and the one that works, by name."""
    found = {"master": megabytes_of(master)}
    children = Path(f"/proc/{master}/task/{master}/children").read_text().split()
    for child in map(int, children):
        works = PARENT_VARIABLE.encode() in Path(f"/proc/{child}/environ").read_bytes()
        name = "work" if works else f"web {sum(each.startswith('web') for each in found) + 1}"
        found[name] = megabytes_of(child)
    return found


def megabytes_of(process: int) -> float:
    [pss] = PSS.findall(Path(f"/proc/{process}/smaps_rollup").read_text())
    return int(pss) / 1024


if __name__ == "__main__":
    main()
