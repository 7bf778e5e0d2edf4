"""How long the commands that talk to Label Studio take with many articles.

    python benchmarks/label_studio.py                    # 10,000 articles, 10 to 15 minutes
    python benchmarks/label_studio.py --articles 1000

Starts the embedded server in a temporary workspace, makes articles of about 3 KB that all differ,
and times the commands as a person runs them. 300 articles are annotated one by one, as the page
does it; then a second project gets all of them with two annotators' labels each, by the server's
own import. Prints a table; the server is stopped and the workspace removed at the end.
"""

import argparse
import json
import platform
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx

from labels.server import installation, server
from labels.studio.client import Studio
from labels.studio.connection import StudioSettings
from labels.taxonomy import read_taxonomy
from seeds.base.cores import available_cores

SIZE = 3000  # characters an article
ONE_BY_ONE = 300  # annotations made through the API, as the page makes them
BATCH = 500  # tasks an import
DETAILS = {"lead_time": 10.0, "ground_truth": False}  # the server imports them as ground truth else
SYLLABLES = "ba be bi bo bra ca ce cho da dé di du fa fe fi ga gue jo la le li lo ma mé mi mo "
SYLLABLES += "na né no pa pe pi plo ra ré ri ro sa se si so ta te ti tion tra va ve vi vre"


def main() -> None:
    """Measure and print, one row a command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--articles", type=int, default=10_000)
    parser.add_argument("--port", type=int, default=8099)
    given = parser.parse_args()
    print(
        f"{given.articles:,} articles of {SIZE:,} characters; {platform.system()} "
        f"{platform.machine()}, {available_cores()} cores, Python {platform.python_version()}, "
        f"Label Studio {installation.VERSION} with SQLite"
    )
    with tempfile.TemporaryDirectory() as folder:
        workspace = Path(folder)
        try:
            started = server.start(workspace, port=given.port, notify=print)
            measure(workspace, started, given.articles)
        finally:
            server.stop(workspace)


def measure(workspace: Path, started: server.Server, count: int) -> None:
    """Print the rows of the table."""
    rng = random.Random(1)
    articles = workspace / "articles.jsonl"
    with articles.open("w", encoding="utf-8") as file:
        for text in texts(count, rng):
            file.write(json.dumps({"text": text}, ensure_ascii=False) + "\n")
    timed(workspace, "seeds", "add", str(articles))
    timed(workspace, "labels", "push")
    timed(workspace, "labels", "push", note="nothing new")
    header = {"Authorization": f"Token {started.token}"}
    with httpx.Client(base_url=started.url, headers=header, timeout=600) as web:
        annotate_some(web, rng, workspace)
        timed(workspace, "labels", "pull", note=f"{ONE_BY_ONE} annotated")
        annotate_all(web, started, rng, workspace)
    timed(workspace, "labels", "pull", note="all annotated twice")
    timed(workspace, "labels", "status", note="all annotated twice")
    timed(workspace, "labels", "status", "--offline", note="all annotated twice")


def texts(count: int, rng: random.Random) -> Iterator[str]:
    """Articles of made-up words, no two alike."""
    syllables = SYLLABLES.split()
    words = ["".join(rng.choices(syllables, k=rng.randint(1, 4))) for _ in range(20_000)]
    for number in range(count):
        lines = [f"Titre {number} {' '.join(rng.choices(words, k=6))}"]
        while sum(map(len, lines)) < SIZE:
            lines.append(" ".join(rng.choices(words, k=60)).capitalize() + ".")
        yield "\n\n".join(lines)[:SIZE]


def timed(workspace: Path, *arguments: str, note: str = "") -> None:
    """Run a command and print its row: seconds, what it said last."""
    command = [sys.executable, "-m", "classify", *arguments, "--workspace", str(workspace)]
    began = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - began
    said = [line for line in (done.stderr + done.stdout).splitlines() if "articles" in line]
    shown = " ".join(each for each in arguments if not Path(each).is_absolute())
    print(
        f"{seconds:8.1f} s  {shown:<24} {note:<20} {said[-1].strip() if said else ''}", flush=True
    )
    if done.returncode:
        sys.exit(done.stderr)


def choices(rng: random.Random, workspace: Path) -> list[dict[str, Any]]:
    """The result of an annotation with one to three categories, as the page sends it."""
    chosen = rng.sample(read_taxonomy(workspace).ids, rng.randint(1, 3))
    value = {"choices": chosen}
    return [{"from_name": "categories", "to_name": "text", "type": "choices", "value": value}]


def annotate_some(web: httpx.Client, rng: random.Random, workspace: Path) -> None:
    """Annotate the first articles, one request each."""
    (project,) = web.get("/api/projects/").json()["results"]
    query = {"project": project["id"], "page_size": ONE_BY_ONE, "fields": "task_only"}
    for task in web.get("/api/tasks", params=query).json()["tasks"]:
        body = {"result": choices(rng, workspace), "lead_time": 10.0}
        web.post(f"/api/tasks/{task['id']}/annotations/", json=body).raise_for_status()


def annotate_all(
    web: httpx.Client, started: server.Server, rng: random.Random, workspace: Path
) -> None:
    """Put in the project's place one with the same tasks and two annotators' labels on each."""
    (old,) = web.get("/api/projects/").json()["results"]
    settings = StudioSettings(old["title"], 2, "", BATCH, 600.0, 3)
    admin = Studio.connect(started.url, started.token, settings)
    admin.invite("second@classify.localhost", "mot-de-passe-1")
    users = [each["id"] for each in web.get("/api/users/").json()]
    query = {"project": old["id"], "page_size": 10**6, "fields": "task_only"}
    tasks = web.get("/api/tasks", params=query).json()["tasks"]
    web.patch(f"/api/projects/{old['id']}/", json={"title": "before"}).raise_for_status()
    config = {name: old[name] for name in ("title", "label_config")}
    new = web.post("/api/projects/", json=config).raise_for_status().json()
    for start in range(0, len(tasks), BATCH):
        batch = [
            {
                "data": task["data"],
                "meta": task["meta"],
                "annotations": [
                    {"result": choices(rng, workspace), "completed_by": user, **DETAILS}
                    for user in users
                ],
            }
            for task in tasks[start : start + BATCH]
        ]
        web.post(f"/api/projects/{new['id']}/import", json=batch).raise_for_status()


if __name__ == "__main__":
    main()
