"""Files appear whole or not at all, whatever kills the writer."""

import signal
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from seeds.base.errors import InputError
from seeds.base.records import read_records, write_records
from seeds.base.storage import open_in_place, replacing, write_text
from tests.support.python_process import start_python
from tests.support.waiting import wait_until

OLD = b'{"old": 1}\n'


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


@pytest.mark.slow
def test_kill_9_in_the_middle_of_a_write_leaves_the_old_file_whole(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_bytes(OLD)
    writer = start_python(
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


@pytest.mark.slow
def test_a_reader_never_sees_half_a_file(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    write_records(path, [{"v": 0}] * 500)
    writer = start_python(
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


def test_a_file_opened_in_place_grows_at_its_end_and_keeps_what_it_holds(tmp_path: Path) -> None:
    path = tmp_path / "x.log"
    for line in (b"one\n", b"two\n"):
        with open_in_place(path, mode=0o600) as file:
            file.write(line)
            file.seek(0)
            assert file.read().endswith(line)
    assert path.read_bytes() == b"one\ntwo\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_folder_can_not_be_opened_in_place(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError):
        open_in_place(tmp_path)
