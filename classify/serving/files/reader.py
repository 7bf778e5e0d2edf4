"""The process that reads the files of clients, since one can be written to take minutes to read.

    python -m classify.serving.files.reader

Each message that asks for a file is answered with its articles. The process limits its own memory
and ends with the service, however the service ends.
"""

import contextlib
import itertools
import signal
import sys
import traceback
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from classify.serving.files.contents import (
    ARTICLES,
    LINES,
    PLAIN_BYTES,
    TITLE,
    UploadedArticle,
    reword_for_api,
)
from classify.serving.model import frames
from seeds.base.errors import Fault, InputError
from seeds.reading.columns import Columns
from seeds.reading.compressed import CODECS, Plain
from seeds.reading.sources import Article, read_articles

MEMORY = 4 << 30  # bytes that this process may use, including what its libraries reserve


def main() -> None:
    """Read file after file until the pipe ends."""
    send = frames.take_stdout()
    _limit_memory()
    while (request := frames.read(sys.stdin.buffer)) is not None:
        with _alarm(request["seconds"]):
            try:
                answer = read_file(request)
            except MemoryError:
                answer = None
            except Exception:
                answer = {"bug": traceback.format_exc()}
        send(answer)


@contextlib.contextmanager
def _alarm(seconds: float) -> Iterator[None]:
    """End this process if nobody else does: the service may be gone."""
    if not hasattr(signal, "alarm"):  # Windows
        yield
        return
    signal.alarm(round(seconds) + 10)
    yield
    signal.alarm(0)


def _limit_memory() -> None:
    try:
        import resource
    except ModuleNotFoundError:  # Windows
        return
    _, maximum = resource.getrlimit(resource.RLIMIT_AS)
    limit = MEMORY if maximum == resource.RLIM_INFINITY else min(MEMORY, maximum)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (limit, maximum))


def _peak_memory() -> int:
    """Return the most bytes of memory that this process has used; 0 where the system can't say."""
    try:
        import resource
    except ModuleNotFoundError:  # Windows
        return 0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def read_file(request: dict[str, Any]) -> dict[str, Any] | None:
    """Return {"articles", "faults", "peak_memory" in bytes} of a file, or None if it is too large.

    request: the "path", the "seconds" it may take, and the fields of a Reading.
    """
    path = Path(request["path"])
    columns = Columns(**{**request["columns"], "text": tuple(request["columns"]["text"])})
    if _is_too_large(path):
        return None
    records = read_articles(
        [path], columns=columns, encoding=request["encoding"], max_bytes=request["max_bytes"]
    )
    articles: list[dict[str, str]] = []
    faults: list[tuple[str, str]] = []
    characters = 0
    for record in itertools.islice(records, ARTICLES + 1):
        if isinstance(record, Fault):
            faults.append(_describe_fault(record, path.parent))
        else:
            articles.append(asdict(_describe_article(record)))
            characters += len(record.document.text)
        if len(articles) + len(faults) > ARTICLES or characters > PLAIN_BYTES:
            return None
    return {"articles": articles, "faults": faults, "peak_memory": _peak_memory()}


def _describe_fault(fault: Fault, folder: Path) -> tuple[str, str]:
    """Return where and what is wrong, without the folder, which is ours."""
    where, message = (text.replace(f"{folder}/", "") for text in (fault.where, fault.message))
    return where, reword_for_api(message)


def _describe_article(article: Article) -> UploadedArticle:
    document = article.document
    title = (document.title or document.text).strip().partition("\n")[0][:TITLE]
    identity = article.own_id or document.id
    note = reword_for_api("; ".join(article.notes))
    return UploadedArticle(identity, document.source, title, document.text, note)


def _is_too_large(path: Path) -> bool:
    """Return True if a small file decompresses to too much; nothing else is made of it yet."""
    size = lines = 0
    with path.open("rb") as file, contextlib.suppress(InputError):  # `read` reports what is wrong
        codec = CODECS.get(path.suffix.lower())
        plain = Plain(file, codec) if codec else file
        while chunk := plain.read(1 << 18):
            size, lines = size + len(chunk), lines + chunk.count(b"\n")
            if size > PLAIN_BYTES or lines > LINES:
                return True
    return False


if __name__ == "__main__":
    main()
