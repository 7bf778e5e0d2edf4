"""Benchmarks: each explains itself, its table is right, and RESULTS.md tells what happened."""

import re
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from benchmarks import bench, embedding, kinds, prediction, results, startup, timing
from tests.support.command import ROOT
from tests.support.waiting import wait_until

PARTS = {
    "clients",
    "results",
    "timing",
    "soak_commands",
    "soak_faults",
    "soak_ledger",
    "soak_serve",
    "soak_steps",
}  # what the scripts are made of
SCRIPTS = {path.stem for path in (ROOT / "benchmarks").glob("*.py")} - PARTS


@pytest.mark.parametrize("name", sorted(SCRIPTS))
def test_a_benchmark_explains_itself(name: str) -> None:
    script = ROOT / "benchmarks" / f"{name}.py"
    command = [sys.executable, script, "--help"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    first = script.read_text(encoding="utf-8").splitlines()[0].strip('".')
    assert " ".join(first.split()) in " ".join(done.stdout.split())


def test_make_bench_knows_every_benchmark() -> None:
    assert set(bench.BENCHMARKS) == SCRIPTS - {"bench"}


def test_jobs_take_turns() -> None:
    order: list[str] = []
    jobs = {name: (lambda n=name: order.append(n)) for name in ("a", "b")}
    seconds = timing.interleaved(jobs, 3)
    assert order == ["a", "b", "a", "b", "a", "b"]
    assert [len(each) for each in seconds.values()] == [3, 3]


def test_a_ratio_is_the_median_of_the_repeats() -> None:
    # The machine was four times as slow in the last repeat, for both: 3, 2 and 2 times as long.
    assert timing.times((3.0, 4.0, 16.0), (1.0, 2.0, 8.0)) == 2.0


def test_articles_are_cut_by_bytes_and_split_no_character() -> None:
    # 6,001 bytes, two line ends, 3,000 bytes: two whole articles. The cut at 4,096 halves an é that
    # both lack; the second has 952 more, the line ends and b until byte 8,192.
    cut = prediction.articles(["a" + "é" * 3000, "b" * 3000], 10)
    assert cut == ["a" + "é" * 2047, "é" * 952 + "\n\n" + "b" * 2189]
    assert prediction.articles(["b" * 9000], 1) == ["b" * 4096]


def test_the_table_of_prediction_gives_rate_ratio_and_quality() -> None:
    f1 = {prediction.NEWS: 0.8754, prediction.SENTENCES: 0.6}
    rows = [
        prediction.Measured("ours", (0.5, 1.0, 0.5), f1),
        prediction.Measured("peer", (10.0, 25.0, 11.0), f1),
    ]
    lines = prediction.table_of(rows, megabytes=2.0, count=500).splitlines()
    assert lines[-2] == "| ours | 4.00 | 1 | 0.875 | 0.600 |"
    assert lines[-1] == "| peer | 0.18 | 22.0 | 0.875 | 0.600 |"  # 20, 25 and 22 times


def test_the_table_of_startup_sets_each_command_beside_its_import() -> None:
    seconds = {
        "classify --help": (0.06, 0.09),
        "import click": (0.04, 0.05),
        "classify predict FILE": (0.2, 0.2),
        "import numpy": (0.1, 0.1),
    }
    lines = startup.table_of(seconds).splitlines()
    assert lines[-2] == '| `classify --help` | 75 | `python -c "import click"` | 45 | 1.65 |'
    assert (
        lines[-1] == '| `classify predict FILE` | 200 | `python -c "import numpy"` | 100 | 2.00 |'
    )


def test_the_table_of_embedding_compares_within_each_data_set() -> None:
    rows = [
        embedding.Measured("news", embedding.OURS, 50, (10.0, 10.0), 0.9),
        embedding.Measured("news", "peer", 50, (25.0, 25.0), 0.8),
        embedding.Measured("short", embedding.OURS, 20, (1.0, 1.0), 0.85),
        embedding.Measured("short", "peer", 20, (0.5, 0.5), 0.86),
    ]
    lines = embedding.table_of(rows).splitlines()[2:]
    assert [line.split(" | ")[2:] for line in lines] == [
        ["5.0", "1", "0.900 |"],
        ["2.0", "2.50", "0.800 |"],
        ["20.0", "1", "0.850 |"],
        ["40.0", "0.50", "0.860 |"],
    ]


def test_the_table_of_kinds_gives_mean_and_range_of_the_seeds_asked_for() -> None:
    data = next(iter(kinds.JOBS))
    found = [
        {"data": data, "kind": "tfidf", "seed": 1, "f1": 0.70},
        {"data": data, "kind": "tfidf", "seed": 2, "f1": 0.80},
        {"data": data, "kind": "tfidf", "seed": 9, "f1": 0.10},
        {"data": data, "kind": "camembert", "seed": 1, "f1": 0.84},
    ]
    row = kinds.table_of(found, [1, 2]).splitlines()[4]
    assert f"| {data} | 0.750 (0.700–0.800) |" in row
    assert "0.840 (1 seed)" in row
    assert "not measured" in row  # embedding


def test_a_section_is_replaced_and_the_others_stay_as_they_are() -> None:
    before = results.page(
        "- **Machine**: old", {"slow": "## Slow\n\n| a |", "fast": "## Fast\n\n1"}
    )
    kept = results.sections(before)
    assert kept == {"slow": "## Slow\n\n| a |", "fast": "## Fast\n\n1"}
    after = results.page("- **Machine**: new", {**kept, "fast": "## Fast\n\n2"})
    assert "old" not in after
    assert results.sections(after) == {"slow": "## Slow\n\n| a |", "fast": "## Fast\n\n2"}


def test_the_machine_is_described() -> None:
    said = results.machine()
    assert re.search(r"[1-9]\d* cores", said)
    assert f"Python** {sys.version.split()[0]}" in said
    assert "numpy " in said


@pytest.fixture
def scripts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of benchmarks of its own; RESULTS.md has a section of another day."""
    monkeypatch.setattr(bench, "HERE", tmp_path)
    monkeypatch.setattr(bench, "RESULTS", tmp_path / "RESULTS.md")
    made = {
        "good": bench.Benchmark("Good", ()),
        "bad": bench.Benchmark("Bad", ("--how", "badly")),
        "peerless": bench.Benchmark("Peerless", (), ("a_package_nobody_has",)),
        "long": bench.Benchmark("Long"),
    }
    monkeypatch.setattr(bench, "BENCHMARKS", made)
    table = "| a |\\n| --- |\\n| 1 |"
    (tmp_path / "good.py").write_text(f"print('{table}')", encoding="utf-8")
    (tmp_path / "bad.py").write_text("print('halfway', flush=True); raise SystemExit(3)")
    (tmp_path / "long.py").write_text("print('ran')")
    (tmp_path / "RESULTS.md").write_text(results.page("", {"long": "## Long\n\nlast year's"}))
    return tmp_path


def test_all_run_into_their_sections_and_a_failure_is_told(
    scripts: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert bench.run_all() == ["bad"]
    kept = results.sections((scripts / "RESULTS.md").read_text(encoding="utf-8"))
    assert list(kept) == ["good", "bad", "long"]
    assert kept["good"].startswith("## Good\n\n| a |\n| --- |\n| 1 |\n\nMade by `python ")
    assert "```\nhalfway\n```" in kept["bad"]
    assert "**Failed with exit code 3**: `python benchmarks/bad.py --how badly`" in kept["bad"]
    assert kept["long"] == "## Long\n\nlast year's"
    said = capfd.readouterr().err
    assert "peerless: SKIPPED: a_package_nobody_has not installed" in said
    assert "bad: FAILED with exit code 3" in said


def test_a_long_one_runs_when_it_is_named(scripts: Path) -> None:
    assert bench.run_named("long", ["--seeds", "1"]) == []
    kept = results.sections((scripts / "RESULTS.md").read_text(encoding="utf-8"))
    assert "```\nran\n```\n\nMade by `python benchmarks/long.py --seeds 1`" in kept["long"]


def test_a_benchmark_that_takes_too_long_is_killed_with_what_it_started(tmp_path: Path) -> None:
    child = "import time; time.sleep(60)"
    code = (
        "import subprocess, sys, pathlib; print('begun', flush=True); "
        f"child = subprocess.Popen([sys.executable, '-c', {child!r}]); "
        f"pathlib.Path({str(tmp_path / 'pid')!r}).write_text(str(child.pid)); child.wait()"
    )
    began = time.monotonic()
    printed, exit_code = bench.output([sys.executable, "-c", code], 8)
    assert time.monotonic() - began < 30
    assert printed == "begun\n"
    assert exit_code != 0
    started = int((tmp_path / "pid").read_text())

    def ended() -> bool:
        """Whether it is gone, or waits for whoever adopted it."""
        try:
            return psutil.Process(started).status() == psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return True

    wait_until(ended, seconds=10)  # a signal takes a moment where the machine is busy
