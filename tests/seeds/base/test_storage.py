"""Records on disk: whole or not at all, whatever kills the writer; one writer at a time."""

import json
import os
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from seeds.base.errors import InputError
from seeds.base.locks import locked
from seeds.base.records import read_records, write_records
from seeds.base.storage import replacing, write_text
from tests.support.command import environment, fill
from tests.support.waiting import wait_until

OLD = b'{"old": 1}\n'


def started(code: str, *arguments: str | Path) -> subprocess.Popen[str]:
    """A process that runs some lines and says when it is there."""
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        env=environment(),
        stdout=subprocess.PIPE,
        stdin=subprocess.PIPE,
        text=True,
    )


def first_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def test_records_keep_every_character(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b.jsonl"
    records = [{"t": "été 🎬 \u2028 \x85 \x00 \x7f"}, {"n": 10**20, "x": [None, 0.1]}, {}]
    write_records(path, records)
    assert [each for _, each in read_records(path)] == records
    assert [json.loads(line) for line in path.read_bytes().split(b"\n")[:-1]] == records


def test_half_a_character_does_not_stop_the_others(tmp_path: Path) -> None:
    path = tmp_path / "b.jsonl"
    write_records(path, [{"t": "a\ud83cb"}, {"t": "c"}])
    assert [each["t"] for _, each in read_records(path)] == ["a?b", "c"]


@pytest.mark.parametrize(
    "line",
    ["{", "[1]", "3", '{"n": ' + "9" * 5000 + "}", "[" * 200_000, '{"a": 1} {"b": 2}'],
)
def test_a_line_that_is_no_object_is_named_by_its_number(tmp_path: Path, line: str) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text('{"a": 1}\n\n' + line + "\n")
    with pytest.raises(InputError, match=r"x\.jsonl:3: "):
        list(read_records(path))


def test_a_file_that_is_missing_or_not_utf8_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.jsonl: No such file"):
        list(read_records(tmp_path / "none.jsonl"))
    (tmp_path / "l.jsonl").write_bytes(b'{"a": "\xe9"}')
    with pytest.raises(InputError, match=r"l\.jsonl: not UTF-8"):
        list(read_records(tmp_path / "l.jsonl"))


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_an_error_in_the_middle_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, error: type[BaseException]
) -> None:
    path = tmp_path / "x.jsonl"
    path.write_bytes(OLD)

    def records() -> Iterator[dict[str, int]]:
        yield {"new": 1}
        raise error

    with pytest.raises(error):
        write_records(path, records())
    assert path.read_bytes() == OLD
    assert list(tmp_path.iterdir()) == [path]


def test_kill_9_in_the_middle_of_a_write_leaves_the_old_file_whole(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_bytes(OLD)
    writer = started(
        "import sys, itertools\n"
        "from pathlib import Path\n"
        "from seeds.base.records import write_records\n"
        "write_records(Path(sys.argv[1]), ({'n': n} for n in itertools.count()))\n",
        path,
    )
    wait_until(
        lambda: any(each.stat().st_size > 1_000_000 for each in tmp_path.glob(".x.jsonl.*")),
        what="a megabyte of the new file is on disk",
    )
    writer.kill()
    assert writer.wait() == -signal.SIGKILL
    assert path.read_bytes() == OLD


def test_a_reader_never_sees_half_a_file(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    write_records(path, [{"v": 0}] * 500)
    writer = started(
        "import sys\n"
        "from pathlib import Path\n"
        "from seeds.base.records import write_records\n"
        "for v in range(1, 40):\n"
        "    write_records(Path(sys.argv[1]), [{'v': v}] * 500)\n",
        path,
    )
    reads = 0
    while writer.poll() is None or reads == 0:
        found = [each["v"] for _, each in read_records(path)]
        assert len(found) == 500
        assert len(set(found)) == 1
        reads += 1
    assert writer.returncode == 0
    assert [each["v"] for _, each in read_records(path)] == [39] * 500


def test_a_full_disk_is_one_line_and_leaves_the_old_file(small_disk: Path) -> None:
    path = small_disk / "x.jsonl"
    path.write_bytes(OLD)
    with pytest.raises(InputError, match=r"x\.jsonl: could not be written: No space left"):
        write_records(path, ({"t": "x" * 1000} for _ in range(5000)))
    assert path.read_bytes() == OLD
    assert list(small_disk.iterdir()) == [path]
    write_text(path, "fits again")
    assert path.read_text() == "fits again"


def test_a_written_file_can_be_read_by_the_others_of_the_desk(tmp_path: Path) -> None:
    write_text(tmp_path / "x", "a")
    assert stat.S_IMODE((tmp_path / "x").stat().st_mode) == 0o644
    with replacing(tmp_path / "secret", mode=0o600) as file:
        file.write(b"a")
    assert stat.S_IMODE((tmp_path / "secret").stat().st_mode) == 0o600


def test_a_folder_that_is_a_file_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="could not be written"):
        write_text(tmp_path / "file" / "x", "a")
    with pytest.raises(InputError, match="--workspace"), locked(tmp_path / "file", "t"):
        pass


HOLD = (
    "import sys\n"
    "from pathlib import Path\n"
    "from seeds.base.locks import locked\n"
    "with locked(Path(sys.argv[1]), 'classify train'):\n"
    "    print('held', flush=True)\n"
    "    sys.stdin.read()\n"
)


def test_a_second_process_is_told_who_holds_the_workspace(tmp_path: Path) -> None:
    with started(HOLD, tmp_path) as holder:
        assert first_line(holder) == "held"
        expected = rf"in use by classify train \(process {holder.pid}\)"
        with pytest.raises(InputError, match=expected), locked(tmp_path, "other"):
            pass
        holder.communicate()
    with locked(tmp_path, "other"):
        assert f"other (process {os.getpid()})" == (tmp_path / ".lock").read_text()


def test_the_lock_is_free_after_kill_9(tmp_path: Path) -> None:
    with started(HOLD, tmp_path) as holder:
        assert first_line(holder) == "held"
        holder.kill()
        holder.wait()
        with locked(tmp_path, "other"):
            pass


def test_who_is_patient_gets_the_workspace_when_it_becomes_free(tmp_path: Path) -> None:
    with started(HOLD, tmp_path) as holder:
        assert first_line(holder) == "held"
        leaving = threading.Timer(0.3, holder.kill)
        leaving.start()
        with locked(tmp_path, "other", patience=60):
            assert holder.wait() != 0
    with started(HOLD, tmp_path) as holder:
        assert first_line(holder) == "held"
        impatient = locked(tmp_path, "other", patience=0.3)
        with pytest.raises(InputError, match="in use by classify train"), impatient:
            pass
        holder.communicate()


def test_the_lock_is_free_after_an_error(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), locked(tmp_path, "one"):
        raise RuntimeError
    with locked(tmp_path, "two"):
        pass


def test_a_process_started_under_the_lock_does_not_keep_it(tmp_path: Path) -> None:
    with locked(tmp_path, "one"):
        child = started("import sys\nprint('up', flush=True)\nsys.stdin.read()")
        assert first_line(child) == "up"
    with locked(tmp_path, "two"):
        pass
    child.communicate()


def test_the_lock_holds_on_a_full_disk_as_well(small_disk: Path) -> None:
    write_text(small_disk / "x", "a")
    (small_disk / ".lock").touch()
    fill(small_disk)
    refused = pytest.raises(InputError, match="in use by another command")
    with locked(small_disk, "one"), refused, locked(small_disk, "two"):
        pass
