"""`classify` as a person runs it: a real process."""

import contextlib
import errno
import functools
import json
import os
import re
import select
import shlex
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared"
# What an error tells its reader to do begins with one of these, after what is wrong.
REMEDY = re.compile(
    r"[.:;,?)] (?:or |then |Or |else )?"
    r"(?:Add|Annotate|Change|Check|Choose|Copy|Correct|Decompress|Delete|Did you mean|Download"
    r"|Export|Fill|Fix|Free|Get|Give|If|Install|Label|Leave|Look|Lower|Make|Name|Promote|Pull|Push"
    r"|Put|Quote|Raise|Reinstall|Remove|Rename|Repair|Restore|Run|Save|See|Send|Set|Start|Train"
    r"|Try|Upgrade|Use|Wait|Without|Write)\b"
    r"|`classify | --\w|must |takes |: classify ",
    re.IGNORECASE,
)
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
    done = subprocess.CompletedProcess(words, code, out.decode(), err.decode())
    check_manners(done, variables)
    return done


def check_manners(done: subprocess.CompletedProcess[str], variables: Mapping[str, str]) -> None:
    """Check what no user may ever see, and that an error is a line that says what to do."""
    assert "Traceback" not in done.stderr, done.stderr
    for name, value in variables.items():
        if name.endswith("_KEY") and len(value) > 8:
            assert value not in done.stdout + done.stderr, name
    errors = [line for line in done.stderr.splitlines() if line.startswith("Error: ")]
    if errors and done.returncode == 1:
        assert len(errors) == 1, errors
        assert done.stderr.splitlines()[-1] == errors[0], done.stderr
        assert REMEDY.search(errors[0]), errors[0]


def train(folder: Path) -> str:
    """Train and promote, and return the name of the run."""
    result = classify("train", "--workspace", folder)
    assert result.returncode == 0, result.stderr
    return (folder / "runs" / "current").read_text(encoding="utf-8").split()[-1]


def _forked(
    words: list[str], data: bytes, folder: Path, variables: dict[str, str]
) -> tuple[int, bytes, bytes]:
    """Run a command from the warm process; return its exit code and both its outputs."""
    (stdin, feed), (out, stdout), (err, stderr) = os.pipe(), os.pipe(), os.pipe()
    process = ForkedProcess(words, (stdin, stdout, stderr), folder, variables)
    with ThreadPoolExecutor(3) as pool:
        pool.submit(_feed, feed, data)
        outputs = [pool.submit(_drain, file) for file in (out, err)]
        code = process.wait()
    return code, outputs[0].result(), outputs[1].result()


class ForkedProcess:
    """A command forked from a warm process, used like a Popen. pid: its process."""

    def __init__(
        self,
        words: list[str],
        files: tuple[int, int, int],
        folder: Path,
        variables: dict[str, str],
        *modules: str,
    ) -> None:
        """Start it.

        Args:
            words: arguments of `classify`.
            files: its standard input, output and error, which are closed here.
            folder: in which it runs.
            variables: its whole environment.
            modules: further imports that it is spared.
        """
        request = {"arguments": words, "environment": variables, "folder": str(folder)}
        self._words, (self._answers, theirs) = words, socket.socketpair()
        with theirs:
            given = [*files, theirs.fileno()]
            socket.send_fds(_warm(*modules), [json.dumps(request).encode()], given)
        for file in files:
            os.close(file)
        self._received = b""
        self._code: int | None = None
        self.pid = self._next_number()

    def poll(self) -> int | None:
        """Return the exit code, or None while it runs; a signal that killed it is negative."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.wait(0)
        return self._code

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end and return the exit code; raise TimeoutExpired after so many seconds."""
        if self._code is None:
            if not self._received and not select.select([self._answers], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired(self._words, timeout or 0.0)
            self._code = self._next_number()
            self._answers.close()
        return self._code

    def send_signal(self, number: int) -> None:
        """Send it a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """Kill it, unless it has ended."""
        self.send_signal(signal.SIGKILL)

    def _next_number(self) -> int:
        """Return the next number that the warm process sends: the process, then its exit code."""
        while b"\n" not in self._received:
            part = self._answers.recv(64)
            if not part:
                raise RuntimeError(f"classify {shlex.join(self._words)}: nobody knows how it ended")
            self._received += part
        number, _, self._received = self._received.partition(b"\n")
        return int(number)


def _feed(file: int, data: bytes) -> None:
    with contextlib.suppress(BrokenPipeError), open(file, "wb") as pipe:
        pipe.write(data)


def _drain(file: int) -> bytes:
    with open(file, "rb") as pipe:
        return pipe.read()


@functools.cache
def _warm(*modules: str) -> socket.socket:
    """Start a process that commands are forked from; return where it takes requests.

    modules: that it imports besides what all commands need.
    """
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        subprocess.Popen(
            [sys.executable, "-m", "tests.support.warm", str(theirs.fileno()), *modules],
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
