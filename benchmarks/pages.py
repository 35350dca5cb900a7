"""What a citizen's page weighs on the wire, what a look at it costs the server, and what Lighthouse says.

    python benchmarks/pages.py [--gets 3000] [--pairs 3]

Weight is the gzip body with the headers of a real answer, in three languages, of the short form and of every step of
the long one. Cost is CPU time of the server's workers for each GET on a kept connection, as a ratio to one constant
WSGI response under the same gunicorn settings; product and floor take turns. Lighthouse runs where `npx` can bring it.
"""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
import statistics
import subprocess
import sys
from argparse import ArgumentParser
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from load_client import Page, Visitor

ROOT = Path(__file__).parents[1]
sys.path.extend([str(ROOT / "tests"), str(ROOT / "tests" / "faults")])

from broken_homes import AGENCIES, invite, local_today, make_home  # noqa: E402 they live with the tests
from serving import Home, Server, serving  # noqa: E402

from survey.mandate.questionnaires import load_questionnaire  # noqa: E402

BUDGET = 6_000
MOST_TIMES = 4.0
LONG = "DAI"
STEPPED = "household@1"
CONSTANT = Path(__file__).with_name("constant_app.py")
LIGHTHOUSE = ("performance", "accessibility", "best-practices")
SECONDS_FOR_LIGHTHOUSE = 240


def main() -> None:
    options = ArgumentParser(description=__doc__)
    options.add_argument("--gets", type=int, default=3000)
    options.add_argument("--pairs", type=int, default=3)
    chosen = options.parse_args()
    print(f"\n{platform.machine()}, Python {platform.python_version()}\n")
    with TemporaryDirectory() as place:
        home = make_home(Path(place, "home"))
        open_long_wave(home)
        weigh_pages(home)
        compare_cost(home, chosen.gets, chosen.pairs)
        ask_lighthouse(home)


def open_long_wave(home: Home) -> None:
    """A wave with the questionnaire that runs in steps, for everybody of one agency."""
    today = local_today()
    home.run(
        *("wave", "open", LONG, "--questionnaire", STEPPED, "--name", "Hộ gia đình", "--purpose", "pilot"),
        *("--from", today.isoformat(), "--to", (today + timedelta(days=30)).isoformat()),
    )
    frame = home.path / "long.csv"
    frame.write_text(f"agency,sector,population\n{AGENCIES[0]},certification,1000\n")
    home.run("import", "frame", str(frame), "--wave", LONG)


def weigh_pages(home: Home) -> None:
    """Print the weight of the short form and of the heaviest step, and stop when one is over the budget."""
    print("| page | vi | en | km | (bytes with headers) |\n|---|---:|---:|---:|---|")
    languages = ("vi", "en", "km")
    with serving(home, "--no-work") as server:
        tokens = invite(home, 3, 1)
        short = [weigh_short(server, language, token) for language, token in zip(languages, tokens, strict=True)]
        links = invite(home, 3, 2, LONG)
        steps = [weigh_steps(server, language, token) for language, token in zip(languages, links, strict=True)]
    print(f"| short form | {' | '.join(f'{weight:,}' for weight in short)} | |")
    for number, weights in enumerate(zip(*steps, strict=True), 1):
        print(f"| long form, step {number} | {' | '.join(f'{weight:,}' for weight in weights)} | |")
    heaviest = max(*short, *(weight for weights in steps for weight in weights))
    print(f"\nheaviest {heaviest:,} of {BUDGET:,} bytes\n")
    if heaviest > BUDGET:
        sys.exit("over the budget")


def weigh_short(server: Server, language: str, token: str) -> int:
    with Visitor(server.address, language=language) as visitor:
        return weight_of(visitor.get(f"/t/{token}"))


def weigh_steps(server: Server, language: str, token: str) -> list[int]:
    questionnaire = load_questionnaire(STEPPED)
    with Visitor(server.address, language=language) as visitor:
        page = visitor.get(f"/t/{token}")
        weights = [weight_of(page)]
        for step in range(len(questionnaire.pages) - 1):
            chosen = {item.code: item.choices[0].code for item in questionnaire.items_on(step) if item.choices}
            seen = {"seen": re.findall('name="seen" value="([^"]*)"', page.body)}
            page = visitor.post("/answer", {**page.hidden, **seen, **chosen})
            weights.append(weight_of(page))
    return weights


def weight_of(page: Page) -> int:
    """The body as transferred and its headers; stops where there is no form."""
    if page.status != 200 or not page.hidden:
        sys.exit(f"not a form: status {page.status}")
    return page.size + sum(len(name) + len(value) + 4 for name, value in page.headers.items())


def compare_cost(home: Home, gets: int, pairs: int) -> None:
    """CPU of the server for a look at the form, as a multiple of a constant response."""
    (token,) = invite(home, 1, 3)
    ours, floors = [], []
    for _ in range(pairs):
        with serving(home, "--no-work") as server, Visitor(server.address) as visitor:
            visitor.get(f"/t/{token}")
            ours.append(cost_of(server, visitor, "/answer", gets))
        with serving(home, "--no-work", program=CONSTANT) as server, Visitor(server.address) as visitor:
            floors.append(cost_of(server, visitor, "/", gets))
    ratios = [our / floor for our, floor in zip(ours, floors, strict=True)]
    print("| server CPU for each GET | µs |\n|---|---:|")
    print(f"| the form | {1e6 * statistics.median(ours):.0f} |")
    print(f"| a constant WSGI response | {1e6 * statistics.median(floors):.0f} |")
    print(f"\nratio {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f}), at most {MOST_TIMES:g}\n")


def cost_of(server: Server, visitor: Visitor, path: str, gets: int) -> float:
    """Seconds of CPU for each of many GETs, by all processes of the server, after a warm-up."""
    for _ in range(100):
        visitor.get(path)
    before = server.cpu_seconds()
    for _ in range(gets):
        visitor.get(path)
    return (server.cpu_seconds() - before) / gets


def ask_lighthouse(home: Home) -> None:
    """Print Lighthouse's scores for the form on a phone, or why it did not run."""
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if not shutil.which("npx") or not chromium:
        print("Lighthouse: skipped, it needs npx (Node.js) and Chromium")
        return
    (token,) = invite(home, 1, 4)
    with serving(home, "--no-work") as server:
        command = [
            *("npx", "--yes", "lighthouse@13", f"{server.url}/t/{token}", "--quiet", "--output=json"),
            *(f"--only-categories={','.join(LIGHTHOUSE)}", "--chrome-flags=--headless=new --no-sandbox"),
        ]
        environment = {**os.environ, "CHROME_PATH": chromium}
        try:
            ended = subprocess.run(
                command, check=False, env=environment, capture_output=True, text=True, timeout=SECONDS_FOR_LIGHTHOUSE
            )
        except subprocess.TimeoutExpired:
            print(f"Lighthouse: skipped, not there or not done within {SECONDS_FOR_LIGHTHOUSE} s")
            return
    if ended.returncode != 0:
        print(f"Lighthouse: skipped, it did not run: {(ended.stderr.strip().splitlines() or ['no message'])[-1][:200]}")
        return
    scores = json.loads(ended.stdout)["categories"]
    print("| Lighthouse, mobile | score |\n|---|---:|")
    for name in LIGHTHOUSE:
        print(f"| {name} | {100 * scores[name]['score']:.0f} |")


if __name__ == "__main__":
    main()
