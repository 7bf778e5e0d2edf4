"""Label Studio's ML backend protocol: suggestions for a task that is opened, news of annotations.

Label Studio has no key to send, so the address holds a secret. Its routes are not in OpenAPI: they
are for one caller, as measured of Label Studio 1.23.
"""

import hmac
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request
from starlette.exceptions import HTTPException

from classify.serving.http.metrics import Measures
from classify.serving.http.requests import InvalidError, json_body
from classify.serving.http.routes import unless_gone
from classify.serving.label_studio.connected_project import Linked, linked
from classify.serving.label_studio.retraining import Retraining
from classify.serving.label_studio.secret import PREFIX, secret
from classify.serving.model.engine import Engine
from labels.studio.interface import TEXT, choice_of, known_categories
from labels.studio.suggestion import prediction, suggested

TASKS = 1000  # of one request; for more there is `classify labels push --with-predictions`


def backend(
    engine: Engine, workspace: Path, retraining: Retraining, measures: Measures
) -> APIRouter:
    """The routes that Label Studio calls.

    Args:
        engine: answers.
        workspace: whose project is connected.
        retraining: hears of annotations.
        measures: counts the answers.
    """
    router = APIRouter(prefix=f"{PREFIX}/{{given}}", include_in_schema=False)

    @router.get("/health")
    async def health(given: str) -> dict[str, str]:
        _caller(workspace, given)
        return {"status": "UP", "model_class": "classify"}

    @router.post("/setup")
    async def setup(given: str, request: Request) -> dict[str, str]:
        project = _caller(workspace, given)
        asked = await _object(request)
        _check_project(asked.get("project"), project)
        _check_interface(_text(asked, "schema"), engine)
        return {"model_version": engine.run.name}

    @router.post("/predict")
    async def predict(given: str, request: Request) -> dict[str, Any]:
        project = _caller(workspace, given)
        asked = await _object(request)
        _check_project(asked.get("project"), project)
        known = _check_interface(_text(asked, "label_config"), engine)
        texts = [_article(each) for each in _tasks(asked)]
        there = [each for each in texts if each is not None]
        found = await unless_gone(request, engine.answers(there, every=True), measures)
        answers = iter(found.answers)
        return {
            "results": [
                _unreadable() if text is None else _result(found.run, next(answers), known, engine)
                for text in texts
            ]
        }

    @router.get("/versions")
    async def versions(given: str) -> dict[str, list[str]]:
        _caller(workspace, given)
        return {"versions": [engine.run.name]}

    @router.post("/webhook")
    async def webhook(given: str, request: Request) -> dict[str, str]:
        project = _caller(workspace, given)
        event = await _object(request)
        about = event.get("project")
        _check_project(about.get("id") if isinstance(about, dict) else None, project)
        return {"status": retraining.hear(event)}

    return router


def _caller(workspace: Path, given: str) -> Linked:
    """The project that is connected; whoever does not know the secret finds nothing here.

    Raises:
        HTTPException: 404.
    """
    project = linked(workspace)
    right = project and hmac.compare_digest(given.encode(), secret(workspace).encode())
    if not project or not right:
        raise HTTPException(404, "nothing is here. `classify labels connect` makes the address.")
    return project


async def _object(request: Request) -> dict[str, Any]:
    """The JSON object of a request.

    Raises:
        HTTPException: see json_body.
        InvalidError: it is something else.
    """
    value = await json_body(request)
    if not isinstance(value, dict):
        raise InvalidError("send a JSON object.", [])
    return value


def _check_project(given: Any, project: Linked) -> None:
    """Refuse what is about another project than the connected one.

    Raises:
        InvalidError: it is, or says of none.
    """
    if str(given).partition(".")[0] != str(project.id):  # "7.1795314637", or the number alone
        raise InvalidError(
            f"this service is connected to project {project.id}. Run `classify labels connect` "
            "in the workspace of the other.",
            [{"where": "project", "message": f"{str(given)[:40]} is not {project.id}"}],
        )


def _check_interface(interface: str, engine: Engine) -> frozenset[str]:
    """The categories that a labelling interface can show.

    Raises:
        InputError: it does not ask for categories as ours does.
        InvalidError: it wants one category, and the run gives several.
    """
    known = known_categories(interface)
    if choice_of(interface) == "single" and engine.run.taxonomy.choice == "multiple":
        raise InvalidError(
            f"the labelling interface takes one category, and {engine.run.name} gives several. "
            "Push the taxonomy and train again.",
            [],
        )
    return known


def _text(asked: dict[str, Any], name: str) -> str:
    """A field that must be text.

    Raises:
        InvalidError: it is not.
    """
    found = asked.get(name)
    if not isinstance(found, str):
        raise InvalidError(f"{name} must be text.", [{"where": name, "message": "not text"}])
    return found


def _tasks(asked: dict[str, Any]) -> list[Any]:
    """The tasks of a request.

    Raises:
        InvalidError: there are none, or too many.
    """
    found = asked.get("tasks")
    if not isinstance(found, list):
        raise InvalidError("tasks must be a list.", [{"where": "tasks", "message": "no list"}])
    if len(found) > TASKS:
        raise InvalidError(
            f"at most {TASKS:,} tasks at once. Run `classify labels push --with-predictions`.", []
        )
    return found


def _article(task: Any) -> str | None:
    """The text of a task; None if it holds none."""
    data = task.get("data") if isinstance(task, dict) else None
    text = data.get(TEXT) if isinstance(data, dict) else None
    return text if isinstance(text, str) and text.strip() else None


def _unreadable() -> dict[str, str]:
    """Of a task without a text: Label Studio leaves out what has no result, and keeps the rest."""
    return {"error": f"the task has no text in its field {TEXT!r}"}


def _result(
    run: str, answer: dict[str, Any], known: frozenset[str], engine: Engine
) -> dict[str, Any]:
    """Label Studio's form of an answer."""
    choice = engine.run.taxonomy.choice
    return prediction(suggested(run, answer["categories"], answer["probabilities"], choice), known)
