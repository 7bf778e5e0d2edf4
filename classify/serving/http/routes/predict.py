"""/v1/predict and /v1/predict/file: the categories of texts and files."""

import hashlib
import json
from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from classify.serving.files.contents import ARTICLES
from classify.serving.http import openapi, schemas
from classify.serving.http.disconnect import run_while_connected
from classify.serving.http.metrics import Measures
from classify.serving.http.requests import (
    InvalidError,
    check_explained,
    read_predict_request,
    read_upload,
)
from classify.serving.http.state import state_of
from classify.serving.model.engine import Answers
from classify.serving.model.queue import TextError
from seeds.reading.files import SUFFIXES

router = APIRouter(prefix="/v1")
_PROBLEMS = schemas.problems(400, 401, 403, 408, 413, 415, 422, 503)


@router.post(
    "/predict",
    operation_id="predict",
    summary="Classify one text or several",
    responses={200: {"model": schemas.Predictions}, **_PROBLEMS},
    openapi_extra=openapi.JSON_BODY,
    response_class=Response,
)
async def predict(request: Request) -> Response:
    """Return the categories of each text, in order, all from one run."""
    state = state_of(request)
    body = await read_predict_request(request)
    texts = [body.text] if isinstance(body.text, str) else body.text
    places = ["text"] if isinstance(body.text, str) else [f"text.{n}" for n in range(len(texts))]
    answers = await _answer(request, texts, places, all_categories=body.all, explain=body.explain)
    return _respond(answers.run, answers.records, state.measures)


@router.post(
    "/predict/file",
    operation_id="predict_file",
    summary="Classify the articles of a file",
    description="Return the categories of each article, in order, and the records that could not "
    f"be read. A file may be {', '.join(SUFFIXES)}, also compressed, and hold at most "
    f"{ARTICLES:,} articles.",
    responses={200: {"model": schemas.FilePredictions}, **_PROBLEMS},
    openapi_extra=openapi.FORM_BODY,
    response_class=Response,
)
async def predict_file(request: Request) -> Response:
    """Read a file and answer for each of its articles."""
    state = state_of(request)
    upload = await read_upload(request, state.limits.body)
    reading = state.readers.read(upload.name, upload.content, upload.reading)
    file = await run_while_connected(request, reading, state.measures)
    texts = [article.text for article in file.articles]
    if upload.explain:
        check_explained(texts, "articles")
    places = [article.source for article in file.articles]
    answers = await _answer(
        request,
        texts,
        places,
        all_categories=upload.all_categories,
        explain=upload.explain,
    )
    records = [
        {
            **answer,
            "id": article.id,
            "source": article.source,
            "title": article.title,
            "note": "; ".join(filter(None, (answer["note"], article.note))),
        }
        for article, answer in zip(file.articles, answers.records, strict=True)
    ]
    rejected = [{"where": fault.where, "message": fault.message} for fault in file.faults]
    return _respond(answers.run, records, state.measures, rejected=rejected)


async def _answer(
    request: Request, texts: Sequence[str], places: Sequence[str], **options: bool
) -> Answers:
    """Return the answer to each text; the work ends if the client leaves.

    Args:
        request: from the client.
        texts: articles.
        places: how the client knows each of them.
        options: of `Engine.answer`.

    Raises:
        HTTPException: the client left.
        InvalidError: the model does not get through one of the texts.
        BusyError: there is no room.
    """
    _note_texts(request, texts)
    state = state_of(request)
    call = state.engine.answer(texts, **options)
    try:
        return await run_while_connected(request, call, state.measures)
    except TextError as error:
        errors = [{"where": places[error.place], "message": str(error)}]
        detail = "the model does not get through one of the texts: see errors."
        raise InvalidError(detail, errors) from error


def _note_texts(request: Request, texts: Sequence[str]) -> None:
    """Put a hash of the texts in the log line of a request: never a text itself."""
    digest = hashlib.sha256()
    for text in texts:
        digest.update(text.encode("utf-8", "replace"))
    request.scope["state"]["facts"] = {"texts": len(texts), "sha256": digest.hexdigest()[:16]}


def _respond(
    run: str, records: Sequence[dict[str, Any]], measures: Measures, **fields: Any
) -> Response:
    """Count answers and return them as JSON, unvalidated: they come from our own worker."""
    for record in records:
        measures.count_answer(record)
    predictions = ", ".join(map(_to_json, records))
    rest = json.dumps({"run": run, **fields}, ensure_ascii=False)
    content = f'{rest[:-1]}, "predictions": [{predictions}]}}'.encode("utf-8", "replace")
    return Response(content, media_type="application/json")


def _to_json(record: dict[str, Any]) -> str:
    """Return a record as JSON; its explanation is JSON already."""
    rest = {name: value for name, value in record.items() if name != "explanation"}
    explanation = record["explanation"] or "null"
    return f'{json.dumps(rest, ensure_ascii=False)[:-1]}, "explanation": {explanation}}}'
