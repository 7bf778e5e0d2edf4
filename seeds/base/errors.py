"""Errors that a user can fix: the one exception, one bad record among many, a missing extra."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

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
    """Return the pip command that adds an extra to this very installation.

    It names our distribution only with the place it came from: the public index may hold another
    of that name.
    """
    import json
    import shlex
    import sys
    from importlib import metadata  # 20 ms that `classify --help` need not pay
    from urllib.parse import unquote

    pip = f"{shlex.quote(sys.executable)} -m pip install"
    try:
        distribution = metadata.distribution(DISTRIBUTION)
    except metadata.PackageNotFoundError:  # run from a checkout
        checkout = Path(__file__).resolve().parents[2]
        return f"{pip} -e {shlex.quote(f'{checkout}[{extra}]')}"
    recorded = distribution.read_text("direct_url.json")
    if not recorded:
        return " ".join([pip, *map(shlex.quote, _requirements(distribution.requires or [], extra))])
    origin = json.loads(recorded)
    url = str(origin["url"])
    if origin.get("dir_info", {}).get("editable"):
        return f"{pip} -e {shlex.quote(unquote(url.removeprefix('file://')) + f'[{extra}]')}"
    if source := origin.get("vcs_info"):
        url = f"{source['vcs']}+{url}@{source['commit_id']}"
    return f"{pip} '{DISTRIBUTION}[{extra}] @ {url}'"


def _requirements(lines: Sequence[str], extra: str) -> list[str]:
    """Return what an extra requires. lines: of our metadata, as "pyarrow>=20; extra == 'seeds'"."""
    required = []
    for line in lines:
        name, _, marker = line.partition(";")
        condition, _, belongs_to = marker.rpartition("extra == ")
        if belongs_to.strip("'\" ") == extra:
            condition = condition.strip().removesuffix("and").strip(" ()")
            required.append(f"{name.strip()}; {condition}" if condition else name.strip())
    return required
