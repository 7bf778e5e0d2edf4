"""The whole loop for half an hour, with a fault at every step: nothing may be lost or doubled.

    python benchmarks/soak.py --minutes 30 --seed 1

Articles are added, sent to a real Label Studio, labelled there by several users, fetched, learned
from and predicted, and each of these commands is killed, interrupted, run twice at once, cut off
from Label Studio or left without disk. What must be there is written down by the soak itself; after
every fault, and again once the command was repeated, the files, the project and the runs are
compared with that. Prints a table; the exit code is 1 if anything was lost, doubled or shown that
may not be shown. The same seed gives the same faults in the same order; their moments depend on
the machine. As root the workspace lies on a small disk of its own, which really fills up.
"""

import argparse
import contextlib
import random
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks import soak_faults as faults
from benchmarks.results import table
from benchmarks.soak_commands import Desk, Running, open_desk
from benchmarks.soak_serve import SERVICE_FAULTS, serve_under
from benchmarks.soak_steps import Loop, Step
from tests.support.corpus import taxonomy, write_taxonomy
from tests.support.label_studio import PRISTINE, copy_server
from tests.support.waiting import free_port

MEGABYTES = 96  # of the small disk: a hundred times what the workspace and its server need
LOCAL = ("kill -9", "kill -9", "Ctrl-C", "files left about", "clock jump", "two at once")
SERVER = ("server killed", "server restarted")
FITTING = {
    "add": (*LOCAL, "disk full"),
    "push": ("kill -9", "Ctrl-C", "two at once", *SERVER, *faults.NETWORK, *faults.NETWORK),
    "pull": (*LOCAL, *SERVER, *faults.NETWORK, *faults.NETWORK, "disk full"),
    "import": (*LOCAL, "disk full"),
    "train": (*LOCAL, "disk full"),
    "promote": (*LOCAL, "disk full"),
    "predict": (*LOCAL, "kill -9", "kill -9", "disk full"),
}


def main() -> None:
    """Soak, print what came of it, and exit with 1 if that was not right."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", action="store_true", help="keep the folder, to look at it")
    given = parser.parse_args()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    folder = Path(tempfile.mkdtemp(prefix="soak-"))
    workspace = folder / "workspace"
    workspace.mkdir()
    rng = random.Random(given.seed)
    with faults.small_disk(workspace, MEGABYTES) as small, open_desk(folder, workspace, rng) as at:
        soak = Soak(at, Loop(at, rng), rng, fills=small)
        try:
            soak.prepare()
            soak.go_on(time.monotonic() + 60 * given.minutes)
        finally:
            print(soak.report())
            print("\n".join(at.findings.lines), file=sys.stderr)
    if not given.keep and not at.findings.lines:
        import shutil

        shutil.rmtree(folder)
    sys.exit(bool(at.findings.counts))


@dataclass
class Soak:
    """A soak that goes on.

    Attributes:
        desk: where commands are given.
        loop: the steps.
        rng: decides on faults.
        fills: whether the disk may be filled up.
    """

    desk: Desk
    loop: Loop
    rng: random.Random
    fills: bool

    def __post_init__(self) -> None:
        self.injected: Counter[tuple[str, str]] = Counter()
        self.began = time.monotonic()

    def prepare(self) -> None:
        """Go through the loop once, with nothing in the way."""
        write_taxonomy(self.desk.workspace, taxonomy())
        for name in ("tfidf.toml", "labelstudio.toml"):
            default = Path(__file__).resolve().parents[1] / "configs" / name
            text = default.read_text(encoding="utf-8")
            text = text.replace("curve_repeats = 3", "curve_repeats = 0").replace(
                "retries = 5", "retries = 3"
            )
            (self.desk.workspace / name).write_text(text, encoding="utf-8")
        if PRISTINE.is_dir():  # else it migrates its database for a minute
            copy_server(PRISTINE, self.desk.workspace)
        self.desk.start_server("--port", str(free_port()))
        self.loop.invite()
        for step in (self.loop.add(60), self.loop.push()):
            self.repeat(step)
        self.loop.annotate(self.loop.tasks())
        for step in (self.loop.pull(), self.loop.train()):
            self.repeat(step)
        self.began = time.monotonic()

    def go_on(self, end: float) -> None:
        """Go round until the time is over; then look at everything once more."""
        rounds = 0
        while time.monotonic() < end:
            rounds += 1
            steps: list[Callable[[], None]] = [
                lambda: self.befall(self.loop.add(self.rng.choice((1, 2, 3)))),
                lambda: self.befall(self.loop.push()),
                self.annotate,
                lambda: self.befall(self.loop.pull()),
                lambda: self.befall(self.loop.predict()),
                lambda: self.befall(self.loop.import_file()),
                self.push_quietly,
            ]
            if rounds % 2 == 0:
                steps += [
                    lambda: self.befall(self.loop.train()),
                    lambda: self.befall(self.loop.promote()),
                ]
            if rounds % 3 == 0:
                steps.append(self.serve)
            for take in steps:
                if time.monotonic() < end:
                    take()
        self.desk.findings.step = "at the end"
        for step in (self.loop.add(1), self.loop.push(), self.loop.pull(), self.loop.train()):
            self.repeat(step)
        for run in sorted(self.loop.ledger.runs):
            self.desk.check("runs", "verify", run)

    def befall(self, step: Step) -> None:
        """Let one to three faults befall a command, one after the other, then leave it alone."""
        others = [self.break_once(step) for _ in range(self.rng.choice((1, 2, 2, 3)))]
        self.repeat(step)
        for other in others:
            if other not in (None, step):
                self.repeat(other)

    def break_once(self, step: Step) -> Step | None:
        """Let a fault befall a command, and look at what is left.

        Return the command that was given at the same time, if that was the fault.
        """
        fitting = [name for name in FITTING[step.name] if self.fills or name != "disk full"]
        fault = self.rng.choice(fitting)
        other = self.beside(step) if fault == "two at once" else None
        self.tell(step.name, fault)
        with self.surroundings(fault):
            running = self.desk.start(*step.words, proxied=fault in faults.NETWORK)
            beside = self.desk.start(*other.words) if other else None
            self.happen(fault, running)
            outcome = self.desk.finish(running)
            if beside:
                self.desk.finish(beside)
        happened = self.desk.proxy.disarm() if fault in faults.NETWORK else True
        if fault in SERVER:
            self.desk.start_server()
        if happened and outcome.code != {"kill -9": 0, "Ctrl-C": 0}.get(fault):
            self.injected[step.name, fault] += 1
        if outcome.code == 0:
            step.done(outcome)
        self.check(step, settled=False)
        return other

    def repeat(self, step: Step) -> None:
        """Give a command that nothing befalls, and look at what it has done."""
        outcome = self.desk.check(*step.words)
        if outcome.code == 0:
            step.done(outcome)
            self.check(step, settled=True)

    def check(self, step: Step, *, settled: bool) -> None:
        """Look at what there is; a file that can't be read is a finding."""
        try:
            step.check(settled)
        except ValueError as error:
            self.desk.findings.add("file torn", str(error))

    def beside(self, step: Step) -> Step:
        """Return the command that is given at the same time."""
        if step.name in ("predict", "push", "train"):
            return step
        return self.rng.choice((step, self.loop.push()))

    def tell(self, step: str, fault: str) -> None:
        """Name a fault in what is found from now on."""
        total = sum(self.injected.values())
        self.desk.findings.step = f"{total + 1} {step}, {fault}"
        spent = time.monotonic() - self.began
        print(f"{spent:6.0f} s  {self.desk.findings.step}", file=sys.stderr, flush=True)

    @contextlib.contextmanager
    def surroundings(self, fault: str) -> Iterator[None]:
        """Prepare what a command will meet."""
        workspace = self.desk.workspace
        with contextlib.ExitStack() as stack:
            if fault == "disk full":
                free = self.rng.randrange(200_000)
                stack.enter_context(faults.full_disk(workspace, free))
            elif fault == "files left about":
                stack.enter_context(faults.leftovers(workspace, self.rng))
            elif fault == "clock jump":
                stack.enter_context(faults.clock_jump(workspace, self.rng))
            elif fault in faults.NETWORK:
                self.desk.proxy.arm(fault)
            yield

    def happen(self, fault: str, running: Running) -> None:
        """Do to a running command, or to its server, what the fault is."""
        if fault not in ("kill -9", "Ctrl-C", *SERVER):
            return
        name = running.words[-1 if running.words[0] == "runs" else 0]
        moment = self.rng.random() * 1.1 * self.desk.seconds.get(name, 1.0)
        time.sleep(max(0.05, moment))
        if fault == "kill -9":
            running.process.kill()
        elif fault == "Ctrl-C":
            running.process.send_signal(signal.SIGINT)
        elif fault == "server killed":
            self.desk.kill_server()
        else:
            self.desk.run("labels", "server", "stop")

    def annotate(self) -> None:
        """Let people annotate; now and then Label Studio dies while they do."""
        if self.rng.random() < 0.85:
            return self.loop.annotate(self.loop.tasks())
        self.tell("annotate", "server killed")
        self.injected["annotate", "server killed"] += 1
        tasks = self.loop.tasks()
        timer = threading.Timer(self.rng.random(), self.desk.kill_server)
        timer.start()
        self.loop.annotate(tasks)
        timer.join()
        self.desk.start_server()
        self.loop.look_again()
        return self.loop.annotate(self.loop.tasks())

    def push_quietly(self) -> None:
        """Send what an import brought, so that people can label it in the next round."""
        self.repeat(self.loop.push())

    def serve(self) -> None:
        """Serve, with clients, and let something befall the service."""
        fault = self.rng.choice(SERVICE_FAULTS)
        self.tell("serve", fault)
        self.injected["serve", fault] += 1
        serve_under(fault, self.desk, self.loop)

    def report(self) -> str:
        """Return the tables: faults, and what was kept."""
        by_fault: Counter[str] = Counter()
        for (_, fault), number in self.injected.items():
            by_fault[fault] += number
        rows = [
            [
                fault,
                str(number),
                ", ".join(
                    f"{step} {n}"
                    for (step, name), n in sorted(self.injected.items())
                    if name == fault
                ),
            ]
            for fault, number in by_fault.most_common()
        ]
        counts, ledger = self.desk.findings.counts, self.loop.ledger
        kept = [
            [noun, str(number), *(str(counts[f"{noun} {state}"]) for state in STATES)]
            for noun, number in (
                ("article", len(ledger.stored)),
                ("task", len(self.loop.sent)),
                ("vote", len(ledger.votes) + len(ledger.imported)),
                ("label", len(ledger.settle({**ledger.votes, **ledger.imported})[0])),
                ("run", len(ledger.runs)),
            )
        ]
        named = {f"{noun} {state}" for noun, *_ in kept for state in STATES}
        others = [f"{kind}: {number}" for kind, number in counts.items() if kind not in named]
        minutes = (time.monotonic() - self.began) / 60
        return "\n".join(
            [
                f"{sum(by_fault.values())} faults in {minutes:.0f} minutes.\n",
                table(["fault", "times", "at"], rows),
                "",
                table(["", "put in", *STATES], kept),
                "",
                f"tracebacks: {counts['traceback']}; secrets shown: {counts['secret shown']}; "
                + (", ".join(others) or "nothing else was wrong"),
            ]
        )


STATES = ("lost", "doubled", "invented", "damaged")

if __name__ == "__main__":
    main()
