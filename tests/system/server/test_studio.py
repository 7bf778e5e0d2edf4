"""Talking to Label Studio: a real server, real kills, and a proxy for faults of the network."""

import dataclasses
import itertools
import json
import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from labels.studio.client import Studio
from labels.studio.connection import find_server
from labels.studio.project import (
    Project,
    annotate_task,
    delete_tasks,
    export_tasks,
    find_project,
    get_project,
    list_task_ids,
    list_tasks,
    prepare_project,
)
from labels.studio.push import push
from seeds.base.errors import InputError
from tests.support.command import ROOT
from tests.support.label_studio import LabelStudio
from tests.support.newsroom import Newsroom
from tests.support.proxy import SETTINGS, Proxy, interface, result, tasks, through
from tests.support.waiting import wait_until

NUMBERS = itertools.count(1)


@dataclasses.dataclass
class Raw:
    """The server over plain HTTP, to compare with what the code under test reports."""

    web: httpx.Client

    def list_tasks(self, project: int) -> list[dict[str, Any]]:
        """Return every task of a project."""
        all_tasks: list[dict[str, Any]] = []
        for page in itertools.count(1):
            query: dict[str, Any] = {"project": project, "page": page, "page_size": 1000}
            query["fields"] = "task_only"
            answer = self.web.get("/api/tasks", params=query).json()
            all_tasks += answer["tasks"]
            if len(all_tasks) >= answer["total"]:
                return all_tasks
        raise AssertionError

    def copies(self, project: int) -> Counter[str]:
        return Counter(task["data"]["seed_id"] for task in self.list_tasks(project))

    def count(self, project: int) -> int:
        return int(self.web.get(f"/api/projects/{project}/").json()["task_number"])

    def send(self, project: int, sent: list[dict[str, Any]]) -> list[int]:
        """Import without asking what the project has, as another tool would."""
        where = f"/api/projects/{project}/import?return_task_ids=true"
        return list(self.web.post(where, json=sent).raise_for_status().json()["task_ids"])


@pytest.fixture(scope="module")
def raw(label_studio: LabelStudio) -> Iterator[Raw]:
    server = label_studio.server
    header = {"Authorization": f"Token {server.token}"}
    with httpx.Client(base_url=server.url, headers=header, timeout=60) as web:
        yield Raw(web)


@pytest.fixture(scope="module")
def studio(label_studio: LabelStudio) -> Studio:
    return Studio.connect(label_studio.server.url, label_studio.server.token, SETTINGS)


@pytest.fixture
def project(studio: Studio) -> Project:
    """A new, empty project with the categories cinema and trade."""
    title = f"Project {next(NUMBERS)}"
    return prepare_project(
        studio, title, interface("cinema", "trade"), instruction="Lire.", overlap=2
    )


# ---------------------------------------------------------------------------------- connecting


def test_the_environment_outranks_the_embedded_server(
    label_studio: LabelStudio, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = label_studio.server
    monkeypatch.delenv("LABEL_STUDIO_URL", raising=False)
    assert find_server(label_studio.workspace, SETTINGS) == (server.url, server.token)
    monkeypatch.setenv("LABEL_STUDIO_API_KEY", "k" * 40)
    settings = dataclasses.replace(SETTINGS, url="https://settings.example")
    monkeypatch.setenv("LABEL_STUDIO_URL", "https://environment.example")
    chosen = find_server(label_studio.workspace, settings)
    assert chosen == ("https://environment.example", "k" * 40)


def test_a_wrong_token_is_one_line_and_is_tried_once(
    proxy: Proxy, label_studio: LabelStudio
) -> None:
    wrong = "f" * 40
    with pytest.raises(InputError, match=r"legacy token was refused.*/user/account") as caught:
        Studio.connect(proxy.url, wrong, SETTINGS)
    message = str(caught.value)
    assert proxy.url in message
    assert wrong not in message
    assert "\n" not in message
    assert len(proxy.requests("GET", "/whoami")) == 1


def test_an_expired_personal_token_is_named_as_one(label_studio: LabelStudio) -> None:
    # {"alg":"HS256","typ":"JWT"} . {"token_type":"refresh","exp":1000000000}
    expired = (
        "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9."
        "eyJ0b2tlbl90eXBlIjoicmVmcmVzaCIsImV4cCI6MTAwMDAwMDAwMH0."
        "c2lnbmF0dXJl"
    )
    with pytest.raises(InputError, match=r"personal access token was refused \(.*expired"):
        Studio.connect(label_studio.server.url, expired, SETTINGS)


def test_a_personal_access_token_works(studio: Studio) -> None:
    key = studio.invite("ines@classify.localhost", "mot-de-passe-1")
    header = {"Authorization": f"Token {key}"}
    token = httpx.post(f"{studio.url}/api/token/", headers=header).raise_for_status().json()
    connected = Studio.connect(f"{studio.url}/", token["token"], SETTINGS)
    assert connected.email == "ines@classify.localhost"
    assert token["token"] != key


def test_an_old_server_is_refused(proxy: Proxy, label_studio: LabelStudio) -> None:
    answer = json.dumps({"release": "1.13.0"}).encode()
    proxy.invent["/api/version/"] = [(200, {"Content-Type": "application/json"}, answer)]
    with pytest.raises(InputError, match=r"1\.13\.0.*Upgrade it to 1\.23\.2"):
        through(proxy, label_studio)


def test_the_key_is_not_sent_to_where_a_redirect_points(
    proxy: Proxy, label_studio: LabelStudio
) -> None:
    elsewhere = Proxy(label_studio.server.url)
    threading.Thread(target=elsewhere.serve_forever, daemon=True).start()
    away = {"Location": f"{elsewhere.url}/api/current-user/whoami"}
    proxy.invent["/api/current-user/whoami"] = [(302, away, b"")]
    with pytest.raises(InputError, match=elsewhere.url):
        through(proxy, label_studio)
    elsewhere.shutdown()
    elsewhere.server_close()
    assert elsewhere.seen == []


def test_a_site_that_is_not_label_studio_is_recognised(
    proxy: Proxy, label_studio: LabelStudio
) -> None:
    page = (200, {"Content-Type": "text/html"}, b"<html>a shop</html>")
    proxy.invent["/api/current-user/whoami"] = [page]
    with pytest.raises(InputError, match="not as Label Studio"):
        through(proxy, label_studio)


@pytest.mark.parametrize(("slash", "personal"), [("", False), ("/", True)])
def test_a_server_below_a_path_of_its_host_is_reached_there(
    proxy: Proxy, label_studio: LabelStudio, tmp_path: Path, slash: str, personal: bool
) -> None:
    """As behind `location /label-studio/ { proxy_pass http://127.0.0.1:8080/; }`."""
    proxy.prefix = "/label-studio"
    newsroom = Newsroom(label_studio, tmp_path)
    variables = {"LABEL_STUDIO_URL": f"{proxy.url}/label-studio{slash}"}
    if personal:  # the SDK exchanges it at an address it makes itself
        user = newsroom.annotator("below")
        key = user.post("/api/token/").raise_for_status().json()["token"]
        variables["LABEL_STUDIO_API_KEY"] = key
    (article,) = newsroom.add("Un film ouvre le festival.")
    pushed = newsroom.run("labels", "push", **variables)
    assert pushed.stdout == f"{proxy.url}/label-studio/projects/{newsroom.project}\n"
    newsroom.annotate(newsroom.web, article, "cinema")
    assert newsroom.run("labels", "pull", **variables).returncode == 0
    assert [record["labels"] for record in newsroom.records("dataset.jsonl")] == [["cinema"]]
    assert len(proxy.requests("POST", "/token/refresh")) == (2 if personal else 0)
    assert all(path.startswith("/label-studio/") for _, path, _ in proxy.seen)


# ------------------------------------------------------------------------------------- retries


def test_a_read_waits_out_a_locked_database(
    proxy: Proxy, label_studio: LabelStudio, project: Project
) -> None:
    studio = through(proxy, label_studio)
    path = f"/api/projects/{project.id}/"
    locked = (500, {"Content-Type": "application/json"}, b'{"detail":"database is locked"}')
    proxy.invent[path] = [locked, locked]
    assert get_project(studio, project.id).title == project.title
    assert len(proxy.requests("GET", path)) == 3


def test_a_read_gives_up_after_its_retries(
    proxy: Proxy, label_studio: LabelStudio, project: Project
) -> None:
    studio = through(proxy, label_studio, retries=1)
    path = f"/api/projects/{project.id}/"
    locked = (500, {"Content-Type": "application/json"}, b'{"detail":"database is locked"}')
    proxy.invent[path] = [locked] * 9
    with pytest.raises(InputError, match=r"HTTP 500.*database is locked"):
        get_project(studio, project.id)
    assert len(proxy.requests("GET", path)) == 2


def test_a_read_waits_as_long_as_the_server_asks(
    proxy: Proxy, label_studio: LabelStudio, project: Project
) -> None:
    studio = through(proxy, label_studio)
    path = f"/api/projects/{project.id}/"
    proxy.invent[path] = [(429, {"Retry-After": "2"}, b"slow down")]
    get_project(studio, project.id)
    sent_at, sent_again_at = proxy.requests("GET", path)
    assert sent_again_at - sent_at >= 2.0


def test_a_write_is_not_sent_again(
    proxy: Proxy, label_studio: LabelStudio, project: Project, raw: Raw
) -> None:
    studio = through(proxy, label_studio)
    (task,) = raw.send(project.id, tasks(1))
    path = f"/api/tasks/{task}/annotations/"
    proxy.invent[path] = [(500, {}, b"")] * 9
    with pytest.raises(InputError, match="HTTP 500"):
        annotate_task(studio, task, result("cinema"), lead_time=1.0)
    assert len(proxy.requests("POST", path)) == 1


# ------------------------------------------------------------------------------------ projects


def test_a_project_is_created_once_with_overlap_and_instruction(
    studio: Studio, project: Project, raw: Raw
) -> None:
    again = prepare_project(
        studio, project.title, interface("cinema", "trade"), instruction="Lire.", overlap=3
    )
    assert again.id == project.id
    record = raw.web.get(f"/api/projects/{project.id}/").json()
    assert record["maximum_annotations"] == 3
    assert record["expert_instruction"] == "Lire."
    assert record["show_instruction"] is False


def test_a_title_is_matched_whole(studio: Studio, project: Project) -> None:
    with pytest.raises(InputError, match="does not exist"):
        find_project(studio, project.title[:-1])
    assert find_project(studio, project.title).id == project.id


def test_a_new_category_reaches_the_interface(studio: Studio, project: Project, raw: Raw) -> None:
    interface_xml = interface("cinema", "trade", "sport")
    prepare_project(studio, project.title, interface_xml, instruction="Lire.", overlap=2)
    assert raw.web.get(f"/api/projects/{project.id}/").json()["label_config"] == interface_xml


def test_an_interface_changed_by_hand_is_shown_and_left_alone(
    studio: Studio, project: Project, raw: Raw
) -> None:
    by_hand = interface("cinema", "trade", "gastronomy")
    raw.web.patch(f"/api/projects/{project.id}/", json={"label_config": by_hand})
    with pytest.raises(InputError, match=r"'gastronomy'.*taxonomy\.toml"):
        prepare_project(
            studio, project.title, interface("cinema", "trade"), instruction="Lire.", overlap=2
        )
    assert raw.web.get(f"/api/projects/{project.id}/").json()["label_config"] == by_hand


def test_a_deleted_project_is_reported_and_created_again(
    studio: Studio, project: Project, raw: Raw
) -> None:
    raw.web.delete(f"/api/projects/{project.id}/").raise_for_status()
    with pytest.raises(InputError, match=r"does not exist.*classify labels push"):
        find_project(studio, project.title)
    with pytest.raises(InputError, match="does not exist"):
        push(studio, project.id, tasks(1))
    with pytest.raises(InputError, match="does not exist"):
        export_tasks(studio, project.id)
    anew = prepare_project(studio, project.title, interface("cinema"), instruction="", overlap=1)
    assert anew.id != project.id


def test_two_projects_of_one_title_are_not_guessed_between(
    studio: Studio, project: Project, raw: Raw
) -> None:
    raw.web.post("/api/projects/", json={"title": project.title}).raise_for_status()
    with pytest.raises(InputError, match="Rename all but one"):
        find_project(studio, project.title)


def test_two_commands_that_create_the_project_at_once_share_it(
    label_studio: LabelStudio, raw: Raw
) -> None:
    title, barrier = f"Project {next(NUMBERS)}", threading.Barrier(2)

    def make() -> int:
        studio = Studio.connect(label_studio.server.url, label_studio.server.token, SETTINGS)
        barrier.wait()
        return prepare_project(studio, title, interface("cinema"), instruction="", overlap=1).id

    with ThreadPoolExecutor() as pool:
        ids = {future.result() for future in [pool.submit(make), pool.submit(make)]}
    records = raw.web.get("/api/projects/", params={"page_size": 1000}).json()["results"]
    assert ids == {record["id"] for record in records if record["title"] == title}
    assert len(ids) == 1


# ---------------------------------------------------------------------------------------- push


def test_push_sends_nothing_the_second_time(studio: Studio, project: Project, raw: Raw) -> None:
    sent = tasks(450)
    counted: list[tuple[int, int]] = []
    pushed = push(studio, project.id, sent, progress=lambda *counts: counted.append(counts))
    assert (pushed.sent, pushed.present, pushed.repaired) == (450, 0, 0)
    assert counted == [(0, 450), (200, 450), (400, 450), (450, 450)]
    again = push(studio, project.id, sent)
    assert (again.sent, again.present, again.repaired) == (0, 450, 0)
    arrived = raw.list_tasks(project.id)
    assert sorted(task["data"]["text"] for task in arrived) == sorted(
        task["data"]["text"] for task in sent
    )


def test_push_adds_new_articles_and_a_repeated_one_only_once(
    studio: Studio, project: Project, raw: Raw
) -> None:
    push(studio, project.id, tasks(5))
    pushed = push(studio, project.id, tasks(8) + tasks(8))
    assert (pushed.sent, pushed.present) == (3, 5)
    assert raw.copies(project.id) == {f"{n:016x}": 1 for n in range(8)}


def test_tasks_of_others_are_left_alone(studio: Studio, project: Project, raw: Raw) -> None:
    raw.send(project.id, [{"data": {"text": "by hand"}}, {"data": {"text": "by hand"}}])
    assert push(studio, project.id, tasks(3)).sent == 3
    assert push(studio, project.id, tasks(3)).repaired == 0
    assert raw.count(project.id) == 5
    assert len(list_task_ids(studio, project.id)) == 3


def test_a_task_the_server_refuses_is_reported_and_not_sent_again(
    proxy: Proxy, label_studio: LabelStudio, project: Project, raw: Raw
) -> None:
    studio = through(proxy, label_studio)
    with pytest.raises(InputError, match=r'HTTP 400.*"?text"?'):
        push(studio, project.id, [{"data": {"seed_id": "0" * 16, "nothing": "to read"}}])
    assert len(proxy.requests("POST", "/import")) == 1
    assert raw.count(project.id) == 0


PUSH = """
import sys
from labels.studio.connection import StudioSettings
from labels.studio.push import push
from labels.studio.client import Studio
from tests.support.proxy import tasks
settings = StudioSettings("Any title", 2, "", batch_size=int(sys.argv[4]), timeout=60.0, retries=3)
studio = Studio.connect(sys.argv[1], sys.stdin.readline().strip(), settings)
print(push(studio, int(sys.argv[2]), tasks(int(sys.argv[3]))).sent)
"""


def start_push(
    label_studio: LabelStudio, project: Project, count: int, batch: int
) -> subprocess.Popen[str]:
    """Another process that pushes tasks in small batches."""
    command = [sys.executable, "-c", PUSH]
    process = subprocess.Popen(
        [*command, label_studio.server.url, str(project.id), str(count), str(batch)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    assert process.stdin
    process.stdin.write(f"{label_studio.server.token}\n")
    process.stdin.flush()
    return process


def test_a_push_killed_half_way_is_completed_by_the_next(
    label_studio: LabelStudio, studio: Studio, project: Project, raw: Raw
) -> None:
    process = start_push(label_studio, project, 2000, 20)
    wait_until(lambda: raw.count(project.id) >= 400, what="400 tasks have arrived")
    os.kill(process.pid, signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    pushed = push(studio, project.id, tasks(2000))
    assert pushed.present >= 400
    assert pushed.sent > 0
    assert raw.copies(project.id) == {f"{n:016x}": 1 for n in range(2000)}


def test_two_pushes_at_once_leave_each_article_once(
    label_studio: LabelStudio, project: Project, raw: Raw
) -> None:
    both = [start_push(label_studio, project, 1000, 50) for _ in range(2)]
    sent = [int(process.communicate(timeout=200)[0]) for process in both]
    assert sum(sent) > 1000, "they did not overlap, so nothing was tried"
    assert raw.copies(project.id) == {f"{n:016x}": 1 for n in range(1000)}


def test_a_listing_is_complete_while_others_delete(
    studio: Studio, project: Project, raw: Raw
) -> None:
    """The first page's tasks go before the second page is read, so what follows moves up."""
    sent = raw.send(project.id, tasks(1200))
    counted: list[tuple[int, int]] = []
    listing = list_tasks(
        studio,
        project.id,
        progress=lambda *counts: counted.append(counts),
        fields="task_only",
    )
    page = [task["id"] for task in itertools.islice(listing, 500)]
    delete_tasks(studio, project.id, page[:400])
    assert page + [task["id"] for task in listing] == sent
    assert counted == [(500, 1200), (1000, 1200), (1200, 1200)]


def test_a_time_out_after_the_import_sends_nothing_twice(
    proxy: Proxy, label_studio: LabelStudio, project: Project, raw: Raw
) -> None:
    studio = through(proxy, label_studio, timeout=5.0)
    proxy.swallow = "/import"  # the server stores the first 200; we never hear of it
    assert push(studio, project.id, tasks(300)).sent == 300
    assert len(proxy.requests("POST", "/import")) == 2
    assert raw.copies(project.id) == {f"{n:016x}": 1 for n in range(300)}


def test_an_import_that_failed_is_sent_again(
    proxy: Proxy, label_studio: LabelStudio, project: Project, raw: Raw
) -> None:
    studio = through(proxy, label_studio)
    proxy.invent[f"/api/projects/{project.id}/import"] = [(503, {}, b"")]
    assert push(studio, project.id, tasks(10)).sent == 10
    assert raw.copies(project.id) == {f"{n:016x}": 1 for n in range(10)}


def test_of_two_copies_the_one_people_worked_on_stays(
    studio: Studio, project: Project, raw: Raw
) -> None:
    older, newer = raw.send(project.id, tasks(4)), raw.send(project.id, tasks(4))
    annotate_task(studio, newer[0], result("cinema"), lead_time=1.0)
    draft = {"result": result("trade"), "lead_time": 1.0}
    where = f"/api/tasks/{newer[1]}/drafts?project={project.id}"
    raw.web.post(where, json=draft).raise_for_status()
    for task in (older[2], newer[2]):
        annotate_task(studio, task, result("cinema"), lead_time=1.0)
    pushed = push(studio, project.id, tasks(4))
    assert pushed.repaired == 3
    assert pushed.doubled == (f"{2:016x}",)
    left = {task["id"] for task in raw.list_tasks(project.id)}
    assert left == {newer[0], newer[1], older[2], newer[2], older[3]}


# -------------------------------------------------------------------------- annotations, users


def test_an_invited_user_annotates_under_their_own_name(
    studio: Studio, project: Project, label_studio: LabelStudio
) -> None:
    key = studio.invite("lea@classify.localhost", "mot-de-passe-1")
    assert studio.invite("lea@classify.localhost", "mot-de-passe-1") == key
    lea = Studio.connect(label_studio.server.url, key, SETTINGS)
    assert lea.email == "lea@classify.localhost"
    with pytest.raises(InputError, match=r"lea@classify\.localhost can't.*password"):
        studio.invite("lea@classify.localhost", "mot-de-passe-2")


def test_export_has_annotations_skips_drafts_and_ground_truth(
    studio: Studio, project: Project, label_studio: LabelStudio, raw: Raw
) -> None:
    admin, max_ = label_studio.server.email, "max@classify.localhost"
    invited = Studio.connect(
        label_studio.server.url, studio.invite(max_, "mot-de-passe-1"), SETTINGS
    )
    a, b, c, d, _untouched = raw.send(project.id, tasks(5))
    annotate_task(studio, a, result("cinema"), lead_time=12.5)
    annotate_task(invited, a, result("cinema", "trade"), lead_time=7.0)
    annotate_task(invited, b, [], lead_time=1.0, cancelled=True)
    annotate_task(studio, c, [], lead_time=2.0, ground_truth=True)
    draft = {"result": result("trade"), "lead_time": 3.0}
    raw.web.post(f"/api/tasks/{d}/drafts?project={project.id}", json=draft).raise_for_status()

    exported = {task["id"]: task for task in export_tasks(studio, project.id)}
    assert set(exported) == {a, b, c, d}
    facts = {
        (task["id"], annotation["completed_by"]): (
            annotation["result"],
            annotation["lead_time"],
            annotation["was_cancelled"],
            annotation["ground_truth"],
        )
        for task in exported.values()
        for annotation in task["annotations"]
    }
    assert facts == {
        (a, admin): (result("cinema"), 12.5, False, False),
        (a, max_): (result("cinema", "trade"), 7.0, False, False),
        (b, max_): ([], 1.0, True, False),
        (c, admin): ([], 2.0, False, True),
    }
    assert exported[d]["annotations"] == []
    (draft_exported,) = exported[d]["drafts"]
    assert (draft_exported["user"], draft_exported["result"]) == (admin, result("trade"))
    assert exported[a]["data"]["seed_id"] == f"{0:016x}"
    assert json.loads(json.dumps(exported)) is not None


def test_export_of_several_pages_has_only_what_was_worked_on(
    studio: Studio, project: Project, raw: Raw
) -> None:
    worked = {"result": result("cinema"), "lead_time": 1.0}
    passed = {"result": [], "lead_time": 1.0, "was_cancelled": True}
    sent = tasks(1800)
    for task, annotations in zip(sent, itertools.cycle([[worked], [], [passed]]), strict=False):
        task["annotations"] = annotations
    ids = raw.send(project.id, sent)
    counted: list[tuple[int, int]] = []
    exported = export_tasks(studio, project.id, progress=lambda *counts: counted.append(counts))
    assert [task["id"] for task in exported] == [
        task_id for n, task_id in enumerate(ids) if n % 3 != 1
    ]
    assert counted == [(500, 1200), (1000, 1200), (1200, 1200)]


def test_project_counts_annotations_and_skips(studio: Studio, project: Project, raw: Raw) -> None:
    annotated, skipped, _ = raw.send(project.id, tasks(3))
    annotate_task(studio, annotated, result("cinema"), lead_time=1.0)
    annotate_task(studio, skipped, [], lead_time=1.0, cancelled=True)
    now = get_project(studio, project.id)
    assert (now.tasks, now.annotations, now.skipped) == (3, 1, 1)
