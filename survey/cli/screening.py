"""screen, callback, canary: how an auditor looks for answers that no citizen gave."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from survey.cli.auditing import signed_in
from survey.cli.countries import country_options, simulate_country
from survey.cli.installation import Installation, pass_installation

if TYPE_CHECKING:  # every `hailong --help` would load scipy
    from survey.actions.screening import Screened

AUDITOR = click.option("--auditor", "name", required=True, help="Your account; you are asked for its password.")
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
CAVEAT = "A pattern is not its cause, and nobody is excluded or accused by it: call people back."


@click.command()
@click.argument("wave_code", metavar="WAVE")
@AUDITOR
@click.option("--format", "form", type=click.Choice(["table", "csv"]), default="table", show_default=True)
@click.option(
    "--all", "everybody", is_flag=True, help="Every agency, not only those to be called back and the next 10."
)
@pass_installation
def screen(installation: Installation, wave_code: str, name: str, form: str, everybody: bool) -> None:
    """Look for patterns of fabricated answers in a wave, agency by agency; freeze the list for auditors."""
    from survey.actions.screening import screen_wave

    with _as_auditor(installation, name):
        screened = screen_wave(
            installation.database, wave_code, by=name, now=installation.now, today=installation.today
        )
    if form == "csv":
        from survey.actions.screening_table import write_csv

        click.echo(write_csv(screened, "vi"), nl=False)
        return
    _print(screened, everybody)


@click.command()
@click.argument("wave_code", metavar="[WAVE]", required=False)
@click.option("--seed", type=int, default=1, show_default=True, help="Decides what everybody says.")
@click.option("--stuff", multiple=True, metavar="AGENCY=SHARE", help="This share of the agency's answers is made up.")
@country_options
@pass_installation
def simulate(
    installation: Installation, /, wave_code: str | None, seed: int, stuff: tuple[str, ...], **country: Any
) -> None:
    """Answer the open invitations of a demonstration wave, to try the fraud screen on frauds that you chose.

    Without a WAVE, a country whose truth is known: --country FOLDER writes its truth and a sample; --samples 500 draws
    it so often, and says how often the interval holds the truth and how often a verdict is wrong; --coverage full
    does so for every interval over many designs, and its tables are those of docs/methods.md (--seed 20260101).
    """
    if wave_code is None:
        simulate_country(seed, country)
        return
    from survey.actions.simulating_wave import simulate_wave

    done = simulate_wave(
        installation.database,
        installation.keys,
        wave_code,
        seed=seed,
        stuffing=dict(_read_stuffing(each) for each in stuff),
        now=installation.now,
        today=installation.today,
        actor="hailong simulate",
    )
    click.echo(f"{done.honest:,} synthetic people answered {wave_code}.")
    for agency, count in done.stuffed.items():
        click.echo(f"{count:,} answers of {agency} are stuffed.")
    click.echo(f"Next: hailong work --once, then hailong screen {wave_code} --auditor NAME")


@click.group()
def callback() -> None:
    """Call-backs: draw whom to call, record what they say, see what it excludes."""


@callback.command("draw")
@click.argument("wave_code", metavar="WAVE")
@click.option("--exclude", "level", type=click.FloatRange(0, 1, min_open=True, max_open=True), default=0.05)
@click.option("--confidence", type=click.FloatRange(0, 1, min_open=True, max_open=True), default=0.95)
@click.option("--agency", help="Only answers of this agency.")
@click.option("--contacts", type=FILE, help="Contacts that you opened, one JSON a line: only these are drawn.")
@click.option("--seed", help="The same seed draws the same sample; without one it is chosen and recorded.")
@AUDITOR
@pass_installation
def draw(
    installation: Installation,
    wave_code: str,
    level: float,
    confidence: float,
    agency: str | None,
    contacts: Path | None,
    seed: str | None,
    name: str,
) -> None:
    """Draw as many answered invitations as exclude a share of fabrication, if all are confirmed."""
    from survey.actions.calling_back import draw_callbacks

    with _as_auditor(installation, name):
        drawn = draw_callbacks(
            installation.database,
            wave_code,
            exclusion_level=level,
            confidence=confidence,
            agency_code=agency,
            contacts=_read_contacts(contacts) if contacts else None,
            seed=seed or secrets.token_hex(8),
            by=name,
            now=installation.now,
            today=installation.today,
        )
    click.echo(f"{drawn.draw.code}: {len(drawn.places)} to call exclude {level:.1%} at {confidence:.0%}", err=True)
    for stratum, position in drawn.places:
        click.echo(f"{stratum}\t{position}")


@callback.command("record")
@click.argument("draw_code", metavar="DRAW")
@click.argument("stratum")
@click.argument("position", type=int)
@click.argument("outcome", type=click.Choice(["confirmed", "denied", "different", "unreached", "refused"]))
@AUDITOR
@pass_installation
def record(installation: Installation, draw_code: str, stratum: str, position: int, outcome: str, name: str) -> None:
    """Keep what one call found: it is never changed."""
    from survey.actions.calling_back import record_callback

    with _as_auditor(installation, name):
        record_callback(
            installation.database,
            draw_code,
            (stratum, position),
            outcome,
            by=name,
            now=installation.now,
            today=installation.today,
        )


@callback.command("show")
@click.argument("wave_code", metavar="WAVE")
@pass_installation
def show(installation: Installation, wave_code: str) -> None:
    """Every sample of a wave: how many were reached, and what share of answers is contradicted."""
    from survey.actions.calling_back import list_standings

    for each in list_standings(installation.database, wave_code):
        rate = each.rate
        said = "nobody reached yet"
        if rate.rate is not None:
            said = (
                f"{rate.contradicted} of {rate.reached} contradicted: {rate.rate:.1%} "
                f"({rate.low:.1%} to {rate.high:.1%}); more than {rate.excluded_above:.1%} is excluded"
            )
        click.echo(f"{each.draw.code}  {each.draw.agency_code or 'whole wave'}  {each.places} drawn; {said}")


@click.group()
def canary() -> None:
    """Canaries: answers that you know beforehand, to see whether they arrive unchanged."""


@canary.command("commit")
@click.argument("wave_code", metavar="WAVE")
@click.option("--count", type=click.IntRange(1), required=True)
@click.option("--plan", type=click.Path(path_type=Path), required=True, help="A new file, the only copy: keep it away.")
@AUDITOR
@pass_installation
def commit(installation: Installation, wave_code: str, count: int, plan: Path, name: str) -> None:
    """Draw ordinary invitations for canaries, decide what they will say, keep the plan's hash in the audit trail."""
    from survey.actions.canaries import commit_canaries

    with _as_auditor(installation, name), _new_file(plan) as descriptor:
        made = commit_canaries(
            installation.database,
            installation.keys,
            wave_code,
            count,
            seed=secrets.token_hex(8),
            by=name,
            now=installation.now,
            today=installation.today,
        )
        os.write(descriptor, made.serialise().encode())
        os.fsync(descriptor)
    click.echo(f"{count} canaries in {plan}; their hash {made.digest} is in the audit trail.")


@canary.command("check")
@click.argument("plan", type=FILE)
@click.option("--auditor", "names", multiple=True, required=True, help="Two take the canaries out of the rate.")
@pass_installation
def check(installation: Installation, plan: Path, names: tuple[str, ...]) -> None:
    """Look for every canary among the sealed answers; with two auditors, exclude those that came."""
    from survey.actions.canaries import check_canaries, exclude_canaries, read_plan
    from survey.actions.excluding import require_auditors

    database, keys = installation.database, installation.keys
    with signed_in(installation, names) as sessions:
        require_auditors(database, keys, sessions, installation.now, 1)
        findings = check_canaries(database, read_plan(plan.read_text()), by=names[0], now=installation.now)
        for each in findings:
            differs = f" (differs: {', '.join(each.differs)})" if each.differs else ""
            click.echo(f"{each.canary.stratum}  {each.state}{differs}")
        if len(names) > 1:
            signer, now, today = installation.signer, installation.now, installation.today
            count = exclude_canaries(database, keys, signer, findings, sessions=sessions, now=now, today=today)
            click.echo(f"{count} canaries no longer count. Next: hailong work --once.")
    if any(each.state != "arrived" for each in findings):
        raise click.ClickException(
            "Not every canary arrived unchanged: find out where it was lost before you trust a rate."
        )


@contextmanager
def _as_auditor(installation: Installation, name: str) -> Iterator[None]:
    """Only who is signed in as an auditor goes on."""
    from survey.actions.excluding import require_auditors

    with signed_in(installation, [name]) as sessions:
        require_auditors(installation.database, installation.keys, sessions, installation.now, 1)
        yield


@contextmanager
def _new_file(path: Path) -> Iterator[int]:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise click.ClickException(f"{path} cannot be made: {error.strerror}. Choose a new file.") from error
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _read_stuffing(text: str) -> tuple[str, float]:
    agency, _, share = text.rpartition("=")
    try:
        if agency and 0 <= float(share) < 1:
            return agency, float(share)
    except ValueError:
        pass
    raise click.UsageError(f"{text} is no AGENCY=SHARE: write for example TTPVHCC-31507=0.2.")


def _read_contacts(path: Path) -> list[tuple[str, int]]:
    import json

    read = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    return [(each["stratum"], int(each["place"])) for each in read]


def _print(screened: Screened, everybody: bool) -> None:
    listed = len(screened.listed)
    click.echo(f"{listed} of {len(screened.suspects)} agencies to call back. {CAVEAT}\n")
    for each in screened.suspects if everybody else screened.suspects[: listed + 10]:
        mark = "call back" if each.listed else ""
        z = "" if each.z is None else f"{each.z:5.1f}"
        click.echo(f"{each.place:4}  {each.agency_code:24} {each.answers:7,}  z {z:>5}  {mark}")
        for reason in each.reasons if each.listed else ():
            click.echo(
                f"      {reason.test} ({reason.channel}): {reason.effect:.2f} ({reason.low:.2f} to {reason.high:.2f})"
            )
    if screened.not_told:
        click.echo(f"\nNot told, for lack of data: {', '.join(screened.not_told)}.")
