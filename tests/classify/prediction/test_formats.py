"""The formats of `classify predict`, on standard output and in files."""

import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

import classify as package
from seeds.document import content_id
from tests.support.command import classify, environment, fill
from tests.support.waiting import wait_until
from training.runs.registry import list_promotions
from training.runs.run import Run

CINEMA = "film festival réalisateur écran projection acteur tournage coproduction film écran"
TRADE = "export douane tarif conteneur port accord marché cargaison export douane"
SPORT = "match équipe stade entraîneur championnat athlète victoire arbitre match stade"
BOTH = f"{CINEMA} {TRADE}"
ARTICLES = {"cinema": CINEMA, "trade": TRADE, "sport": SPORT}


@pytest.fixture(scope="module")
def run(desk: Path) -> Run:
    return package.load(workspace=desk)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An article a category, in files."""
    made = tmp_path / "articles"
    made.mkdir()
    for name, text in ARTICLES.items():
        (made / f"{name}.txt").write_text(text, encoding="utf-8")
    return made


def predict(
    desk: Path, *arguments: str | Path, data: bytes = b""
) -> subprocess.CompletedProcess[str]:
    return classify("predict", "--workspace", desk, *arguments, data=data)


def records(done: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in done.stdout.splitlines()]


def jsonl(path: Path, *rows: dict[str, Any]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def test_a_record_is_what_the_design_says(desk: Path, folder: Path) -> None:
    (found,) = records(predict(desk, "--format", "jsonl", folder / "cinema.txt"))
    assert list(found) == ["id", "source", "categories", "probabilities", "decision", "run"]
    assert found["id"] == content_id(CINEMA)
    assert found["run"] == list_promotions(desk / "runs")[-1]
    assert found["decision"] in ("accepted", "needs review", "none")
    assert 0.5 < found["probabilities"]["cinema"] <= 1


def test_all_gives_every_categorys_probability(desk: Path, folder: Path) -> None:
    path = folder / "cinema.txt"
    (short,) = records(predict(desk, "--format", "jsonl", path))
    (full,) = records(predict(desk, "--format", "jsonl", "--all", path))
    assert set(full["probabilities"]) == set(ARTICLES)
    assert set(short["probabilities"]) < set(ARTICLES)
    assert short["probabilities"].items() <= full["probabilities"].items()


def test_json_is_one_list_even_of_nothing(desk: Path, folder: Path) -> None:
    done = predict(desk, "-r", "--format", "json", folder)
    lines = predict(desk, "-r", "--format", "jsonl", folder)
    assert json.loads(done.stdout) == records(lines)
    nothing = predict(desk, "--format", "json", folder / "none.txt")
    assert nothing.returncode == 1
    assert json.loads(nothing.stdout) == []


def test_csv_and_parquet_hold_the_same_as_jsonl(desk: Path, folder: Path, tmp_path: Path) -> None:
    expected = records(predict(desk, "-r", "--all", "--format", "jsonl", folder))
    done = predict(desk, "-r", "--all", "--format", "csv", folder)
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    for row, record in zip(rows, expected, strict=True):
        assert row["categories"].split(";") == record["categories"]
        for key in ("id", "source", "decision", "run"):
            assert row[key] == record[key]
        for name, p in record["probabilities"].items():
            assert float(row[f"p_{name}"]) == p
    path = tmp_path / "out.parquet"
    assert (
        predict(desk, "-r", "--all", "--format", "parquet", "--output", path, folder).stdout == ""
    )
    assert parquet.read_table(path).to_pylist() == expected


def test_parquet_may_go_to_standard_output(desk: Path, folder: Path) -> None:
    command = [sys.executable, "-m", "classify", "predict", "--format", "parquet", "-r", folder]
    env = environment(CLASSIFY_WORKSPACE=str(desk))
    done = subprocess.run(command, capture_output=True, env=env, check=True)
    table = parquet.read_table(pa.BufferReader(done.stdout))
    assert table.column("source").to_pylist() == [
        f"articles/{name}.txt" for name in ("cinema", "sport", "trade")
    ]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_no_cell_of_a_csv_starts_a_formula_and_jsonl_stays_as_it_was(
    desk: Path, tmp_path: Path, start: str
) -> None:
    path = jsonl(tmp_path / f"{start}x.jsonl", {"id": f"{start}HYPERLINK(1)", "text": SPORT})
    out = tmp_path / "out.csv"
    assert predict(desk, "--format", "csv", "--output", out, path).returncode == 0
    with out.open(encoding="utf-8", newline="") as file:
        _, row = csv.reader(file)
    assert not [cell for cell in row if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
    assert row[1] == f"'{start}x.jsonl:1"
    (record,) = records(predict(desk, "--format", "jsonl", path))
    assert record["id"] == f"{start}HYPERLINK(1)".strip()
    assert record["source"] == f"{start}x.jsonl:1"


@pytest.mark.parametrize("form", ["text", "json", "jsonl", "csv", "parquet"])
def test_odd_and_huge_ids_pass_through_every_format(desk: Path, tmp_path: Path, form: str) -> None:
    ids = ["x" * 1_000_000, "é,\n\"'", "9" * 4000 + "\r=1", "a\ud83cb", "\u202e\x1b[31m"]
    rows = [{"id": each, "text": SPORT} for each in ids]
    path = jsonl(tmp_path / "a.jsonl", *rows, {"id": 12345678901234567890, "text": SPORT})
    out = tmp_path / "out"
    done = predict(desk, "--format", form, "--output", out, path)
    assert done.returncode == 0, done.stderr[-2000:]
    kept = [*ids[:3], "a\ufffdb", ids[4], "12345678901234567890"]
    if form == "parquet":
        assert parquet.read_table(out).column("id").to_pylist() == kept
    elif form == "csv":
        csv.field_size_limit(2_000_000)
        with out.open(encoding="utf-8", newline="") as file:
            assert [row["id"] for row in csv.DictReader(file)] == kept
    elif form == "jsonl":
        assert [json.loads(line)["id"] for line in out.read_text("utf-8").split("\n")[:-1]] == kept
    elif form == "json":
        assert [each["id"] for each in json.loads(out.read_text("utf-8"))] == kept


def test_control_characters_reach_no_terminal(desk: Path, tmp_path: Path) -> None:
    evil = tmp_path / "a\x1b[31m\u202eb.txt"
    evil.write_text(SPORT)
    gone = tmp_path / "c\x1b]0;x\x07.txt"
    done = predict(desk, evil, gone)
    assert done.returncode == 1
    assert "a\\x1b[31m\\u202eb.txt — " in done.stdout
    for shown in (done.stdout, done.stderr):
        assert not {"\x1b", "\u202e", "\x07"} & set(shown)
    done = predict(desk, "--run", "x\x1b[31m/y\n", evil)
    assert done.returncode == 1
    assert "\x1b" not in done.stderr
    assert done.stderr.count("\n") == 1


def test_output_replaces_a_file_only_when_the_answer_is_whole(
    desk: Path, folder: Path, tmp_path: Path
) -> None:
    out = tmp_path / "o" / "answers.jsonl"
    assert predict(desk, "-r", "--format", "jsonl", "--output", out, folder).returncode == 0
    whole = out.read_bytes()
    assert len(whole.splitlines()) == 3
    for wrong in (folder / "none.txt", folder, tmp_path / "none"):
        assert predict(desk, "--format", "jsonl", "--output", out, wrong).returncode == 1
        assert out.read_bytes() == whole
    rejects = out.with_name("answers.jsonl.rejects.jsonl")  # of the last command
    assert sorted(out.parent.iterdir()) == [out, rejects]
    assert [json.loads(line)["where"] for line in rejects.open()] == [str(tmp_path / "none")]
    assert predict(desk, "-r", "--format", "jsonl", "--output", out, folder).returncode == 0
    assert list(out.parent.iterdir()) == [out]


def test_kill_9_while_writing_keeps_the_old_output(desk: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    out.write_text("old")
    command = [sys.executable, "-m", "classify", "predict", "--workspace", desk, "--output", out]
    process = subprocess.Popen(
        [*command, "--format", "jsonl", "--stdin-format", "jsonl", "-"],
        stdin=subprocess.PIPE,
        env=environment(),
    )
    assert process.stdin
    process.stdin.write((json.dumps({"text": SPORT}) + "\n").encode() * 20_000)
    process.stdin.flush()
    partial = tmp_path / "out.jsonl.partial"
    wait_until(lambda: partial.exists() and partial.stat().st_size)
    process.kill()
    process.wait()
    process.stdin.close()
    assert out.read_text() == "old"


def test_a_full_disk_keeps_the_old_output(desk: Path, folder: Path, small_disk: Path) -> None:
    out = small_disk / "out.jsonl"
    out.write_text("old")
    fill(small_disk)
    done = predict(desk, "-r", "--format", "jsonl", "--output", out, folder)
    assert done.returncode == 1
    assert done.stderr.startswith(f"Error: {out}: could not be written: No space left on device")
    assert done.stderr.count("\n") == 1
    assert out.read_text() == "old"


def test_a_pipe_or_a_link_given_as_output_stays_what_it_is(
    desk: Path, folder: Path, tmp_path: Path
) -> None:
    pipe, link, target = tmp_path / "pipe", tmp_path / "link", tmp_path / "target"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    done = predict(desk, "--format", "jsonl", "--output", pipe, folder / "sport.txt")
    assert done.returncode == 0, done.stderr
    assert json.loads(os.read(reader, 100_000))["categories"] == ["sport"]
    os.close(reader)
    assert pipe.is_fifo()
    target.write_text("old")
    link.symlink_to(target)
    assert predict(desk, "--output", link, folder / "sport.txt").returncode == 0
    assert link.is_symlink()
    assert target.read_text().startswith("sport.txt — ")
