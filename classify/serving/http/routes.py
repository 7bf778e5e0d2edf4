"""The routes: prediction, what is known of the run, health, metrics, the page."""

import asyncio
import hashlib
import json
from collections.abc import Awaitable, Callable, Sequence
from importlib import metadata, resources
from typing import Any, TypeVar

from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from classify.serving.files.reader import ARTICLES, Readers
from classify.serving.http import schemas
from classify.serving.http.limits import Limited, Limits
from classify.serving.http.metrics import TYPE, Measured, Measures
from classify.serving.http.problems import problem
from classify.serving.http.requests import InvalidError, check_explained, predict_request, upload
from classify.serving.model.engine import Answered, BusyError, Engine
from seeds.base.errors import DISTRIBUTION, InputError
from seeds.reading.files import SUFFIXES

T = TypeVar("T")

_PAGE = {"/": "index.html", "/page.css": "page.css", "/page.js": "page.js"}
_TYPES = {"html": "text/html", "css": "text/css", "js": "text/javascript"}
_SAFE = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-cache",
}
_EXAMPLES = {
    "one": {"summary": "One text", "value": {"text": "Le festival de Cannes ouvre ses portes."}},
    "many": {
        "summary": "Several, explained",
        "value": {"text": ["Le film sort mardi.", "Les deux pays signent."], "explain": True},
    },
}
# A form can't tell one value from a list of one.
_WISH = {"anyOf": [{"type": "boolean"}, {"type": "array", "items": {"type": "boolean"}}]}
_FORM = {
    "type": "object",
    "required": ["file"],
    "additionalProperties": False,
    "properties": {
        "file": {"type": "string", "format": "binary"},
        "explain": _WISH,
        "all": _WISH,
        "text_columns": {
            "type": "string",
            "description": "Of a table: a,b. Usual names are found.",
        },
        "id_column": {"type": "string", "description": "Of a table."},
        "encoding": {
            "type": "string",
            "enum": ["utf-8", "utf-16", "cp1252", "iso8859-15", "mac-roman"],
            "description": "Of text that is not UTF-8, where it is not found out.",
        },
    },
}
_TEXTS = {"$ref": "#/components/schemas/PredictRequest"}
_ROUTER_SAYS = {  # what Starlette says alone -> what to do
    "Not Found": "there is nothing at this address. /openapi.json lists what there is.",
    "Method Not Allowed": "this address takes other methods: see the header Allow.",
}
_ABOUT = (
    "Labels French press articles by category, says how sure it is, and asks for a person where it "
    "is not. Errors are application/problem+json."
)


def application(
    engine: Engine,
    readers: Readers,
    limits: Limits,
    measures: Measures,
    *,
    retraining: Callable[[], dict[str, Any] | None] = lambda: None,
    routers: Sequence[APIRouter] = (),
) -> Any:
    """The ASGI application.

    Args:
        engine: started.
        readers: of files.
        limits: of each request.
        measures: what it counts.
        retraining: tells how far the next training is; None while nothing is connected.
        routers: further routes.
    """
    app = FastAPI(
        title="classify",
        version=metadata.version(DISTRIBUTION),
        description=_ABOUT,
        docs_url=None,  # their scripts come from another host
        redoc_url=None,
        redirect_slashes=False,  # the answer would repeat the address, with what is secret in it
    )
    ours = (_predicting(engine, readers, limits, measures), _facts(engine, retraining))
    for router in (*ours, _plain(engine, measures), *routers):
        app.include_router(router)
    _answer_errors(app)
    _describe(app, limits)
    limited = Limited(_Headed(app), limits, lambda: engine.retry_after * engine.full)
    return Measured(limited, measures)


class _Headed:
    """The ASGI application, HEAD answered as GET is; the server leaves the body away."""

    def __init__(self, app: FastAPI) -> None:
        self._app = app

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        """Pass on."""
        if scope.get("method") == "HEAD":
            scope = {**scope, "method": "GET"}
        await self._app(scope, receive, send)


def _predicting(engine: Engine, readers: Readers, limits: Limits, measures: Measures) -> APIRouter:
    """Texts and files are answered; needs the key."""
    api = APIRouter(prefix="/v1")

    @api.post(
        "/predict",
        operation_id="predict",
        summary="The categories of one text or many",
        responses={
            200: {"model": schemas.Predictions},
            **schemas.problems(400, 401, 403, 408, 413, 415, 422, 503),
        },
        openapi_extra=_body("application/json", _TEXTS, examples=_EXAMPLES),
        response_class=Response,
    )
    async def predict(request: Request) -> Response:
        asked = await predict_request(request)
        texts = [asked.text] if isinstance(asked.text, str) else asked.text
        _note(request, texts)
        call = engine.answers(texts, every=asked.all, explain=asked.explain)
        found = await unless_gone(request, call, measures)
        return _answered(found, found.answers, measures)

    @api.post(
        "/predict/file",
        operation_id="predict_file",
        summary="The categories of the article or articles of a file",
        description=f"{', '.join(SUFFIXES)}, also compressed; at most {ARTICLES:,} articles.",
        responses={
            200: {"model": schemas.FilePredictions},
            **schemas.problems(400, 401, 403, 408, 413, 415, 422, 503),
        },
        openapi_extra=_body("multipart/form-data", _FORM),
        response_class=Response,
    )
    async def predict_file(request: Request) -> Response:
        sent = await upload(request, limits.body)
        call_reader = readers.read(sent.name, sent.data, sent.reading)
        file = await unless_gone(request, call_reader, measures)
        texts = [each.text for each in file.articles]
        if sent.explain:
            check_explained(texts, "articles")
        _note(request, texts)
        call = engine.answers(texts, every=sent.every, explain=sent.explain)
        found = await unless_gone(request, call, measures)
        named = [
            {
                **answer,
                "id": each.id,
                "source": each.source,
                "title": each.title,
                "note": "; ".join(filter(None, (answer["note"], each.note))),
            }
            for each, answer in zip(file.articles, found.answers, strict=True)
        ]
        rejected = [{"where": each.where, "message": each.message} for each in file.faults]
        return _answered(found, named, measures, rejected=rejected)

    return api


def _facts(engine: Engine, retraining: Callable[[], dict[str, Any] | None]) -> APIRouter:
    """What is known of the run; needs the key."""
    api = APIRouter(prefix="/v1")

    @api.get(
        "/categories",
        operation_id="categories",
        summary="The categories that are told apart",
        responses=schemas.problems(401, 403),
    )
    async def categories() -> schemas.Categories:
        run = engine.run
        facts = [
            schemas.CategoryFacts(id=c.id, fr=c.fr, en=c.en, iptc=c.iptc, threshold=threshold)
            for c, threshold in zip(run.taxonomy.categories, run.thresholds, strict=True)
        ]
        return schemas.Categories(run=run.name, choice=run.taxonomy.choice, categories=facts)

    @api.get(
        "/runs/current",
        operation_id="current_run",
        summary="The run that answers, and how far the next one is",
        responses=schemas.problems(401, 403),
    )
    async def current() -> schemas.CurrentRun:
        run = engine.run
        names = ("kind", "created", "articles", "base_model", "computing")
        known = {name: getattr(run, name) for name in names}
        now = retraining()
        facts = schemas.RetrainingFacts(**now) if now else None
        return schemas.CurrentRun(run=run.name, retraining=facts, **known)

    return api


def _plain(engine: Engine, measures: Measures) -> APIRouter:
    """Health, metrics and the page."""
    plain = APIRouter()

    @plain.get(
        "/health/live",
        operation_id="live",
        summary="Whether the service runs",
        responses=schemas.problems(403),
    )
    async def live() -> schemas.Health:
        return schemas.Health(status="live")

    @plain.get(
        "/health/ready",
        operation_id="ready",
        summary="Whether texts are answered",
        responses=schemas.problems(403, 503),
    )
    async def ready() -> Any:
        if engine.ready:
            return schemas.Health(status="ready")
        return problem(503, f"the service {engine.state}.", headers={"retry-after": "2"})

    @plain.get(
        "/metrics",
        operation_id="metrics",
        summary="Figures for Prometheus",
        responses={
            200: {"content": {"text/plain": {"schema": {"type": "string"}}}},
            **schemas.problems(401, 403),
        },
        response_class=Response,
    )
    async def metrics() -> Response:
        now = {
            "classify_queue_texts": engine.waiting,
            "classify_requests_inside": engine.inside,
            "classify_ready": float(engine.ready),
        }
        return Response(measures.page(now), media_type=TYPE)

    files = resources.files("classify.serving") / "page"
    for path, name in _PAGE.items():
        _page(plain, path, (files / name).read_bytes(), _TYPES[name.rpartition(".")[2]])
    return plain


def _page(router: APIRouter, path: str, content: bytes, kind: str) -> None:
    """Serve a file of the page, which is read once."""
    tag = f'"{hashlib.sha256(content).hexdigest()[:16]}"'

    async def page(request: Request) -> Response:
        known = request.headers.get("if-none-match") == tag
        headers = {**_SAFE, "etag": tag}
        if known:
            return Response(status_code=304, headers=headers)
        return Response(content, headers=headers, media_type=kind)

    router.add_api_route(path, page, methods=["GET"], include_in_schema=False)


def _note(request: Request, texts: Sequence[str]) -> None:
    """What the log says of a request: never its text."""
    together = hashlib.sha256()
    for text in texts:
        together.update(text.encode("utf-8", "replace"))
    request.scope["state"]["facts"] = {"texts": len(texts), "sha256": together.hexdigest()[:16]}


async def unless_gone(request: Request, call: Awaitable[T], measures: Measures) -> T:
    """Await a call; drop it when the client leaves."""
    work = asyncio.ensure_future(call)
    gone = asyncio.ensure_future(_gone(request))
    try:
        await asyncio.wait({work, gone}, return_when=asyncio.FIRST_COMPLETED)
        if work.done():
            return work.result()
        measures.dropped.inc()
        raise HTTPException(499, "the client left.")
    finally:
        for task in (work, gone):
            task.cancel()


async def _gone(request: Request) -> None:
    """Return when the client has left."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _answered(
    found: Answered, answers: Sequence[dict[str, Any]], measures: Measures, **more: Any
) -> Response:
    """Answers as JSON; they come from our own worker, so they are not checked once more."""
    for answer in answers:
        measures.answer(answer)
    record = {"run": found.run, "predictions": answers, **more}
    content = json.dumps(record, ensure_ascii=False).encode("utf-8", "replace")
    return Response(content, media_type="application/json")


# ---------------------------------------------------------------- errors, OpenAPI


def _answer_errors(app: FastAPI) -> None:
    """Make every error a problem."""

    @app.exception_handler(HTTPException)
    async def of_http(_request: Request, error: HTTPException) -> Response:
        if error.status_code == 499:  # nobody reads it
            return Response(status_code=499)
        detail = _ROUTER_SAYS.get(error.detail, error.detail)
        return problem(error.status_code, detail, headers=error.headers)

    @app.exception_handler(ClientDisconnect)
    async def of_leaving(_request: Request, _error: ClientDisconnect) -> Response:
        return Response(status_code=499)  # in the middle of a body; nobody reads it

    @app.exception_handler(InvalidError)
    async def of_content(_request: Request, error: InvalidError) -> Response:
        return problem(422, error.detail, errors=error.errors)

    @app.exception_handler(RequestValidationError)
    async def of_parameters(_request: Request, error: RequestValidationError) -> Response:
        places = [
            {"where": ".".join(map(str, each["loc"])), "message": str(each["msg"])}
            for each in error.errors()[:20]
        ]
        return problem(422, "the request is not as it must be.", errors=places)

    @app.exception_handler(InputError)
    async def of_input(_request: Request, error: InputError) -> Response:
        return problem(422, str(error))

    @app.exception_handler(BusyError)
    async def of_queue(_request: Request, error: BusyError) -> Response:
        return problem(503, f"{error}.", headers={"retry-after": str(error.retry_after)})

    @app.exception_handler(Exception)
    async def of_bug(_request: Request, _error: Exception) -> Response:
        return problem(500, "a bug of ours; the log has its traceback.")


def _body(kind: str, schema: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A body that is read by us, for OpenAPI."""
    return {"requestBody": {"required": True, "content": {kind: {"schema": schema, **more}}}}


def _describe(app: FastAPI, limits: Limits) -> None:
    """Add to OpenAPI what FastAPI can't know: bodies read by us, problems, the key."""
    made = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            described = made()
            components = described.setdefault("components", {}).setdefault("schemas", {})
            for model in (schemas.PredictRequest, schemas.Problem):
                found = model.model_json_schema(ref_template="#/components/schemas/{model}")
                components.update(found.pop("$defs", {}))
                components[model.__name__] = found
            if limits.key:
                described["components"]["securitySchemes"] = {
                    "key": {"type": "http", "scheme": "bearer"}
                }
                for path, operations in described["paths"].items():
                    if path.startswith("/v1/") or path == "/metrics":
                        for operation in operations.values():
                            operation["security"] = [{"key": []}]
        assert app.openapi_schema
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]
