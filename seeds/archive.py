"""The articles of a workspace as lines of documents.jsonl, of which few are in memory at a time."""

import contextlib
import json
import re
import tempfile
from array import array
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import IO, TYPE_CHECKING

from seeds.base.errors import InputError
from seeds.base.records import encode_record, parse_record
from seeds.base.settings import parse
from seeds.base.storage import replacing
from seeds.document import Document
from seeds.duplicates import find_groups
from seeds.signatures import keep_signatures, read_signatures

if TYPE_CHECKING:
    from seeds.signatures import Rows

# A line as it is written: the id comes first, the group last. Neither can occur inside a text,
# whose quotes have a backslash.
_START = re.compile(rb'\{"id": "([0-9a-f]{16})", "text": "')
_END = re.compile(rb'"group": "([0-9a-f]{16})"\}\s*\Z')


class Archive:
    """The articles of a workspace, to which others are added.

    In memory are the id, the place in the file and the signature of each, some 500 bytes; texts
    only while they are compared.
    """

    def __init__(self, workspace: Path, files: contextlib.ExitStack) -> None:
        """Find the articles there are; the caller holds the workspace's lock.

        Args:
            workspace: the folder.
            files: closes the files.

        Raises:
            InputError: a line is no article, or a file can't be opened.
        """
        self._workspace, self._path = workspace, workspace / "documents.jsonl"
        self._places: dict[str, int] = {}  # in order
        self._offsets, self._groups = array("q"), list[str]()
        with self._reported():
            self._added: IO[bytes] = tempfile.TemporaryFile(dir=workspace)  # noqa: SIM115
            files.callback(_close, self._added)
            self._stored: IO[bytes] = self._added
            if self._path.exists():
                self._stored = files.enter_context(self._path.open("rb"))
                for offset, name, group in _scan(self._stored, self._path):
                    self._remember(name, offset, group)
        self._count = len(self._places)

    def __contains__(self, name: str) -> bool:
        """Tell whether there is an article of an id."""
        return name in self._places

    def add(self, document: Document) -> None:
        """Add an article that is not there yet; nothing is stored before `save`."""
        with self._reported():
            self._remember(document.id, self._added.tell(), document.group)
            self._added.write(encode_record(document.record()))

    @property
    def added(self) -> int:
        """The number of articles added."""
        return len(self._places) - self._count

    def save(self) -> int:
        """Write all articles with their groups; return how many new ones resemble an earlier one.

        Raises:
            InputError: the disk is full, or the folder can't be written to.
        """
        names = list(self._places)
        with self._reported():
            kept = read_signatures(self._workspace)
            grouping = find_groups(names, self._groups[: self._count], self._text, kept)
            with replacing(self._path) as file:
                for place, group in enumerate(grouping.groups):
                    file.write(_with_group(self._line(place), group))
        _keep(self._workspace, grouping.signatures)
        new = zip(names[self._count :], grouping.groups[self._count :], strict=True)
        return sum(name != group for name, group in new)

    def _remember(self, name: str, offset: int, group: str) -> None:
        place = self._places.setdefault(name, len(self._places))
        if place < len(self._groups):  # of two lines with one id the later one counts
            self._offsets[place], self._groups[place] = offset, group
        else:
            self._offsets.append(offset)
            self._groups.append(group)

    def _line(self, place: int) -> bytes:
        file = self._stored if place < self._count else self._added
        file.seek(self._offsets[place])
        return file.readline()

    def _text(self, place: int) -> str:
        return str(json.loads(self._line(place))["text"])

    @contextlib.contextmanager
    def _reported(self) -> Iterator[None]:
        """Turn what the system says into one line."""
        try:
            yield
        except OSError as error:
            raise InputError(
                f"{self._path}: could not be read or written: {error.strerror or error}. It is "
                "untouched. Free some space, or choose another folder with --workspace."
            ) from error


def group_with_stored(
    workspace: Path, stored: Iterable[Document], new: Iterable[Document]
) -> list[Document]:
    """Return stored and new articles, each with its group; only the new ones are compared."""
    grouped, added = list(stored), list(new)
    documents = [*grouped, *added]
    grouping = find_groups(
        [document.id for document in documents],
        [document.group for document in grouped],
        lambda place: documents[place].text,
        read_signatures(workspace),
    )
    _keep(workspace, grouping.signatures)
    pairs = zip(documents, grouping.groups, strict=True)
    return [replace(document, group=group) for document, group in pairs]


def _close(file: IO[bytes]) -> None:
    """Close a file whose content is no longer needed, though the disk may be full."""
    with contextlib.suppress(OSError):
        file.close()


def _keep(workspace: Path, signatures: "Rows") -> None:
    with contextlib.suppress(InputError):  # they are computed again then
        keep_signatures(workspace, signatures)


def _scan(lines: IO[bytes], path: Path) -> Iterator[tuple[int, str, str]]:
    """Yield for each article where its line begins, its id and its group.

    Raises:
        InputError: a line is no article.
    """
    offset = 0
    for number, line in enumerate(lines, 1):
        start, end = _START.match(line), _END.search(line)
        if start and end:
            yield offset, start[1].decode(), end[1].decode()
        elif line.strip():
            document = _parse(line, f"{path}:{number}")
            yield offset, document.id, document.group
        offset += len(line)


def _with_group(line: bytes, group: str) -> bytes:
    """Return the line of an article with another group."""
    end = _END.search(line)
    if not end:
        return encode_record(replace(_parse(line, "an article"), group=group).record())
    return line[: end.start(1)] + group.encode() + line[end.end(1) :].rstrip() + b"\n"


def _parse(line: bytes, where: str) -> Document:
    try:
        return parse(parse_record(line.decode(), where), Document, where)
    except UnicodeDecodeError as error:
        raise InputError(f"{where}: not UTF-8. Save it as UTF-8.") from error
