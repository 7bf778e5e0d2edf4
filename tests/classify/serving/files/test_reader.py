"""The process that reads the files of clients: what it may use, and that it ends by itself."""

import asyncio
import json
import os
import resource
import signal
from pathlib import Path
from typing import Any

import psutil
import pytest

from classify.serving.files import reader
from classify.serving.files.contents import ARTICLES
from classify.serving.files.reader import MEMORY, read_file
from classify.serving.model.process import ChildProcess, ProcessEndedError


def request(path: Path, seconds: float = 10) -> dict[str, Any]:
    """Return the message that asks for a file."""
    columns = {"text": [], "title": "", "date": "", "source": "", "id": ""}
    reading = {"columns": columns, "encoding": None, "max_bytes": 1_000_000}
    return {"path": str(path), "seconds": seconds, **reading}


def write_lines(path: Path, count: int, line: str = '{"text": "film numéro %d"}') -> Path:
    path.write_text("\n".join(line % n for n in range(count)), encoding="utf-8")
    return path


@pytest.mark.slow
def test_a_file_may_hold_so_many_articles_and_faults_together(tmp_path: Path) -> None:
    full = write_lines(tmp_path / "full.jsonl", ARTICLES)
    answer = read_file(request(full))
    assert answer
    assert len(answer["articles"]) == ARTICLES
    assert read_file(request(write_lines(tmp_path / "more.jsonl", ARTICLES + 1))) is None
    faulty = write_lines(tmp_path / "faulty.jsonl", ARTICLES + 1, '{"text": %d}')
    assert read_file(request(faulty)) is None


@pytest.mark.parametrize(
    ("limit", "most"), [("LINES", 9), ("PLAIN_BYTES", 100)], ids=["lines", "bytes"]
)
def test_a_file_may_have_so_many_lines_and_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str, most: int
) -> None:
    file = tmp_path / "a.jsonl"
    file.write_text(json.dumps({"text": "film"}) + "\n" * 9, encoding="utf-8")
    monkeypatch.setattr(reader, limit, most)
    assert read_file(request(file))
    file.write_text(json.dumps({"text": "film"}) + "\n" * 100, encoding="utf-8")
    assert read_file(request(file)) is None


def test_the_characters_of_all_articles_together_are_limited(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = write_lines(tmp_path / "a.jsonl", 10)
    monkeypatch.setattr(reader, "PLAIN_BYTES", file.stat().st_size)
    assert read_file(request(file))
    monkeypatch.setattr(reader, "_is_too_large", lambda path: False)
    monkeypatch.setattr(reader, "PLAIN_BYTES", 20)
    assert read_file(request(file)) is None


@pytest.mark.slow
def test_the_process_limits_its_memory_and_ends_by_itself_if_nobody_ends_it(
    tmp_path: Path,
) -> None:
    """The service may be gone when a file takes for ever: here one that cannot even be opened."""
    endless = tmp_path / "endless.txt"
    os.mkfifo(endless)

    async def run() -> None:
        process = await ChildProcess.start("classify.serving.files.reader")
        assert (await process.ask(request(write_lines(tmp_path / "a.jsonl", 1))))["articles"]
        soft, _ = psutil.Process(process.process.pid).rlimit(resource.RLIMIT_AS)
        assert 0 < soft <= MEMORY
        async with asyncio.timeout(30):
            with pytest.raises(ProcessEndedError):
                await process.ask(request(endless, seconds=-9))  # 10 more than it may take
        assert process.process.returncode == -signal.SIGALRM

    asyncio.run(run())
