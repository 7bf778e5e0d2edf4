"""The labelling stream in a real browser: each next article comes with the model's categories."""

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from classify import load
from classify import predict as from_python
from tests.support.annotating import log_in, send
from tests.support.corpus import article, taxonomy, write_taxonomy
from tests.support.label_studio import LabelStudio
from tests.support.newsroom import PASSWORD, Newsroom
from tests.support.serving import serving
from tests.support.waiting import free_port, wait_until

NAMES = ("cinema", "trade", "sport")
PAGE = {"cinema": "Cinema", "trade": "Trade", "sport": "Sport"}


def texts(count: int, seed: int) -> list[str]:
    """Return articles about one category after the other."""
    rng = random.Random(seed)
    return [article((NAMES[n % 3],), rng) for n in range(count)]


@dataclass
class Desk(Newsroom):
    """A newsroom.

    Attributes:
        fresh: ids of articles that nobody has labelled.
        twin: the id of a near-duplicate of a test article.
    """

    fresh: list[str] = field(default_factory=list)
    twin: str = ""

    def texts(self) -> dict[str, str]:
        """Return the text of each article."""
        return {record["id"]: record["text"] for record in self.records("documents.jsonl")}

    def model_version(self) -> str:
        """Return the version whose suggestions annotators see."""
        return str(self.web.get(f"/api/projects/{self.project}/").json()["model_version"])

    def predict(self, article: str) -> set[str]:
        """Return what the current run says of an article, from Python."""
        (prediction,) = from_python([self.texts()[article]], load(workspace=self.folder))
        return set(prediction.categories)


@pytest.fixture
def desk(label_studio: LabelStudio, tmp_path: Path) -> Desk:
    """A trained workspace; in its project are eight articles, and one like a test article."""
    write_taxonomy(tmp_path, taxonomy())
    rows = [{"text": text, "label": NAMES[n % 3]} for n, text in enumerate(texts(60, seed=1))]
    file = tmp_path / "labels.jsonl"
    file.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    room = Desk(label_studio, tmp_path)
    room.check_run("labels", "import", file, "--text-columns", "text", "--label-column", "label")
    room.check_run("train")
    split = json.loads((tmp_path / "split.json").read_text(encoding="utf-8"))
    *room.fresh, room.twin = room.add(*texts(8, seed=2), room.texts()[split["test"][0]] + " Fin.")
    (tmp_path / "serve.toml").write_text("retrain_after = 0\n", encoding="utf-8")
    assert "9 articles sent" in room.check_run("labels", "push").stderr
    return room


@pytest.fixture
def stream(chromium: Browser, desk: Desk) -> Iterator[Page]:
    """The labelling stream, as an annotator comes to it: by the button."""
    desk.annotator("lea")
    page = log_in(chromium, desk.studio.server.url, "lea@classify.localhost", PASSWORD)
    yield page
    page.context.close()


def begin(page: Page, desk: Desk) -> None:
    """Press *Label All Tasks*."""
    page.goto(f"/projects/{desk.project}/data")
    page.get_by_role("button", name="Label All Tasks").click()
    page.locator(".press-text").wait_for()
    page.keyboard.press("Escape")  # the guide


def annotate_next(page: Page, desk: Desk, done: set[str]) -> None:
    """Check what is ticked in the article that the stream shows, and submit it as it is."""
    done.add(look_at_next(page, desk, done))
    send(page, "submit")


def look_at_next(page: Page, desk: Desk, done: set[str]) -> str:
    """Check what is ticked in the article that the stream shows; return its id."""
    by_words = {" ".join(text.split()): name for name, text in desk.texts().items()}

    def shown() -> str:
        return by_words.get(" ".join(page.locator(".press-text").inner_text().split()), "")

    wait_until(lambda: shown() not in done | {""}, what="another article")
    article = shown()
    wanted = set() if article == desk.twin else desk.predict(article)
    for name in wanted:
        expect(page.get_by_role("checkbox", name=PAGE[name])).to_be_checked(timeout=30_000)
    page.wait_for_load_state("networkidle")
    boxes = {name: page.get_by_role("checkbox", name=PAGE[name]) for name in NAMES}
    assert {name for name in NAMES if boxes[name].is_checked()} == wanted
    return article


def undo_title(desk: Desk) -> None:
    """Leave the project as an earlier version did: its model version is a run, not our title."""
    (backend,) = desk.web.get("/api/ml", params={"project": desk.project}).json()
    change = {"title": "classify", "url": backend["url"], "project": desk.project}
    desk.web.patch(f"/api/ml/{backend['id']}", json=change).raise_for_status()
    version = {"model_version": backend["model_version"]}
    desk.web.patch(f"/api/projects/{desk.project}/", json=version).raise_for_status()


def title(desk: Desk) -> str:
    """Return the title of the project's ML backend."""
    (backend,) = desk.web.get("/api/ml", params={"project": desk.project}).json()
    return str(backend["title"])


def test_the_next_article_comes_ticked_whatever_happened_to_the_service(
    desk: Desk, stream: Page
) -> None:
    port, done = free_port(), set[str]()
    first = load(workspace=desk.folder).name
    with serving(desk.folder, "--port", str(port), **desk.variables) as service:
        desk.check_run("labels", "connect", "--url", service.url)
        begin(stream, desk)
        annotate_next(stream, desk, done)
        annotate_next(stream, desk, done)
        look_at_next(stream, desk, done)  # so that it is loaded before the service ends
        undo_title(desk)
    with serving(desk.folder, "--port", str(port), **desk.variables):
        wait_until(lambda: title(desk) == first, what="the title is the run's name")
        annotate_next(stream, desk, done)
        annotate_next(stream, desk, done)
        look_at_next(stream, desk, done)
        desk.check_run("train", "--seed", "7")
        second = load(workspace=desk.folder).name
        wait_until(lambda: desk.model_version() == second, what="the new run is shown")
        annotate_next(stream, desk, done)  # opened with the suggestion of the first run
        annotate_next(stream, desk, done)
        pushed = desk.check_run("labels", "push", "--with-predictions").stderr
        assert f"already there: {second}" in pushed
        while desk.twin not in done:
            annotate_next(stream, desk, done)
    assert done == {*desk.fresh, desk.twin}
    tasks = desk.web.get(f"/api/tasks/{desk.task(desk.twin)}/").json()
    assert tasks["predictions"] == []
    desk.check_run("labels", "pull")
    annotations = {record["document_id"]: record for record in desk.records("annotations.jsonl")}
    assert {annotations[name]["shown_run"] for name in desk.fresh} == {first, second}
    for name in desk.fresh:
        assert annotations[name]["shown"] == annotations[name]["categories"] != []
    assert annotations[desk.twin]["shown_run"] == ""
