"""Shards on several processes, slow pipes, a bar."""

import contextlib
import os
import pty
import subprocess
import sys
import threading
import time
from pathlib import Path

from tests.support.command import ROOT, environment
from tests.support.labelling import (
    RunningPredict,
    expected,
    lines,
    messages,
    parse_labels,
    predict,
)


def test_one_process_and_three_give_the_same_bytes_in_order(desk: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(lines(9000))
    one = predict(desk, "--processes", "1", path)
    three = predict(desk, "--processes", "3", path)
    assert one.stdout == three.stdout
    assert parse_labels(one.stdout) == expected(9000)
    assert messages(one.stderr) == messages(three.stderr) == []


def test_a_small_input_starts_no_process_and_imports_nothing_for_it(
    desk: Path, tmp_path: Path
) -> None:
    path = tmp_path / "a.txt"
    path.write_text("film festival")
    code = (
        "import sys; from classify.cli import cli\n"
        "try: cli.main(sys.argv[1:], standalone_mode=False)\n"
        "finally: print([each for each in ('multiprocessing', 'rich', 'pyarrow', 'gzip')"
        " if each in sys.modules])"
    )
    command = [sys.executable, "-c", code, "predict", "--workspace", desk, path]
    done = subprocess.run(
        command, capture_output=True, text=True, check=True, env=environment(), cwd=ROOT
    )
    assert done.stdout.splitlines()[-1] == "[]"


def test_articles_of_a_slow_pipe_are_labelled_while_it_is_open(desk: Path) -> None:
    running = RunningPredict(desk)
    assert running.process.stdout
    for n in range(3):
        running.feed(lines(1, n))
        assert parse_labels(running.process.stdout.readline()) == expected(1, n)
    out, _ = running.end()
    assert out == b""


def test_after_a_burst_a_pipe_that_waits_gets_all_its_answers(desk: Path) -> None:
    running = RunningPredict(desk, "--processes", "2")
    burst = threading.Thread(target=running.feed, args=(lines(5000),))
    burst.start()  # meanwhile answers are taken: more than a pipe holds would stop both sides
    assert running.process.stdout
    answers = b"".join(running.process.stdout.readline() for _ in range(5000))  # it is still open
    assert parse_labels(answers) == expected(5000)
    burst.join()
    running.end()


def test_a_named_pipe_is_read_like_a_file(desk: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    os.mkfifo(path)
    with subprocess.Popen(["sh", "-c", 'cat > "$1"', "sh", path], stdin=subprocess.PIPE) as writer:
        assert writer.stdin
        writer.stdin.write(lines(3))
        writer.stdin.close()
        assert parse_labels(predict(desk, path).stdout) == expected(3)


def test_a_full_device_is_one_line(desk: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(lines(3))
    done = predict(desk, "--output", "/dev/full", path)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "No space left on device" in done.stderr


def test_a_terminal_gets_a_bar_with_rate_and_size(desk: Path, tmp_path: Path) -> None:
    shown, far_end = pty.openpty()
    running = RunningPredict(desk, "--output", tmp_path / "out.jsonl", stderr=far_end)
    os.close(far_end)
    screen = Screen(shown)
    screen.start()  # nobody may have to wait until it is read
    deadline = time.monotonic() + 60
    while b"MB/s" not in screen.data and time.monotonic() < deadline:
        running.feed(lines(1000))
        time.sleep(0.1)
    assert running.process.stdin
    running.process.stdin.close()
    assert running.process.wait(60) == 0
    screen.join()
    os.close(shown)
    assert b" a second, " in screen.data


class Screen(threading.Thread):
    """Takes what a terminal is sent, to its end."""

    def __init__(self, handle: int) -> None:
        super().__init__(daemon=True)
        self.handle, self.data = handle, b""

    def run(self) -> None:
        with contextlib.suppress(OSError):  # Linux: the terminal is gone with its last process
            while data := os.read(self.handle, 100_000):
                self.data += data
