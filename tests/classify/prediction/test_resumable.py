"""An output that a killed command left, and `--resume`."""

import signal
from pathlib import Path
from typing import Any

import pytest
from pyarrow import parquet

from classify.prediction.shards import cut_shards
from seeds.reading.raw_records import Reading, read_raw
from tests.support.command import classify, fill
from tests.support.corpus import workspace
from tests.support.labelling import (
    RunningPredict,
    count_journaled,
    expected,
    kill_half_way,
    lines,
    messages,
    parse_labels,
    predict,
)
from tests.support.waiting import wait_until


@pytest.mark.parametrize("form", ["text", "json", "jsonl", "csv", "parquet"])
def test_a_killed_command_given_again_with_resume_ends_as_if_nothing_had_happened(
    desk: Path, tmp_path: Path, form: str
) -> None:
    whole = tmp_path / "whole"
    options = ("--format", form, "--stdin-format", "jsonl")
    data = lines(16_000)
    assert predict(desk, *options, "--output", whole, "-", data=data).returncode == 0
    out = tmp_path / "out"
    done = kill_half_way(desk, out, "--format", form)
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
    done = kill_half_way(desk, out)
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
        assert count_journaled(out) == done
        assert not out.exists()
    partial.unlink()  # as the line says
    assert predict(desk, *base, "-", data=lines(10)).returncode == 0
    assert parse_labels(out.read_bytes()) == expected(10)


def test_a_run_trained_since_is_not_mixed_in(desk: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    kill_half_way(desk, out)
    other = workspace(tmp_path / "other", 60)
    assert classify("train", "--workspace", other).returncode == 0
    base = ("--stdin-format", "jsonl", "--output", out, "--resume", "-")
    wrong = predict(other, *base, data=lines(16_000))
    assert wrong.returncode == 1
    assert "cannot resume: a different run. Use the original one, or remove " in wrong.stderr


def test_two_commands_can_not_write_the_same_output(desk: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    running = RunningPredict(desk, "--output", out)
    wait_until(lambda: out.with_name("out.jsonl.journal").exists())
    second = wait_until(
        lambda: (s := predict(desk, "--output", out, "-", data=b"x")).returncode and s
    )
    assert f"is being written by process {running.process.pid}." in second.stderr
    running.feed(lines(3))
    running.end()
    assert parse_labels(out.read_bytes()) == expected(3)


def test_a_killed_process_is_one_line_and_nothing_done_is_lost(desk: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    running = RunningPredict(desk, "--output", out, "--processes", "2")
    running.feed(lines(16_000))
    wait_until(lambda: count_journaled(out) > 0)
    running.workers[0].kill()
    _, stderr = running.end()
    assert running.process.returncode == 1
    (message,) = messages(stderr)
    assert "was killed (signal 9), perhaps because memory ran out" in message
    assert f"Use --resume to continue {out}.partial." in message
    base = ("--stdin-format", "jsonl", "--output", out, "--resume", "-")
    assert predict(desk, *base, data=lines(16_000)).returncode == 0
    assert parse_labels(out.read_bytes()) == expected(16_000)


def test_processes_end_with_the_command_that_is_killed(desk: Path, tmp_path: Path) -> None:
    running = RunningPredict(desk, "--output", tmp_path / "out.jsonl", "--processes", "2")
    running.feed(lines(16_000))
    workers = wait_until(lambda: len(running.workers) == 2 and running.workers)
    running.process.kill()
    running.end()
    wait_until(lambda: not any(each.is_running() for each in workers), seconds=10)


def test_ctrl_c_keeps_what_is_done_and_says_how_to_go_on(desk: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    running = RunningPredict(desk, "--output", out, "--processes", "2")
    running.feed(lines(16_000))
    wait_until(lambda: count_journaled(out) > 0)
    for each in [running.process, *running.workers]:  # a terminal sends it to the whole group
        each.send_signal(signal.SIGINT)
    _, stderr = running.end()
    assert running.process.returncode == 130
    assert messages(stderr) == [
        f"Use --resume to continue {out}.partial.",
        "Interrupted. Finished work is kept; run the same command again to continue.",
    ]
    base = ("--stdin-format", "jsonl", "--output", out, "--resume", "-")
    assert predict(desk, *base, data=lines(16_000)).returncode == 0
    assert parse_labels(out.read_bytes()) == expected(16_000)


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
    assert parse_labels(out.read_bytes()) == expected(count)


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


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (
            lambda text: text.replace('"classify": "', '"classify": "0.0.', 1),
            "it was made by classify 0.0.",
        ),
        (lambda text: text.replace('"bytes": ', '"bytes": 9'), "it is shorter than its journal"),
        (lambda text: "", "exists but has no journal, so it cannot be resumed. Remove it."),
    ],
    ids=["another version", "a damaged file", "no journal"],
)
def test_an_output_that_can_not_be_resumed_says_why_and_what_to_do(
    desk: Path, tmp_path: Path, damage: Any, reason: str
) -> None:
    out, journal = tmp_path / "out.jsonl", tmp_path / "out.jsonl.journal"
    kill_half_way(desk, out)
    journal.write_text(damage(journal.read_text()))
    result = predict(desk, "--output", out, "--stdin-format", "jsonl", "--resume", "-")
    assert result.returncode == 1
    (message,) = messages(result.stderr)
    assert message.startswith(f"Error: {out}.partial: ")
    assert reason in message


@pytest.mark.parametrize(
    ("name", "content", "digest"),
    [
        (
            "a.csv",
            'id,text\n1,Un film\n2,"Un port, à Lyon"\n',
            "01761524cf95ec0196a330646162075cfca52c9d40238d55a2ad9dda0d78715d",
        ),
        (
            "b.jsonl",
            '{"id": 1, "text": "Un film"}\nx\n',
            "107b77853a30c69850fe713111483e99de3cec52fbb3fbeaf0481bb21d488275",
        ),
        (
            "c.txt",
            "Un match",
            "c94e07dfca715ea14a1f6d8295d91562d7dd0d103b8c1fa9b2d1918b0c63cbc6",
        ),
    ],
)
def test_digests_are_those_of_the_journals_that_are_on_disks(
    tmp_path: Path, name: str, content: str, digest: str
) -> None:
    path = tmp_path / name
    path.write_text(content, encoding="utf-8")
    (shard,) = cut_shards(read_raw([str(path)], Reading()), 100)
    assert shard.digest() == digest
