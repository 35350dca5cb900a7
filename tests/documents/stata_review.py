"""A strict reading of the Stata scripts, for want of a Stata: not an interpreter, but what such a script gets wrong.

Quotes and braces close; every command is one that the scripts may use, in the form that Stata's manual gives; every
macro is defined before it is used; every variable in an expression was imported or made before.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

PREFIXES = re.compile(r"^(quietly |bysort [\w ]+: |svy(, subpop\(\w+\))?: |else )")
FORMS = {
    "version": r"\d+",
    "clear": r"all",
    "set": r"more off",
    "import": r"delimited using \S+\.csv, varnames\(1\) stringcols\(([\d ]+|_all)\)( asdouble)?"
    r"( encoding\(\"UTF-8\"\))? clear",
    "use": r"(if .+ using \S+|\S+), clear",  # a condition stands before using: `use FILE if` is no form of it
    "save": r"\S+",
    "keep": r"[\w ]+",
    "tempfile": r"[\w ]+",
    "tempname": r"[\w ]+",
    "merge": r"(1:1|m:1|1:m) [\w ]+ using \S+, (keep|assert)\(match\) nogenerate",
    "generate": r"((byte|long|double) )?\S+ = .+",
    "replace": r"\w+ = .+",
    "egen": r"(byte|long|double) \w+ = (tag|total|group)\(.+\).*",
    "expand": r"\w+",
    "count": r"if .+",
    "summarize": r"\S+( if \w+)?",
    "rename": r"\S+ \S+",
    "assert": r".+",
    "postfile": r"\S+( \w+\([\w ]+\))+ using \S+",
    "post": r"\S+( \(.+\))+",
    "postclose": r"\S+",
    "svyset": r"\S+ \[pweight = \w+\], strata\(\w+\)( fpc\(\w+\))? singleunit\((centered|`\w+')\)",
    "mean": r"\w+",
    "tabulate": r"\w+",
    "matrix": r"\w+ = e\([bV]\)",
    "mvdecode": r"[\w ]+, mv\(\d+ = \.\w( \\ \d+ = \.\w)*\)",
    "export": r"delimited [\w ]+ using \S+\.csv, replace",
    "display": r"as (error|result) .+",
    "exit": r"\d+",
    "continue": r"",
    "local": r"\S+ = .+",
}
FUNCTIONS = {"cond", "missing", "max", "min", "abs", "sqrt", "inlist", "real", "string"}
FUNCTIONS |= {"invttail", "invibeta", "invibetatail", "tag", "total", "group", "r", "e"}
SYSTEM = {"_n", "_N", "if"}
BLOCK = re.compile(r"(?P<word>forvalues|foreach|if|else)\b(?P<rest>.*)\{$")


@dataclass
class Review:
    """What is wrong, line by line; variables and macros known so far."""

    columns: Mapping[str, Sequence[str]]
    wrong: list[str] = field(default_factory=list)
    variables: set[str] = field(default_factory=set)
    macros: set[str] = field(default_factory=set)
    depth: int = 0


def review(script: str, columns: Mapping[str, Sequence[str]], *, macros: Sequence[str] = ()) -> list[str]:
    """Faults of a do-file; `columns` are those of each file that it may open, `macros` those that a file defines."""
    state = Review(columns, macros=set(macros))
    for number, raw in enumerate(script.splitlines(), 1):
        line = raw.strip()
        if line and not line.startswith("*"):
            before = len(state.wrong)
            _read_line(line, state)
            state.wrong[before:] = [f"line {number}: {each}: {line}" for each in state.wrong[before:]]
    if state.depth:
        state.wrong.append("a brace is not closed")
    return state.wrong


def _read_line(line: str, state: Review) -> None:
    if line.count('"') % 2 or line.count("`") != line.count("'") or line.count("(") != line.count(")"):
        state.wrong.append("a quote or a bracket is not closed")
    if line == "}":
        state.depth -= 1
        return
    if block := BLOCK.match(line):
        state.depth += 1
        _read_block(block["word"], block["rest"], state)
        return
    _check_macros(line, state)
    while prefix := PREFIXES.match(line):
        line = line[prefix.end() :]
    if line.startswith("if "):
        line = re.sub(rf"^if .+? (?=({'|'.join(FORMS)})\b)", "", line)
    word, _, rest = line.partition(" ")
    word = word.rstrip(",")
    if word not in FORMS:
        state.wrong.append(f"no command {word}")
    elif not re.fullmatch(FORMS[word], rest):
        state.wrong.append(f"this is no form of {word}")
    else:
        _follow(word, rest, state)


def _read_block(word: str, rest: str, state: Review) -> None:
    if word == "forvalues" and (found := re.fullmatch(r" (\w+) = 1/\S+ ", rest)):
        state.macros.add(found[1])
    elif word == "foreach" and (found := re.fullmatch(r" (\w+) in ([\w ]+) ", rest)):
        state.macros |= {found[1], *found[2].split()}
    elif word in ("if", "else"):
        _check_macros(rest, state)
    else:
        state.wrong.append(f"this is no form of {word}")


def _follow(word: str, rest: str, state: Review) -> None:
    """Take up what a command makes, and look at what it uses."""
    if word == "import":
        name = rest.split()[2].rstrip(",")
        if name not in state.columns:
            state.wrong.append(f"there is no file {name}")
        texts = re.search(r"stringcols\(([\d ]+)\)", rest)
        state.variables |= set(state.columns.get(name, ()))
        if texts and len(texts[1].split()) > len(state.columns.get(name, ())):
            state.wrong.append("more text columns than columns")
    elif word in ("tempfile", "tempname"):
        state.macros |= set(rest.split())
    elif word == "local":
        name, _, value = rest.partition(" = ")
        state.macros.add(re.sub(r"`.*'", "", name))
        if not value.startswith("r(") and "_N" not in value and '"' not in value:
            _check_variables(value, state)
    elif word in ("generate", "egen", "replace"):
        name, _, value = rest.partition(" = ")
        _check_variables(value, state)
        state.variables.add(name.split()[-1])
    elif word in ("keep", "expand", "summarize", "count", "mean", "tabulate"):
        _check_variables(rest, state)


def _check_macros(line: str, state: Review) -> None:
    for name in re.findall(r"`(\w+)", line):
        if name not in state.macros:
            state.wrong.append(f"macro {name} is not defined")


def _check_variables(expression: str, state: Review) -> None:
    bare = re.sub(r"\w*`[^']*'+\w*|\b[re]\(\w+\)", " ", re.sub(r'"[^"]*"', " ", expression))
    for name, called in re.findall(r"(?<![\w.])([A-Za-z_]\w*)(\(|\[)?", bare):
        if called == "(" and name not in FUNCTIONS:
            state.wrong.append(f"no function {name}")
        elif not called and name not in state.variables | SYSTEM:
            state.wrong.append(f"no variable {name}")
