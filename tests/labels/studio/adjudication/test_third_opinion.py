"""Which disputed articles one more annotator is asked about."""

import json
from typing import Any

import pytest

from labels.studio.adjudication.third_opinion import ask_third
from labels.studio.client import Studio
from tests.support.impostor import KEY, Handler, impostor
from tests.support.proxy import SETTINGS


@pytest.mark.slow
def test_only_articles_that_are_done_and_had_no_third_annotator_are_asked_about() -> None:
    done = {"overlap": 2, "is_labeled": True, "total_annotations": 2}
    tasks: list[dict[str, Any]] = [
        {"id": 1, **done},
        {"id": 2, **done, "overlap": 3, "is_labeled": False},  # asked about already
        {"id": 3, **done, "overlap": 3, "total_annotations": 3},  # a third person has answered
        {"id": 4, **done, "total_annotations": "many"},  # no number, as no server should say
    ]
    with impostor() as server:
        changed: list[str] = []

        def answer_list(handler: Handler) -> None:
            handler.answer(json.dumps({"tasks": tasks, "total": len(tasks)}).encode())

        def answer_change(handler: Handler) -> None:
            changed.append(handler.path)
            handler.answer(b'{"id": 1}')

        server.lies = {"/api/tasks/": answer_list}
        server.lies |= {f"/api/tasks/{task['id']}/": answer_change for task in tasks}
        studio = Studio.connect(server.url, KEY, SETTINGS)
        assert ask_third(studio, 7, ["0" * 16], overlap=2) == [1, 4]
    assert changed == ["/api/tasks/1/", "/api/tasks/4/"]
