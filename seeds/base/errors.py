"""Errors that a user can fix: the one exception, one bad record among many, a missing extra."""

from dataclasses import dataclass

DISTRIBUTION = "classify-presse"


class InputError(Exception):
    """Something the user can fix: one line that says where, what, and what to do next."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A file or a record that could not be read.

    Attributes:
        where: the file, and the number of the record in it.
        message: what is wrong, and what to do about it.
        raw: the record as it stands in the file if that is text, else "".
    """

    where: str
    message: str
    raw: str = ""


def missing_extra(extra: str, feature: str) -> InputError:
    """Return the error for a feature whose optional packages are not installed.

    Args:
        extra: the extra's name in pyproject.toml, such as "labels".
        feature: what the user asked for, such as "reading Parquet".
    """
    return InputError(f"{feature} needs packages that are not installed. Run: {_command(extra)}")


def _command(extra: str) -> str:
    """Return the pip command that adds an extra to this very installation."""
    import json
    import shlex
    import sys
    from importlib import metadata  # 20 ms that `classify --help` need not pay

    pip = f"{shlex.quote(sys.executable)} -m pip install"
    try:
        recorded = metadata.distribution(DISTRIBUTION).read_text("direct_url.json")
    except metadata.PackageNotFoundError:
        recorded = None
    if not recorded:
        return f"{pip} '{DISTRIBUTION}[{extra}]'"
    origin = json.loads(recorded)
    url = str(origin["url"])
    if origin.get("dir_info", {}).get("editable"):
        return f"{pip} -e {shlex.quote(url.removeprefix('file://') + f'[{extra}]')}"
    return f"{pip} '{DISTRIBUTION}[{extra}] @ {url}'"
