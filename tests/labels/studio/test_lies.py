"""Servers that answer what Label Studio does not: each is one line, soon, in bounded memory."""

import gzip
import itertools
import json
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from labels.studio.client import Studio
from labels.studio.errors import MissingError
from labels.studio.export import read_export
from labels.studio.project import (
    export_tasks,
    find_project,
    get_project,
    list_copies,
    list_task_ids,
    list_tasks,
)
from labels.studio.registration import list_backends
from labels.studio.tasks import to_task
from seeds.base.errors import InputError
from seeds.document import Document
from tests.support.corpus import taxonomy
from tests.support.impostor import KEY, PROJECT, Handler, Impostor, impostor
from tests.support.proxy import SETTINGS

ARTICLE = Document.of("Un film.")
QUICK = replace(SETTINGS, timeout=20.0, retries=0)
BODIES = {
    "empty": b"",
    "no JSON": b"<html>a shop</html>",
    "not UTF-8": b'{"id": "\xff\xfe"}',
    "a number": b"5",
    "text": b'"x"',
    "null": b"null",
    "a list": b"[]",
    "a list of numbers": b"[5]",
    "a list of lists": b"[[[]]]",
    "an empty object": b"{}",
    "infinity": b'{"id": 1e999, "total": Infinity, "count": NaN, "email": NaN, "release": NaN}',
    "deep": b"[" * 100_000,
    "deep but closed": b'{"tasks":' + b"[" * 900 + b"]" * 900 + b', "total": 1}',
    "a long number": b'{"id": ' + b"9" * 5000 + b"}",
    "tasks of numbers": b'{"tasks": [5], "total": 1}',
    "tasks of text ids": b'{"tasks": [{"id": "x", "data": {}}], "total": 1}',
    "tasks without ids": b'{"tasks": [{"data": {}}], "total": 1}',
    "tasks without a total": b'{"tasks": []}',
    "a total of text": b'{"tasks": [], "total": "many"}',
    "tasks as an object": b'{"tasks": {"id": 1}, "total": 1}',
    "results of numbers": b'{"results": [1, 2], "count": 2}',
    "results as text": b'{"results": "none", "count": 1}',
    "a title that is a list": b'{"id": 7, "title": ["x"], "created_at": 5}',
    "counts of text": b'{"id": 7, "title": "x", "task_number": "many"}',
    "another release": b'{"release": 1.23, "email": 5}',
    "a release of text": b'{"release": "latest", "email": {"x": 1}}',
    "a list of hooks": b'[{"id": "a", "url": 5, "title": [], "project": {}}]',
}
ASKED: dict[str, Callable[[Studio], Any]] = {
    "/api/projects/7/": lambda studio: get_project(studio, 7),
    "/api/projects/": lambda studio: find_project(studio, "Any title"),
    "/api/tasks/": lambda studio: (
        list_task_ids(studio, 7),
        export_tasks(studio, 7),
        list(list_copies(studio, 7, ["0" * 16])),
    ),
    "/api/ml/": lambda studio: list_backends(studio, 7),
}


@pytest.fixture
def server() -> Iterator[Impostor]:
    with impostor() as started:
        yield started


def connect(server: Impostor, **settings: Any) -> Studio:
    return Studio.connect(server.url, KEY, replace(QUICK, **settings))


def check(caught: pytest.ExceptionInfo[InputError], server: Impostor) -> None:
    """One line, which names the server and says what to do, and not the key."""
    message = str(caught.value)
    assert message.startswith(server.url)
    assert "\n" not in message
    assert len(message) < 400
    assert KEY not in message


def test_the_impostor_is_taken_for_label_studio_while_it_does_not_lie(server: Impostor) -> None:
    studio = connect(server)
    assert studio.email == "lea@classify.localhost"
    assert find_project(studio, "Any title").id == 7
    assert list(list_tasks(studio, 7)) == []


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES.keys())
@pytest.mark.parametrize("path", ["/api/current-user/whoami", "/api/version/"])
def test_whatever_the_user_and_the_version_are_is_one_line(
    server: Impostor, path: str, body: bytes
) -> None:
    server.lies[path] = body
    with pytest.raises(InputError) as caught:
        connect(server)
    check(caught, server)


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES.keys())
def test_whatever_is_answered_later_is_one_line_or_what_was_asked_for(
    server: Impostor, body: bytes
) -> None:
    studio = connect(server)
    messages = []
    for path, ask in ASKED.items():
        server.lies = {path: body}
        try:
            ask(studio)
        except MissingError:
            assert path == "/api/projects/"
        except InputError as error:
            messages.append(str(error))
    start = re.escape(server.url)
    assert all(re.match(f"{start}: .*answered something unexpected", line) for line in messages)
    assert messages or body == b"[]"


def test_an_unexpected_answer_is_named_with_what_to_do(server: Impostor) -> None:
    studio = connect(server)
    server.lies["/api/projects/7/"] = json.dumps({**PROJECT, "title": 5}).encode()
    with pytest.raises(InputError) as caught:
        get_project(studio, 7)
    assert str(caught.value) == (
        f"{server.url}: project 7: answered something unexpected (title is a whole number, not "
        "text). Is it Label Studio 1.23.2 or later? Check the address: LABEL_STUDIO_URL, or url in "
        "labelstudio.toml."
    )


# --------------------------------------------------------------------------------- size and time


def drip_headers(handler: Handler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    handler.drip(b"a")


def drip_body(handler: Handler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    handler.drip(b" ")


def say_nothing(handler: Handler) -> None:
    handler.server.closing.wait(60)


@pytest.mark.parametrize("conduct", [drip_headers, drip_body, say_nothing])
def test_an_answer_that_takes_for_ever_ends_at_the_time_limit(
    server: Impostor, conduct: Callable[[Handler], None]
) -> None:
    server.lies["/api/current-user/whoami"] = conduct
    began = time.monotonic()
    with pytest.raises(InputError, match=r"no answer about the user within 0\.6 s") as caught:
        connect(server, timeout=0.6)
    assert time.monotonic() - began < 5
    check(caught, server)


def endless(handler: Handler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
    while not handler.server.closing.is_set():
        handler.wfile.write(b" " * (1 << 20))


def bomb(handler: Handler) -> None:
    handler.answer(gzip.compress(bytes(80 << 20), 1), Content_Encoding="gzip")


def stacked(handler: Handler) -> None:
    handler.answer(gzip.compress(gzip.compress(b"{}")), Content_Encoding="gzip, gzip")


def unknown(handler: Handler) -> None:
    handler.answer(b"{}", Content_Encoding="br")


def damaged(handler: Handler) -> None:
    handler.answer(b"no gzip", Content_Encoding="gzip")


@pytest.mark.parametrize(
    ("conduct", "message"),
    [
        (endless, "more than 64 MB"),
        (bomb, "more than 64 MB"),
        (stacked, "compressed by gzip, gzip"),
        (unknown, "compressed by br"),
        (damaged, "not as Label Studio does"),
    ],
)
def test_an_answer_that_would_fill_memory_or_can_not_be_read_is_refused(
    server: Impostor, conduct: Callable[[Handler], None], message: str
) -> None:
    server.lies["/api/current-user/whoami"] = conduct
    with pytest.raises(InputError, match=message) as caught:
        connect(server)
    check(caught, server)


def test_a_compressed_answer_is_read(server: Impostor) -> None:
    body = gzip.compress(b'{"email": "ines@classify.localhost"}')
    server.lies["/api/current-user/whoami"] = lambda handler: handler.answer(
        body, Content_Encoding="gzip"
    )
    assert connect(server).email == "ines@classify.localhost"


# ----------------------------------------------------------------------------------- annotations


@pytest.mark.parametrize("field", ["result", "lead_time", "created_at", "was_cancelled", "user"])
@pytest.mark.parametrize("kind", ["annotations", "drafts"])
def test_what_one_annotator_stored_does_not_hide_what_others_did(
    server: Impostor, field: str, kind: str
) -> None:
    studio = connect(server)
    good = {"id": 2, "created_username": "Léa B lea@b.fr, 1", "result": []}
    deep: list[Any] = []
    for _ in range(500):
        deep = [deep]
    for value in (5, "x", True, {}, [5], [None], [{}], {"choices": 5}, deep, "\ud800", 1e308):
        task = {**to_task(ARTICLE), "id": 1, "annotations": [good], "drafts": []}
        task[kind] = [*task[kind], {**good, "created_username": "Max m@b.fr, 2", field: value}]
        server.lies["/api/tasks/"] = json.dumps({"tasks": [task], "total": 1}).encode()
        exported = read_export(export_tasks(studio, 7), taxonomy())
        assert "lea@b.fr" in {annotation.annotator for annotation in exported.annotations}
        assert list(exported.rejected.values()) in ([], [[1]])


# ---------------------------------------------------------------------------------------- pages


def page(*ids: int, total: int = 1000) -> bytes:
    tasks = [{"id": number, "data": {}} for number in ids]
    return json.dumps({"tasks": tasks, "total": total}).encode()


@pytest.mark.parametrize("ids", [(1, 2, 3), (3, 2, 1), (1, 1)])
def test_pages_that_do_not_progress_are_not_read_for_ever(
    server: Impostor, ids: tuple[int, ...]
) -> None:
    studio = connect(server)
    server.lies["/api/tasks/"] = page(*ids)
    with pytest.raises(InputError, match=r"answered something unexpected \(task \d after task \d"):
        list(list_tasks(studio, 7))
    assert server.seen.count("/api/tasks/") <= 2


def test_projects_that_repeat_are_not_read_for_ever(server: Impostor) -> None:
    studio = connect(server)
    server.lies["/api/projects/"] = json.dumps({"count": 10**9, "results": [PROJECT]}).encode()
    assert find_project(studio, "Any title").id == 7
    assert server.seen.count("/api/projects/") == 2


def test_a_page_of_tasks_that_is_too_large_is_asked_for_in_smaller_ones(
    server: Impostor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("labels.server.session.MAX_ANSWER", 20_000)
    sizes = []

    def some(handler: Handler) -> None:
        query = dict(pair.partition("=")[::2] for pair in handler.path.partition("?")[2].split("&"))
        size = int(query["page_size"])
        sizes.append(size)
        after = int(query["query"].partition("value%22%3A")[2].partition("%2C")[0])
        texts = [
            {"id": number, "data": {"text": "x" * 400}}
            for number in range(after + 1, min(after + size, 100) + 1)
        ]
        handler.answer(json.dumps({"tasks": texts, "total": 100 - after}).encode())

    studio = connect(server)
    server.lies["/api/tasks/"] = some
    assert [task["id"] for task in list_tasks(studio, 7)] == list(range(1, 101))
    assert sizes[:2] == [500, 62]
    assert max(sizes[2:]) < 62


# --------------------------------------------------------------------------------------- retries


def failing_first(status: int, **headers: str) -> Callable[[Handler], None]:
    """A conduct that fails twice, then tells the truth."""
    turns = itertools.count()

    def conduct(handler: Handler) -> None:
        if next(turns) < 2:
            handler.answer(b'{"detail": "database is locked"}', status, **headers)
        else:
            handler.answer(b'{"email": "lea@classify.localhost", "release": "1.23.2"}')

    return conduct


@pytest.mark.parametrize("path", ["/api/current-user/whoami", "/api/version/"])
@pytest.mark.parametrize(("status", "headers"), [(500, {}), (429, {"Retry_After": "0"})])
def test_the_user_and_the_version_are_asked_for_again_like_all_else(
    server: Impostor,
    monkeypatch: pytest.MonkeyPatch,
    path: str,
    status: int,
    headers: dict[str, str],
) -> None:
    pauses: list[float] = []
    monkeypatch.setattr("labels.studio.client.time.sleep", pauses.append)
    server.lies[path] = failing_first(status, **headers)
    assert connect(server, retries=3).email == "lea@classify.localhost"
    assert server.seen.count(path) == 3
    assert len(pauses) == 2
    assert all(pause == 0 for pause in pauses) == (status == 429)


def test_a_pause_that_no_number_says_is_not_waited_for(
    server: Impostor, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []
    monkeypatch.setattr("labels.studio.client.time.sleep", pauses.append)
    server.lies["/api/version/"] = failing_first(429, Retry_After="²")
    connect(server, retries=3)
    assert max(pauses) <= 2
