"""questionnaire: drafts, versions, translation, publishing with four eyes, files of other programs."""

from __future__ import annotations

from pathlib import Path

import click

from survey.cli.installation import Installation, pass_installation

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def questionnaire() -> None:
    """Build, translate, publish and exchange questionnaires. A published version never changes."""


@questionnaire.command("list")
@pass_installation
def list_all(installation: Installation) -> None:
    """Versions and drafts, with the languages that are signed."""
    from survey.actions import building
    from survey.actions.versions import list_versions
    from survey.store.questionnaires import list_drafts

    database = installation.database
    for version in list_versions(database):
        signed = ", ".join(building.signed_languages(database, version))
        click.echo(f"{version.key}\t{len(version.items)} items\tin {signed}\t{version.title['vi']}")
    with database.reading() as connection:
        for draft in list_drafts(connection):
            click.echo(f"{draft.code}\tdraft, change {draft.revision}\tby {', '.join(draft.authors)}")


@questionnaire.command()
@click.argument("code")
@click.option("--title", default="", help="Vietnamese title.")
@click.option("--base", help="A version to start from, such as procedures@1.")
@pass_installation
def new(installation: Installation, code: str, title: str, base: str | None) -> None:
    """Begin a draft: of the next version of CODE, of another version, or from one question."""
    from survey.actions.building import start_draft

    draft = start_draft(installation.database, code, title, base=base, by=installation.by, today=installation.today)
    click.echo(f"Draft of {draft.code} begun. Change it in the browser, or export, change and import its JSON.")


@questionnaire.command("import")
@click.argument("file", type=FILE)
@click.option("--code", help="Code of the draft; without it, the one that the file names.")
@click.option("--trial", is_flag=True, help="Only report; keep nothing.")
@click.option("--over", is_flag=True, help="Write over the draft that there is.")
@pass_installation
def import_file(installation: Installation, file: Path, code: str | None, trial: bool, over: bool) -> None:
    """Read an XLSForm (.xlsx), a LimeSurvey structure (.lss) or our own JSON as a draft, with a report on each item."""
    from survey.actions.exchanging import import_questionnaire

    arrival = import_questionnaire(
        installation.database,
        file.name,
        file.read_bytes(),
        by=installation.by,
        today=installation.today,
        code=code,
        keep=not trial,
        over=over,
    )
    for remark in arrival.remarks:
        click.echo(str(remark))
    if arrival.problem:
        click.echo(f"Before it can be published: {arrival.problem}")
    kept = "nothing was kept (trial)" if arrival.draft is None else f"kept as the draft {arrival.draft.code}"
    click.echo(f"{len(arrival.remarks)} remarks; {kept}.")


@questionnaire.command()
@click.argument("name")
@click.option("--to", "form", type=click.Choice(["json", "xlsform", "ddi"]), default="json", show_default=True)
@click.option("--draft", is_flag=True, help="The draft of this code instead of a version.")
@click.option("--output", "-o", type=click.Path(dir_okay=False, path_type=Path), help="A file; else to the terminal.")
@pass_installation
def export(installation: Installation, name: str, form: str, draft: bool, output: Path | None) -> None:
    """Write a version as JSON of our own, as an XLSForm or as a DDI codebook."""
    from survey.actions.building import NotPublishable, review
    from survey.actions.exchanging import export_questionnaire
    from survey.actions.versions import load_version

    database = installation.database
    found = review(database, name).version if draft else load_version(database, name)
    if found is None:
        raise NotPublishable(f"The draft of {name} is not complete: {review(database, name).problem}")
    content, file_name, _ = export_questionnaire(found, form)
    if output is None and form != "xlsform":
        click.echo(content.decode())
        return
    path = output or Path(file_name)
    path.write_bytes(content)
    click.echo(f"{path}: {len(content):,} bytes.")


@questionnaire.command()
@click.argument("old")
@click.argument("new")
@pass_installation
def diff(installation: Installation, old: str, new: str) -> None:
    """What changed from one version to another; a star marks what breaks a trend."""
    from survey.actions.versions import load_version
    from survey.mandate.differences import list_differences

    database = installation.database
    for each in list_differences(load_version(database, old), load_version(database, new)):
        mark, language = "*" if each.breaks_trend else " ", f" ({each.language})" if each.language else ""
        click.echo(f"{mark} {each.where or '-'} {each.what}{language}: {each.before!r} -> {each.after!r}")


@questionnaire.command()
@click.argument("name")
@pass_installation
def time(installation: Installation, name: str) -> None:
    """Minutes that quick and slow readers need, language by language."""
    from survey.actions.versions import load_version
    from survey.mandate.reading_time import estimate_reading_time
    from survey.mandate.text import LANGUAGES

    version = load_version(installation.database, name)
    for language in LANGUAGES:
        quick, slow = estimate_reading_time(version, language).minutes
        click.echo(f"{language}: {quick} to {slow} minutes")


@questionnaire.command()
@click.argument("code")
@pass_installation
def publish(installation: Installation, code: str) -> None:
    """Publish a draft that somebody else wrote."""
    from survey.actions.building import publish_draft

    version = publish_draft(installation.database, code, by=installation.by, today=installation.today)
    click.echo(f"{version.key} published; its digest is {version.digest}.")


@questionnaire.command()
@click.argument("code")
@click.argument("note")
@pass_installation
def bridge(installation: Installation, code: str, note: str) -> None:
    """Say in the draft how figures before and after a change relate."""
    from survey.actions.building import note_bridge

    note_bridge(installation.database, code, note, revision=None, by=installation.by, today=installation.today)
    click.echo("Noted.")


@questionnaire.command()
@click.argument("name")
@click.option("--language", required=True)
@click.option("--reviewer", required=True, help="Name and office of who stands behind the wording.")
@pass_installation
def sign(installation: Installation, name: str, language: str, reviewer: str) -> None:
    """Record that a named reviewer stands behind a language: it is no draft from then on."""
    from survey.actions.building import sign_language

    signature = sign_language(
        installation.database, name, language, reviewer, by=installation.by, today=installation.today
    )
    click.echo(f"{language} of {name} is signed by {signature.reviewer}.")
