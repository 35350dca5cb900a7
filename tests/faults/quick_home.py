"""A home whose commands run in a forked child: it need not import everything anew, and can be killed as any other."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path

from serving import ROOT, Home

from survey import cli

for loaded in ("working", "watching", "report_jobs"):  # what commands load when they need it is here already, for all
    import_module(f"survey.actions.{loaded}")


class QuickHome(Home):
    """The same installation and the same commands, a second sooner each."""

    def start(self, *arguments: str, typed: str = "", **more: str) -> subprocess.CompletedProcess[str]:
        with tempfile.TemporaryDirectory() as folder:
            given, printed, errors = (Path(folder) / name for name in ("given", "printed", "errors"))
            given.write_text(typed)
            child = os.fork()
            if child == 0:
                _become(arguments, {**self.environment, **more}, (given, printed, errors))
            status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
            return subprocess.CompletedProcess(arguments, status, printed.read_text(), errors.read_text())


def _become(arguments: tuple[str, ...], environment: Mapping[str, str], streams: tuple[Path, Path, Path]) -> None:
    """Be the command, and end: a child that returned would go on as a second pytest."""
    gc.freeze()  # nothing of the parent's, such as a connection, may be closed here
    status = 1
    try:
        for number, path in enumerate(streams):
            os.dup2(os.open(path, os.O_RDONLY if number == 0 else os.O_WRONLY | os.O_CREAT, 0o600), number)
        sys.stdin, sys.stdout, sys.stderr = open(0), open(1, "w"), open(2, "w")  # noqa: SIM115 the child ends with them
        os.chdir(ROOT)
        os.environ.clear()
        os.environ.update(environment)
        sys.argv = ["hailong", *arguments]
        cli.main()
        status = 0
    except SystemExit as ended:
        status = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)
