"""What a Label Studio server answers, read by type: nothing is trusted to be what it should be."""

import contextlib
import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from seeds.base.errors import InputError

T = TypeVar("T", str, int, float, bool, list[Any], dict[str, Any])

_IN_WORDS: dict[type, str] = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "text",
    list: "a list",
    dict: "an object",
    type(None): "missing",
}
_LARGEST = 1e300  # neither NaN nor the infinities, which Python reads in JSON, are below it


class TooLargeError(InputError):
    """An answer is larger than any that is read."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A value that a server answered.

    Attributes:
        value: JSON, or a record of the SDK, which does not check types either.
        where: the address and what was asked for, for errors.
    """

    value: Any
    where: str

    @property
    def fields(self) -> dict[str, Any]:
        """The fields of an object.

        Raises:
            InputError: the answer is none.
        """
        fields = as_object(self.value)
        if fields is None:
            raise unexpected(self.where, f"{describe(self.value)}, not an object")
        return fields

    def get(self, name: str, kind: type[T], default: T | None = None) -> T:
        """Return a field of an object, or the default if it is missing or null.

        Raises:
            InputError: it has another type, or is missing and has no default.
        """
        value = self.fields.get(name)
        if value is None and default is not None:
            return default
        try:
            return typed(value, kind, name)
        except InputError as error:
            raise unexpected(self.where, str(error)) from None

    def rows(self, name: str = "") -> "list[Answer]":
        """Return the members of a list: of the answer itself, or of a field of it.

        Raises:
            InputError: there is no list.
        """
        values = self.get(name, list) if name else self.value
        if not isinstance(values, list):
            raise unexpected(self.where, f"{describe(values)}, not a list")
        return [Answer(value, self.where) for value in values]


def parse_answer(content: bytes, where: str) -> Answer:
    """Parse the body of an answer.

    Raises:
        InputError: it is not JSON.
    """
    try:
        return Answer(json.loads(content), where)
    except (ValueError, RecursionError) as error:
        raise unexpected(where, "not JSON") from error


def typed(value: Any, kind: type[T], name: str) -> T:
    """Return a value if it has a type; a float may be any number but NaN and the infinities.

    Raises:
        InputError: it has another; says which, and not what it is, since it may be of any size.
    """
    kinds = (int, float) if kind is float else kind
    is_right = isinstance(value, kinds) and (kind is bool or not isinstance(value, bool))
    if is_right and kind is float and not abs(value) < _LARGEST:
        raise InputError(f"{name} is beyond every measure")
    if not is_right:
        expected = "" if value is None else f", not {_IN_WORDS[kind]}"
        raise InputError(f"{name} is {describe(value)}{expected}")
    return value  # type: ignore[no-any-return]


def describe(value: Any) -> str:
    """Name the type of a value, as in "text"."""
    return _IN_WORDS.get(type(value), "something else")


def as_object(value: Any) -> dict[str, Any] | None:
    """Return a JSON object, or the SDK's record of one, as a dict; None for anything else."""
    if isinstance(value, dict):
        return value
    if isinstance(value, Mapping) or hasattr(value, "model_dump"):
        return {name: _as_text(field) for name, field in dict(value).items()}
    return None


def _as_text(value: Any) -> Any:
    """Return a time of the SDK's as the server writes it, in UTC; anything else as it is."""
    if not isinstance(value, dt.datetime):
        return value
    with contextlib.suppress(OverflowError):  # of the years 1 and 9999
        value = value.astimezone(dt.UTC) if value.tzinfo else value
    return value.isoformat().replace("+00:00", "Z")


def unexpected(where: str, what: str) -> InputError:
    """Return the error for an answer that Label Studio does not give.

    Args:
        where: the address, and what was asked for.
        what: was answered.
    """
    return InputError(
        f"{where}: answered something unexpected ({what}). Is it Label Studio 1.23.2 or later? "
        "Check the address: LABEL_STUDIO_URL, or url in labelstudio.toml."
    )
