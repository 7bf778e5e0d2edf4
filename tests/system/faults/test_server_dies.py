"""A Label Studio that is killed while commands talk to it: what it said it had is still there."""

import random
import shutil
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from labels.server import server
from tests.support.label_studio import LabelStudio, copy_server
from tests.support.newsroom import Newsroom
from tests.support.waiting import free_port, wait_until


@pytest.fixture(scope="module")
def mortal(
    label_studio: LabelStudio, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LabelStudio]:
    """A server of its own, which no other test misses."""
    workspace = tmp_path_factory.mktemp("mortal")
    copy_server(label_studio.workspace, workspace)
    yield LabelStudio(workspace, server.start(workspace, port=free_port(), notify=print))
    server.stop(workspace)


def kill(studio: LabelStudio) -> None:
    """Kill the server and all it started."""
    process = psutil.Process(server.status(studio.workspace).pid)
    family = [process, *process.children(recursive=True)]
    for member in family:
        member.kill()
    psutil.wait_procs(family, timeout=30)


def start(newsroom: Newsroom) -> None:
    """Start it again at the same address."""
    port = newsroom.studio.server.url.rpartition(":")[2]
    done = newsroom.run(
        "labels", "server", "start", "--port", port, "--workspace", newsroom.studio.workspace
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == newsroom.studio.server.url


def test_a_push_whose_server_is_killed_is_completed_by_the_next_and_annotations_stay(
    mortal: LabelStudio, tmp_path: Path
) -> None:
    newsroom = Newsroom(mortal, tmp_path / "workspace", batch=20)
    rng = random.Random(1)
    words = ["".join(rng.choices("abcdefghij", k=7)) for _ in range(3000)]
    first, *ids = newsroom.add(*(" ".join(rng.sample(words, 30)) + "." for _ in range(800)))
    newsroom.check_run("labels", "push", "--limit", "1")
    newsroom.annotate(newsroom.annotator("anna"), first, "cinema")
    push = newsroom.start([sys.executable, "-m", "classify", "labels", "push"])
    wait_until(lambda: newsroom.count() >= 60, what="60 articles have arrived")
    kill(mortal)
    _, err = push.communicate(timeout=120)
    assert push.returncode == 1
    (line,) = (line for line in err.splitlines() if line.startswith("Error: "))
    assert "no connection" in line
    assert "classify labels server start" in line
    assert "Traceback" not in err

    pulled = newsroom.run("labels", "pull")
    assert pulled.returncode == 1
    assert not (newsroom.folder / "dataset.jsonl").exists()

    start(newsroom)
    newsroom.check_run("labels", "push")
    assert Counter(task["data"]["seed_id"] for task in newsroom.tasks()) == Counter([first, *ids])
    newsroom.check_run("labels", "pull")
    (vote,) = newsroom.records("annotations.jsonl")
    assert (vote["document_id"], vote["annotator"]) == (first, "anna@classify.localhost")
    assert [record["labels"] for record in newsroom.records("dataset.jsonl")] == [["cinema"]]


def test_articles_and_annotations_stay_when_the_server_is_stopped(
    mortal: LabelStudio, tmp_path: Path
) -> None:
    newsroom = Newsroom(mortal, tmp_path / "workspace")
    (article,) = newsroom.add("Un article que rien ne doit faire perdre.")
    newsroom.check_run("labels", "push")
    newsroom.annotate(newsroom.annotator("anna"), article, "cinema")
    newsroom.check_run("labels", "pull")
    before = (newsroom.folder / "annotations.jsonl").read_bytes()
    there = ("--workspace", mortal.workspace)
    assert newsroom.run("labels", "server", "stop", *there).returncode == 0
    assert "is not running" in newsroom.run("labels", "pull", LABEL_STUDIO_URL="").stderr
    start(newsroom)
    shutil.rmtree(newsroom.folder / "runs", ignore_errors=True)
    newsroom.check_run("labels", "pull")
    assert (newsroom.folder / "annotations.jsonl").read_bytes() == before
    assert newsroom.count() == 1
