"""Rejects, compressed files, damaged files, records that are huge."""

import bz2
import gzip
import io
import json
import lzma
import random
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from tests.support.command import environment
from tests.support.corpus import WORDS
from tests.support.labelling import (
    COMMAND,
    article,
    expected,
    lines,
    messages,
    parse_labels,
    predict,
)


def test_bad_records_are_counted_and_kept_aside_and_the_rest_goes_on(
    desk: Path, tmp_path: Path
) -> None:
    path, out = tmp_path / "a.jsonl", tmp_path / "out.jsonl"
    bad = [f'{{"text": "cassé {n}' for n in range(50)]
    path.write_bytes(lines(1500) + "\n".join(bad).encode() + b"\n" + lines(1500, 1500))
    done = predict(desk, "--output", out, path)
    assert done.returncode == 1
    assert parse_labels(out.read_bytes()) == expected(3000)
    *stderr, last = messages(done.stderr)
    assert [each.split(": ")[0] for each in stderr] == [f"{path}:{n}" for n in range(1501, 1521)]
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
    assert [each for each, _ in parse_labels(done.stdout)] == ["1"]
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
    answers = parse_labels(done.stdout)
    assert sorted(answers[:-1]) == sorted(expected(30) * 4)
    assert answers[-1][1] == expected(1)[0][1]


@pytest.mark.parametrize("suffix", [".gz", ".bz2", ".xz", ".zst"])
@pytest.mark.parametrize("form", ["jsonl", "csv"])
def test_of_a_compressed_file_that_is_cut_short_what_is_whole_is_labelled(
    desk: Path, tmp_path: Path, suffix: str, form: str
) -> None:

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
    ids = [each for each, _ in parse_labels(done.stdout)]
    assert ids == [each for each, _ in rows[: len(ids)]]
    assert len(ids) > 500
    (stderr,) = messages(done.stderr)
    assert stderr.startswith(f"{path}: is cut short or damaged (")


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
    assert [each for each, _ in parse_labels(done.stdout)] == ["1", "3"]
    assert done.stderr.startswith(f"{path}:2: holds a string that is not UTF-8")
    parquet.write_table(pa.table({"id": ["1", "2"], "text": [None, TEXT]}), path)
    done = predict(desk, path)
    assert [each for each, _ in parse_labels(done.stdout)] == ["2"]
    assert done.stderr.startswith(f"{path}:1: has no text: column 'text' is null")
    parquet.write_table(pa.table({"id": ["1", "2"], "summary": [TEXT, TEXT]}), path)
    done = predict(desk, path)
    assert (done.stdout, done.stderr.count("\n")) == ("", 1)
    assert "has no column of the text" in done.stderr
    data = path.read_bytes()
    path.write_bytes(data[:-50])
    assert predict(desk, path).stderr.startswith(f"{path}: cannot be read as Parquet")


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
    assert parse_labels(b"".join(answers)) == expected(2)
    assert most < 120_000  # kB; without the line it is 50,000


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_lines_in_wide_encodings_are_read_as_a_stream(
    desk: Path, tmp_path: Path, encoding: str
) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(lines(2500).decode().encode(encoding))
    assert parse_labels(predict(desk, path).stdout) == expected(2500)
