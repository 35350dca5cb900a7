"""privacy: what this installation must be able to show about personal data."""

from __future__ import annotations

import click

from survey.cli.installation import Installation, pass_installation
from survey.mandate.text import LANGUAGES


@click.group()
def privacy() -> None:
    """The data-protection impact assessment of this installation."""


@privacy.command()
@click.option("--language", type=click.Choice(LANGUAGES), default="vi", show_default=True)
@pass_installation
def dpia(installation: Installation, language: str) -> None:
    """Print the impact assessment as Markdown, from the settings and the retention table; counsel completes it."""
    from survey.documents.privacy import write_assessment

    settings = installation.settings
    shown = {
        "HAILONG_BASE_URL": settings.base_url,
        "HTTPS": "yes" if settings.base_url.startswith("https:") else "NO",
        "database": "SQLite" if settings.is_sqlite else "PostgreSQL",
        "HAILONG_PROXIES": str(settings.proxies),
        "access log": "none",
    }
    click.echo(write_assessment(shown, language), nl=False)
