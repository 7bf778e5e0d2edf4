"""Large inputs: shards, processes, kills, --resume, rejects, compressed files, damaged files."""

import bz2
import gzip
import io
import json
import lzma
import os
import pty
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet

from seeds.reading.jsonl_blocks import Block, read_blocks
from tests.support.command import ROOT, classify, environment, fill
from tests.support.corpus import WORDS, workspace
from tests.support.waiting import wait_until

COMMAND = [sys.executable, "-m", "classify", "predict", "--format", "jsonl"]


def article(number: int) -> dict[str, Any]:
    """An article whose category follows from its number."""
    name = list(WORDS)[number % 3]
    return {"id": f"n{number}", "text": f"{' '.join(WORDS[name] * 3)} {number}"}


def lines(count: int, first: int = 0) -> bytes:
    texts = (json.dumps(article(n), ensure_ascii=False) for n in range(first, first + count))
    return "".join(f"{text}\n" for text in texts).encode()


def expected(count: int, first: int = 0) -> list[tuple[str, list[str]]]:
    return [(f"n{n}", [list(WORDS)[n % 3]]) for n in range(first, first + count)]


def found(data: bytes | str) -> list[tuple[str, list[str]]]:
    text = data.decode() if isinstance(data, bytes) else data
    records = [json.loads(line) for line in text.splitlines()]
    return [(each["id"], each["categories"]) for each in records]


def predict(
    desk: Path, *arguments: str | Path, data: bytes = b""
) -> subprocess.CompletedProcess[str]:
    return classify("predict", "--workspace", desk, "--format", "jsonl", *arguments, data=data)


class Under:
    """A command that reads lines from a pipe, and so is under way as long as it is kept open."""

    def __init__(self, desk: Path, *arguments: str | Path, **streams: Any) -> None:
        command = [*COMMAND, "--workspace", desk, "--stdin-format", "jsonl", *arguments, "-"]
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=streams.get("stdout", subprocess.PIPE),
            stderr=streams.get("stderr", subprocess.PIPE),
            env=environment(),
        )

    def feed(self, data: bytes) -> None:
        assert self.process.stdin
        self.process.stdin.write(data)
        self.process.stdin.flush()

    @property
    def workers(self) -> list[psutil.Process]:
        children = psutil.Process(self.process.pid).children()
        return [each for each in children if "spawn_main" in " ".join(each.cmdline())]

    def end(self) -> tuple[bytes, str]:
        out, said = self.process.communicate(timeout=60)
        return out or b"", said.decode()


def messages(stderr: str) -> list[str]:
    """The lines of a command but its progress, which a slow machine has time to show."""
    return [line for line in stderr.splitlines() if line and not line.startswith("Labelling: ")]


def journaled(output: Path) -> int:
    """How many articles the journal of an output counts as done."""
    path = output.with_name(f"{output.name}.journal")
    records = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
    return sum(each.get("articles", 0) for each in records)


def cut_short(desk: Path, output: Path, *arguments: str | Path, count: int = 16_000) -> int:
    """Kill -9 a command that writes an output; how many articles it had done."""
    under = Under(desk, "--output", output, *arguments)
    under.feed(lines(count))
    wait_until(lambda: journaled(output) > 0)
    under.process.kill()
    under.end()
    return journaled(output)


# ---------------------------------------------------------------- cut short, and gone on with


@pytest.mark.parametrize("form", ["text", "json", "jsonl", "csv", "parquet"])
def test_a_killed_command_given_again_with_resume_ends_as_if_nothing_had_happened(
    desk: Path, tmp_path: Path, form: str
) -> None:
    whole = tmp_path / "whole"
    options = ("--format", form, "--stdin-format", "jsonl")
    data = lines(16_000)
    assert predict(desk, *options, "--output", whole, "-", data=data).returncode == 0
    out = tmp_path / "out"
    done = cut_short(desk, out, "--format", form)
    assert 0 < done < 16_000
    assert not out.exists()
    again = predict(desk, *options, "--output", out, "--resume", "-", data=data)
    assert again.returncode == 0, again.stderr
    assert messages(again.stderr)[0] == f"Resuming after {done:,} articles."
    if form == "parquet":
        assert parquet.read_table(out).equals(parquet.read_table(whole))
        assert parquet.read_table(out).column("id").to_pylist() == [f"n{n}" for n in range(16_000)]
    else:
        assert out.read_bytes() == whole.read_bytes()
    assert sorted(tmp_path.iterdir()) == [out, whole]


def test_what_a_killed_command_left_is_neither_lost_nor_mixed(desk: Path, tmp_path: Path) -> None:
    out, partial = tmp_path / "out.jsonl", tmp_path / "out.jsonl.partial"
    done = cut_short(desk, out)
    before = partial.read_bytes()
    base = ("--stdin-format", "jsonl", "--output", out)
    other = lines(16_000).replace(b'n1"', b'm1"')
    cases: list[tuple[tuple[str | Path, ...], bytes, str]] = [
        (("-",), lines(16_000), f"holds {done:,} articles"),
        (
            ("--resume", "--all", "-"),
            lines(16_000),
            "cannot resume: different options (--all). Use the original ones, or remove ",
        ),
        (
            ("--resume", tmp_path / "a.jsonl"),
            b"",
            "cannot resume: different inputs (they were -). Use the original ones, or remove ",
        ),
        (("--resume", "-"), other, "cannot resume: the inputs have changed, at or after article "),
        (
            ("--resume", "-"),
            lines(100),
            "cannot resume: the inputs have changed, at or after article ",
        ),
    ]
    for arguments, data, why in cases:
        wrong = predict(desk, *base, *arguments, data=data)
        assert wrong.returncode == 1
        assert wrong.stderr.startswith(f"Error: {partial}: ")
        assert why in wrong.stderr
        assert wrong.stderr.count("\n") == 1
        assert before.startswith(partial.read_bytes())
        assert journaled(out) == done
        assert not out.exists()
    partial.unlink()  # as the line says
    assert predict(desk, *base, "-", data=lines(10)).returncode == 0
    assert found(out.read_bytes()) == expected(10)


def test_a_run_trained_since_is_not_mixed_in(desk: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    cut_short(desk, out)
    other = workspace(tmp_path / "other", 60)
    assert classify("train", "--workspace", other).returncode == 0
    base = ("--stdin-format", "jsonl", "--output", out, "--resume", "-")
    wrong = predict(other, *base, data=lines(16_000))
    assert wrong.returncode == 1
    assert "cannot resume: a different run. Use the original one, or remove " in wrong.stderr


def test_two_commands_can_not_write_the_same_output(desk: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    under = Under(desk, "--output", out)
    wait_until(lambda: out.with_name("out.jsonl.journal").exists())
    second = wait_until(
        lambda: (s := predict(desk, "--output", out, "-", data=b"x")).returncode and s
    )
    assert f"is being written by process {under.process.pid}." in second.stderr
    under.feed(lines(3))
    under.end()
    assert found(out.read_bytes()) == expected(3)


def test_a_killed_process_is_one_line_and_nothing_done_is_lost(desk: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    under = Under(desk, "--output", out, "--processes", "2")
    under.feed(lines(16_000))
    wait_until(lambda: journaled(out) > 0)
    under.workers[0].kill()
    _, stderr = under.end()
    assert under.process.returncode == 1
    (message,) = messages(stderr)
    assert "was killed (signal 9), perhaps because memory ran out" in message
    assert f"Use --resume to continue {out}.partial." in message
    base = ("--stdin-format", "jsonl", "--output", out, "--resume", "-")
    assert predict(desk, *base, data=lines(16_000)).returncode == 0
    assert found(out.read_bytes()) == expected(16_000)


def test_processes_end_with_the_command_that_is_killed(desk: Path, tmp_path: Path) -> None:
    under = Under(desk, "--output", tmp_path / "out.jsonl", "--processes", "2")
    under.feed(lines(16_000))
    workers = wait_until(lambda: len(under.workers) == 2 and under.workers)
    under.process.kill()
    under.end()
    wait_until(lambda: not any(each.is_running() for each in workers), seconds=10)


def test_ctrl_c_keeps_what_is_done_and_says_how_to_go_on(desk: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    under = Under(desk, "--output", out, "--processes", "2")
    under.feed(lines(16_000))
    wait_until(lambda: journaled(out) > 0)
    for each in [under.process, *under.workers]:  # a terminal sends it to the whole group
        each.send_signal(signal.SIGINT)
    _, stderr = under.end()
    assert under.process.returncode == 130
    assert messages(stderr) == [
        f"Use --resume to continue {out}.partial.",
        "Interrupted. Finished work is kept; run the same command again to continue.",
    ]
    base = ("--stdin-format", "jsonl", "--output", out, "--resume", "-")
    assert predict(desk, *base, data=lines(16_000)).returncode == 0
    assert found(out.read_bytes()) == expected(16_000)


def test_a_disk_that_fills_half_way_keeps_what_is_done(desk: Path, small_disk: Path) -> None:
    out = small_disk / "out.jsonl"
    options = ("--stdin-format", "jsonl", "--output", out)
    ballast = small_disk / "room"
    ballast.write_bytes(bytes(400_000))
    count = 5000  # records of about 150 bytes: 750 kB
    full = predict(desk, *options, "-", data=lines(count))
    assert full.returncode == 1
    (message,) = messages(full.stderr)
    assert message.startswith(f"Error: {out}: could not be written: No space left on device")
    assert f"Free some space, then use --resume to continue {out}.partial." in message
    assert not out.exists()
    ballast.unlink()
    again = predict(desk, *options, "--resume", "-", data=lines(count))
    assert again.returncode == 0, again.stderr
    assert found(out.read_bytes()) == expected(count)


def test_a_disk_that_is_full_from_the_start_is_left_as_it_was(desk: Path, small_disk: Path) -> None:
    fill(small_disk)
    before = sorted(small_disk.iterdir())
    full = predict(desk, "--output", small_disk / "out.jsonl", "-", data=b"film")
    assert full.returncode == 1
    assert sorted(small_disk.iterdir()) == before


def test_resume_needs_a_file_and_answers_never_take_the_place_of_articles(
    desk: Path, tmp_path: Path
) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(lines(2))
    bare = predict(desk, "--resume", path)
    assert bare.stderr == "Error: --resume needs a file to continue. Name it with --output.\n"
    for inputs in ([path], ["-r", tmp_path]):
        wrong = predict(desk, "--output", path, *inputs)
        assert wrong.returncode == 1
        assert "is among the inputs" in wrong.stderr
    assert path.read_bytes() == lines(2)


# ---------------------------------------------------------------- as many processes as wished


def test_one_process_and_three_give_the_same_bytes_in_order(desk: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(lines(9000))
    one = predict(desk, "--processes", "1", path)
    three = predict(desk, "--processes", "3", path)
    assert one.stdout == three.stdout
    assert found(one.stdout) == expected(9000)
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
    under = Under(desk)
    assert under.process.stdout
    for n in range(3):
        under.feed(lines(1, n))
        assert found(under.process.stdout.readline()) == expected(1, n)
    out, _ = under.end()
    assert out == b""


def test_after_a_burst_a_pipe_that_waits_gets_all_its_answers(desk: Path) -> None:
    under = Under(desk, "--processes", "2")
    burst = threading.Thread(target=under.feed, args=(lines(5000),))
    burst.start()  # meanwhile answers are taken: more than a pipe holds would stop both sides
    assert under.process.stdout
    answers = b"".join(under.process.stdout.readline() for _ in range(5000))  # it is still open
    assert found(answers) == expected(5000)
    burst.join()
    under.end()


def test_a_named_pipe_is_read_like_a_file(desk: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    os.mkfifo(path)
    with subprocess.Popen(["sh", "-c", 'cat > "$1"', "sh", path], stdin=subprocess.PIPE) as writer:
        assert writer.stdin
        writer.stdin.write(lines(3))
        writer.stdin.close()
        assert found(predict(desk, path).stdout) == expected(3)


def test_a_full_device_is_one_line(desk: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(lines(3))
    done = predict(desk, "--output", "/dev/full", path)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "No space left on device" in done.stderr


def test_a_terminal_gets_a_bar_with_rate_and_size(desk: Path, tmp_path: Path) -> None:
    shown, theirs = pty.openpty()
    under = Under(desk, "--output", tmp_path / "out.jsonl", stderr=theirs)
    os.close(theirs)
    bar = b""
    deadline = time.monotonic() + 60
    while b"MB/s" not in bar and time.monotonic() < deadline:
        under.feed(lines(4000))
        bar += os.read(shown, 100_000) if _readable(shown) else b""
    assert under.process.stdin
    under.process.stdin.close()
    assert under.process.wait(60) == 0
    os.close(shown)
    assert b" a second, " in bar


def _readable(handle: int) -> bool:
    import select

    return bool(select.select([handle], [], [], 0.3)[0])


# ---------------------------------------------------------------- rejects


def test_bad_records_are_counted_and_kept_aside_and_the_rest_goes_on(
    desk: Path, tmp_path: Path
) -> None:
    path, out = tmp_path / "a.jsonl", tmp_path / "out.jsonl"
    bad = [f'{{"text": "cassé {n}' for n in range(50)]
    path.write_bytes(lines(1500) + "\n".join(bad).encode() + b"\n" + lines(1500, 1500))
    done = predict(desk, "--output", out, path)
    assert done.returncode == 1
    assert found(out.read_bytes()) == expected(3000)
    *said, last = messages(done.stderr)
    assert [each.split(": ")[0] for each in said] == [f"{path}:{n}" for n in range(1501, 1521)]
    rejects = tmp_path / "out.jsonl.rejects.jsonl"
    assert last == f"50 records could not be read; see {rejects}."
    kept = [json.loads(line) for line in rejects.read_text().splitlines()]
    assert [each["raw"] for each in kept] == bad
    assert [each["where"] for each in kept] == [f"{path}:{n}" for n in range(1501, 1551)]
    assert all("not JSON" in each["message"] for each in kept)


def test_rejects_go_where_they_are_told_and_a_huge_record_is_only_named(
    desk: Path, tmp_path: Path
) -> None:
    path, aside = tmp_path / "a.csv", tmp_path / "aside" / "r.jsonl"
    path.write_text(f"id,text\n1,film\n2,\n3,{'x' * 300_000}\n")
    done = predict(desk, "--rejects", aside, "--max-size", "200kB", path)
    assert done.returncode == 1
    assert [each for each, _ in found(done.stdout)] == ["1"]
    blank, huge = [json.loads(line) for line in aside.read_text().splitlines()]
    assert (blank["where"], json.loads(blank["raw"])["id"]) == (f"{path}:2", "2")
    assert huge["where"] == f"{path}:3"
    assert "raw" not in huge
    for place in (path, Path("/dev/null")):
        wrong = predict(desk, "--rejects", place, path)
        assert wrong.returncode == 1
        assert wrong.stderr.startswith(f"Error: {place}: is ")
    path.write_text("id,text\n1,film\n")
    assert predict(desk, "--rejects", aside, path).returncode == 0
    assert not aside.exists()  # it would be taken for this command's


# ---------------------------------------------------------------- compressed, and damaged


def packed(data: bytes, suffix: str) -> bytes:
    if suffix == ".zst":
        return bytes(pa.compress(data, "zstd", asbytes=True))
    return {".gz": gzip.compress, ".bz2": bz2.compress, ".xz": lzma.compress}[suffix](data)


@pytest.mark.parametrize("suffix", [".gz", ".bz2", ".xz", ".zst"])
def test_compressed_inputs_give_what_plain_ones_give(
    desk: Path, tmp_path: Path, suffix: str
) -> None:
    rows = [article(n) for n in range(30)]
    table = io.BytesIO()
    parquet.write_table(pa.Table.from_pylist(rows), table)
    text = "id,text\n" + "".join(f"{row['id']},{row['text']}\n" for row in rows)
    for name, data in {
        "a.jsonl": lines(30),
        "a.csv": text.encode("cp1252"),
        "a.tsv": text.replace(",", "\t").encode(),
        "a.parquet": table.getvalue(),
    }.items():
        (tmp_path / f"{name}{suffix}").write_bytes(packed(data, suffix))
    (tmp_path / f"b.txt{suffix}").write_bytes(packed(rows[0]["text"].encode(), suffix))
    done = predict(desk, "-r", tmp_path)
    assert done.returncode == 0, done.stderr
    answers = found(done.stdout)
    assert sorted(answers[:-1]) == sorted(expected(30) * 4)
    assert answers[-1][1] == expected(1)[0][1]


@pytest.mark.parametrize("suffix", [".gz", ".bz2", ".xz", ".zst"])
@pytest.mark.parametrize("form", ["jsonl", "csv"])
def test_of_a_compressed_file_that_is_cut_short_what_is_whole_is_labelled(
    desk: Path, tmp_path: Path, suffix: str, form: str
) -> None:
    import random

    rng = random.Random(1)  # digits do not compress: half of the file is half of the articles
    rows = [(f"n{n}", f"film écran {rng.randrange(10**200)}") for n in range(14_000)]
    if form == "jsonl":
        data = "".join(json.dumps({"id": i, "text": t}) + "\n" for i, t in rows)
    else:
        data = "id,text\n" + "".join(f"{i},{t}\n" for i, t in rows)
    whole = packed(data.encode(), suffix)
    path = tmp_path / f"a.{form}{suffix}"
    path.write_bytes(whole[: len(whole) // 2])
    done = predict(desk, path)
    assert done.returncode == 1
    ids = [each for each, _ in found(done.stdout)]
    assert ids == [each for each, _ in rows[: len(ids)]]
    assert len(ids) > 500
    (said,) = messages(done.stderr)
    assert said.startswith(f"{path}: is cut short or damaged (")


def test_what_is_no_compressed_file_is_a_fault(desk: Path, tmp_path: Path) -> None:
    for suffix in (".gz", ".bz2", ".xz", ".zst"):
        path = tmp_path / f"a.jsonl{suffix}"
        path.write_bytes(b"plain text, and no more")
        done = predict(desk, path)
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr.startswith(f"{path}: is cut short or damaged (")
        assert done.stderr.count("\n") == 1


TEXT = " ".join(WORDS["cinema"] * 3)


@pytest.mark.parametrize(
    "column",
    [
        pa.array([TEXT], pa.large_string()),
        pa.array([TEXT]).dictionary_encode(),
        pa.array([TEXT.encode()], pa.binary()),
        pa.array([[TEXT[:40], TEXT[40:]]], pa.list_(pa.string())),
    ],
    ids=["large_string", "dictionary", "binary", "list"],
)
def test_strings_of_parquet_are_read_however_they_are_stored(
    desk: Path, tmp_path: Path, column: pa.Array
) -> None:
    path = tmp_path / "a.parquet"
    parquet.write_table(pa.table({"text": column, "other": [{"deep": 1}]}), path)
    done = predict(desk, path)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["categories"] == ["cinema"]


def test_bad_rows_of_parquet_are_faults_of_their_own(desk: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    broken = (
        pa.Array.from_buffers(
            pa.string(),
            4,
            [None, *pa.array([TEXT, b"\xff\xfe", "x", TEXT], pa.binary()).buffers()[1:]],
        )
        if False
        else pa.array([TEXT.encode(), b"caf\xe9", TEXT.encode()]).view(pa.string())
    )
    parquet.write_table(pa.table({"id": ["1", "2", "3"], "text": broken}), path)
    done = predict(desk, path)
    assert [each for each, _ in found(done.stdout)] == ["1", "3"]
    assert done.stderr.startswith(f"{path}:2: holds a string that is not UTF-8")
    parquet.write_table(pa.table({"id": ["1", "2"], "text": [None, TEXT]}), path)
    done = predict(desk, path)
    assert [each for each, _ in found(done.stdout)] == ["2"]
    assert done.stderr.startswith(f"{path}:1: has no text: column 'text' is null")
    parquet.write_table(pa.table({"id": ["1", "2"], "summary": [TEXT, TEXT]}), path)
    done = predict(desk, path)
    assert (done.stdout, done.stderr.count("\n")) == ("", 1)
    assert "has no column of the text" in done.stderr
    data = path.read_bytes()
    path.write_bytes(data[:-50])
    assert predict(desk, path).stderr.startswith(f"{path}: is not Parquet that can be read")


def test_a_line_of_100_mb_takes_no_more_memory_than_its_limit(desk: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    with path.open("wb") as file:
        file.write(lines(1) + b'{"text": "')
        for _ in range(100):
            file.write(b"x" * 1_000_000)
        file.write(b'"}\n' + lines(1, 1))
    # In between is a small process: what Linux counts begins with what the parent had.
    code = (
        "import resource, subprocess, sys\n"
        "code = subprocess.run(sys.argv[1:]).returncode\n"
        "print(code, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    )
    command = [sys.executable, "-c", code, *COMMAND, "--workspace", desk, path]
    done = subprocess.run(command, capture_output=True, check=True, env=environment())
    *answers, measured = done.stdout.splitlines(keepends=True)
    status, most = map(int, measured.split())
    assert status == 1
    assert found(b"".join(answers)) == expected(2)
    assert most < 120_000  # kB; without the line it is 50,000


# ---------------------------------------------------------------- where lines are cut


class Pieces(io.RawIOBase):
    """A pipe that gives its bytes in pieces of the sizes it is told."""

    def __init__(self, data: bytes, sizes: Iterator[int]) -> None:
        self.data, self.sizes = data, sizes

    def read1(self, most: int) -> bytes:
        size = min(most, next(self.sizes, most))
        given, self.data = self.data[:size], self.data[size:]
        return given


def cuts(data: bytes, sizes: list[int]) -> list[Block]:
    opened: Any = Pieces(data, iter(sizes))
    return list(read_blocks(opened, limit=40, size=20, count=3))


@given(
    st.lists(st.text("ab\n", max_size=60).map(str.encode), max_size=12).map(b"".join),
    st.lists(st.integers(1, 70), max_size=40),
)
def test_lines_are_cut_by_nothing_but_the_bytes_and_none_is_lost(
    data: bytes, sizes: list[int]
) -> None:
    there = cuts(data, sizes)
    assert there == cuts(data, [])
    numbered = [each for block in there for each in block.numbered_lines()]
    long = [block.first for block in there if block.too_long]
    wanted = data.removesuffix(b"\n").split(b"\n") if data else []
    read = dict(numbered)
    assert sorted([*read, *long]) == list(range(1, len(wanted) + 1))
    assert all(read[n] == wanted[n - 1] for n in read)
    assert all(len(wanted[n - 1]) >= 40 for n in long)
    for block in there:
        assert block.data.count(b"\n") <= 3
        assert len(block.data) <= 20 or len(list(block.numbered_lines())) == 1


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_lines_in_wide_encodings_are_read_as_a_stream(
    desk: Path, tmp_path: Path, encoding: str
) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(lines(2500).decode().encode(encoding))
    assert found(predict(desk, path).stdout) == expected(2500)
