"""Every view says who may enter; the app refuses to start when one does not."""

import ast

import pytest
from flask import Flask
from house_tree import functions, modules

from survey.web.access import UndeclaredAccess, access_of, allow, allow_everybody, check_every_route

ROUTES = {"route", "get", "post", "put", "patch", "delete"}
DECLARATIONS = {"allow", "allow_everybody"}
VIEWS = [
    (path, function)
    for path in modules("survey")
    if path.parts[1] == "web" or path.name == "app.py"
    for function in functions(path)
    if any(
        isinstance(each, ast.Call) and isinstance(each.func, ast.Attribute) and each.func.attr in ROUTES
        for each in function.decorator_list
    )
]


def test_a_view_declares_once_who_may_enter() -> None:
    declared = {f"{path}:{view.lineno} {view.name}": declarations(view) for path, view in VIEWS}
    assert [place for place, names in declared.items() if len(names) != 1] == []
    assert len(declared) >= 5


def test_an_app_with_a_silent_view_does_not_start() -> None:
    app = Flask(__name__, static_folder=None)
    app.add_url_rule("/open", "open", allow_everybody(lambda: "open"))
    app.add_url_rule("/kept", "kept", allow("statistician")(lambda: "kept"))
    check_every_route(app)
    app.add_url_rule("/silent", "silent", lambda: "silent")
    with pytest.raises(UndeclaredAccess, match="silent"):
        check_every_route(app)


def test_a_declaration_names_its_roles() -> None:
    declared = access_of(allow("official", "auditor")(lambda: ""))
    assert declared is not None
    assert (declared.public, declared.roles) == (False, ("official", "auditor"))


# Files that anybody may have, or that say nothing of a person: who takes one is not asked again who they are.
FREE_FILES = {
    "places.export_procedures": "a public register",
    "ballots.show_accounting": "counts of agencies that every checkpoint publishes",
    "builder_frames.send_file": "a questionnaire, which every citizen reads",
    "planning.download": "a plan of a sample: sizes, no person",
    "results": "open data",
}


def test_a_file_that_leaves_the_staffs_door_asks_again_who_takes_it() -> None:
    unasked = {
        f"{path.stem}.{view.name}"
        for path in modules("survey")
        if path.parts[1] == "web"
        for view in functions(path)
        if "Content-Disposition" in ast.unparse(view) and "confirmed=True" not in map_of_decorators(view)
    }
    assert {each for each in unasked if not {each, each.partition(".")[0]} & set(FREE_FILES)} == set()
    assert unasked, "the control: some files are free, so the list is looked at"


def map_of_decorators(view: ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    return " ".join(ast.unparse(each) for each in view.decorator_list)


def declarations(view: ast.FunctionDef | ast.AsyncFunctionDef) -> list[str]:
    called = [each.func if isinstance(each, ast.Call) else each for each in view.decorator_list]
    return [ast.unparse(each) for each in called if ast.unparse(each).split(".")[-1] in DECLARATIONS]
