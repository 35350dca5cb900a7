"""The command `hailong`."""

from __future__ import annotations

import os
import sys
from importlib import import_module

import click

from survey.cli.installation import Installation

COMMANDS: dict[str, tuple[str, str]] = {
    "init": ("survey.cli.setting_up", "init"),
    "migrate": ("survey.cli.setting_up", "migrate"),
    "sign": ("survey.cli.separating", "sign"),
    "roles": ("survey.cli.separating", "roles"),
    "backup": ("survey.cli.backup", "backup"),
    "restore": ("survey.cli.backup", "restore"),
    "doctor": ("survey.cli.setting_up", "doctor"),
    "serve": ("survey.cli.running", "serve"),
    "work": ("survey.cli.running", "work"),
    "import": ("survey.cli.places", "import_group"),
    "areas": ("survey.cli.places", "areas"),
    "procedures": ("survey.cli.places", "procedures"),
    "questionnaire": ("survey.cli.questionnaires", "questionnaire"),
    "client": ("survey.cli.clients", "client"),
    "webhook": ("survey.cli.webhooks", "webhook"),
    "accounting": ("survey.cli.showing", "accounting"),
    "waves": ("survey.cli.fieldwork", "waves"),
    "wave": ("survey.cli.fieldwork", "wave"),
    "invite": ("survey.cli.sending", "invite"),
    "planned": ("survey.cli.planned", "planned"),
    "send": ("survey.cli.sending", "send"),
    "slip": ("survey.cli.sending", "slip"),
    "optout": ("survey.cli.sending", "optout"),
    "auditor-key": ("survey.cli.sending", "auditor_key"),
    "kiosk": ("survey.cli.devices", "kiosk"),
    "voice": ("survey.cli.devices", "voice"),
    "paper": ("survey.cli.paper", "paper"),
    "household": ("survey.cli.household", "household"),
    "plan": ("survey.cli.planning", "plan"),
    "nightly": ("survey.cli.planning", "nightly"),
    "estimate": ("survey.cli.figures", "estimate"),
    "release": ("survey.cli.figures", "release"),
    "verify": ("survey.cli.auditing", "verify"),
    "export": ("survey.cli.exporting", "export"),
    "report": ("survey.cli.reports", "report"),
    "reproduce": ("survey.cli.figures", "reproduce"),
    "bundle": ("survey.cli.figures", "bundle"),
    "witness": ("survey.cli.auditing", "witness"),
    "exclude": ("survey.cli.auditing", "exclude"),
    "screen": ("survey.cli.screening", "screen"),
    "simulate": ("survey.cli.screening", "simulate"),
    "callback": ("survey.cli.screening", "callback"),
    "canary": ("survey.cli.screening", "canary"),
    "audit": ("survey.cli.auditing", "audit"),
    "key": ("survey.cli.key_trail", "key"),
    "recording": ("survey.cli.showing", "recording"),
    "change": ("survey.cli.showing", "change"),
    "privacy": ("survey.cli.privacy", "privacy"),
    "staff": ("survey.cli.people", "staff"),
}


class LazyGroup(click.Group):
    """A group that imports a command only when it is called, so that none waits for what it does not need."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, name = COMMANDS[cmd_name]
        command: click.Command = getattr(import_module(module), name)
        return command


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="hailong")
@click.pass_context
def hailong(context: click.Context) -> None:
    """Citizen satisfaction surveys that can be believed: from a transaction to a verdict, in one trail.

    Settings come from the environment: HAILONG_HOME (the data folder, default .hailong), HAILONG_DATABASE_URL
    (default: a SQLite file in it), HAILONG_SECRET_KEY (default: kept in the home by `hailong init`), HAILONG_BASE_URL
    (the address that citizens open), HAILONG_HOSTS (host names served, separated by commas), HAILONG_PROXIES (how many
    trusted proxies stand in front), HAILONG_MIRROR (a folder for the public bundle).

    A first installation: hailong init, hailong serve, and `hailong doctor` when something is wrong.
    """
    context.obj = Installation()


def main() -> None:
    """Run the command; an error that the user can mend is one sentence, without a traceback."""
    _speak_utf8()
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # its threads spin, and the other core is for who answers
    try:
        hailong(prog_name="hailong")
    except Exception as error:
        if not _is_ours(error):
            raise
        click.echo(f"hailong: {error}", err=True)
        sys.exit(1)


def _is_ours(error: Exception) -> bool:
    """Every failure that this program names says in its message what to do; others are defects."""
    return type(error).__module__.partition(".")[0] in ("survey", "analysis")


def _speak_utf8() -> None:
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")
