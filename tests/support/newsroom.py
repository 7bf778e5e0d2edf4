"""A workspace with a project of its own on the real server, and that server as plain HTTP."""

import functools
import itertools
import json
import re
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from labels.studio.client import Studio, StudioSettings
from seeds.document import Document, read_documents, write_documents
from tests.support.command import ROOT, classify, environment
from tests.support.label_studio import LabelStudio

PASSWORD = "mot-de-passe-1"
_NUMBERS = itertools.count(1)


@dataclass
class Newsroom:
    """A workspace whose commands go to the session's server, under a project title of its own."""

    studio: LabelStudio
    folder: Path
    title: str = field(default_factory=lambda: f"Rédaction {next(_NUMBERS):04}")
    batch: int = 500
    votes: int = 1  # that settle an article; 0: as in a new workspace
    _known: dict[str, int] = field(default_factory=dict)  # article -> task, "" -> project

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        default = (ROOT / "configs" / "labelstudio.toml").read_text(encoding="utf-8")
        changed = re.sub('(?m)^title = ".*?"', f'title = "{self.title}"', default)
        changed = re.sub(r"(?m)^batch_size = \d+", f"batch_size = {self.batch}", changed)
        changed = re.sub(r"(?m)^votes = \d+", f"votes = {self.votes}", changed)
        (self.folder / "labelstudio.toml").write_text(changed, encoding="utf-8")
        header = {"Authorization": f"Token {self.studio.server.token}"}
        self.web = httpx.Client(base_url=self.studio.server.url, headers=header, timeout=60)

    @property
    def variables(self) -> dict[str, str]:
        """The environment that makes a command of this workspace talk to that server."""
        server = self.studio.server
        return {
            "LABEL_STUDIO_URL": server.url,
            "LABEL_STUDIO_API_KEY": server.token,
            "CLASSIFY_WORKSPACE": str(self.folder),
        }

    def run(self, *arguments: str | Path, **changes: str) -> subprocess.CompletedProcess[str]:
        """Run `classify` to its end; check that its output does not contain the key."""
        variables = {**self.variables, **changes}
        finished = classify(*arguments, **variables)
        key = variables["LABEL_STUDIO_API_KEY"]
        assert not key or key not in finished.stdout + finished.stderr
        return finished

    def start(self, command: list[str]) -> subprocess.Popen[str]:
        """Start a process in the same environment, to be killed."""
        pipe = subprocess.PIPE
        env = environment(**self.variables)
        return subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, env=env)

    def check_run(self, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        """Run `classify`, which must succeed."""
        finished = self.run(*arguments)
        assert finished.returncode == 0, finished.stderr
        return finished

    def records(self, name: str) -> list[dict[str, Any]]:
        """Return the objects of a JSONL file of the workspace."""
        lines = (self.folder / name).read_text(encoding="utf-8").splitlines()
        return [json.loads(line) for line in lines]

    def add(self, *texts: str) -> list[str]:
        """Add articles with these texts; return their ids."""
        data = "".join(json.dumps({"text": text}) + "\n" for text in texts).encode()
        added = classify("seeds", "add", "-", "--format", "jsonl", data=data, **self.variables)
        assert added.returncode == 0, added.stderr
        by_text = {record["text"]: record["id"] for record in self.records("documents.jsonl")}
        return [by_text[text] for text in texts]

    def store(self, text: str) -> str:
        """Add an article as it stands, without the cleaning of `seeds add`; return its id."""
        article = Document.of(text)
        documents = {**read_documents(self.folder), article.id: article}
        write_documents(self.folder, documents)
        return article.id

    @property
    def project(self) -> int:
        """The id of the project on the server."""
        if "" not in self._known:
            query = {"title": self.title, "page_size": 1000, "include": "id,title"}
            projects = self.web.get("/api/projects/", params=query).json()["results"]
            (self._known[""],) = [entry["id"] for entry in projects if entry["title"] == self.title]
        return self._known[""]

    def forget(self) -> None:
        """Look for the project and its tasks anew: they were made again."""
        self._known.clear()

    def tasks(self) -> list[dict[str, Any]]:
        """Return every task of the project, with its data."""
        query = {"project": self.project, "page_size": 10000, "fields": "task_only"}
        tasks: list[dict[str, Any]] = self.web.get("/api/tasks", params=query).json()["tasks"]
        return tasks

    def count(self) -> int:
        """Return the number of the project's tasks."""
        return int(self.web.get(f"/api/projects/{self.project}/").json()["task_number"])

    def task(self, article: str) -> int:
        """Return the id of an article's task."""
        if article not in self._known:
            self._known |= {task["data"]["seed_id"]: task["id"] for task in self.tasks()}
        return self._known[article]

    def annotator(self, name: str) -> httpx.Client:
        """Return the server as another, invited user sees it."""
        server = self.studio.server
        header = {"Authorization": f"Token {_invite(server.url, server.token, name)}"}
        return httpx.Client(base_url=server.url, headers=header, timeout=60)

    def annotate(
        self, web: httpx.Client, article: str, *categories: str, **fields: Any
    ) -> dict[str, Any]:
        """Submit categories as the page would; no category means that none applies."""
        where = f"/api/tasks/{self.task(article)}/annotations/"
        body = {"result": choices(*categories), "lead_time": 3.5, **fields}
        annotation: dict[str, Any] = web.post(where, json=body).raise_for_status().json()
        return annotation

    def save_draft(self, web: httpx.Client, article: str, *categories: str) -> None:
        """Leave a draft, as the page does when someone goes away without submitting."""
        where = f"/api/tasks/{self.task(article)}/drafts?project={self.project}"
        body = {"result": choices(*categories), "lead_time": 1.0}
        web.post(where, json=body).raise_for_status()


@functools.cache
def _invite(url: str, token: str, name: str) -> str:
    """Invite a user to a server; return the user's key."""
    settings = StudioSettings("unused", 2, "", 500, 60.0, 3)
    return Studio.connect(url, token, settings).invite(f"{name}@classify.localhost", PASSWORD)


def choices(*categories: str) -> list[dict[str, Any]]:
    """Return the result of an annotation, as the page sends it."""
    if not categories:
        return []
    value = {"choices": list(categories)}
    return [{"from_name": "categories", "to_name": "text", "type": "choices", "value": value}]
