"""Requests to the service, in this process: every one gets an answer that is not a 500."""

import asyncio
import copy
import json
from collections.abc import Sequence
from dataclasses import asdict
from functools import cache
from typing import Any, cast

from starlette.exceptions import HTTPException

from classify.serving.files.contents import FileContents, UploadedArticle
from classify.serving.files.reader import read_file
from classify.serving.http.application import build_application
from classify.serving.http.limits import Limits
from classify.serving.http.metrics import Measures
from classify.serving.http.state import ServiceState
from classify.serving.label_studio.connected_project import write_connected_project
from classify.serving.label_studio.ml_backend import MlBackend
from classify.serving.label_studio.retraining import Retraining
from classify.serving.label_studio.secret import PREFIX, ensure_secret
from classify.serving.model.engine import Answers, Batching
from classify.serving.model.loaded_run import RunInfo
from classify.serving.model.worker import answer_texts, describe, explain_step
from classify.workspace.project import KnownProject
from labels.studio.interface import render_interface
from seeds.base.errors import Fault
from seeds.base.settings import parse
from seeds.reading.raw_records import Reading
from tests.fuzz.choices import Choices, blow_up, mutate, to_json
from tests.fuzz.readers import scratch_folder
from tests.fuzz.runs import sound_run
from tests.support.corpus import taxonomy
from training.runs.run import load_run

_TAXONOMY = taxonomy()
_PROJECT = 7
_TASK = {"id": 3, "data": {"text": "Le film sort en salle.", "seed_id": "0123456789abcdef"}}
_BODIES: dict[str, Any] = {
    "/v1/predict": {"text": ["Le film sort.", "Le match est nul."], "explain": False, "all": True},
    "setup": {"project": f"{_PROJECT}.17", "schema": render_interface(_TAXONOMY)},
    "predict": {
        "project": f"{_PROJECT}.17",
        "label_config": render_interface(_TAXONOMY),
        "tasks": [_TASK, _TASK],
        "params": {"context": None},
    },
    "webhook": {
        "action": "ANNOTATION_CREATED",
        "project": {"id": _PROJECT},
        "annotation": {"id": 5, "was_cancelled": False},
        "annotations": [{"id": 5}],
    },
}
_TYPES = (b"application/json", b"application/json; charset=latin-1", b"text/plain", b"a+json", b"")
_FORM = b"multipart/form-data; boundary=x"
_PATHS = ("/v1/predict", "/v1/predict/file", "setup", "predict", "webhook")


class _Engine:
    """A real run in this process, in the place of the engine."""

    full, retry_after, ready, state, waiting_texts, active_requests = False, 1, True, "", 0, 0

    def __init__(self) -> None:
        self._run = load_run(sound_run()[0])
        self.path = self._run.path
        self.run = parse(describe(self._run), RunInfo, "run")
        self.batching = Batching()

    async def answer(
        self, texts: Sequence[str], *, all_categories: bool = False, explain: bool = False
    ) -> Answers:
        """Answer at once."""
        jobs = [{"text": text, "all_categories": all_categories} for text in texts]
        if not explain:
            return Answers(self.run.name, answer_texts(self._run, jobs))
        return Answers(self.run.name, [self._explain(job) for job in jobs])

    def _explain(self, job: dict[str, Any]) -> dict[str, Any]:
        explanations: dict[int, Any] = {}
        message: dict[str, Any] = {"explain": 1, "forget": [], **job}
        while "more" in (answer := explain_step(self._run, message, explanations)):
            message = {"explain": 1, "forget": []}
        assert "bug" not in answer, answer["bug"]
        return answer


class _Readers:
    """Files read in this process, as the processes of their own do."""

    async def read(self, name: str, content: bytes, reading: Reading) -> FileContents:
        """Read a file."""
        path = scratch_folder() / "uploads" / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
        try:
            answer = read_file({"path": str(path), **asdict(reading)})
        finally:
            path.unlink()
        if answer is None:
            raise HTTPException(413, "too much")
        articles = [UploadedArticle(**fields) for fields in answer["articles"]]
        return FileContents(articles, [Fault(*fields) for fields in answer["faults"]])


@cache
def _service() -> tuple[asyncio.Runner, Any, str]:
    """Return a loop, the application, and the start of the paths that Label Studio calls."""
    runner = asyncio.Runner()
    runner.run(asyncio.sleep(0))
    engine, measures = _Engine(), Measures()
    workspace = scratch_folder()
    write_connected_project(workspace, KnownProject("http://127.0.0.1:1", _PROJECT))
    retraining = Retraining(workspace, 0, lambda: engine.path)
    backend = MlBackend(cast(Any, engine), workspace, retraining, measures)
    state = ServiceState(
        cast(Any, engine), cast(Any, _Readers()), Limits(), measures, retraining.progress
    )
    app = build_application(state, [backend.router()])
    return runner, app, f"{PREFIX}/{ensure_secret(workspace)}"


def check_request(data: bytes) -> None:
    """Send a request whose body is raw bytes, or a valid one that was changed."""
    choices = Choices(data)
    path = choices.pick(_PATHS)
    raw = path == "/v1/predict/file" or choices.below(2) == 0
    kind = _FORM if path == "/v1/predict/file" else _TYPES[0]
    if choices.below(16) == 1:
        kind = choices.pick((*_TYPES, _FORM, choices.text(32).encode()))
    if raw:
        body = blow_up(choices.rest())
    else:
        value = mutate(copy.deepcopy(_BODIES[path]), choices)
        body = to_json(value).encode("utf-8", "surrogatepass")
    status, answer = _ask(path, kind, body)
    assert 200 <= status < 500, (status, answer)
    assert isinstance(json.loads(answer), dict)


def _ask(path: str, kind: bytes, body: bytes) -> tuple[int, bytes]:
    """Return the status and the body of the answer to a POST."""
    runner, app, prefix = _service()
    path = path if path.startswith("/") else f"{prefix}/{path}"
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [(b"content-type", kind), (b"content-length", str(len(body)).encode())],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 8000),
        "state": {},
    }
    sent: list[Any] = []
    received = iter([{"type": "http.request", "body": body, "more_body": False}])

    async def receive() -> Any:
        """Return the body, then wait for a client that stays."""
        for message in received:
            return message
        return await asyncio.get_running_loop().create_future()

    async def send(message: Any) -> None:
        """Keep a part of the answer."""
        sent.append(message)

    runner.run(app(scope, receive, send))
    return sent[0]["status"], b"".join(message.get("body", b"") for message in sent[1:])
