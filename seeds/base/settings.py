"""Strict TOML (or JSON) -> frozen dataclass; where the workspace and the shipped files are."""

import dataclasses
import functools
import os
import reprlib
import tomllib
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, TypeVar

from seeds.base.errors import InputError
from seeds.base.records import parse_record

T = TypeVar("T")

_short = reprlib.Repr()  # of a value that may be of any size and depth, enough to find it by
_short.maxstring = _short.maxother = 100
_LARGEST = 1 << 1023  # an int from here on may not fit a float
_NAMED = 20  # faults, and unknown keys, in a message
_IN_WORDS: dict[object, str] = {
    str: "a text in quotes",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
}


def default_config(name: str) -> Path:
    """Return the path of a shipped configuration file.

    In a checkout it is in configs/, in an installed wheel in a folder of this package.

    Raises:
        InputError: there is no such file.
    """
    package = Path(__file__).resolve().parents[1]
    for folder in (package.parent / "configs", package / "configs"):
        if (folder / name).is_file():
            return folder / name
    raise InputError(f"configs/{name} is missing from this installation. Reinstall classify.")


def workspace_config(workspace: Path, name: str) -> Path:
    """Return the workspace's copy of a configuration file if it has one, else the shipped file."""
    copy = workspace / name
    return copy if copy.is_file() else default_config(name)


def workspace_path(option: Path | None) -> Path:
    """Return the workspace folder: the option, else $CLASSIFY_WORKSPACE, else ./workspace."""
    return option or Path(os.environ.get("CLASSIFY_WORKSPACE") or "workspace")


def read_table(path: Path) -> dict[str, Any]:
    """Read the tables of a TOML file; a name that ends in .json, as in a run, is read as JSON.

    Raises:
        InputError: the file is missing, unreadable, not UTF-8, or not TOML or JSON.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
        return parse_record(text, str(path)) if path.suffix == ".json" else tomllib.loads(text)
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}. Check the path.") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not UTF-8 (byte {error.start}). Save it as UTF-8.") from error
    except (ValueError, RecursionError) as error:  # also a number of 5,000 digits
        raise InputError(f"{path}: not valid TOML: {error}. Fix that line.") from error


def read_settings(path: Path, kind: type[T]) -> T:
    """Read a settings file and check all of it.

    Raises:
        InputError: names every fault of the file at once.
    """
    return parse(read_table(path), kind, str(path))


def read_override(workspace: Path, name: str, kind: type[T]) -> T:
    """Read a shipped settings file, overridden key by key by the workspace's file of that name.

    Raises:
        InputError: names every fault of the file at once.
    """
    path = workspace_config(workspace, name)
    return parse(read_table(default_config(name)) | read_table(path), kind, str(path))


def parse(data: Mapping[str, Any], kind: type[T], where: str) -> T:
    """Build a frozen dataclass from a table; unknown and missing keys and wrong types are errors.

    A dataclass may check its values itself and raise InputError, but it is only built from a table
    without faults. To check the sound values of a faulty table as well, give it a static method
    `faults_in(values) -> list[str]`: it gets those values of the table that have the right type.

    Args:
        data: the table, as read from TOML or JSON.
        kind: a dataclass of str, int, float, bool, Literal, tuples and dataclasses.
        where: the file, for the error.

    Raises:
        InputError: names every fault at once.
    """
    faults: list[str] = []
    value = _build(data, kind, "", faults)
    if faults:
        more = [f"{len(faults) - _NAMED:,} more faults"] if len(faults) > _NAMED else []
        raise InputError(f"{where}: {'; '.join(faults[:_NAMED] + more)}. Fix the file.")
    return typing.cast(T, value)


def _build(data: Any, kind: Any, at: str, faults: list[str]) -> Any:  # noqa: PLR0911 — a table
    """Return a value of a declared type, or None after adding the reason to faults."""
    origin = typing.get_origin(kind)
    if dataclasses.is_dataclass(kind):
        return _build_dataclass(data, kind, at, faults)
    if origin is tuple:
        if not isinstance(data, list | tuple):
            return _fault(faults, at, "a list", data)
        item = typing.get_args(kind)[0]
        values = [_build(value, item, f"{at}[{n}]", faults) for n, value in enumerate(data, 1)]
        return tuple(value for value in values if value is not None)  # the others are checked
    if origin is Literal:
        choices = typing.get_args(kind)
        return (
            data if data in choices else _fault(faults, at, " or ".join(map(repr, choices)), data)
        )
    if kind is float and isinstance(data, int) and not isinstance(data, bool):
        return float(data) if abs(data) < _LARGEST else _fault(faults, at, "a smaller number", data)
    if not isinstance(data, kind) or (kind is int and isinstance(data, bool)):
        return _fault(faults, at, _IN_WORDS.get(kind, f"a {kind.__name__}"), data)
    return data


def _build_dataclass(data: Any, kind: Any, at: str, faults: list[str]) -> Any:
    if not isinstance(data, Mapping):
        return _fault(faults, at, "a table", data)
    fields, faults_before = _fields(kind), len(faults)
    _refuse_unknown(sorted(data.keys() - fields.keys()), list(fields), at, faults)
    values = {}
    for name, (hint, required) in fields.items():
        if data.get(name) is None and type(None) in typing.get_args(hint):
            continue  # as good as absent
        if name in data:
            values[name] = _build(data[name], hint, _at(at, name), faults)
        elif required:
            faults.append(f"{_at(at, name)!r} is missing")
    if len(faults) > faults_before and hasattr(kind, "faults_in"):
        sound = {name: data[name] for name, value in values.items() if value is not None}
        faults.extend(f"{at}: {fault}" if at else fault for fault in kind.faults_in(sound))
        return None
    if None in values.values() or any(
        required for name, (_, required) in fields.items() if name not in values
    ):
        return None
    try:
        return kind(**values)
    except InputError as error:
        faults.append(f"{at}: {error}" if at else str(error))
        return None


@functools.cache
def _fields(kind: Any) -> dict[str, tuple[Any, bool]]:
    """Return the type of each field of a dataclass, and whether it must be given."""
    hints = typing.get_type_hints(kind)
    return {
        field.name: (
            hints[field.name],
            field.default is field.default_factory is dataclasses.MISSING,
        )
        for field in dataclasses.fields(kind)
    }


def _refuse_unknown(unknown: list[str], known: list[str], at: str, faults: list[str]) -> None:
    """Add a fault that names the unknown keys, the first of many."""
    if unknown:
        names = [_short.repr(_at(at, key)) for key in unknown[:_NAMED]]
        names += [f"{len(unknown) - _NAMED:,} more"] if len(unknown) > _NAMED else []
        keys = "key" if len(unknown) == 1 else "keys"
        faults.append(f"unknown {keys} {', '.join(names)} (known: {', '.join(known)})")


def _at(at: str, key: str) -> str:
    return f"{at}.{key}" if at else key


def _fault(faults: list[str], at: str, expected: str, value: Any) -> None:
    faults.append(f"{at!r} must be {expected}, found {_short.repr(value)}")
