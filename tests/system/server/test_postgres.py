"""A team's server: Label Studio on PostgreSQL, with ten annotators at once."""

import os
import random
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import quote

import pytest

from labels.server import server
from tests.support.command import classify
from tests.support.corpus import article, taxonomy, write_taxonomy
from tests.support.label_studio import LabelStudio
from tests.support.newsroom import Newsroom
from tests.support.postgres import PASSWORD, postgres

ANNOTATORS = 10
ARTICLES = int(os.environ.get("CLASSIFY_TEST_ARTICLES", "10"))  # 200 for 2,000 annotations
NAMES = ("cinema", "trade", "sport")


@pytest.mark.timeout(1800)
def test_ten_annotators_at_once_lose_nothing_and_a_backup_brings_all_back(tmp_path: Path) -> None:
    folder = tmp_path / "team"
    start = ("labels", "server", "start", "--workspace", folder)
    with postgres() as address:
        started = classify(*start, CLASSIFY_DATABASE=address)
        assert started.returncode == 0, started.stderr
        assert PASSWORD not in started.stdout + started.stderr
        assert quote(PASSWORD) not in started.stdout + started.stderr
        try:
            assert not (folder / "label-studio" / "label_studio.sqlite3").exists()
            login = server.credentials(folder)
            assert login
            newsroom = Newsroom(LabelStudio(folder, login), tmp_path / "desk")
            sent = _annotate(newsroom)
            newsroom.check_run("labels", "pull")
            assert _votes(newsroom) == sent
            dataset = (newsroom.folder / "dataset.jsonl").read_bytes()

            # The server comes back with its data, without being told where they are.
            server.stop(folder)
            assert classify(*start).returncode == 0
            backup = tmp_path / "team.zip"
            newsroom.check_run("labels", "backup", backup)
            newsroom.web.delete(f"/api/projects/{newsroom.project}/").raise_for_status()
            newsroom.forget()
            newsroom.check_run("labels", "restore", backup)
            newsroom.check_run("labels", "pull")
            assert _votes(newsroom) == sent
            assert (newsroom.folder / "dataset.jsonl").read_bytes() == dataset
        finally:
            server.stop(folder)


def _annotate(newsroom: Newsroom) -> list[tuple[str, str, tuple[str, ...]]]:
    """Let all annotators label all articles at the same time; return what they sent."""
    write_taxonomy(newsroom.folder, taxonomy())
    config = newsroom.folder / "labelstudio.toml"
    text = config.read_text(encoding="utf-8")
    config.write_text(text.replace("overlap = 2", f"overlap = {ANNOTATORS}"), encoding="utf-8")
    rng = random.Random(1)
    articles = newsroom.add(*(article((NAMES[n % 3],), rng) for n in range(ARTICLES)))
    newsroom.check_run("labels", "push")
    newsroom.task(articles[0])  # so that every thread knows the tasks' numbers

    def work(number: int) -> list[tuple[str, str, tuple[str, ...]]]:
        name = f"annotator{number}"
        with newsroom.annotator(name) as web:
            for place, identity in enumerate(articles):
                newsroom.annotate(web, identity, NAMES[(place + number) % 3])
        return [
            (identity, f"{name}@classify.localhost", (NAMES[(place + number) % 3],))
            for place, identity in enumerate(articles)
        ]

    with ThreadPoolExecutor(ANNOTATORS) as pool:
        return sorted(vote for votes in pool.map(work, range(ANNOTATORS)) for vote in votes)


def _votes(newsroom: Newsroom) -> list[tuple[str, str, tuple[str, ...]]]:
    return sorted(
        (vote["document_id"], vote["annotator"], tuple(vote["categories"]))
        for vote in newsroom.records("annotations.jsonl")
        if vote["status"] == "submitted"
    )
