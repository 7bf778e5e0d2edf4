"""Answers every error with a problem."""

from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from classify.serving.http.metrics import CLIENT_LEFT
from classify.serving.http.problems import problem
from classify.serving.http.requests import InvalidError
from classify.serving.model.queue import BusyError, TextError
from seeds.base.errors import InputError

_DETAILS = {  # Starlette's own details -> what to do
    "Not Found": "there is nothing at this address. /openapi.json lists the addresses.",
    "Method Not Allowed": "this address does not take this method: see the header Allow.",
}


def answer_errors(app: FastAPI) -> None:
    """Make the application answer every error with a problem."""
    handlers: dict[type[Exception], Any] = {
        HTTPException: _answer_http_error,
        ClientDisconnect: _answer_disconnect,
        InvalidError: _answer_invalid_request,
        RequestValidationError: _answer_invalid_parameters,
        InputError: _answer_input_error,
        BusyError: _answer_busy,
        TextError: _answer_text_error,
        Exception: _answer_bug,
    }
    for error, handler in handlers.items():
        app.add_exception_handler(error, handler)


async def _answer_http_error(_request: Request, error: HTTPException) -> Response:
    if error.status_code == CLIENT_LEFT:  # nobody reads the answer
        return Response(status_code=CLIENT_LEFT)
    detail = _DETAILS.get(error.detail, error.detail)
    return problem(error.status_code, detail, headers=error.headers)


async def _answer_disconnect(_request: Request, _error: ClientDisconnect) -> Response:
    return Response(status_code=CLIENT_LEFT)  # in the middle of a body; nobody reads the answer


async def _answer_invalid_request(_request: Request, error: InvalidError) -> Response:
    return problem(422, error.detail, errors=error.errors)


async def _answer_invalid_parameters(_request: Request, error: RequestValidationError) -> Response:
    places = [
        {"where": ".".join(map(str, fault["loc"])), "message": str(fault["msg"])}
        for fault in error.errors()[:20]
    ]
    return problem(422, "the request is not valid: see errors.", errors=places)


async def _answer_input_error(_request: Request, error: InputError) -> Response:
    return problem(422, str(error))


async def _answer_busy(_request: Request, error: BusyError) -> Response:
    detail = f"{error}. Send it again after Retry-After seconds."
    return problem(503, detail, headers={"retry-after": str(error.retry_after)})


async def _answer_text_error(_request: Request, error: TextError) -> Response:
    place = {"where": f"text.{error.place}", "message": str(error)}
    return problem(422, "the model does not get through one of the texts.", errors=[place])


async def _answer_bug(_request: Request, _error: Exception) -> Response:
    return problem(500, "an internal error; the traceback is in the log of the service.")
