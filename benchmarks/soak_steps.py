"""The steps of a soak: each a command, what it must have done, and how that is looked up."""

import json
import random
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from benchmarks.soak_commands import Desk, Outcome
from benchmarks.soak_ledger import Ledger, check_articles, check_labels, read_lines
from labels.studio.client import Studio
from labels.studio.connection import StudioSettings
from tests.support.corpus import WORDS, article

CATEGORIES = tuple(WORDS)
USERS = ("anna", "boris", "chloé".replace("é", "e"))
TO_LABEL = 3000  # articles that `predict` gets, for about a second


@dataclass(frozen=True, slots=True)
class Step:
    """A command that something may befall.

    Attributes:
        name: for the table.
        words: of the command.
        check: compares what is there with the ledger; settled: the command ended well.
        done: notes what a command that ended well says it did.
    """

    name: str
    words: tuple[str | Path, ...]
    check: Callable[[bool], None]
    done: Callable[[Outcome], None] = lambda _: None


class Loop:
    """The steps of the loop, at one desk and with one ledger."""

    def __init__(self, desk: Desk, rng: random.Random) -> None:
        self.desk, self.rng = desk, rng
        self.ledger = Ledger(CATEGORIES)
        self.sent: set[str] = set()  # texts that are in the project
        self.users: dict[str, str] = {}  # e-mail -> token
        self.unsure: list[tuple[str, int]] = []  # annotations that broke off: who, task
        self.unsure_runs = 0  # trainings that may have left a run or not
        self._answers: dict[str, str] = {}  # run -> what it says to the articles to label
        self._files = 0

    # ------------------------------------------------------------------------ articles

    def _file(self, name: str, *records: dict[str, Any]) -> Path:
        """Write a new file of records."""
        self._files += 1
        path = self.desk.folder / f"{self._files}-{name}"
        path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
        return path

    def _texts(self, count: int) -> list[str]:
        return [article(self._choose(), self.rng) for _ in range(count)]

    def _choose(self) -> tuple[str, ...]:
        chosen = self.rng.sample(CATEGORIES, self.rng.choice((1, 1, 2)))
        return tuple(name for name in CATEGORIES if name in chosen)

    def add(self, count: int) -> Step:
        """Add new articles, and one that is there."""
        known = self.rng.sample(sorted(self.ledger.stored), min(1, len(self.ledger.stored)))
        texts = [*self._texts(count), *known]
        self.ledger.pending |= set(texts) - self.ledger.stored
        file = self._file("articles.jsonl", *({"text": text} for text in texts))
        return Step("add", ("seeds", "add", file), self.check_articles)

    def check_articles(self, settled: bool) -> None:
        """Look at documents.jsonl."""
        check_articles(self.desk.workspace, self.ledger, self.desk.findings, settled=settled)

    # ------------------------------------------------------------------------ labelling

    def push(self) -> Step:
        """Send the articles to Label Studio."""
        return Step("push", ("labels", "push", "--labelled"), self.check_project)

    def check_project(self, settled: bool) -> None:
        """Look at the project: after a push it has every article once."""
        tasks = self.tasks()
        texts = [task["data"]["text"] for task in tasks]
        if settled:
            self.sent = set(self.ledger.stored)
            self.desk.findings.compare("task", self.sent, texts)
        elif lost := self.sent - set(texts):
            self.desk.findings.add("task lost", f"{len(lost)} of {len(self.sent)}")

    def tasks(self) -> list[dict[str, Any]]:
        """Return the tasks of the project; there is one project, or none."""
        with self.desk.web() as web:
            projects = self.desk.read_json(web, "/api/projects/", page_size=100)["results"]
            if len(projects) > 1:
                self.desk.findings.add("project doubled", f"{len(projects)} projects")
            found: list[dict[str, Any]] = []
            for project in projects:
                query = {"project": project["id"], "page_size": 10_000, "fields": "task_only"}
                found += self.desk.read_json(web, "/api/tasks", **query)["tasks"]
            return found

    def invite(self) -> None:
        """Let the annotators sign up."""
        settings = StudioSettings("unused", 2, "", 500, 60.0, 3)
        studio = Studio.connect(self.desk.url, self.desk.token, settings)
        for name in USERS:
            password = secrets.token_urlsafe(12)
            email = f"{name}@classify.localhost"
            self.users[email] = studio.invite(email, password)
            self.desk.secrets |= {self.users[email], password}

    def annotate(self, tasks: list[dict[str, Any]]) -> None:
        """Let two or three people label each article that nobody has labelled.

        Where Label Studio dies meanwhile they look, once it is back, what it has kept.
        """
        voted = {text for text, _ in self.ledger.votes}
        clients = {email: self.desk.web(token) for email, token in self.users.items()}
        for task in tasks:
            text = task["data"]["text"]
            if text not in voted:
                for email in self.rng.sample(sorted(self.users), self.rng.choice((2, 2, 3))):
                    if not self._submit(clients[email], email, task):
                        self.unsure.append((email, task["id"]))
        for client in clients.values():
            client.close()

    def _submit(self, web: httpx.Client, email: str, task: dict[str, Any]) -> bool:
        """Submit one annotation; return whether it is known to be there."""
        chosen = tuple(name for name in CATEGORIES if self.rng.random() < self._chance(task, name))
        value = {"choices": list(chosen)}
        control = {"from_name": "categories", "to_name": "text", "type": "choices", "value": value}
        body = {"result": [control] if chosen else [], "lead_time": 2.0}
        try:
            answer = web.post(f"/api/tasks/{task['id']}/annotations/", json=body)
        except httpx.TransportError:
            return False
        if answer.status_code == 201:
            self.ledger.votes[task["data"]["text"], email] = chosen
        return answer.status_code == 201

    def _chance(self, task: dict[str, Any], name: str) -> float:
        """Return how likely an annotator is to choose a category: hardly anybody is wrong."""
        return 0.95 if any(word in task["data"]["text"] for word in WORDS[name]) else 0.05

    def look_again(self) -> None:
        """Ask Label Studio which of the annotations that broke off it has."""
        for email, number in self.unsure:
            with self.desk.web(self.users[email]) as web:
                task = self.desk.read_json(web, f"/api/tasks/{number}")
            for annotation in task["annotations"]:
                if annotation["completed_by"]["email"] == email:
                    result = annotation["result"]
                    chosen = tuple(result[0]["value"]["choices"]) if result else ()
                    self.ledger.votes[task["data"]["text"], email] = chosen
        self.unsure = []

    def pull(self) -> Step:
        """Fetch the annotations."""
        return Step("pull", ("labels", "pull"), self.check_labels)

    def import_file(self) -> Step:
        """Import labels of new articles and of one that is there."""
        texts = [*self._texts(2), *self.rng.sample(sorted(self.ledger.stored), 1)]
        labels = {text: self._choose() for text in texts}
        file = self._file(
            "labels.jsonl",
            *({"text": text, "label": list(chosen)} for text, chosen in labels.items()),
        )
        self.ledger.pending |= set(texts) - self.ledger.stored
        annotator = f"import:{file.name}"
        self.ledger.imported |= {(text, annotator): chosen for text, chosen in labels.items()}
        options = ("--text-columns", "text", "--label-column", "label")
        return Step("import", ("labels", "import", file, *options), self._check_import)

    def _check_import(self, settled: bool) -> None:
        self.check_articles(settled)
        self.check_labels(settled)

    def check_labels(self, settled: bool) -> None:
        """Look at the files of labels."""
        check_labels(self.desk.workspace, self.ledger, self.desk.findings, settled=settled)

    # ------------------------------------------------------------------------ models

    def train(self) -> Step:
        """Train a model."""
        return Step("train", ("train",), self.check_runs, self._note_run)

    def _note_run(self, outcome: Outcome) -> None:
        self.ledger.runs.add(Path(outcome.out.splitlines()[-1]).name)

    def promote(self) -> Step:
        """Promote any of the runs."""
        run = self.rng.choice(sorted(self.ledger.runs))
        return Step("promote", ("runs", "promote", run, "--even-if-worse"), self.check_runs)

    def check_runs(self, settled: bool) -> None:
        """Look at the list of runs, and verify those that are new."""
        listed = self.desk.check("runs", "list", "--format", "json")
        rows = json.loads(listed.out or "[]")
        names = [row["name"] for row in rows]
        new = set(names) - self.ledger.runs
        self.unsure_runs += 2  # the command may have come to its end, and the one beside it
        if len(new) > self.unsure_runs:
            self.desk.findings.add("run invented", ", ".join(sorted(new)))
        for name in sorted(new):
            self.desk.check("runs", "verify", name)
        self.ledger.runs |= new
        self.desk.findings.compare("run", self.ledger.runs, names)
        for row in rows:
            if row["fault"]:
                self.desk.findings.add("run damaged", f"{row['name']}: {row['fault']}")
        if settled:
            self.unsure_runs = 0
            if sum(row["current"] for row in rows) != 1:
                self.desk.findings.add("run lost", "none is the current one")

    # ------------------------------------------------------------------------ answers

    def predict(self) -> Step:
        """Label many articles into a file, going on where an earlier command ended."""
        run = self.rng.choice(sorted(self.ledger.runs))
        answers = self.answers(run)
        output = self.desk.workspace / "answers" / "answers.jsonl"
        options = ("--run", run, "--format", "jsonl", "--resume", "--output", output)
        processes = ("--processes", str(self.rng.choice((1, 2))))

        def check(settled: bool) -> None:
            """Look at the file, which is there once the command has ended well."""
            if not settled:
                return
            found = [record["id"] for record in read_lines(output)]
            wanted = [f"n{n}" for n in range(TO_LABEL)]
            self.desk.findings.compare("answer", wanted, found)
            if output.exists() and output.read_text(encoding="utf-8") != answers:
                self.desk.findings.add("answer differs", f"by {run}")
            output.unlink(missing_ok=True)

        return Step("predict", ("predict", *options, *processes, self.to_label), check)

    @property
    def to_label(self) -> Path:
        """The file of articles to label."""
        path = self.desk.folder / "to-label.jsonl"
        if not path.exists():
            texts = enumerate(self._texts(TO_LABEL))
            lines = (json.dumps({"id": f"n{n}", "text": text}) + "\n" for n, text in texts)
            path.write_text("".join(lines), encoding="utf-8")
        return path

    def answers(self, run: str) -> str:
        """Return what a run says to the articles to label, by a command that was left alone."""
        if run not in self._answers:
            options = ("--run", run, "--format", "jsonl", self.to_label)
            self._answers[run] = self.desk.check("predict", *options).out
        return self._answers[run]

    @property
    def current_run(self) -> str:
        """The name of the run that predicts."""
        path = self.desk.workspace / "runs" / "current"
        return path.read_text(encoding="utf-8").split()[-1]
