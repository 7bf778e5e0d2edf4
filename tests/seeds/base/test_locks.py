"""One writer at a time: the second is told who holds the lock, and no dead process holds any."""

import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from seeds.base.errors import InputError
from seeds.base.locks import locked
from seeds.base.storage import write_text
from tests.support.command import fill
from tests.support.python_process import first_line, start_python

HOLD = (
    "import sys\n"
    "from pathlib import Path\n"
    "from seeds.base.locks import locked\n"
    "with locked(Path(sys.argv[1]), 'classify train'):\n"
    "    print('held', flush=True)\n"
    "    sys.stdin.read()\n"
)


def test_a_second_process_is_told_who_holds_the_workspace(tmp_path: Path) -> None:
    with start_python(HOLD, tmp_path) as holder:
        assert first_line(holder) == "held"
        expected = rf"in use by classify train \(process {holder.pid}\)"
        with pytest.raises(InputError, match=expected), locked(tmp_path, "other"):
            pass
        holder.communicate()
    with locked(tmp_path, "other"):
        assert f"other (process {os.getpid()})" == (tmp_path / ".lock").read_text()


def test_the_lock_is_free_after_kill_9(tmp_path: Path) -> None:
    with start_python(HOLD, tmp_path) as holder:
        assert first_line(holder) == "held"
        holder.kill()
        holder.wait()
        with locked(tmp_path, "other"):
            pass


@pytest.mark.slow
def test_who_is_patient_gets_the_workspace_when_it_becomes_free(tmp_path: Path) -> None:
    with start_python(HOLD, tmp_path) as holder:
        assert first_line(holder) == "held"
        leaving = threading.Timer(0.3, holder.kill)
        leaving.start()
        with locked(tmp_path, "other", patience=60):
            assert holder.wait() != 0
    with start_python(HOLD, tmp_path) as holder:
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
        child = start_python("import sys\nprint('up', flush=True)\nsys.stdin.read()")
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


@pytest.mark.parametrize("link", [Path.symlink_to, Path.hardlink_to])
def test_a_lock_that_is_a_link_is_refused_and_its_target_stays(
    tmp_path: Path, link: Callable[[Path, Path], None]
) -> None:
    target = tmp_path / "letter.txt"
    target.write_text("keep me")
    link(tmp_path / ".lock", target)
    with pytest.raises(InputError, match=r"\.lock: a link.* Remove it"), locked(tmp_path, "one"):
        pass
    assert target.read_text() == "keep me"


def test_a_lock_that_points_nowhere_makes_no_file(tmp_path: Path) -> None:
    (tmp_path / ".lock").symlink_to(tmp_path / "absent")
    with pytest.raises(InputError, match="a link"), locked(tmp_path, "one"):
        pass
    assert not (tmp_path / "absent").exists()


def test_a_pipe_in_place_of_a_lock_holds_nobody_up(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / ".lock")
    with pytest.raises(InputError, match="no plain file"), locked(tmp_path, "one"):
        pass


def test_a_workspace_that_is_a_file_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="--workspace"), locked(tmp_path / "file", "t"):
        pass
