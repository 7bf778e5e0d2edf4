"""Runs the benchmarks, each in a process of its own, and puts what they print into RESULTS.md.

    python benchmarks/bench.py                    # what `make bench` runs: all that are quick
    python benchmarks/bench.py NAME [ARGUMENT…]   # one, with arguments of your own

NAME is the file's without .py. What can't run here (no data beside the checkout, a peer that is not
installed) is skipped aloud and keeps its section; what fails says so in its section and in the exit
code. The long ones run only when they are named.
"""

import os
import shlex
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from benchmarks import results
from seeds.base.storage import write_text

HERE = Path(__file__).resolve().parent
SHARED = HERE.parents[1] / "shared"
ENCODER = SHARED / "models" / "camembert-mini"
RESULTS = HERE / "RESULTS.md"
SECONDS = 420  # that one benchmark of `make bench` may take; more is a failure


@dataclass(frozen=True, slots=True)
class Benchmark:
    """A script of this folder.

    Attributes:
        title: of its section.
        quick: its arguments in `make bench`; None: too long for that.
        modules: what must be installed.
        beside: what must lie beside the checkout.
    """

    title: str
    quick: tuple[str, ...] | None = None
    modules: tuple[str, ...] = ()
    beside: tuple[Path, ...] = ()

    @property
    def obstacle(self) -> str:
        """Why it can't run here; empty when it can."""
        missing = [name for name in self.modules if find_spec(name) is None]
        if missing:
            return (
                f"{', '.join(missing)} not installed; pip install -c constraints.txt -e '.[bench]'"
            )
        absent = [each for each in self.beside if not each.exists()]
        return f"{absent[0]} is not beside the checkout" if absent else ""


DATA = (SHARED / "data",)
BENCHMARKS = {
    "prediction": Benchmark("TF-IDF prediction", ("--repeats", "5"), ("sklearn",), DATA),
    "startup": Benchmark("Start-up", ("--repeats", "15"), ("sklearn",)),
    "quality": Benchmark("Quality of TF-IDF", (), ("sklearn",), DATA),
    "embedding": Benchmark(
        "Embedding",
        ("--base-model", str(ENCODER), "--a-class", "10"),
        ("torch", "sentence_transformers"),
        (*DATA, ENCODER),
    ),
    "training_speed": Benchmark("Training TF-IDF", ("--articles", "1000,10000"), ("sklearn",)),
    "streams": Benchmark("Large inputs", ("--size", "200MB", "--repeats", "1"), ("sklearn",)),
    "encoder_speed": Benchmark("Encoders on a CPU"),
    "kinds": Benchmark("The three kinds of model"),
    "next_articles": Benchmark("Labels that choosing articles saves"),
    "suspects": Benchmark("Labels changed on purpose, found"),
    "masks": Benchmark("Unknown categories, masked or dropped"),
    "agreement": Benchmark("Intervals of agreement"),
    "growth": Benchmark("Growth", ("--articles", "250")),
    "serving": Benchmark("HTTP service", ("--clients", "1000"), ("fastapi", "uvicorn")),
    "spark": Benchmark("Apache Spark", None, ("pyspark",)),
    "label_studio": Benchmark("Label Studio with many articles"),
    "soak": Benchmark("Faults, for half an hour"),
}


def main() -> None:
    """Run what was asked for; the exit code is 1 when one of them failed."""
    name, *arguments = sys.argv[1:] or [""]
    if name in ("-h", "--help"):
        print(__doc__)
        return
    if name and name not in BENCHMARKS:
        sys.exit(f"{name}: no such benchmark. There are: {', '.join(BENCHMARKS)}.")
    if failed := run_named(name, arguments) if name else run_all():
        sys.exit(f"failed: {', '.join(failed)}")


def run_named(name: str, arguments: Sequence[str]) -> list[str]:
    """Run one for as long as it takes; its name if it failed."""
    return [] if run(name, arguments, None, results.machine()) else [name]


def run_all() -> list[str]:
    """Run the quick ones, one after the other; the names of those that failed."""
    began, failed = time.monotonic(), []
    head = results.machine()
    for name, benchmark in BENCHMARKS.items():
        if benchmark.quick is None:
            say(f"{name}: left out, it takes long; python benchmarks/bench.py {name} …")
        elif benchmark.obstacle:
            say(f"{name}: SKIPPED: {benchmark.obstacle}")
        elif not run(name, benchmark.quick, SECONDS, head):
            failed.append(name)
    say(f"{time.monotonic() - began:.0f} s in all; {RESULTS}")
    return failed


def run(name: str, arguments: Sequence[str], limit: float | None, head: str) -> bool:
    """Run a benchmark and replace its section; whether it succeeded."""
    command = [sys.executable, str(HERE / f"{name}.py"), *arguments]
    shown = shlex.join(["python", f"benchmarks/{name}.py", *arguments])
    for own, everybodys in ((str(SHARED), "../shared"), (f"{tempfile.gettempdir()}/", "")):
        shown = shown.replace(own, everybodys)  # whoever reads it has another home
    say(f"$ {shown}")
    began = time.monotonic()
    printed, code = output(command, limit)
    seconds = time.monotonic() - began
    made = f"`{shown}`, {results.today()}, {seconds:.0f} s; {results.place()}"
    write(name, section(BENCHMARKS[name].title, printed, made, code), head)
    if code:
        say(f"{name}: FAILED with exit code {code} after {seconds:.0f} s")
    return code == 0


def output(command: Sequence[str], limit: float | None) -> tuple[str, int]:
    """What a command prints, shown as it comes, and its exit code; past the limit it is killed."""
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        start_new_session=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    watch = threading.Timer(limit or threading.TIMEOUT_MAX, end, [process])
    watch.start()
    lines = []
    try:
        assert process.stdout
        for line in process.stdout:
            print(line, end="", flush=True)
            lines.append(line)
        return "".join(lines), process.wait()
    finally:
        watch.cancel()
        end(process)


def end(process: subprocess.Popen[str]) -> None:
    """Kill a process and what it started; nothing to do when it is gone."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)


def section(title: str, printed: str, made: str, code: int) -> str:
    """A section of RESULTS.md; what is no Markdown table stands as it was printed."""
    body = printed.strip()
    if body and "| --- |" not in body:
        body = f"```\n{body}\n```"
    last = f"**Failed with exit code {code}**: {made}." if code else f"Made by {made}."
    return "\n\n".join(filter(None, [f"## {title}", body, last]))


def write(name: str, body: str, head: str) -> None:
    """Replace a section of RESULTS.md, in the order of BENCHMARKS."""
    kept = results.sections(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    kept[name] = body
    ordered = {each: kept[each] for each in BENCHMARKS if each in kept}
    write_text(RESULTS, results.page(head, ordered))


def say(line: str) -> None:
    """Tell who watches."""
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
