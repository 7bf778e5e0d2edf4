"""Label Studio and `classify serve` together: suggestions, annotations, trainings."""

import json
import random
import re
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from classify import load
from classify import predict as from_python
from tests.support.annotating import log_in, send
from tests.support.command import classify
from tests.support.corpus import article, taxonomy, write_taxonomy
from tests.support.label_studio import LabelStudio
from tests.support.newsroom import PASSWORD, Newsroom
from tests.support.proxy import Proxy, proxy
from tests.support.serving import Service, serving
from tests.support.waiting import wait_until

__all__ = ["proxy"]  # a fixture

NAMES = ("cinema", "trade", "sport")
PAGE = {"cinema": "Cinema", "trade": "Trade", "sport": "Sport"}
HOSTILE = "<script>window.ran = 1</script><img src=x onerror='window.ran = 1'>"


def texts(count: int, seed: int) -> list[str]:
    """Return articles about one category after the other."""
    rng = random.Random(seed)
    return [article((NAMES[n % 3],), rng) for n in range(count)]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with imported labels, and a model trained on them."""
    folder = tmp_path_factory.mktemp("trained")
    write_taxonomy(folder, taxonomy())
    rows = [{"text": text, "label": NAMES[n % 3]} for n, text in enumerate(texts(60, seed=1))]
    file = folder / "labels.jsonl"
    file.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    workspace = ("--workspace", folder)
    options = ("--text-columns", "text", "--label-column", "label")
    for command in (("labels", "import", file, *options, *workspace), ("train", *workspace)):
        result = classify(*command)
        assert result.returncode == 0, result.stderr
    return folder


@pytest.fixture
def newsroom(label_studio: LabelStudio, trained: Path, tmp_path: Path) -> Newsroom:
    """A project that holds six articles nobody has labelled."""
    room = Newsroom(label_studio, shutil.copytree(trained, tmp_path / "workspace"))
    labelled = {document["id"] for document in room.records("documents.jsonl")}
    room.fresh = [identity for identity in room.add(*texts(6, seed=2)) if identity not in labelled]
    (room.folder / "serve.toml").write_text("retrain_after = 3\n", encoding="utf-8")
    room.check_run("labels", "push")
    return room


@pytest.fixture
def service(newsroom: Newsroom) -> Iterator[Service]:
    """A service that is connected to the project."""
    with serving(newsroom.folder, **newsroom.variables) as started:
        newsroom.check_run("labels", "connect", "--url", started.url)
        value = secret(newsroom)
        yield started
        for line in started.lines:
            assert value not in line
            assert newsroom.studio.server.token not in line


def secret(newsroom: Newsroom) -> str:
    return (newsroom.folder / "serve" / "secret").read_text(encoding="ascii").strip()


def address(newsroom: Newsroom, service: Service) -> str:
    return f"{service.url}/label-studio/{secret(newsroom)}"


def backends(newsroom: Newsroom) -> list[dict[str, Any]]:
    """Return the project's ML backends, as the server lists them."""
    listed = newsroom.web.get("/api/ml", params={"project": newsroom.project}).json()
    return list(listed)


def webhooks(newsroom: Newsroom) -> list[dict[str, Any]]:
    """Return the project's webhooks, as the server lists them."""
    listed = newsroom.web.get("/api/webhooks/", params={"project": newsroom.project}).json()
    return list(listed)


def stored_predictions(newsroom: Newsroom, name: str) -> list[dict[str, Any]]:
    """Return the predictions of an article once an annotator has opened it."""
    predictions = newsroom.web.get(f"/api/tasks/{newsroom.task(name)}/").json()["predictions"]
    return list(predictions)


def shown_prediction(newsroom: Newsroom, name: str) -> dict[str, Any]:
    """Return the prediction that the page ticks: of the project's version, else the first."""
    predictions = stored_predictions(newsroom, name)
    version = newsroom.web.get(f"/api/projects/{newsroom.project}/").json()["model_version"]
    return next((p for p in predictions if p["model_version"] == version), predictions[0])


def categories_of(prediction: dict[str, Any]) -> list[str]:
    return [name for region in prediction["result"] for name in region["value"]["choices"]]


def retraining(service: Service) -> dict[str, Any]:
    facts: dict[str, Any] = service.web.get("/v1/runs/current").json()["retraining"]
    return facts


def current(newsroom: Newsroom) -> str:
    return (newsroom.folder / "runs" / "current").read_text(encoding="utf-8").split()[-1]


# ------------------------------------------------------------------ in Label Studio


def test_an_article_that_is_opened_has_the_prediction_of_the_current_run(
    newsroom: Newsroom, service: Service
) -> None:
    run = load(workspace=newsroom.folder)
    name = newsroom.fresh[0]
    (prediction,) = stored_predictions(newsroom, name)
    text = {document["id"]: document["text"] for document in newsroom.records("documents.jsonl")}[
        name
    ]
    (expected,) = from_python([text], run)
    assert prediction["model_version"] == run.name
    assert categories_of(prediction) == list(expected.categories) == ["cinema"]
    chances = [p if c in expected.categories else 1 - p for c, p in expected.probabilities.items()]
    assert prediction["score"] == pytest.approx(chances[0] * chances[1] * chances[2], abs=2e-6)
    assert len(stored_predictions(newsroom, name)) == 1, (
        "a second look asks for no second prediction"
    )


def test_an_annotator_sees_categories_ticked_corrects_one_and_is_counted(
    newsroom: Newsroom, service: Service, chromium: Browser
) -> None:
    hostile = newsroom.store(f"film festival réalisateur écran tournage {HOSTILE}")
    newsroom.check_run("labels", "push")
    page = annotator(newsroom, chromium)
    expect_ticked(page, newsroom, newsroom.fresh[0], {"cinema"})
    expect_ticked(page, newsroom, hostile, {"cinema"})
    assert page.evaluate("window.ran") is None
    assert HOSTILE in page.locator(".press-text").inner_text()
    page.get_by_role("checkbox", name=PAGE["sport"]).click()
    send(page, "submit")
    wait_until(lambda: retraining(service)["annotations"] == 1, what="it is counted")
    newsroom.check_run("labels", "pull")
    labels = {row["id"]: row["labels"] for row in newsroom.records("dataset.jsonl")}
    assert labels[hostile] == ["cinema", "sport"]
    page.context.close()


def annotator(newsroom: Newsroom, browser: Browser) -> Page:
    """Return a page of an annotator who has logged in."""
    newsroom.annotator("lea")
    return log_in(browser, newsroom.studio.server.url, "lea@classify.localhost", PASSWORD)


def expect_ticked(page: Page, newsroom: Newsroom, name: str, wanted: set[str]) -> None:
    """Open an article, and check which categories are ticked before anybody has touched it."""
    page.goto(f"/projects/{newsroom.project}/data?task={newsroom.task(name)}")
    for category in wanted:
        expect(page.get_by_role("checkbox", name=PAGE[category])).to_be_checked(timeout=30_000)
    ticked = {
        category
        for category in NAMES
        if page.get_by_role("checkbox", name=PAGE[category]).is_checked()
    }
    assert ticked == wanted


def test_enough_annotations_start_a_training_and_its_run_takes_over(
    newsroom: Newsroom, service: Service
) -> None:
    old_run = current(newsroom)
    assert shown_prediction(newsroom, newsroom.fresh[5])["model_version"] == old_run
    lea = newsroom.annotator("lea")
    for name in newsroom.fresh[:2]:
        newsroom.annotate(lea, name, "cinema")
    wait_until(lambda: retraining(service)["annotations"] == 2)
    assert retraining(service)["state"] == "waiting"
    newsroom.annotate(lea, newsroom.fresh[2], "sport")
    wait_until(lambda: retraining(service)["state"] == "running", what="a training")
    newsroom.annotate(lea, newsroom.fresh[3], "cinema")
    assert retraining(service)["state"] == "running", "Submit waits for no training"
    assert service.predict("film festival").status_code == 200
    wait_until(lambda: current(newsroom) != old_run, seconds=120, what="its run takes over")
    wait_until(lambda: retraining(service)["state"] == "waiting")
    new_run = current(newsroom)
    facts = retraining(service)
    assert facts["last"] == f"{new_run} was trained and took over"
    assert facts["annotations"] == 1, "the one that came meanwhile counts for the next"
    learned = json.loads((newsroom.folder / "runs" / new_run / "run.json").read_text())
    assert learned["articles"] + learned["test_articles"] in (63, 64)  # 60 imported, 3 or 4 new
    wait_until(
        lambda: shown_prediction(newsroom, newsroom.fresh[5])["model_version"] == new_run,
        what="annotators see what the new run says",
    )
    shown = newsroom.web.get(f"/api/projects/{newsroom.project}/").json()["model_version"]
    assert shown == new_run
    assert service.predict("film festival").json()["run"] == new_run


def test_a_run_that_is_tried_is_not_shown_to_annotators(newsroom: Newsroom) -> None:
    """They see the predictions of the promoted run, whatever another service answers with."""
    promoted = current(newsroom)
    newsroom.check_run("labels", "push", "--with-predictions")
    newsroom.check_run("train", "--no-promote", "--seed", "5")
    (tried,) = {run.name for run in (newsroom.folder / "runs").glob("2*")} - {promoted}
    with serving(newsroom.folder, "--run", tried, **newsroom.variables) as service:
        newsroom.check_run("labels", "connect", "--url", service.url)
        lea = newsroom.annotator("lea")
        (offered,) = lea.get(f"/api/projects/{newsroom.project}/next").json()["predictions"]
        assert offered["model_version"] == promoted
    with serving(newsroom.folder, "--run", tried, **newsroom.variables) as service:
        assert service.predict("film festival").json()["run"] == tried
        send_event(
            newsroom, service, {"action": "START_TRAINING", "project": {"id": newsroom.project}}
        )
        wait_until(lambda: "was trained" in retraining(service)["last"], seconds=120)
        assert service.predict("film festival").json()["run"] == tried
    for name in newsroom.fresh:  # predictions are a job like the training, and come before it
        assert {
            prediction["model_version"] for prediction in stored_predictions(newsroom, name)
        } == {promoted}


def test_a_skipped_article_is_not_counted_and_a_deleted_annotation_no_longer(
    newsroom: Newsroom, service: Service
) -> None:
    lea = newsroom.annotator("lea")
    newsroom.annotate(lea, newsroom.fresh[0], was_cancelled=True)
    annotation = newsroom.annotate(lea, newsroom.fresh[1], "cinema")
    wait_until(lambda: retraining(service)["annotations"] == 1)
    body = {"result": [], "lead_time": 1.0}
    lea.patch(f"/api/annotations/{annotation['id']}/", json=body).raise_for_status()
    newsroom.annotate(lea, newsroom.fresh[2], "cinema")
    wait_until(lambda: retraining(service)["annotations"] == 2, what="an update counts once")
    newsroom.web.delete(f"/api/annotations/{annotation['id']}/").raise_for_status()
    wait_until(lambda: retraining(service)["annotations"] == 1)


def test_what_was_counted_outlives_the_service(newsroom: Newsroom) -> None:
    with serving(newsroom.folder, **newsroom.variables) as service:
        newsroom.check_run("labels", "connect", "--url", service.url)
        newsroom.annotate(newsroom.annotator("lea"), newsroom.fresh[0], "cinema")
        wait_until(lambda: retraining(service)["annotations"] == 1)
        assert service.end() == 0
    with serving(newsroom.folder, **newsroom.variables) as service:
        assert retraining(service)["annotations"] == 1


def test_annotations_of_while_the_service_was_down_are_counted_when_it_starts(
    newsroom: Newsroom,
) -> None:
    lea = newsroom.annotator("lea")
    newsroom.annotate(lea, newsroom.fresh[3], "cinema")  # before anything was connected
    with serving(newsroom.folder, **newsroom.variables) as service:
        newsroom.check_run("labels", "connect", "--url", service.url)
        newsroom.annotate(lea, newsroom.fresh[0], "cinema")
        wait_until(lambda: retraining(service)["annotations"] == 1)
        assert service.end() == 0
    newsroom.annotate(lea, newsroom.fresh[1], "trade")
    newsroom.annotate(lea, newsroom.fresh[2], was_cancelled=True)
    with serving(newsroom.folder, **newsroom.variables) as service:
        wait_until(lambda: retraining(service)["annotations"] == 2)


def test_a_project_made_anew_costs_no_annotation(newsroom: Newsroom, service: Service) -> None:
    newsroom.annotate(newsroom.annotator("lea"), newsroom.fresh[0], "cinema")
    newsroom.check_run("labels", "pull")
    files = ("annotations.jsonl", "dataset.jsonl")
    contents = [(newsroom.folder / name).read_bytes() for name in files]
    project = newsroom.project
    newsroom.web.delete(f"/api/projects/{project}/").raise_for_status()
    newsroom.check_run("labels", "push", "--new-project")
    event = {"action": "START_TRAINING", "project": {"id": project}}
    assert send_event(newsroom, service, event).json() == {"status": "queued"}
    wait_until(lambda: retraining(service)["state"] == "failed")
    assert f"does not have project {project}" in retraining(service)["last"]
    failed = newsroom.run("labels", "pull")
    assert failed.returncode == 1
    assert "1 in" in failed.stderr
    assert "would be lost" in failed.stderr
    assert [(newsroom.folder / name).read_bytes() for name in files] == contents


def test_a_training_that_is_killed_is_told_as_that(newsroom: Newsroom, service: Service) -> None:
    import psutil

    event = {"action": "START_TRAINING", "project": {"id": newsroom.project}}
    send_event(newsroom, service, event)
    wait_until(lambda: retraining(service)["state"] == "running")
    for process in psutil.Process(service.process.pid).children():
        if "classify.serving.label_studio.jobs" in " ".join(process.cmdline()):
            assert "CLASSIFY_API_KEY" not in process.environ()
            process.kill()
    wait_until(lambda: retraining(service)["state"] == "failed")
    assert "killed by signal 9" in retraining(service)["last"]


def test_a_second_service_of_a_workspace_answers_and_leaves_the_counting_to_the_first(
    newsroom: Newsroom, service: Service
) -> None:
    with serving(newsroom.folder, **newsroom.variables) as second:
        assert any("neither counts annotations nor trains" in line for line in second.lines)
        assert second.predict("film festival").status_code == 200
        event = {"action": "START_TRAINING", "project": {"id": newsroom.project}}
        assert send_event(newsroom, second, event).json() == {"status": "ignored"}


def test_start_training_in_label_studio_starts_one_and_a_failure_is_told(
    newsroom: Newsroom, service: Service
) -> None:
    (newsroom.folder / "annotations.jsonl").write_text("", encoding="utf-8")  # nothing to learn
    (backend,) = backends(newsroom)
    newsroom.web.post(f"/api/ml/{backend['id']}/train").raise_for_status()
    wait_until(lambda: retraining(service)["state"] == "failed", what="it fails")
    assert "failed: " in retraining(service)["last"]
    assert "Traceback" not in "".join(service.lines)
    assert service.predict("film").status_code == 200


def test_the_end_of_the_service_is_the_end_of_its_training(newsroom: Newsroom) -> None:
    import psutil

    with serving(newsroom.folder, **newsroom.variables) as service:
        newsroom.check_run("labels", "connect", "--url", service.url)
        send_event(
            newsroom, service, {"action": "START_TRAINING", "project": {"id": newsroom.project}}
        )
        wait_until(lambda: retraining(service)["state"] == "running")
        children = psutil.Process(service.process.pid).children(recursive=True)
        assert any(
            "classify.serving.label_studio.jobs" in " ".join(process.cmdline())
            for process in children
        )
        service.process.kill()
        _, left = psutil.wait_procs(children, timeout=60)
        assert not left


def test_a_training_that_was_asked_for_begins_again_with_the_service(newsroom: Newsroom) -> None:
    """It does so after SIGTERM and after SIGKILL."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with serving(newsroom.folder, **newsroom.variables) as service:
            newsroom.check_run("labels", "connect", "--url", service.url)
            event = {"action": "START_TRAINING", "project": {"id": newsroom.project}}
            send_event(newsroom, service, event)
            wait_until(lambda: retraining(service)["state"] == "running")
            service.end(number)
        with serving(newsroom.folder, **newsroom.variables) as service:
            wait_until(lambda: retraining(service)["state"] == "running")
            wait_until(lambda: retraining(service)["state"] == "waiting")
        with serving(newsroom.folder, **newsroom.variables) as service:
            assert retraining(service)["state"] == "waiting"


def send_event(newsroom: Newsroom, service: Service, event: dict[str, Any]) -> httpx.Response:
    return httpx.post(f"{address(newsroom, service)}/webhook", json=event)


# ------------------------------------------------------------------ connect


def test_connecting_twice_changes_nothing_and_only_annotations_are_told(
    newsroom: Newsroom, service: Service
) -> None:
    connected = backends(newsroom)
    message = newsroom.check_run("labels", "connect", "--url", service.url).stderr
    assert "was already connected" in message
    assert secret(newsroom) not in message
    assert [backend["id"] for backend in backends(newsroom)] == [
        backend["id"] for backend in connected
    ]
    (hook,) = webhooks(newsroom)
    assert hook["url"] == f"{address(newsroom, service)}/webhook"
    assert hook["send_for_all_actions"] is False
    assert all("ANNOTATION" in action for action in hook["actions"])


def test_disconnecting_leaves_neither_backend_nor_webhook(
    newsroom: Newsroom, service: Service
) -> None:
    old_address = address(newsroom, service)
    newsroom.check_run("labels", "connect", "--remove")
    assert backends(newsroom) == webhooks(newsroom) == []
    assert httpx.get(f"{old_address}/health").status_code == 404
    assert service.web.get("/v1/runs/current").json()["retraining"] is None
    assert "was not connected" in newsroom.check_run("labels", "connect", "--remove").stderr
    newsroom.check_run("labels", "connect", "--url", service.url)
    assert address(newsroom, service) != old_address  # whoever has heard the old one knows nothing
    assert httpx.get(f"{old_address}/health").status_code == 404


def test_disconnecting_needs_no_label_studio(newsroom: Newsroom, service: Service) -> None:
    """The address is useless at once; Label Studio forgets it later."""
    old_address = address(newsroom, service)
    closed = {"LABEL_STUDIO_URL": "http://127.0.0.1:9"}
    for _ in range(2):
        failed = newsroom.run("labels", "connect", "--remove", **closed)
        assert failed.returncode == 1
        assert failed.stderr.count("\n") == 1
        assert httpx.get(f"{old_address}/health").status_code == 404
    assert len(backends(newsroom)) == 1
    assert "disconnected" in newsroom.check_run("labels", "connect", "--remove").stderr
    assert backends(newsroom) == webhooks(newsroom) == []


def test_another_address_takes_the_place_of_the_first(newsroom: Newsroom) -> None:
    for _ in range(2):
        with serving(newsroom.folder, **newsroom.variables) as service:
            newsroom.check_run("labels", "connect", "--url", service.url)
            (backend,) = backends(newsroom)
            assert backend["url"] == address(newsroom, service)
            assert len(webhooks(newsroom)) == 1


def test_another_workspaces_service_is_only_replaced_when_that_is_asked_for(
    newsroom: Newsroom, service: Service, tmp_path: Path
) -> None:
    other_room = Newsroom(newsroom.studio, shutil.copytree(newsroom.folder, tmp_path / "other"))
    shutil.copy(newsroom.folder / "labelstudio.toml", other_room.folder)
    shutil.rmtree(other_room.folder / "serve")
    with serving(other_room.folder, **other_room.variables) as second:
        failed = other_room.run("labels", "connect", "--url", second.url)
        assert failed.returncode == 1
        assert f"connected to {service.url}" in failed.stderr
        assert "--replace" in failed.stderr
        assert "was not connected" in other_room.check_run("labels", "connect", "--remove").stderr
        assert [backend["url"] for backend in backends(newsroom)] == [address(newsroom, service)]
        other_room.check_run("labels", "connect", "--url", second.url, "--replace")
        assert [backend["url"] for backend in backends(newsroom)] == [address(other_room, second)]


def test_a_wrong_address_leaves_the_connection_as_it_was(
    newsroom: Newsroom, service: Service
) -> None:
    connected, listed = backends(newsroom), webhooks(newsroom)
    for wrong in ("http://127.0.0.1:9", service.url.replace("http:", "https:")):
        failed = newsroom.run("labels", "connect", "--url", wrong)
        assert failed.returncode == 1
        assert "finds no service of this workspace at" in failed.stderr
    assert [backend["url"] for backend in backends(newsroom)] == [
        backend["url"] for backend in connected
    ]
    assert webhooks(newsroom) == listed
    newsroom.annotate(newsroom.annotator("lea"), newsroom.fresh[0], "cinema")
    wait_until(lambda: retraining(service)["annotations"] == 1)


def test_a_service_that_is_down_is_not_connected_already(newsroom: Newsroom) -> None:
    with serving(newsroom.folder, **newsroom.variables) as service:
        newsroom.check_run("labels", "connect", "--url", service.url)
    failed = newsroom.run("labels", "connect", "--url", service.url)
    assert failed.returncode == 1
    assert "Start `classify serve`" in failed.stderr
    assert len(backends(newsroom)) == 1


def test_disconnecting_finds_a_project_that_was_renamed(
    newsroom: Newsroom, service: Service
) -> None:
    address = f"/api/projects/{newsroom.project}/"
    newsroom.web.patch(address, json={"title": "Autre titre"}).raise_for_status()
    newsroom.check_run("labels", "connect", "--remove")
    newsroom.web.patch(address, json={"title": newsroom.title}).raise_for_status()
    assert backends(newsroom) == webhooks(newsroom) == []


def test_disconnecting_from_a_project_that_was_deleted(
    newsroom: Newsroom, service: Service
) -> None:
    newsroom.web.delete(f"/api/projects/{newsroom.project}/").raise_for_status()
    assert newsroom.check_run("labels", "connect", "--remove").stderr == "disconnected\n"
    assert service.web.get("/v1/runs/current").json()["retraining"] is None


def test_where_no_service_answers_one_line_says_so_and_nothing_is_left(newsroom: Newsroom) -> None:
    failed = newsroom.run("labels", "connect", "--url", "http://127.0.0.1:9")
    assert failed.returncode == 1
    assert failed.stderr.count("\n") == 1
    assert "Start `classify serve`" in failed.stderr
    assert "/label-studio/" not in failed.stderr
    assert backends(newsroom) == webhooks(newsroom) == []
    assert not list((newsroom.folder / "serve").iterdir())  # Label Studio has logged the secret


def test_the_service_of_another_workspace_is_not_connected(
    newsroom: Newsroom, trained: Path
) -> None:
    with serving(trained) as second:
        failed = newsroom.run("labels", "connect", "--url", second.url)
    assert failed.returncode == 1
    assert "the same --workspace" in failed.stderr
    assert backends(newsroom) == []


def test_a_server_that_calls_nobody_on_its_network_is_explained(
    newsroom: Newsroom, proxy: Proxy, trained: Path
) -> None:
    refused = b'{"detail": "URL resolves to a reserved network address"}'
    kind = {"Content-Type": "application/json"}
    proxy.invent["/api/ml/"] = [(200, kind, b"[]"), (403, kind, refused)]  # none there; the attempt
    with serving(newsroom.folder, **newsroom.variables) as service:
        failed = newsroom.run("labels", "connect", "--url", service.url, LABEL_STUDIO_URL=proxy.url)
    assert failed.returncode == 1
    assert "SSRF_PROTECTION_ENABLED=false" in failed.stderr
    assert "--url" in failed.stderr


@pytest.mark.parametrize(
    "url",
    [
        "127.0.0.1:8000",
        "ftp://a",
        "http://u:hidden@a",
        "http://:hidden@a",
        "http://a:x",
        "http://a/\nb",
        "",
    ],
)
def test_an_address_that_is_none_is_refused(
    label_studio: LabelStudio, trained: Path, url: str
) -> None:
    newsroom = Newsroom(label_studio, trained)
    failed = newsroom.run("labels", "connect", "--url", url)
    assert failed.returncode == 1
    assert "like http://127.0.0.1:8000" in failed.stderr
    assert "hidden" not in failed.stderr


def test_an_interface_without_our_control_is_not_connected(newsroom: Newsroom) -> None:
    xml = '<View><Text name="text" value="$text"/></View>'
    where = f"/api/projects/{newsroom.project}/"
    newsroom.web.patch(where, json={"label_config": xml}).raise_for_status()
    failed = newsroom.run("labels", "connect", "--url", "http://127.0.0.1:9")
    assert failed.returncode == 1
    assert "lacks <Choices" in failed.stderr


def test_what_failed_is_not_tried_again_at_every_annotation(
    newsroom: Newsroom, service: Service
) -> None:
    """A job takes a process some seconds, so it waits longer after each failure."""
    old_address = address(newsroom, service)
    service.end()
    closed = {**newsroom.variables, "LABEL_STUDIO_URL": "http://127.0.0.1:9"}
    with serving(newsroom.folder, **closed) as alone:
        failed = [
            f"the {job} failed" for job in ("count of missed annotations", "update of predictions")
        ]

        def count() -> list[int]:
            return [sum(failure in line for line in alone.lines) for failure in failed]

        wait_until(lambda: min(count()) > 0, seconds=60)
        url = old_address.replace(service.url, alone.url)
        for number in range(1, 4):
            event = {"action": "ANNOTATION_UPDATED", "annotation": {"id": number}}
            sent = {**event, "project": {"id": newsroom.project}}
            assert httpx.post(f"{url}/webhook", json=sent).json() == {"status": "counted"}
            wait_until(lambda n=number: retraining(alone)["annotations"] == n)  # type: ignore[misc]
        wait_until(lambda: retraining(alone)["state"] == "running", seconds=30)  # it goes on
        assert min(count()) == 1


# ------------------------------------------------------------------ the protocol


@pytest.fixture(scope="module")
def connected_service(
    label_studio: LabelStudio, trained: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Newsroom, Service]]:
    """A connected service for the tests that leave it as it was."""
    folder = shutil.copytree(trained, tmp_path_factory.mktemp("spoken") / "workspace")
    room = Newsroom(label_studio, folder)
    room.add(*texts(1, seed=3))
    room.check_run("labels", "push")
    with serving(folder, **room.variables) as started:
        room.check_run("labels", "connect", "--url", started.url)
        yield room, started


def interface(*names: str, choice: str = "multiple") -> str:
    choices = "".join(f'<Choice value="{name.upper()}" alias="{name}"/>' for name in names)
    return (
        '<View><Text name="text" value="$text"/>'
        f'<Choices name="categories" toName="text" choice="{choice}">{choices}</Choices></View>'
    )


def predict_body(room: Newsroom, *tasks: Any, config: str = interface(*NAMES)) -> dict[str, Any]:
    """Return the body that Label Studio posts to /predict."""
    project = f"{room.project}.1795314637"
    return {"tasks": list(tasks), "project": project, "label_config": config, "params": {}}


def post(connected_service: tuple[Newsroom, Service], route: str, body: Any) -> httpx.Response:
    room, service = connected_service
    sent = {"content": body} if isinstance(body, bytes) else {"json": body}
    header = {"Content-Type": "application/json"}
    return httpx.post(f"{address(room, service)}/{route}", headers=header, **sent)


def test_tasks_are_answered_in_order_and_one_without_text_alone_is_not(
    connected_service: tuple[Newsroom, Service],
) -> None:
    room, _ = connected_service
    film, port = "film festival écran tournage", "douane tarif conteneur cargaison"
    tasks = [{"id": 1, "data": {"text": film}}, {"id": 2, "data": {"title": "x"}}, {"id": 3}]
    tasks += [{"id": 4, "data": {"text": 7}}, {"id": 5, "data": {"text": " "}}]
    tasks += [{"id": 6, "data": {"text": port}}]
    results = post(connected_service, "predict", predict_body(room, *tasks)).json()["results"]
    assert [categories_of(result) if "result" in result else None for result in results] == [
        ["cinema"], None, None, None, None, ["trade"]
    ]  # fmt: skip
    assert post(connected_service, "predict", predict_body(room)).json() == {"results": []}


def test_what_is_no_article_gets_no_suggestion_and_the_others_do(
    connected_service: tuple[Newsroom, Service],
) -> None:
    room, _ = connected_service
    mail = "From: a@example.org\nTo: b@example.org\nSubject: un film\n\nUn festival de film."
    tasks = [{"id": n, "data": {"text": text}} for n, text in enumerate(("film\0", mail, "film"))]
    results = post(connected_service, "predict", predict_body(room, *tasks)).json()["results"]
    assert ["result" in result for result in results] == [False, False, True]
    assert "NUL" in results[0]["error"]
    assert "is an e-mail" in results[1]["error"]


def test_articles_that_runs_are_measured_on_get_no_suggestion(
    connected_service: tuple[Newsroom, Service],
) -> None:
    room, _ = connected_service
    split = json.loads((room.folder / "split.json").read_text(encoding="utf-8"))
    tested, learned = split["test"][0], split["learn"][0]
    stored = {document["id"]: document["text"] for document in room.records("documents.jsonl")}
    tasks: list[Any] = [
        {"id": 1, "data": {"text": "film festival", "seed_id": tested}},
        {"id": 2, "data": {"text": stored[tested]}},
        {"id": 3, "data": {"text": stored[learned], "seed_id": learned}},
    ]
    results = post(connected_service, "predict", predict_body(room, *tasks)).json()["results"]
    assert ["result" in result for result in results] == [False, False, True]
    assert "measured" in results[0]["error"]


def test_categories_the_interface_lacks_are_left_out(
    connected_service: tuple[Newsroom, Service],
) -> None:
    task = {"id": 1, "data": {"text": "film festival écran tournage"}}
    body = predict_body(connected_service[0], task, config=interface("trade"))
    (result,) = post(connected_service, "predict", body).json()["results"]
    assert result["result"] == []


def test_what_label_studio_asks_before_it_trusts_is_answered(
    connected_service: tuple[Newsroom, Service],
) -> None:
    room, service = connected_service
    assert httpx.get(f"{address(room, service)}/health").json()["status"] == "UP"
    body = {"project": f"{room.project}.1", "schema": interface(*NAMES), "hostname": "http://a"}
    assert post(connected_service, "setup", body).json() == {"model_version": current(room)}
    assert httpx.get(f"{address(room, service)}/versions").json() == {"versions": [current(room)]}
    (backend,) = backends(room)
    listed = room.web.get(f"/api/ml/{backend['id']}/versions").json()
    assert listed["versions"] == [current(room)]


@pytest.mark.parametrize(
    ("route", "change", "words"),
    [
        ("predict", {"label_config": "<View/>"}, "lacks <Choices"),
        ("predict", {"label_config": "<View"}, "not XML"),
        ("predict", {"label_config": None}, "must be text"),
        ("predict", {"label_config": interface(*NAMES, choice="single")}, "takes one category"),
        ("predict", {"tasks": None}, "must be a list"),
        ("predict", {"tasks": [{}] * 1001}, "at most 1,000"),
        ("predict", {"project": "999999.1"}, "connected to project"),
        ("predict", {"project": None}, "connected to project"),
        ("setup", {"schema": "<View/>"}, "lacks <Choices"),
        ("setup", {"project": "999999.1"}, "connected to project"),
        ("webhook", {"project": {"id": 999999}, "action": "ANNOTATION_CREATED"}, "connected to"),
        ("webhook", {"project": None, "action": "START_TRAINING"}, "connected to project"),
    ],
)
def test_what_is_not_for_us_is_refused_with_a_reason(
    connected_service: tuple[Newsroom, Service], route: str, change: dict[str, Any], words: str
) -> None:
    state = retraining(connected_service[1])
    body = (
        predict_body(connected_service[0], {"id": 1, "data": {"text": "film"}})
        | {"schema": ""}
        | change
    )
    answer = post(connected_service, route, body)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert words in answer.json()["detail"]
    assert retraining(connected_service[1]) == state


@pytest.mark.parametrize("route", ["setup", "predict", "webhook"])
@pytest.mark.parametrize(
    "body", [b"", b"{", b'{"a": NaN}', b"[]", b"7", b"\xff", b"9" * 10_000, b"[" * 100_000]
)
def test_bodies_that_are_no_json_object_are_never_a_500(
    connected_service: tuple[Newsroom, Service], route: str, body: bytes
) -> None:
    assert post(connected_service, route, body).status_code in (400, 422)


def test_events_that_do_not_count_are_ignored(connected_service: tuple[Newsroom, Service]) -> None:
    room, service = connected_service
    about = {"project": {"id": room.project}}
    for event in (
        {"action": "TASKS_CREATED", "tasks": [{"id": 1}]},
        {"action": 7},
        {},
        {"action": "ANNOTATION_CREATED"},
        {"action": "ANNOTATION_CREATED", "annotation": {"id": "x"}},
        {"action": "ANNOTATION_CREATED", "annotation": {"id": 10**30}},
        {"action": "ANNOTATION_CREATED", "annotation": [7, None, {"id": True}]},
    ):
        answer = post(connected_service, "webhook", {**event, **about})
        assert (answer.status_code, answer.json()) == (200, {"status": "ignored"})
    assert retraining(service)["annotations"] == 0


@pytest.mark.parametrize(
    "path", ["wrong", "..", ".", "%2e%2e", "%00", "é", "a" * 5000, "%ff", "wrong/../.."]
)
@pytest.mark.parametrize("route", ["health", "versions", "predict", ""])
def test_without_the_secret_nothing_is_there(
    connected_service: tuple[Newsroom, Service], path: str, route: str
) -> None:
    import socket

    with socket.create_connection(connected_service[1].address, timeout=30) as client:
        target = f"/label-studio/{path}/{route}".encode()
        client.sendall(
            b"GET " + target + b" HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n"
        )
        answer = b"".join(iter(lambda: client.recv(65536), b""))
    status = int(re.match(rb"HTTP/1.1 (\d+)", answer)[1])  # type: ignore[index]
    assert status in (400, 404, 405)


def test_the_secret_is_no_part_of_what_the_service_tells(
    connected_service: tuple[Newsroom, Service],
) -> None:
    room, service = connected_service
    post(connected_service, "predict", predict_body(room, {"id": 1, "data": {"text": "film"}}))
    httpx.get(f"{address(room, service)}/none")
    shown = service.web.get("/metrics").text + service.web.get("/openapi.json").text
    assert secret(room) not in shown
    wait_until(lambda: any("/label-studio/{given}/predict" in line for line in service.lines))
    assert secret(room) not in "".join(service.lines)
    mode = (room.folder / "serve" / "secret").stat().st_mode
    assert mode & 0o077 == 0, "only its owner can read it"
