"""Fuzz the targets with atheris, each in a process of its own, several at once.

    python -m tests.fuzz.fuzz --runs 1000000            all targets, by their shares
    python -m tests.fuzz.fuzz --runs 5000 csv jsonl     these two

New inputs that reach new code are kept in .fuzz/TARGET/, and tried first the next time. An input
that fails is kept in .fuzz/found/; `python -m tests.fuzz.fuzz --replay FILE TARGET` tries it again.
"""

import argparse
import hashlib
import os
import re
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from seeds.base.cores import available_cores
from tests.fuzz.targets import TARGETS, Target, load

ROOT = Path(__file__).resolve().parents[2]
CORPUS = Path(__file__).parent / "corpus"
WORDS = Path(__file__).parent / "words.dict"
SECONDS, MEGABYTES = 5, 1000  # of the processor that one input may take; that the process may use
HANG = 60  # seconds on the clock after which a process is ended: others may be at work here, too
_STAT = re.compile(r"stat::(\w+):\s+(\d+)")
_FAILURE = re.compile(r"FAILURE (.*?)END$", re.DOTALL | re.MULTILINE)
_PACKAGES = ("seeds", "labels", "training", "classify")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a target.

    Attributes:
        inputs: that were tried.
        seconds: that it took, with the start.
        megabytes: of memory at most.
        failures: each with the file of its input; a process that ended before its time is one.
    """

    target: str
    inputs: int
    seconds: float
    megabytes: int
    failures: tuple[str, ...]


def fuzz(name: str, target: Target, runs: int, kept: Path, seed: int = 0) -> Outcome:
    """Try a number of inputs on a target.

    Args:
        name: of the folder of its inputs.
        target: what is fuzzed.
        runs: inputs, besides those of the corpus.
        kept: the folder for inputs that reach new code, and of those that fail.
        seed: of the mutations; 0 for another one each time.
    """
    start = time.monotonic()
    new, found = kept / name, kept / "found"
    for folder in (new, found):
        folder.mkdir(parents=True, exist_ok=True)
    options = {
        "runs": runs,
        "seed": seed,
        "max_len": target.longest,
        "timeout": HANG,
        "report_slow_units": HANG,
        "rss_limit_mb": MEGABYTES,
        "artifact_prefix": f"{found}/{name}-",
        "dict": WORDS,
        "print_final_stats": 1,
        "verbosity": 1,
    }
    command = [sys.executable, "-m", "tests.fuzz.fuzz", "--inside", target.place, str(new)]
    command += [str(CORPUS / name)] if (CORPUS / name).is_dir() else []
    command += [f"-{option}={value}" for option, value in options.items()]
    # A process inherits its parent's peak of memory, which libFuzzer takes for its own: that of a
    # shell is small.
    command = ["/bin/sh", "-c", '"$@"; exit $?', "sh", *command]
    with _scratch_folder() as scratch:
        env = {**os.environ, "FUZZ_SCRATCH": scratch}
        done = subprocess.run(command, cwd=ROOT, capture_output=True, check=False, env=env)
    output = done.stderr.decode("utf-8", "replace") + done.stdout.decode("utf-8", "replace")
    stats = {name: int(value) for name, value in _STAT.findall(output)}
    failures = _FAILURE.findall(output)
    if done.returncode:
        failures.append(_ending(output))
    return Outcome(
        name,
        stats.get("number_of_executed_units", 0),
        time.monotonic() - start,
        stats.get("peak_rss_mb", 0),
        tuple(failures),
    )


def _scratch_folder() -> "tempfile.TemporaryDirectory[str]":
    """Make a folder for the files of a target, in memory where there is such a disk."""
    memory = Path("/dev/shm")
    return tempfile.TemporaryDirectory(prefix="fuzz-", dir=memory if memory.is_dir() else None)


def _ending(output: str) -> str:
    """Return why the process ended, and the file with the input."""
    lines = [line for line in output.splitlines() if not line.startswith(("stat::", "INFO:"))]
    return "\n".join(lines[-40:])


def run_inside(place: str, arguments: list[str]) -> None:
    """Hand this process to the fuzzer.

    Args:
        place: of the target.
        arguments: folders and options of libFuzzer.
    """
    import atheris

    with atheris.instrument_imports(include=list(_PACKAGES)):
        check = load(place)
    check(b"")  # what is prepared once is not what an input takes
    found = next(word for word in arguments if word.startswith("-artifact_prefix=")).partition("=")
    atheris.Setup([place, *arguments], _going_on(check, found[2]))
    atheris.Fuzz()


def _going_on(check: Callable[[bytes], None], found: str) -> Callable[[bytes], None]:
    """Return a check that reports each failure once and goes on.

    found: how the paths of the inputs that fail begin.
    """
    known: set[tuple[str, str]] = set()

    def report(data: bytes) -> None:
        """Check an input."""
        begin = time.process_time()
        try:
            check(data)
            assert (took := time.process_time() - begin) <= SECONDS, f"took {took:.1f} s"
        except Exception as error:
            last = traceback.extract_tb(error.__traceback__)[-1]
            place = (type(error).__name__, f"{last.filename}:{last.lineno}")
            if place in known:
                return
            known.add(place)
            path = Path(f"{found}failure-{hashlib.sha256(data).hexdigest()[:12]}")
            path.write_bytes(data)
            print(f"FAILURE {path}\n{traceback.format_exc()}END", file=sys.stderr, flush=True)

    return report


def main() -> int:
    """Fuzz what the command line names; return 1 if something failed."""
    if sys.argv[1:2] == ["--inside"]:
        run_inside(sys.argv[2], sys.argv[3:])
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=100_000, help="inputs, over all targets")
    parser.add_argument(
        "--seed", type=int, default=0, help="of the mutations; 0: another each time"
    )
    parser.add_argument("--replay", type=Path, help="try this one input on the targets")
    parser.add_argument("target", nargs="*", choices=[*TARGETS, []], help="default: all")
    options = parser.parse_args()
    targets = options.target or list(TARGETS)
    if options.replay:
        with _scratch_folder() as os.environ["FUZZ_SCRATCH"]:
            for target in targets:
                load(TARGETS[target].place)(options.replay.read_bytes())
        return 0
    total = sum(TARGETS[target].share for target in targets)

    def run(name: str) -> Outcome:
        """Fuzz one target and say what came of it."""
        target = TARGETS[name]
        runs = max(1, round(options.runs * target.share / total))
        outcome = fuzz(name, target, runs, ROOT / ".fuzz", options.seed)
        result = f"{len(outcome.failures)} FAILED" if outcome.failures else "ok"
        print(
            f"{outcome.target:<12} {outcome.inputs:>9,} inputs  {outcome.seconds:>7.1f} s  "
            f"{outcome.megabytes:>5} MB  {result}",
            flush=True,
        )
        return outcome

    longest_first = sorted(targets, key=lambda target: TARGETS[target].share)
    with ThreadPoolExecutor(available_cores()) as pool:
        outcomes = list(pool.map(run, longest_first))
    for outcome in outcomes:
        for failure in outcome.failures:
            print(f"\n{outcome.target}: {failure}")
    print(f"{sum(outcome.inputs for outcome in outcomes):,} inputs")
    return int(any(outcome.failures for outcome in outcomes))


if __name__ == "__main__":
    sys.exit(main())
