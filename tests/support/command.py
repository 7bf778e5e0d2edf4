"""`classify` as a person runs it: a real process."""

import contextlib
import errno
import functools
import json
import os
import shlex
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared"
READ_AT_START = ("LANG", "LC_", "OMP_", "PYTHON", "TZ")  # variables that a running Python ignores


def environment(**more: str) -> dict[str, str]:
    """This environment, with the packages of this checkout and no workspace of the developer's."""
    kept = {name: value for name, value in os.environ.items() if name != "CLASSIFY_WORKSPACE"}
    return {**kept, "PYTHONPATH": str(ROOT), "COLUMNS": "100", **more}


def classify(
    *arguments: str | Path, data: bytes = b"", cwd: Path | None = None, **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run it to its end with more environment variables; what it prints is decoded as UTF-8."""
    words = [str(argument) for argument in arguments]
    if any(name.startswith(READ_AT_START) for name in variables):
        command = [sys.executable, "-m", "classify", *words]
        env = environment(**variables)
        done = subprocess.run(
            command, input=data, capture_output=True, check=False, cwd=cwd, env=env
        )
        code, out, err = done.returncode, done.stdout, done.stderr
    else:
        code, out, err = _forked(words, data, cwd or Path.cwd(), environment(**variables))
    return subprocess.CompletedProcess(words, code, out.decode(), err.decode())


def _forked(
    words: list[str], data: bytes, folder: Path, variables: dict[str, str]
) -> tuple[int, bytes, bytes]:
    """Run a command from the warm process; return its exit code and both its outputs."""
    request = {"arguments": words, "environment": variables, "folder": str(folder)}
    ours, theirs = socket.socketpair()
    (stdin, feed), (out, stdout), (err, stderr) = os.pipe(), os.pipe(), os.pipe()
    given = [stdin, stdout, stderr, theirs.fileno()]
    socket.send_fds(_warm(), [json.dumps(request).encode()], given)
    theirs.close()
    for file in given[:3]:
        os.close(file)
    with ThreadPoolExecutor(3) as pool, ours, ours.makefile() as answers:
        pool.submit(_feed, feed, data)
        outputs = [pool.submit(_drain, file) for file in (out, err)]
        ended = answers.read().split()
    if len(ended) < 2:
        raise RuntimeError(f"classify {shlex.join(words)}: nobody knows how it ended")
    return int(ended[1]), outputs[0].result(), outputs[1].result()


def _feed(file: int, data: bytes) -> None:
    with contextlib.suppress(BrokenPipeError), open(file, "wb") as pipe:
        pipe.write(data)


def _drain(file: int) -> bytes:
    with open(file, "rb") as pipe:
        return pipe.read()


@functools.cache
def _warm() -> socket.socket:
    """Start the process that commands are forked from; return where it takes requests."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        subprocess.Popen(
            [sys.executable, "-m", "tests.support.warm", str(theirs.fileno())],
            cwd=ROOT,
            env=environment(),
            pass_fds=[theirs.fileno()],
        )
    return ours


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
