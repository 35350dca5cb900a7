"""What stands around every page of the staff: navigation by role, languages, who is signed in."""

from __future__ import annotations

from flask import Response, make_response, request, url_for
from flask_wtf.csrf import generate_csrf

from survey.documents import pages
from survey.documents.pages import LanguageLink, NavigationItem, Shell, StaffErrorPage
from survey.documents.shell import NavigationGroup
from survey.logs import request_number
from survey.mandate.text import LANGUAGES
from survey.web.language import reader_language, remember_language
from survey.web.session import current_staff

FIGURES = ("official", "statistician", "auditor", "operator")
NAVIGATION = {
    "results": (
        ("scoreboard", "official.show_scoreboard", FIGURES),
        ("alerts", "alerts.show_alerts", FIGURES),
        ("series", "official.list_series", FIGURES),
        ("others", "outside.show_outside", FIGURES),
        ("comments", "comments.show_batches", ("official", "statistician")),
        ("voice", "devices.show_voice", ("statistician", "auditor")),
    ),
    "publishing": (
        ("releases", "statistician.show_releases", ("statistician", "auditor")),
        ("reports", "reports.show_reports", ("official", "statistician", "auditor")),
        ("calendar", "calendar.show_calendar", FIGURES),
    ),
    "statistics": (
        ("adequacy", "statistician.choose_wave", ("statistician", "auditor")),
        ("waves", "statistician.show_waves", ("statistician", "auditor")),
        ("own_file", "own_file.show", ("statistician",)),
        ("exports", "exports.show_releases", ("statistician",)),
    ),
    "preparing": (
        ("set_up", "waves_operator.show_waves", ("operator", "statistician", "auditor")),
        ("questionnaires", "builder.show_questionnaires", ("operator", "statistician", "auditor")),
        ("areas", "places.show_places", ("operator", "statistician", "auditor")),
        ("plan", "planning.show_plan", ("operator", "statistician")),
    ),
    "collecting": (
        ("counter", "counter.show_counter", ("kiosk", "operator")),
        ("paper", "keyer.show_paper", ("keyer", "operator")),
        ("devices", "devices.show_devices", ("operator", "auditor")),
        ("field", "interviewer.show_work", ("interviewer",)),
    ),
    "watching": (
        ("screening", "auditor.show_screened", ("auditor",)),
        ("trail", "trail.show_trail", ("auditor",)),
        ("accounts", "accounts.show_accounts", ("operator", "auditor")),
        ("condition", "condition.show_condition", ("operator", "auditor")),
        ("webhooks", "webhooks.show_deliveries", ("operator", "auditor")),
    ),
}
MOST_IN_A_LINE = 6


def staff_shell(current: str | None = None, *, notice: str | None = None, demo: bool = False) -> Shell:
    """The shell for whoever is signed in, or for the door itself."""
    member = current_staff()
    return Shell(
        stylesheet_url=url_for("static", filename="staff.css"),
        home_url=url_for("staff.go_home"),
        languages=tuple(LanguageLink(language, f"{request.path}?language={language}") for language in LANGUAGES),
        navigation=_menu(member.role, current) if member else (),
        staff_name=member.name if member else None,
        role=member.role if member else None,
        sign_out_url=url_for("staff.sign_out") if member else None,
        account_url=url_for("own_account.show") if member else None,
        csrf_token=generate_csrf(),
        notice=notice,
        demo=demo,
    )


def staff_page(body: str, status: int = 200) -> Response:
    """An answer to staff, never kept by a cache."""
    response = make_response(body, status)
    response.headers["Content-Type"] = "text/html; charset=utf-8"
    return remember_language(response)


def staff_error(code: str, status: int) -> Response:
    """What went wrong, around the same shell; a failure of ours with the number under which it is in the log."""
    number = request_number() if status >= 500 else ""
    return staff_page(pages.render_staff_error(StaffErrorPage(code, number), staff_shell(), reader_language()), status)


def _menu(role: str, current: str | None) -> tuple[NavigationItem | NavigationGroup, ...]:
    """What a role may open: in one line where that is short, else in groups."""
    groups = [
        NavigationGroup(
            group,
            tuple(NavigationItem(code, url_for(to), code == current) for code, to, roles in pages if role in roles),
        )
        for group, pages in NAVIGATION.items()
    ]
    every = tuple(item for group in groups for item in group.pages)
    if len(every) <= MOST_IN_A_LINE:
        return every
    return tuple(group if len(group.pages) > 1 else group.pages[0] for group in groups if group.pages)
