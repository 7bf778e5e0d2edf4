"""A Python process that runs a few lines beside a test."""

import subprocess
import sys
from pathlib import Path

from tests.support.command import environment


def start_python(code: str, *arguments: str | Path) -> subprocess.Popen[str]:
    """Start a process that runs some lines; its standard input and output are pipes."""
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        env=environment(),
        stdout=subprocess.PIPE,
        stdin=subprocess.PIPE,
        text=True,
    )


def first_line(process: subprocess.Popen[str]) -> str:
    """Wait for the first line that a process prints."""
    assert process.stdout is not None
    return process.stdout.readline().strip()
