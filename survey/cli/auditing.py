"""verify, witness, exclude: what an auditor runs, on this installation or on a bundle far away from it."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from survey.cli.installation import Installation, pass_installation
from survey.proof import Checkpoint, Verifier, find_receipt, normalise_receipt, open_note, receipt_hash, verify_bundle

FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@click.argument("bundle", type=FOLDER, required=False)
@click.option("--key", "vkey", help="The log's public key, from another hand than the bundle's.")
@click.option("--kept", type=FILE, multiple=True, help="A checkpoint that you kept from earlier (may be repeated).")
@click.option("--receipt", help="The ten letters of a thank-you page: is the submission counted?")
@pass_installation
def verify(
    installation: Installation, bundle: Path | None, vkey: str | None, kept: tuple[Path, ...], receipt: str | None
) -> None:
    """Recompute every leaf, root, checkpoint and released figure; name the first difference.

    With BUNDLE, check that folder alone, without an installation (leaves, roots, checkpoints, all that they bind).
    """
    code = normalise_receipt(receipt) if receipt else None
    number: str | None
    if bundle is None and (vkey or kept):
        raise click.UsageError("--key and --kept belong to a bundle: hailong verify BUNDLE --key KEY")
    if bundle is not None:
        is_clean = _verify_folder(bundle, vkey, kept)
        number = find_receipt(bundle, code) if code else None
    elif code:
        is_clean, number = True, _find_sealed(installation, code)
    else:
        is_clean, number = _verify_here(installation), None
    if code:
        click.echo(f"The receipt is counted in checkpoint {number}." if number else "No batch counts this receipt yet.")
    if not is_clean or (code and not number):
        sys.exit(1)


@click.command()
@click.argument("bundle", type=FOLDER)
@click.option("--key", "vkey", required=True, help="The log's public key, from another hand than the bundle's.")
@click.option("--memory", type=click.Path(file_okay=False, path_type=Path), required=True, help="A folder of your own.")
@click.option("--name", default="witness", show_default=True, help="Your name in the cosignature, when first run.")
@pass_installation
def witness(installation: Installation, bundle: Path, vkey: str, memory: Path, name: str) -> None:
    """Cosign a bundle's newest head when it extends the last one seen; refuse it when it forks."""
    from survey.actions.witnessing import Witness, cosign_bundle

    one = Witness(memory, Verifier.parse(vkey), name)
    click.echo(cosign_bundle(one, bundle, int(installation.now.timestamp())), nl=False)
    click.echo(f"Cosigned {one.head.size} rows as {one.verifier.vkey}", err=True)


def _verify_here(installation: Installation) -> bool:
    from survey.actions.verifying import verify_installation

    findings = verify_installation(installation.database, installation.signer.verifier)
    for line in findings.lines:
        click.echo(line)
    return findings.is_clean


def _verify_folder(bundle: Path, vkey: str | None, kept: tuple[Path, ...]) -> bool:
    key = Verifier.parse(vkey or (bundle / "log.vkey").read_text(encoding="ascii"))
    heads = [Checkpoint.parse(open_note(path.read_bytes().decode(), [key]).text) for path in kept]
    differences = verify_bundle(bundle, [key], heads)
    for difference in differences:
        click.echo(f"WRONG {difference}")
    if not differences:
        click.echo("ok    everything in this bundle agrees")
    if not vkey:
        click.echo(f"note  the key is the bundle's own: compare it with one from another hand, {key.vkey}")
    return not differences


def _find_sealed(installation: Installation, code: str) -> str | None:
    """Number of the first checkpoint that covers the receipt's batch."""
    from survey.store import ledger

    with installation.database.reading() as connection:
        batch = ledger.find_batch_of_receipt(connection, receipt_hash(code))
        covering = ledger.find_checkpoint_covering(connection, batch.first_position) if batch else None
    return f"{covering.number:06}" if covering else None


@click.command()
@click.argument("position", type=click.IntRange(0), metavar="ROW")
@click.option("--reason", required=True, help="Published with the exclusion: name nobody in it.")
@click.option("--auditor", "names", multiple=True, required=True, help="Give two; each is asked for the password.")
@pass_installation
def exclude(installation: Installation, position: int, reason: str, names: tuple[str, ...]) -> None:
    """Two auditors together say that a sealed response does not count; nothing is removed."""
    from survey.actions.excluding import exclude as append_exclusion
    from survey.actions.signing_in import sign_in, sign_out

    database, keys, now = installation.database, installation.keys, installation.now
    sessions: list[str] = []
    try:
        for name in names:
            password = click.prompt(f"Password of {name}", hide_input=True, err=True)
            sessions.append(sign_in(database, keys, name, password, now))
        at = append_exclusion(
            database,
            keys,
            installation.signer,
            position=position,
            reason=reason,
            sessions=sessions,
            now=now,
            today=installation.today,
        )
    finally:
        for session in sessions:
            sign_out(database, keys, session)
    click.echo(f"Row {position} no longer counts; row {at} says so. Next: hailong work --once, then a release.")
