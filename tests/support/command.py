"""`classify` as a person runs it: a real process."""

import errno
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared"


def environment(**more: str) -> dict[str, str]:
    """This environment, with the packages of this checkout and no workspace of the developer's."""
    kept = {name: value for name, value in os.environ.items() if name != "CLASSIFY_WORKSPACE"}
    return {**kept, "PYTHONPATH": str(ROOT), "COLUMNS": "100", **more}


def classify(
    *arguments: str | Path, data: bytes = b"", cwd: Path | None = None, **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run it to its end with more environment variables; what it prints is decoded as UTF-8."""
    done = subprocess.run(
        [sys.executable, "-m", "classify", *arguments],
        input=data,
        capture_output=True,
        check=False,
        cwd=cwd,
        env=environment(**variables),
    )
    out, err = done.stdout.decode(), done.stderr.decode()
    return subprocess.CompletedProcess(done.args, done.returncode, out, err)


def inside(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run it in this process, which has imported PyTorch and transformers already."""
    from click.testing import CliRunner

    from classify.cli import cli

    done = CliRunner().invoke(cli, [str(each) for each in arguments])
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    return subprocess.CompletedProcess(arguments, done.exit_code, done.stdout, done.stderr)


def fill(disk: Path) -> None:
    """Leave no free byte on a small disk."""
    handle = os.open(disk / "ballast", os.O_WRONLY | os.O_CREAT)
    try:
        while os.write(handle, bytes(4096)):
            pass
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
    finally:
        os.close(handle)
