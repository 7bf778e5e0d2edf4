"""Label Studio's ML backend protocol: suggestions for a task that is opened, events of annotations.

Label Studio has no key to send, so the address holds a secret. These routes are not in the OpenAPI
document: they serve one caller, and follow what Label Studio 1.23 does.
"""

import asyncio
import contextlib
import hmac
from collections.abc import Set
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Request
from fastapi import Path as PathParameter
from starlette.exceptions import HTTPException

from classify.serving.http.disconnect import run_while_connected
from classify.serving.http.metrics import Measures
from classify.serving.http.requests import InvalidError, read_json
from classify.serving.label_studio.blind import BlindArticles
from classify.serving.label_studio.connected_project import read_connected_project
from classify.serving.label_studio.retraining import Retraining
from classify.serving.label_studio.secret import PREFIX, ensure_secret
from classify.serving.model.engine import Engine
from classify.workspace.project import KnownProject
from labels.studio.interface import TEXT, read_categories, read_choice
from labels.studio.prediction_result import suggest, to_prediction
from labels.studio.tasks import seed_id
from seeds.base.errors import InputError
from seeds.clean import refuse_binary
from seeds.document import content_id
from seeds.reading.documents.foreign_formats import refuse_foreign
from training.runs.registry import find_run

TASKS = 1000  # in a request; for more there is `classify labels push --with-predictions`

# In the path; its name there is part of a label in /metrics.
_Secret = Annotated[str, PathParameter(alias="given")]
# Label Studio skips a task that is answered so.
_NO_TEXT = f"the task has no text in its field {TEXT!r}"
_BLIND = "the article is labelled without a suggestion, for runs are measured on it"


class MlBackend:
    """The routes that Label Studio calls."""

    def __init__(
        self, engine: Engine, workspace: Path, retraining: Retraining, measures: Measures
    ) -> None:
        """Set up.

        Args:
            engine: answers texts.
            workspace: whose project is connected.
            retraining: counts annotations.
            measures: count the requests of clients that leave.
        """
        self._engine, self._workspace = engine, workspace
        self._retraining, self._measures = retraining, measures
        self._blind = BlindArticles(workspace)

    def router(self) -> APIRouter:
        """Return the routes."""
        router = APIRouter(prefix=f"{PREFIX}/{{given}}", include_in_schema=False)
        router.add_api_route("/health", self.health, methods=["GET"])
        router.add_api_route("/setup", self.setup, methods=["POST"])
        router.add_api_route("/predict", self.predict, methods=["POST"])
        router.add_api_route("/versions", self.versions, methods=["GET"])
        router.add_api_route("/webhook", self.webhook, methods=["POST"])
        return router

    async def health(self, secret: _Secret) -> dict[str, str]:
        """Say that the service is there."""
        self._authorize(secret)
        return {"status": "UP", "model_class": "classify"}

    async def setup(self, secret: _Secret, request: Request) -> dict[str, str]:
        """Accept the connected project if its labelling interface fits the run."""
        project = self._authorize(secret)
        body = await _read_object(request)
        _check_project(body.get("project"), project)
        self._check_interface(_required_text(body, "schema"))
        return {"model_version": self._shown_run()}

    async def predict(self, secret: _Secret, request: Request) -> dict[str, Any]:
        """Return a suggestion for each task, in order."""
        project = self._authorize(secret)
        body = await _read_object(request)
        _check_project(body.get("project"), project)
        shown = self._check_interface(_required_text(body, "label_config"))
        tasks, blind = _tasks(body), await self._blind.ids()
        refusals = [await _refusal(task, blind) for task in tasks]
        answered = [task for task, refusal in zip(tasks, refusals, strict=True) if not refusal]
        call = self._engine.answer([_task_text(task) for task in answered], all_categories=True)
        answers = await run_while_connected(request, call, self._measures)
        records = iter(answers.records)
        return {
            "results": [
                {"error": refusal}
                if refusal
                else self._suggestion(answers.run, next(records), shown)
                for refusal in refusals
            ]
        }

    async def versions(self, secret: _Secret) -> dict[str, list[str]]:
        """Return the run that answers, the only version there is."""
        self._authorize(secret)
        return {"versions": [self._engine.run.name]}

    async def webhook(self, secret: _Secret, request: Request) -> dict[str, str]:
        """Count the annotations of an event."""
        project = self._authorize(secret)
        event = await _read_object(request)
        about = event.get("project")
        _check_project(about.get("id") if isinstance(about, dict) else None, project)
        return {"status": self._retraining.handle_event(event)}

    def _shown_run(self) -> str:
        """Return the run of which Label Studio shows what it has; it asks for the rest.

        It is the one that answers, but for a run that is only tried: then the current one.
        """
        if not self._retraining.shows_run:
            with contextlib.suppress(InputError):  # there is none
                return find_run(self._workspace / "runs").name
        return self._engine.run.name

    def _authorize(self, secret: str) -> KnownProject:
        """Return the connected project to a caller that knows the secret.

        Raises:
            HTTPException: 404, as if nothing were here.
        """
        project = read_connected_project(self._workspace)
        right = project and hmac.compare_digest(
            secret.encode(), ensure_secret(self._workspace).encode()
        )
        if not project or not right:
            detail = "there is nothing here. `classify labels connect` makes the address."
            raise HTTPException(404, detail)
        return project

    def _check_interface(self, interface: str) -> frozenset[str]:
        """Return the categories that a labelling interface can show.

        Raises:
            InputError: it does not ask for categories as ours does.
            InvalidError: it takes one category, and the run may give several.
        """
        shown = read_categories(interface)
        run = self._engine.run
        if read_choice(interface) == "single" and run.taxonomy.choice == "multiple":
            raise InvalidError(
                f"the labelling interface takes one category, and {run.name} may give several. "
                "Push the taxonomy and train again.",
                [],
            )
        return shown

    def _suggestion(
        self, run: str, answer: dict[str, Any], shown: frozenset[str]
    ) -> dict[str, Any]:
        """Return an answer in Label Studio's format, with the categories that can be shown."""
        choice = self._engine.run.taxonomy.choice
        return to_prediction(
            suggest(run, answer["categories"], answer["probabilities"], choice), shown
        )


async def _read_object(request: Request) -> dict[str, Any]:
    """Return the JSON object of a request.

    Raises:
        HTTPException: see read_json.
        InvalidError: it is something else.
    """
    body = await read_json(request)
    if not isinstance(body, dict):
        raise InvalidError("send a JSON object.", [])
    return body


def _check_project(identity: Any, project: KnownProject) -> None:
    """Refuse a request about another project than the connected one.

    Raises:
        InvalidError: it names another project, or none.
    """
    if str(identity).partition(".")[0] != str(project.id):  # "7.1795314637", or the number alone
        raise InvalidError(
            f"this service is connected to project {project.id}. To connect another, run "
            "`classify labels connect` in its workspace.",
            [{"where": "project", "message": f"is {str(identity)[:40]}, not {project.id}"}],
        )


def _required_text(body: dict[str, Any], name: str) -> str:
    """Return a field that must be text.

    Raises:
        InvalidError: it is not.
    """
    text = body.get(name)
    if not isinstance(text, str):
        raise InvalidError(f"{name} must be text.", [{"where": name, "message": "is not text"}])
    return text


def _tasks(body: dict[str, Any]) -> list[Any]:
    """Return the tasks of a request.

    Raises:
        InvalidError: there are none, or too many.
    """
    tasks = body.get("tasks")
    if not isinstance(tasks, list):
        places = [{"where": "tasks", "message": "is not a list"}]
        raise InvalidError("tasks must be a list.", places)
    if len(tasks) > TASKS:
        raise InvalidError(
            f"at most {TASKS:,} tasks at once. Run `classify labels push --with-predictions`.", []
        )
    return tasks


def _task_text(task: Any) -> str:
    """Return the text of a task; "" if it has none."""
    data = task.get("data") if isinstance(task, dict) else None
    text = data.get(TEXT) if isinstance(data, dict) else None
    return text if isinstance(text, str) and text.strip() else ""


async def _refusal(task: Any, blind: Set[str]) -> str:
    """Return why a task gets no suggestion; "" if it gets one.

    Other requests are looked after between two tasks.

    Args:
        task: as Label Studio sends it.
        blind: ids of the articles that get none.
    """
    await asyncio.sleep(0)
    text = _task_text(task)
    if not text:
        return _NO_TEXT
    if seed_id(task) in blind or content_id(text) in blind:
        return _BLIND
    try:
        refuse_binary(text)
        refuse_foreign(text)
    except InputError as error:
        return f"the text {error}"
    return ""
