"""A command killed at a chosen moment: when it is about to make a certain file or folder."""

import signal
import subprocess
import sys
from pathlib import Path

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
