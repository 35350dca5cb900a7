"""No action of weight leaves the audit trail out: a walk over the code finds every one that could.

What reads rows, exports them, gives roles, opens waves with their rules, drafts, publishes, excludes or replaces keys
must write an entry in the same function, or one that it calls in its own module.
"""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import survey

ACTIONS = Path(survey.__file__).parent / "actions"
RECORDING = {"add_event", "record"}
WEIGHTY = {
    "iterate_rows": "reads rows",
    "find_row": "reads a row",
    "add_staff": "gives a role",
    "add_wave": "opens a wave with its rule",
    "close_wave": "closes a wave",
    "add_release": "drafts a release",
    "publish_release": "publishes a release",
    "add_exclusion": "excludes",
    "add_statement": "replaces a key",
}
COUNTED_ONLY = {
    "tallying.py": "the job that counts: what it keeps are sums by design cell",
    "sealing.py": "the job that seals: it writes rows, and whoever excludes records it",
    "bundling.py:write_parts": "called by write_bundle, which records it, and by verify, which keeps nothing",
    "adequacy_basis.py:collect_basis": "its caller, the freezing of a release's adequacy, records it",
    "evidence.py:read_evidence": "its caller, the screening, records the reading",
    "releasing_comments.py:release_comments": "the job that scrubs comments; who passes one is recorded",
    "releasing.py:release_due_waves": "the job: demos are released by themselves, an official draft is recorded",
}


def calls(node: ast.AST) -> set[str]:
    """Names of what a function calls: `ledger.find_row(...)` and `find_row(...)` alike."""
    found = [each.func for each in ast.walk(node) if isinstance(each, ast.Call)]
    attributes = {func.attr for func in found if isinstance(func, ast.Attribute)}
    return attributes | {func.id for func in found if isinstance(func, ast.Name)}


def functions(source: str) -> dict[str, set[str]]:
    """Every function of a module with all that it reaches inside the module."""
    direct = {each.name: calls(each) for each in ast.walk(ast.parse(source)) if isinstance(each, ast.FunctionDef)}
    reached = {name: set(names) for name, names in direct.items()}
    for _ in direct:
        for names in reached.values():
            names.update(*(direct[each] for each in names & direct.keys()))
    return reached


def find_silent(name: str, source: str) -> list[str]:
    """Public functions that do something of weight and record nothing."""
    reached = functions(source)
    return [
        f"{name}:{function} {WEIGHTY[weight]}"
        for function, names in reached.items()
        if not function.startswith("_") and not names & RECORDING
        for weight in sorted(names & WEIGHTY.keys() - {function})
        if name not in COUNTED_ONLY and f"{name}:{function}" not in COUNTED_ONLY
    ]


def test_every_action_of_weight_is_recorded() -> None:
    sources = {path.name: path.read_text("utf-8") for path in sorted(ACTIONS.glob("*.py"))}
    silent = [found for name, source in sources.items() for found in find_silent(name, source)]
    assert silent == []


@pytest.mark.parametrize("weight", sorted(WEIGHTY))
def test_the_walk_finds_an_action_that_records_nothing(weight: str) -> None:
    """The control: the same action with and without its entry, behind a helper of its module."""
    source = f"def act(c):\n    helper(c)\n\ndef helper(c):\n    store.{weight}(c)\n"
    assert find_silent("new.py", source) != []
    assert find_silent("new.py", source.replace("helper(c)\n\n", "helper(c)\n    audits.add_event(c)\n\n")) == [
        f"new.py:helper {WEIGHTY[weight]}"
    ]


def test_every_weight_is_a_function_that_exists() -> None:
    stores = "".join(path.read_text("utf-8") for path in (ACTIONS.parent / "store").glob("*.py"))
    assert [name for name in WEIGHTY if f"def {name}(" not in stores] == []
