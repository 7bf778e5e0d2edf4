"""A command killed at a chosen moment: when it is about to make a certain file or folder."""

import itertools
import os
import pkgutil
import re
import signal
import subprocess
import sys
import tempfile
import traceback
from pathlib import Path
from typing import Any

from tests.support.command import environment

CODE = """\
import os, signal, sys

event_name, target = sys.argv[1:3]

def kill(event, arguments):
    if event == event_name and any(target in str(argument) for argument in arguments):
        os.kill(os.getpid(), signal.SIGKILL)

sys.addaudithook(kill)
sys.argv = ["classify", *sys.argv[3:]]
from classify.cli import main
main()
"""


def kill_before(event: str, target: str, *arguments: str | Path) -> None:
    """Run a command that is killed before an operating-system call, and check that it was.

    Args:
        event: an audit event of Python, such as "os.rename" or "os.mkdir".
        target: part of the path that the call is about.
        arguments: of `classify`.
    """
    process = subprocess.run(
        [sys.executable, "-c", CODE, event, target, *arguments],
        env=environment(),
        capture_output=True,
        check=False,
    )
    assert process.returncode == -signal.SIGKILL, process.stderr.decode()


def fork(
    *arguments: str | Path, kill_at: tuple[str, int] | None = None, **variables: str
) -> tuple[int, str]:
    """Run `classify` in a copy of this process, which has its imports done; return code and output.

    Args:
        arguments: of `classify`.
        kill_at: a function, as the module that calls it knows it, "package.module:name", and at
            which of its calls the command is killed with signal 9.
        variables: more of its environment.
    """
    with tempfile.TemporaryFile() as output:
        child = os.fork()
        if child == 0:
            _become(output.fileno(), [str(word) for word in arguments], kill_at, variables)
        _, status = os.waitpid(child, 0)
        output.seek(0)
        return os.waitstatus_to_exitcode(status), output.read().decode()


def _become(
    output: int, words: list[str], kill_at: tuple[str, int] | None, variables: dict[str, str]
) -> None:
    """Be the command, and end."""
    code: object = 99
    try:
        os.dup2(output, 1)
        os.dup2(output, 2)
        sys.stdout, sys.stderr = os.fdopen(1, "w"), os.fdopen(2, "w")
        os.environ.update(variables)
        if kill_at:
            _kill_at(*kill_at)
        sys.argv = ["classify", *words]
        from classify.cli import main

        main()
        code = 0
    except SystemExit as end:
        code = end.code or 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code if isinstance(code, int) else 1)


def _kill_at(where: str, count: int) -> None:
    """Replace a function by one that kills this process at one of its calls."""
    name = re.split("[.:]", where)[-1]
    owner = pkgutil.resolve_name(where[: -len(name) - 1])
    original, calls = getattr(owner, name), itertools.count(1)

    def limited(*arguments: Any, **options: Any) -> Any:
        if next(calls) == count:
            os.kill(os.getpid(), signal.SIGKILL)
        return original(*arguments, **options)

    setattr(owner, name, limited)
