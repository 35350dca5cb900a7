"""What the pages of a sector share: where it stands on the board, its other pages, the shell around it."""

from __future__ import annotations

from flask import abort, url_for

from survey.actions.reading_boards import Board, Standing, read_board
from survey.actions.telling_figures import board_name, to_basis
from survey.documents.boards import Frame
from survey.documents.environment import translate
from survey.documents.shell import Link, Shell
from survey.mandate.sectors import load_sectors
from survey.web.figures import sector_tabs
from survey.web.reach import sees_wave
from survey.web.services import services
from survey.web.session import signed_in_staff
from survey.web.shell import staff_shell


def find_standing(sector: str) -> tuple[Board, Standing]:
    """The board that the reader sees, and this sector on it; 404 where it is not."""
    board = read_board(services().database, signed_in_staff().scope, services().today(), sees_wave)
    if sector not in board.standings:
        abort(404)
    return board, board.standings[sector]


def frame_of(sector: str, standing: Standing, current: str, language: str) -> Frame:
    """What stands around every page of a sector."""
    wave = standing.opened.wave
    return Frame(
        area_name=board_name(language),
        sector=load_sectors()[sector].name.in_language(language),
        wave_name=wave.name.get(language, wave.name["vi"]),
        tabs=sector_tabs(sector),
        current=current,
        back=Link(translate(language, "Bảng kết quả"), url_for("official.show_scoreboard")),
        basis=to_basis(standing.opened, language),
    )


def shell_of(standing: Standing) -> Shell:
    """The shell, which says where figures are of a demonstration."""
    return staff_shell("scoreboard", demo=standing.opened.wave.purpose == "demo")
