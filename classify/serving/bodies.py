"""Bodies of requests -> what they ask for; whatever is wrong with one is a problem, never a 500."""

import itertools
import json
import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from pydantic import ValidationError
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request

from classify.serving.wire import EXPLAINED, PredictRequest
from seeds.encoding import replace_surrogates
from seeds.errors import Fault
from seeds.jsonl import refuse_constant
from seeds.sources import Article, read

ARTICLES = 1000  # of one file; more are for `classify predict`
FIELDS = 1000  # of a form, in which an option may be given any number of times
CHARACTERS = 50_000_000  # of all of them: a small compressed file may hold more than fits
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_UNSAFE = re.compile(r"[^\w. -]")


class InvalidError(Exception):
    """A request is understood but not as it must be.

    detail: what to do. errors: {"where", "message"} each.
    """

    def __init__(self, detail: str, errors: list[dict[str, str]]) -> None:
        super().__init__(detail)
        self.detail, self.errors = detail, errors


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that was sent: its articles and what could not be read, and how to answer."""

    articles: list[Article]
    faults: list[Fault]
    explain: bool
    every: bool


async def json_body(request: Request) -> Any:
    """The JSON of a request.

    Lone surrogates become U+FFFD, as everywhere. Raises HTTPException: 415, or 400 where it is no
    JSON: not UTF-8, NaN, a number of 10,000 digits, 100,000 nested lists.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json" and not kind.endswith("+json"):
        raise HTTPException(415, "send JSON, with Content-Type: application/json.")
    try:
        text = (await request.body()).decode("utf-8")
        value = json.loads(text, parse_constant=refuse_constant)
    except (ValueError, RecursionError) as error:
        reason = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        if "set_int_max_str_digits" in reason:
            reason = "a number of too many digits"
        raise HTTPException(400, f"the body is not JSON ({reason[:200]}).") from error
    return _whole(value) if _SURROGATE.search(text) else value


def _whole(value: Any) -> Any:
    """The value without lone surrogates, in its keys either."""
    if isinstance(value, str):
        return replace_surrogates(value)
    if isinstance(value, list):
        return [_whole(each) for each in value]
    if isinstance(value, dict):
        return {_whole(name): _whole(each) for name, each in value.items()}
    return value


async def predict_request(request: Request) -> PredictRequest:
    """What /v1/predict was asked for.

    Raises:
        HTTPException: see json_body.
        InvalidError: the JSON is not what it must be.
    """
    value = await json_body(request)
    try:
        asked = PredictRequest.model_validate(value)
    except ValidationError as error:
        raise InvalidError(
            'send {"text": "…"} or {"text": ["…", …]}, with "explain" and "all" if wished.',
            _places(value, error),
        ) from error
    if asked.explain and isinstance(asked.text, list) and len(asked.text) > EXPLAINED:
        raise InvalidError(f"explain at most {EXPLAINED} texts at once.", [])
    return asked


def _places(value: Any, error: ValidationError) -> list[dict[str, str]]:
    """Where something is wrong, a line each; of a field that may be two things, the one it is."""
    wanted = "list" if isinstance(value, dict) and isinstance(value.get("text"), list) else "str"
    found = []
    for each in error.errors(include_url=False, include_input=False):
        place = list(each["loc"])
        if place[:1] == ["text"] and len(place) > 1:
            branch = str(place.pop(1))
            if not branch.startswith(wanted) and not (wanted == "str" and "str" in branch):
                continue
        place = [part for part in place if not str(part).startswith(("constrained", "function"))]
        found.append({"where": ".".join(map(str, place)), "message": str(each["msg"])})
    return found[:20]


async def upload(request: Request, limit: int) -> Upload:
    """What /v1/predict/file was sent.

    Args:
        request: multipart/form-data with one file, and explain and all as fields.
        limit: bytes of one article.

    Raises:
        HTTPException: 415, 400, 413.
        InvalidError: there is no file, or more than one; or a field is not what it must be.
    """
    from starlette.concurrency import run_in_threadpool

    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "multipart/form-data":
        raise HTTPException(415, "send multipart/form-data with the field file.")
    async with request.form(max_files=1, max_fields=FIELDS) as form:
        sent = form.get("file")
        if not isinstance(sent, UploadFile):
            raise InvalidError("send the file in the field file.", [_place("file", "is missing")])
        if unknown := sorted(form.keys() - {"file", "explain", "all"}):
            places = [_place(name, "unknown") for name in unknown]
            raise InvalidError("leave out what is not known.", places)
        explain, every = (_flag(form.getlist(name), name) for name in ("explain", "all"))
        data = await sent.read()
        name = _file_name(sent.filename or "")
    articles, faults = await run_in_threadpool(_read, name, data, limit)
    if explain and len(articles) > EXPLAINED:
        raise InvalidError(f"explain at most {EXPLAINED} articles at once.", [])
    return Upload(articles, faults, explain, every)


def _place(where: str, message: str) -> dict[str, str]:
    return {"where": where, "message": message}


def _flag(values: list[Any], name: str) -> bool:
    """Whether an option is wished; given more than once, it is if one of them says so."""
    if not set(values) <= {"true", "false"}:
        raise InvalidError("explain and all are true or false.", [_place(name, "true or false")])
    return "true" in values


def _file_name(sent: str) -> str:
    """The last part of a path someone sent, safe as a file's name here."""
    name = PurePosixPath(replace_surrogates(sent).replace("\\", "/")).name
    return _UNSAFE.sub("_", name)[-100:].strip(". ") or "article.txt"


def _read(name: str, data: bytes, limit: int) -> tuple[list[Article], list[Fault]]:
    """The articles of a file.

    Raises:
        HTTPException: 413, there are too many.
    """
    articles: list[Article] = []
    faults: list[Fault] = []
    characters = 0
    with tempfile.TemporaryDirectory(prefix="classify-") as folder:
        path = Path(folder, name)
        path.write_bytes(data)
        found: Iterator[Article | Fault] = read([path], max_bytes=limit)
        for each in itertools.islice(found, ARTICLES + 1):
            if isinstance(each, Fault):
                where = each.where.replace(f"{folder}/", "")
                faults.append(Fault(where, each.message.replace(f"{folder}/", "")))
            else:
                articles.append(each)
                characters += len(each.document.text)
            if len(articles) + len(faults) > ARTICLES or characters > CHARACTERS:
                raise HTTPException(
                    413, f"a file may hold {ARTICLES:,} articles. Use classify predict for more."
                )
    return articles, faults
