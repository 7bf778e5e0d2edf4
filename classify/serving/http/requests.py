"""Request bodies -> what they ask for; whatever is wrong with one is a problem, never a 500."""

import asyncio
import contextlib
import itertools
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

from classify.serving.http.schemas import (
    ENCODINGS,
    EXPLAINED,
    EXPLAINED_CHARACTERS,
    PredictRequest,
)
from classify.serving.http.state import state_of
from seeds.base.errors import InputError
from seeds.base.records import refuse_constant
from seeds.base.surrogates import replace_surrogates
from seeds.clean import refuse_binary
from seeds.reading.columns import Columns, parse_column_names
from seeds.reading.documents.foreign_formats import refuse_foreign
from seeds.reading.raw_records import Reading

# Strings, brackets and separators in a JSON body, at most: 256 texts have 520 of them, and 1,000
# tasks of Label Studio some 100,000. Millions would take seconds to parse, to check and to free.
_PREDICT_TOKENS, TOKENS = 10_000, 500_000
_TOKEN = re.compile(r'[^"\[{,:]*+(?:"(?:[^"\\]++|(?:\\.)++)*+"?|[\[{,:]|\Z)', re.DOTALL)
_SMALL = 100_000  # bytes of a body that is parsed in no time, whatever it holds
FIELDS = 1000  # in a form; an option may be repeated
# The fields that say how to read a file, named like the options of `classify predict`.
READING = ("text_columns", "id_column", "encoding")
_FIELDS = ("file", "explain", "all", *READING)
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
# Characters that have a meaning in paths, on a terminal, or in "name:17".
_UNSAFE = re.compile(r'[\x00-\x1f\x7f-\x9f<>:"|?*\u200e\u200f\u202a-\u202e\u2066-\u2069]')
_NAME_BYTES = 100  # of a file's name; file systems take 255 at most


class InvalidError(Exception):
    """A request that could be read but is not valid.

    detail: what to do. errors: {"where", "message"} each.
    """

    def __init__(self, detail: str, errors: list[dict[str, str]]) -> None:
        super().__init__(detail)
        self.detail, self.errors = detail, errors


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that a client sent, how to read it, and how to answer."""

    name: str
    content: bytes = field(repr=False)
    reading: Reading
    explain: bool
    all_categories: bool


async def read_json(request: Request, tokens: int = TOKENS) -> Any:
    """Return the JSON of a request; lone surrogates become U+FFFD, as everywhere.

    Large bodies are parsed in turn, and other requests are looked after between two of them.

    Args:
        request: with a body.
        tokens: strings, brackets and separators that the body may have.

    Raises:
        HTTPException: 415; 413, it has too many tokens; or 400 for a body that is not JSON: not
            UTF-8, NaN, a number of 10,000 digits, 1,000 nested lists.
    """
    _refuse_compressed(request)
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json" and not kind.endswith("+json"):
        raise HTTPException(415, "send JSON, with Content-Type: application/json.")
    body = await request.body()
    if len(body) < _SMALL:
        return _parse_json(body, tokens)
    async with state_of(request).parsing:
        await asyncio.sleep(0)
        return _parse_json(body, tokens)


def _parse_json(body: bytes, tokens: int) -> Any:
    try:
        text = body.decode("utf-8-sig")
        if _has_more_tokens(text, tokens):
            detail = f"a body may hold at most {tokens // 4:,} values. Send less at once."
            raise HTTPException(413, detail)
        value = json.loads(text, parse_constant=refuse_constant)
        return _without_surrogates(value) if _SURROGATE.search(text) else value
    except (ValueError, RecursionError) as error:
        reason = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        if "set_int_max_str_digits" in reason:
            reason = "a number of too many digits"
        raise HTTPException(400, f"the body is not JSON ({reason[:200]}).") from error


def _has_more_tokens(text: str, most: int) -> bool:
    """Tell whether a JSON text has more strings, brackets and separators than allowed."""
    if len(text) <= most:
        return False
    return next(itertools.islice(_TOKEN.finditer(text), most, None), None) is not None


def _without_surrogates(value: Any) -> Any:
    """Replace lone surrogates in a JSON value and its keys."""
    if isinstance(value, str):
        return replace_surrogates(value)
    if isinstance(value, list):
        return [_without_surrogates(element) for element in value]
    if isinstance(value, dict):
        return {
            _without_surrogates(key): _without_surrogates(element) for key, element in value.items()
        }
    return value


async def read_predict_request(request: Request) -> PredictRequest:
    """Read the body of /v1/predict.

    Raises:
        HTTPException: see read_json.
        InvalidError: the JSON is not a valid request.
    """
    value = await read_json(request, _PREDICT_TOKENS)
    try:
        body = PredictRequest.model_validate(value)
    except ValidationError as error:
        raise InvalidError(
            'send {"text": "…"} or {"text": ["…", …]}, with "explain" and "all" if you wish.',
            _locate_errors(value, error),
        ) from error
    if body.explain and isinstance(body.text, list):
        check_explained(body.text, "texts")
    await _refuse_foreign_texts(body.text)
    return body


async def _refuse_foreign_texts(texts: str | list[str]) -> None:
    """Refuse what is binary or surely something else than an article, as in a file.

    Other requests are looked after between two texts.

    Raises:
        InvalidError: names the first twenty of such texts.
    """
    places = (
        {"text": texts}
        if isinstance(texts, str)
        else {f"text.{n}": text for n, text in enumerate(texts)}
    )
    errors = []
    for where, text in places.items():
        await asyncio.sleep(0)
        try:
            refuse_binary(text)
            refuse_foreign(text)
        except InputError as error:
            errors.append(_place(where, str(error)))
    if errors:
        raise InvalidError("send the texts of articles: see errors.", errors[:20])


_MESSAGES = {  # pydantic's error types -> what is wrong, in plain words
    "string_pattern_mismatch": "is only white space",
    "string_too_short": "is empty",
    "string_type": "is not a text",
    "too_short": "is empty",
    "too_long": "has too many texts",
    "bool_type": "is neither true nor false",
    "missing": "is missing",
    "model_type": "is not a JSON object",
    "extra_forbidden": "is not a known field",
}


def _locate_errors(value: Any, error: ValidationError) -> list[dict[str, str]]:
    """Return where what is wrong, at most 20 places.

    The text may be a string or a list; pydantic reports the errors of both, and only those of the
    type that was sent count.
    """
    sent_list = isinstance(value, dict) and isinstance(value.get("text"), list)
    places = []
    for fault in error.errors(include_url=False, include_input=False):
        path = list(fault["loc"])
        if path[:1] == ["text"] and len(path) > 1 and sent_list != ("list[" in str(path.pop(1))):
            continue
        where = ".".join(map(str, path)) or "body"
        places.append(_place(where, _MESSAGES.get(fault["type"], str(fault["msg"]))))
    return places[:20]


async def read_upload(request: Request, max_bytes: int) -> Upload:
    """Read the form sent to /v1/predict/file; its file is not opened yet.

    Args:
        request: multipart/form-data with one file, and explain, all and READING as fields.
        max_bytes: of one article.

    Raises:
        HTTPException: 415, 400, 408, 413.
        InvalidError: there is no file, or more than one; or a field is not valid.
    """
    _refuse_compressed(request)
    _check_form_type(request)
    async with _form(request) as form:
        file = form.get("file")
        if not isinstance(file, UploadFile):
            detail = "send the file in the field file, and the whole form."
            raise InvalidError(detail, [_place("file", "is missing")])
        if unknown := sorted(form.keys() - set(_FIELDS)):
            places = [_place(name, "is not a known field") for name in unknown]
            raise InvalidError(f"the fields are {', '.join(_FIELDS)}. Leave others out.", places)
        explain, all_categories = (_parse_flag(form, name) for name in ("explain", "all"))
        texts, identity, encoding = (_parse_text(form, name) for name in READING)
        _check_transfer(file)
        columns = Columns(text=parse_column_names(texts), id=identity)
        reading = _parse_reading(columns, encoding, max_bytes)
        content = await file.read()
        name = _safe_name(file.filename or "")
    return Upload(name, content, reading, explain, all_categories)


def check_explained(texts: Sequence[str], noun: str) -> None:
    """Refuse to explain too many texts at once, or too long ones. noun: what they are.

    Raises:
        InvalidError: they are too many or too long.
    """
    too_long = len(texts) > 1 and sum(map(len, texts)) > EXPLAINED_CHARACTERS
    if too_long or len(texts) > EXPLAINED:
        limit = f"{EXPLAINED} {noun}"
        if too_long:
            limit = f"{EXPLAINED_CHARACTERS:,} characters of several {noun}"
        detail = f"explain at most {limit} at once: send less, or leave explain out."
        raise InvalidError(detail, [_place("explain", "asks for too much")])


def _check_form_type(request: Request) -> None:
    """Refuse what is not a form in UTF-8.

    Raises:
        HTTPException: 415.
    """
    kind, options = parse_options_header(request.headers.get("content-type"))
    if kind.lower() != b"multipart/form-data":
        raise HTTPException(415, "send multipart/form-data with the field file.")
    # The library would decode the names of the fields with any charset.
    if options.get(b"charset", b"utf-8").lower() not in (b"utf-8", b"utf8"):
        raise HTTPException(415, "send the form in UTF-8, and leave charset out.")


def _check_transfer(file: UploadFile) -> None:
    """Refuse a file that is encoded for e-mail: it would be read as it is.

    Raises:
        HTTPException: 415.
    """
    transfer = file.headers.get("content-transfer-encoding", "binary").strip().lower()
    if transfer not in ("7bit", "8bit", "binary"):
        raise HTTPException(415, "send the file as it is, without Content-Transfer-Encoding.")


@contextlib.asynccontextmanager
async def _form(request: Request) -> AsyncIterator[FormData]:
    """Open a form.

    Raises:
        HTTPException: 400, it is not a form, or has more than one file; 408, 413.
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


def _refuse_compressed(request: Request) -> None:
    """Refuse a compressed body: a small one could become any size.

    Raises:
        HTTPException: 415.
    """
    if request.headers.get("content-encoding", "identity").strip().lower() != "identity":
        detail = "send the body uncompressed, without Content-Encoding."
        raise HTTPException(415, detail, {"accept-encoding": "identity"})


def _place(where: str, message: str) -> dict[str, str]:
    return {"where": where, "message": message}


def _parse_flag(form: FormData, name: str) -> bool:
    """Return an option of the form; one that is repeated is on if any of its values is true.

    Raises:
        InvalidError: a value is neither true nor false.
    """
    answers = form.getlist(name)
    if not set(answers) <= {"true", "false"}:
        message = "is neither true nor false"
        raise InvalidError("explain and all are true or false.", [_place(name, message)])
    return "true" in answers


def _parse_text(form: FormData, name: str) -> str:
    """Return the text of a field, or "" if it is not in the form.

    Raises:
        InvalidError: the field is repeated, or a file.
    """
    texts = form.getlist(name)
    if len(texts) > 1 or not all(isinstance(text, str) for text in texts):
        message = "must be one text"
        raise InvalidError(f"send {name} only once, as text.", [_place(name, message)])
    return replace_surrogates(str(texts[0])).strip() if texts else ""


def _parse_reading(columns: Columns, encoding: str, max_bytes: int) -> Reading:
    """Return how to read the file.

    Raises:
        InvalidError: the encoding is none of ENCODINGS.
    """
    if encoding and encoding.lower() not in ENCODINGS:
        detail = f"encoding is one of {', '.join(ENCODINGS)}."
        raise InvalidError(detail, [_place("encoding", "is not a known encoding")])
    return Reading(columns, encoding or None, max_bytes=max_bytes)


def _safe_name(path: str) -> str:
    """Return the last part of a client's path, as a safe name for a file here."""
    name = PurePosixPath(replace_surrogates(path).replace("\\", "/")).name
    short = _UNSAFE.sub("_", name).encode()[-_NAME_BYTES:].decode(errors="ignore")
    return short.strip(". ") or "article.txt"
