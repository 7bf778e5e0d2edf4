"""A process that has imported what commands need, and forks a new one for each command.

Such a command is a process of its own, with its own pipes, environment, folder and exit code; it is
only spared the seconds that imports take. Tests of imports and of the start start theirs afresh.

    python -m tests.support.warm NUMBER [MODULE …]

NUMBER is that of an inherited socket, where requests come from; modules are further imports.
"""

import atexit
import contextlib
import gc
import importlib
import json
import os
import runpy
import signal
import socket
import sys
import tempfile
import threading
import traceback
from typing import NoReturn

PACKAGES = (
    *("charset_normalizer", "click", "httpx", "numpy", "rich.progress", "tomlkit"),
    *("scipy.optimize", "scipy.sparse", "scipy.special", "safetensors.numpy"),
    *("label_studio_sdk", "psutil", "py3langid", "trafilatura"),
    *("classify.cli", "labels.studio.client", "training.models.tfidf.model"),
)
REQUEST = 1 << 18  # bytes; arguments and environment


def main() -> None:
    """Answer requests until nobody is left to send any."""
    for name in (*PACKAGES, *sys.argv[2:]):
        importlib.import_module(name)
    _load_client()
    gc.collect()
    gc.freeze()
    requests = socket.socket(fileno=int(sys.argv[1]))
    while True:
        message, files, _, _ = socket.recv_fds(requests, REQUEST, 4)
        if not message:
            break
        if os.fork() == 0:
            requests.close()
            _keep(json.loads(message), files)
        for file in files:
            os.close(file)
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass


def _load_client() -> None:
    """Import what Label Studio's SDK imports late: most of it, once a client is made and used."""
    from label_studio_sdk import LabelStudio

    client = LabelStudio(base_url="http://127.0.0.1", api_key="none")
    for part in ("actions", "annotations", "ml", "predictions", "projects", "tasks", "users"):
        getattr(client, part)


def _keep(request: dict[str, object], files: list[int]) -> NoReturn:
    """Start the command, send its process id, then its exit code."""
    pid = os.fork()
    if pid == 0:
        os.close(files[3])
        _become(request, files[:3])
    for file in files[:3]:
        os.close(file)
    answers = socket.socket(fileno=files[3])
    with contextlib.suppress(OSError):  # nobody waits for it any more
        answers.sendall(b"%d\n" % pid)
        answers.sendall(b"%d\n" % os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
    os._exit(0)


def _become(request: dict[str, object], files: list[int]) -> NoReturn:
    """Run `python -m classify` in this process, and end as Python ends."""
    for number, file in enumerate(files):
        os.dup2(file, number)
        os.close(file)
    # The old one remembers whether it could seek.
    sys.stdin = os.fdopen(0, encoding="utf-8", closefd=False)
    environment, arguments = request["environment"], request["arguments"]
    assert isinstance(environment, dict)
    assert isinstance(arguments, list)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(str(request["folder"]))
    tempfile.tempdir = None  # an import may have looked it up
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.argv[1:] = arguments
    code = 0
    try:
        runpy.run_module("classify", run_name="__main__", alter_sys=True)
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        traceback.print_exc()
        code = 1
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)


if __name__ == "__main__":
    main()
