"""verify, witness, exclude, audit: what an auditor runs, on this installation or on a bundle far away from it."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from survey.cli.installation import Installation, pass_installation
from survey.proof import Checkpoint, Verifier, bundle_keys, find_receipt, normalise_receipt, open_note, receipt_hash

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
KEY_HELP = "The log's public key, from another hand than the bundle's (may be repeated)."


@click.command()
@click.argument("bundle", required=False, metavar="[BUNDLE|URL]")
@click.option("--key", "vkeys", multiple=True, help=KEY_HELP)
@click.option("--kept", type=FILE, multiple=True, help="A checkpoint that you kept from earlier (may be repeated).")
@click.option("--receipt", help="The ten letters of a thank-you page: is the submission counted?")
@pass_installation
def verify(
    installation: Installation,
    bundle: str | None,
    vkeys: tuple[str, ...],
    kept: tuple[Path, ...],
    receipt: str | None,
) -> None:
    """Recompute every leaf, root, checkpoint and released figure; name the first difference.

    With BUNDLE (a folder) or the URL of a live site, check that alone, without an installation: leaves, roots,
    checkpoints and all that they bind; with the rows of an auditor's bundle also every digit of every figure.
    """
    code = normalise_receipt(receipt) if receipt else None
    number: str | None
    if bundle is None and (vkeys or kept):
        raise click.UsageError("--key and --kept belong to a bundle: hailong verify BUNDLE --key KEY")
    if bundle is not None:
        with opened_bundle(bundle) as folder:
            is_clean = _verify_folder(folder, vkeys, kept)
            number = find_receipt(folder, code) if code else None
    elif code:
        is_clean, number = True, _find_sealed(installation, code)
    else:
        is_clean, number = _verify_here(installation), None
    if code:
        click.echo(f"The receipt is counted in checkpoint {number}." if number else "No batch counts this receipt yet.")
    if not is_clean or (code and not number):
        sys.exit(1)


@click.command()
@click.argument("bundle", metavar="BUNDLE|URL")
@click.option("--key", "vkeys", multiple=True, required=True, help=KEY_HELP)
@click.option("--memory", type=click.Path(file_okay=False, path_type=Path), required=True, help="A folder of your own.")
@click.option("--name", default="witness", show_default=True, help="Your name in the cosignature, when first run.")
@pass_installation
def witness(installation: Installation, bundle: str, vkeys: tuple[str, ...], memory: Path, name: str) -> None:
    """Cosign the newest head of a bundle or a live site when it extends the last one seen; refuse it when it forks."""
    from survey.actions.witnessing import Witness, cosign_bundle

    with opened_bundle(bundle) as folder:
        keys = bundle_keys(folder, [Verifier.parse(vkey) for vkey in vkeys])
        one = Witness(memory, keys, name)
        click.echo(cosign_bundle(one, folder, int(installation.now.timestamp())), nl=False)
    click.echo(f"Cosigned {one.head.size} rows as {one.verifier.vkey}", err=True)


@click.command()
@click.argument("position", type=click.IntRange(0), metavar="[ROW]", required=False)
@click.option("--reason", help="ROW: published with the exclusion; name nobody in it.")
@click.option("--rule", help="A public rule that the wave's locked rule names, such as late@1, in place of ROW.")
@click.option("--wave", "wave_code", help="The wave that the --rule is applied to.")
@click.option("--auditor", "names", multiple=True, required=True, help="For ROW give two; each is asked the password.")
@pass_installation
def exclude(
    installation: Installation,
    position: int | None,
    reason: str | None,
    rule: str | None,
    wave_code: str | None,
    names: tuple[str, ...],
) -> None:
    """Sealed responses do not count: one that two auditors agree on, or all that a public rule meets.

    Nothing is removed: the exclusion is a row of the ledger.
    """
    from survey.actions import excluding

    if (position is None) == (rule is None) or (rule is None) != (wave_code is None):
        raise click.UsageError("Name either a ROW with its --reason, or a --rule and its --wave.")
    with signed_in(installation, names) as sessions:
        if rule is not None and wave_code is not None:
            count = excluding.exclude_by_rule(
                installation.database,
                installation.keys,
                installation.signer,
                rule=rule,
                wave_code=wave_code,
                sessions=sessions,
                now=installation.now,
                today=installation.today,
            )
            click.echo(
                f"{rule} excludes {count:,} responses of {wave_code}. Next: hailong work --once, then a release."
            )
            return
        at = excluding.exclude(
            installation.database,
            installation.keys,
            installation.signer,
            position=int(position or 0),
            reason=reason or "",
            sessions=sessions,
            now=installation.now,
            today=installation.today,
        )
    click.echo(f"Row {position} no longer counts; row {at} says so. Next: hailong work --once, then a release.")


@click.command()
@click.option("--auditor", "name", required=True, help="Your account; you are asked for its password.")
@click.option("--last", type=click.IntRange(1), default=50, show_default=True, help="How many of the newest entries.")
@pass_installation
def audit(installation: Installation, name: str, last: int) -> None:
    """Read the audit trail and check that every entry follows from the one before and that checkpoints bind it."""
    from survey.actions.auditing import read_trail

    with signed_in(installation, (name,)) as sessions:
        trail = read_trail(installation.database, installation.keys, sessions=sessions, now=installation.now, last=last)
    for entry in trail.entries:
        click.echo(f"{entry.position}  {entry.at:%Y-%m-%d %H:%M:%S}  {entry.actor}  {entry.event}  {entry.subject}")
        click.echo(f"    {entry.detail}")
    for line in trail.findings.lines:
        click.echo(line)
    if not trail.findings.is_clean:
        sys.exit(1)


@contextmanager
def signed_in(installation: Installation, names: Sequence[str]) -> Iterator[list[str]]:
    """Sessions of these members of staff, each of whom is asked for the password; ended with the block."""
    from survey.actions.signing_in import sign_in, sign_out

    database, keys = installation.database, installation.keys
    sessions: list[str] = []
    try:
        for name in names:
            password = click.prompt(f"Password of {name}", hide_input=True, err=True)
            session = sign_in(database, keys, name, password, installation.now)
            sessions.append(session)
            _ask_for_code(installation, session, name)
        yield sessions
    finally:
        for session in sessions:
            sign_out(database, keys, session)


def _ask_for_code(installation: Installation, session: str, name: str) -> None:
    """Whoever has a second factor is asked for a code of it, as on a page."""
    from survey.actions.second_factors import pass_code
    from survey.actions.signing_in import find_live_session

    live = find_live_session(installation.database, installation.keys, session, installation.now)
    if live is not None and live.is_half:
        code = click.prompt(f"Code of {name}, from the generator or a recovery code", err=True)
        pass_code(installation.database, installation.keys, live, code, installation.now)


@contextmanager
def opened_bundle(source: str) -> Iterator[Path]:
    """A bundle's folder: this one, or the public bundle of a live site in a temporary folder."""
    if not source.startswith(("http://", "https://")):
        folder = Path(source)
        if not folder.is_dir():
            raise click.UsageError(f"{source} is no folder. Give a bundle's folder, or the http(s) address of a site.")
        yield folder
        return
    from survey.gateways.public_site import download_bundle

    with TemporaryDirectory() as name:
        download_bundle(source, Path(name))
        yield Path(name)


def _verify_here(installation: Installation) -> bool:
    from survey.actions.verifying import verify_installation

    findings = verify_installation(installation.audited, installation.signer.verifier)
    for line in findings.lines:
        click.echo(line)
    return findings.is_clean


def _verify_folder(bundle: Path, vkeys: Sequence[str], kept: tuple[Path, ...]) -> bool:
    from survey.actions.verifying import verify_folder

    told = (bundle / "log.vkey").read_text(encoding="ascii")
    keys = [Verifier.parse(vkey) for vkey in vkeys or [told]]
    trusted = bundle_keys(bundle, keys)
    heads = [Checkpoint.parse(open_note(path.read_bytes().decode(), trusted).text) for path in kept]
    findings = verify_folder(bundle, keys, heads)
    for line in findings.lines:
        click.echo(line)
    if not vkeys:
        click.echo(f"note  the key is the bundle's own: compare it with one from another hand, {told.strip()}")
    return findings.is_clean


def _find_sealed(installation: Installation, code: str) -> str | None:
    """Number of the first checkpoint that covers the receipt's batch."""
    from survey.store import ledger

    with installation.audited.reading() as connection:
        batch = ledger.find_batch_of_receipt(connection, receipt_hash(code))
        covering = ledger.find_checkpoint_covering(connection, batch.first_position) if batch else None
    return f"{covering.number:06}" if covering else None
