"""Bodies of requests -> what they ask for; whatever is wrong with one is a problem, never a 500."""

import contextlib
import json
import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from pydantic import ValidationError
from python_multipart.multipart import parse_options_header
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request

from classify.serving.files.reader import told_here
from classify.serving.http.schemas import EXPLAINED, EXPLAINED_CHARACTERS, PredictRequest
from seeds.base.errors import InputError
from seeds.base.records import refuse_constant
from seeds.base.surrogates import replace_surrogates
from seeds.reading.columns import Columns, parse_column_names
from seeds.reading.raw_records import Reading

FIELDS = 1000  # of a form, in which an option may be given any number of times
# How its articles are read, by the fields of the form, as the options of `classify predict`.
READING = ("text_columns", "id_column", "encoding")
_FIELDS = ("file", "explain", "all", *READING)
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
# In a file's name here or on Windows, on a terminal, or in "name:17".
_UNSAFE = re.compile(r'[\x00-\x1f\x7f-\x9f<>:"|?*\u200e\u200f\u202a-\u202e\u2066-\u2069]')
_NAME = 100  # bytes of a file's name, of which file systems take 255 at most


class InvalidError(Exception):
    """A request is understood but not as it must be.

    detail: what to do. errors: {"where", "message"} each.
    """

    def __init__(self, detail: str, errors: list[dict[str, str]]) -> None:
        super().__init__(detail)
        self.detail, self.errors = detail, errors


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that was sent, how it is to be read, and how to answer."""

    name: str
    data: bytes = field(repr=False)
    reading: Reading
    explain: bool
    every: bool


async def json_body(request: Request) -> Any:
    """The JSON of a request.

    Lone surrogates become U+FFFD, as everywhere. Raises HTTPException: 415, or 400 where it is no
    JSON: not UTF-8, NaN, a number of 10,000 digits, 100,000 nested lists.
    """
    _refuse_packed(request)
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json" and not kind.endswith("+json"):
        raise HTTPException(415, "send JSON, with Content-Type: application/json.")
    try:
        text = (await request.body()).decode("utf-8-sig")
        value = json.loads(text, parse_constant=refuse_constant)
        return _whole(value) if _SURROGATE.search(text) else value
    except (ValueError, RecursionError) as error:
        reason = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        if "set_int_max_str_digits" in reason:
            reason = "a number of too many digits"
        raise HTTPException(400, f"the body is not JSON ({reason[:200]}).") from error


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
    if asked.explain and isinstance(asked.text, list):
        check_explained(asked.text, "texts")
    return asked


_SAID = {  # pydantic's type of an error -> what to say of it
    "string_pattern_mismatch": "is only white space",
    "string_too_short": "is empty",
    "string_type": "is no text",
    "too_short": "is empty",
    "too_long": "has too many texts",
    "bool_type": "is neither true nor false",
    "missing": "is missing",
    "model_type": "is no JSON object",
    "extra_forbidden": "is not known",
}


def _places(value: Any, error: ValidationError) -> list[dict[str, str]]:
    """Where something is wrong, a line each; of a field that may be two things, the one it is."""
    several = isinstance(value, dict) and isinstance(value.get("text"), list)
    found = []
    for each in error.errors(include_url=False, include_input=False):
        place = list(each["loc"])
        if place[:1] == ["text"] and len(place) > 1 and several != ("list[" in str(place.pop(1))):
            continue
        where = ".".join(map(str, place)) or "body"
        found.append({"where": where, "message": _SAID.get(each["type"], str(each["msg"]))})
    return found[:20]


async def upload(request: Request, limit: int) -> Upload:
    """What /v1/predict/file was sent, not yet read.

    Args:
        request: multipart/form-data with one file, and explain, all and READING as fields.
        limit: bytes of one article.

    Raises:
        HTTPException: 415, 400, 413.
        InvalidError: there is no file, or more than one; or a field is not what it must be.
    """
    _refuse_packed(request)
    kind, options = parse_options_header(request.headers.get("content-type"))
    if kind.lower() != b"multipart/form-data":
        raise HTTPException(415, "send multipart/form-data with the field file.")
    # Of the fields' names; the form's reader believes it.
    if options.get(b"charset", b"utf-8").lower() not in (b"utf-8", b"utf8"):
        raise HTTPException(415, "send a form in UTF-8: leave charset out.")
    async with _form(request) as form:
        sent = form.get("file")
        if not isinstance(sent, UploadFile):
            detail = "send the file in the field file, and the form to its end."
            raise InvalidError(detail, [_place("file", "is missing")])
        if unknown := sorted(form.keys() - set(_FIELDS)):
            places = [_place(name, "unknown") for name in unknown]
            raise InvalidError("leave out what is not known.", places)
        explain, every = (_flag(form.getlist(name), name) for name in ("explain", "all"))
        texts, identity, encoding = (_one(form.getlist(name), name) for name in READING)
        columns = Columns(text=parse_column_names(texts), id=identity)
        reading = _reading(columns, encoding, limit)
        data = await sent.read()
        name = _file_name(sent.filename or "")
    return Upload(name, data, reading, explain, every)


def check_explained(texts: Sequence[str], what: str) -> None:
    """Refuse to explain too many at once, or too long ones. what: they are, in words.

    Raises:
        InvalidError: they are.
    """
    long = len(texts) > 1 and sum(map(len, texts)) > EXPLAINED_CHARACTERS
    if long or len(texts) > EXPLAINED:
        most = f"{EXPLAINED_CHARACTERS:,} characters of several {what}" if long else ""
        detail = f"explain at most {most or f'{EXPLAINED} {what}'} at once: send less, or leave "
        raise InvalidError(f"{detail}explain out.", [_place("explain", "asks for too much")])


@contextlib.asynccontextmanager
async def _form(request: Request) -> AsyncIterator[FormData]:
    """The fields of a form.

    Raises:
        HTTPException: 400, it is none, or has more than one file; 408, 413.
    """
    try:
        form = await request.form(max_files=1, max_fields=FIELDS)
    except HTTPException as error:
        if error.status_code != 400:
            raise
        reason = error.detail.rstrip(".")
        detail = f"the form can't be read ({reason}). Send one file, in the field file."
        raise HTTPException(400, detail) from error
    try:
        yield form
    finally:
        await form.close()


def _refuse_packed(request: Request) -> None:
    """A small body could become any size.

    Raises:
        HTTPException: 415, it is compressed.
    """
    if request.headers.get("content-encoding", "identity").strip().lower() != "identity":
        detail = "send the body as it is, without Content-Encoding."
        raise HTTPException(415, detail, {"accept-encoding": "identity"})


def _place(where: str, message: str) -> dict[str, str]:
    return {"where": where, "message": message}


def _flag(values: list[Any], name: str) -> bool:
    """Whether an option is wished; given more than once, it is if one of them says so."""
    if not set(values) <= {"true", "false"}:
        raise InvalidError("explain and all are true or false.", [_place(name, "true or false")])
    return "true" in values


def _one(values: list[Any], name: str) -> str:
    """What a field says that may be given once."""
    if len(values) > 1 or not all(isinstance(each, str) for each in values):
        raise InvalidError(f"give {name} once, as a text.", [_place(name, "once, a text")])
    return replace_surrogates(values[0]).strip() if values else ""


def _reading(columns: Columns, encoding: str, limit: int) -> Reading:
    try:
        return Reading(columns, encoding or None, max_bytes=limit)
    except InputError as error:
        where = [_place("encoding", "not known")]
        raise InvalidError(told_here(str(error)), where) from error


def _file_name(sent: str) -> str:
    """The last part of a path someone sent, safe as a file's name here."""
    name = PurePosixPath(replace_surrogates(sent).replace("\\", "/")).name
    cut = _UNSAFE.sub("_", name).encode()[-_NAME:].decode(errors="ignore")
    return cut.strip(". ") or "article.txt"
