"""`classify predict`, run as a person runs it, and the same from Python."""

import csv
import json
import pickle
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

import classify as package
from seeds.base.errors import InputError
from tests.support.command import classify, environment
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


def test_one_file_prints_its_categories_with_percentages_and_the_decision(
    desk: Path, folder: Path
) -> None:
    done = predict(desk, folder / "cinema.txt")
    assert done.returncode == 0
    assert done.stderr == ""
    first, *rest = done.stdout.splitlines()
    assert first in ("cinema.txt — accepted", "cinema.txt — needs review")
    assert rest[0].startswith("  ✓ Cinema (cinema)")
    assert "%" in rest[0]


def test_several_files_a_folder_and_a_name_without_suffix_come_in_order(
    desk: Path, folder: Path
) -> None:
    bare = folder.parent / "bare"
    bare.write_text(BOTH)
    done = predict(desk, "--format", "jsonl", "-r", bare, folder)
    assert done.returncode == 0
    assert [each["source"] for each in records(done)] == [
        "bare",
        *(f"articles/{name}.txt" for name in ("cinema", "sport", "trade")),
    ]
    assert [each["categories"] for each in records(done)[1:]] == [["cinema"], ["sport"], ["trade"]]
    assert set(records(done)[0]["categories"]) == {"cinema", "trade"}


def test_standard_input_is_an_article_or_a_table(desk: Path) -> None:
    (one,) = records(predict(desk, "--format", "jsonl", "-", data=SPORT.encode()))
    assert one["categories"] == ["sport"]
    assert one["source"] == "stdin"
    table = f"id,text\n7,{TRADE}\n8,{CINEMA}\n".encode()
    done = predict(desk, "--format", "jsonl", "--stdin-format", "csv", "-", data=table)
    assert [(each["id"], each["categories"][0]) for each in records(done)] == [
        ("7", "trade"),
        ("8", "cinema"),
    ]


@pytest.mark.parametrize("suffix", ["jsonl", "csv", "tsv", "parquet"])
def test_a_table_gives_one_record_a_row_under_its_own_id(
    desk: Path, tmp_path: Path, suffix: str
) -> None:
    rows = [{"id": f"n-{name}", "text": text} for name, text in ARTICLES.items()]
    path = tmp_path / f"articles.{suffix}"
    if suffix == "jsonl":
        jsonl(path, *rows)
    elif suffix == "parquet":
        parquet.write_table(pa.Table.from_pylist(rows), path)
    else:
        with path.open("w", newline="") as file:
            delimiter = "\t" if suffix == "tsv" else ","
            writer = csv.DictWriter(file, ["id", "text"], delimiter=delimiter)
            writer.writeheader()
            writer.writerows(rows)
    done = predict(desk, "--format", "jsonl", path)
    assert done.returncode == 0, done.stderr
    found = [(each["id"], each["source"], each["categories"][0]) for each in records(done)]
    assert found == [
        (f"n-{name}", f"articles.{suffix}:{n}", name) for n, name in enumerate(ARTICLES, 1)
    ]


def test_columns_of_another_name_are_given_by_options(desk: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f"ref,haut,bas\nx1,film écran,{CINEMA}\n")
    options = ("--text-columns", "haut, bas", "--id-column", "ref", "--format", "jsonl")
    (found,) = records(predict(desk, path, *options))
    assert found["id"] == "x1"
    assert found["categories"][0] == "cinema"
    wrong = predict(desk, path)
    assert wrong.returncode == 1
    assert "'ref', 'haut', 'bas'" in wrong.stderr


def test_bad_files_are_named_and_the_good_ones_labelled(desk: Path, folder: Path) -> None:
    bad = {
        "empty.txt": b"",
        "blank.txt": b" \n\t ",
        "paper.txt": b"%PDF-1.7 xxxx",
        "nul.txt": b"a\0b" * 50,
        "broken.jsonl": b'{"text": "' + TRADE.encode() + b'"}\n{"text"\n{"txt": "x"}\n',
    }
    for name, content in bad.items():
        (folder / name).write_bytes(content)
    done = predict(desk, "--format", "jsonl", "-r", folder, folder / "gone.txt")
    assert done.returncode == 1
    assert sorted(each["source"] for each in records(done)) == [
        "articles/broken.jsonl:1",
        "articles/cinema.txt",
        "articles/sport.txt",
        "articles/trade.txt",
    ]
    lines = done.stderr.splitlines()
    assert len(lines) == 7
    for where in (*list(bad)[:4], "broken.jsonl:2", "broken.jsonl:3", "gone.txt"):
        assert sum(line.startswith(f"{folder / where}: ") for line in lines) == 1, where
    assert "PDF" in next(line for line in lines if "paper.txt" in line)


def test_same_named_files_of_two_folders_are_told_apart(desk: Path, tmp_path: Path) -> None:
    for place, text in (("paris", CINEMA), ("lyon", TRADE)):
        (tmp_path / place).mkdir()
        (tmp_path / place / "001.txt").write_text(text, encoding="utf-8")
    found = predict(desk, tmp_path / "paris" / "001.txt", tmp_path / "lyon" / "001.txt")
    named = [line.partition(" — ")[0] for line in found.stdout.splitlines() if " — " in line]
    assert named == ["paris/001.txt", "lyon/001.txt"]


def test_a_folder_without_recursive_is_answered_with_that_option(desk: Path, folder: Path) -> None:
    done = predict(desk, folder)
    assert done.returncode == 1
    assert done.stderr == f"{folder}: is a folder. Add --recursive to read what is in it.\n"


def test_a_size_limit_below_a_kilobyte_is_said_in_bytes(desk: Path, folder: Path) -> None:
    done = predict(desk, "--max-size", "1", folder / "sport.txt")
    size = len(SPORT.encode())
    assert done.returncode == 1
    assert f"has {size} bytes, more than the 1 byte one article may have." in done.stderr
    assert "--max-size" in done.stderr


def test_without_a_model_it_says_how_to_get_one(folder: Path, tmp_path: Path) -> None:
    done = predict(tmp_path / "w", folder / "sport.txt")
    assert done.returncode == 1
    assert done.stderr.startswith("Error: ")
    assert "no trained model yet. Run `classify train`" in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "w").exists()


def copied(desk: Path, tmp_path: Path) -> Path:
    import shutil

    name = list_promotions(desk / "runs")[-1]
    return Path(shutil.copytree(desk / "runs" / name, tmp_path / "copy" / name))


def test_a_run_is_chosen_by_name_or_by_folder(desk: Path, folder: Path, tmp_path: Path) -> None:
    run = copied(desk, tmp_path)
    path = folder / "sport.txt"
    by_name = predict(desk, "--run", run.name, "--format", "jsonl", path)
    by_folder = predict(tmp_path / "empty", "--run", run, "--format", "jsonl", path)
    assert by_name.returncode == by_folder.returncode == 0
    assert by_name.stdout == by_folder.stdout
    for wrong in ("none", "../runs", "A B"):
        done = predict(desk, "--run", wrong, path)
        assert done.returncode == 1, wrong
        assert "classify runs list" in done.stderr


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        ("model.safetensors", lambda data: data[:-1]),
        ("model.safetensors", lambda data: data[:900] + bytes([data[900] ^ 1]) + data[901:]),
        ("model.safetensors", lambda data: pickle.dumps(print)),
        ("rule.json", lambda data: b"{}"),
        ("manifest.json", lambda data: b""),
        ("run.json", lambda data: None),
    ],
)
def test_a_damaged_run_is_refused_with_the_files_name(
    desk: Path, folder: Path, tmp_path: Path, name: str, damage: Any
) -> None:
    run = copied(desk, tmp_path)
    changed = damage((run / name).read_bytes())
    if changed is None:
        (run / name).unlink()
    else:
        (run / name).write_bytes(changed)
    done = predict(desk, "--run", run, folder / "sport.txt")
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith(f"Error: {run / name}: ")
    assert done.stderr.count("\n") == 1


def test_an_article_half_in_another_script_gets_a_note_with_the_share(
    desk: Path, tmp_path: Path
) -> None:
    path = tmp_path / "half.txt"
    path.write_text("abcde" * 30 + " " + "电影节展" * 25, encoding="utf-8")  # 150 and 100 letters
    done = predict(desk, "--format", "jsonl", path)
    assert done.returncode == 0
    assert len(records(done)) == 1
    assert done.stderr.startswith("half.txt: 40% of its letters are not in Latin script")
    path.write_text(SPORT + " 电", encoding="utf-8")  # a quotation
    assert predict(desk, path).stderr == ""


def test_a_guessed_encoding_is_said(desk: Path, tmp_path: Path) -> None:
    path = tmp_path / "latin.txt"
    path.write_bytes("Le réalisateur, ému, a présenté à Cannes son film d'été.".encode("cp1252"))
    done = predict(desk, path)
    assert done.returncode == 0
    assert "cp1252" in done.stderr
    assert predict(desk, "--encoding", "cp1252", path).stderr == ""


def test_from_python_it_is_the_same_as_the_command(desk: Path, run: Run, folder: Path) -> None:
    raw = [f"date 2024-05 {CINEMA}", f"{SPORT}\r\n\r\n(Photo : AFP)", BOTH]
    for n, text in enumerate(raw):
        (folder / f"{n}.txt").write_text(text, encoding="utf-8", newline="")
    files = [folder / f"{n}.txt" for n in range(3)]
    done = records(predict(desk, "--all", "--format", "jsonl", *files))
    for record, found in zip(done, package.predict(raw, run), strict=True):
        assert tuple(record["categories"]) == found.categories
        assert record["decision"] == found.decision
        for name, p in found.probabilities.items():
            assert abs(record["probabilities"][name] - p) <= 5e-7  # six decimals


def test_load_finds_the_current_run_by_variable_name_or_path(
    desk: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLASSIFY_WORKSPACE", str(desk))
    expected = run.predict([SPORT])
    assert package.predict([SPORT]) == expected
    for name in (run.name, run.path, str(run.path)):
        assert package.load(name).predict([SPORT]) == expected
    with pytest.raises(InputError, match="no such run"):
        package.load("none")


def test_an_empty_text_and_a_bare_string_are_refused(run: Run) -> None:
    with pytest.raises(InputError, match=r"texts\[1\] is empty"):
        package.predict([SPORT, " \n", SPORT], run)
    with pytest.raises(TypeError, match="list of texts"):
        package.predict(SPORT, run)
    assert package.predict([], run) == []


@pytest.mark.parametrize("form", ["text", "jsonl", "csv", "json", "parquet"])
def test_a_reader_that_leaves_early_leaves_no_traceback(
    desk: Path, tmp_path: Path, form: str
) -> None:
    path = jsonl(tmp_path / "a.jsonl", *[{"id": "x" * 200, "text": SPORT}] * 2000)
    command = [sys.executable, "-m", "classify", "predict", "--workspace", desk, path]
    with subprocess.Popen(
        [*command, "--format", form],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
    ) as process:
        assert process.stdout
        assert process.stderr
        assert process.stdout.read(4)
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 141


def test_ctrl_c_ends_with_130_and_one_line(desk: Path) -> None:
    command = [sys.executable, "-m", "classify", "predict", "--workspace", desk, "--format"]
    with subprocess.Popen(
        [*command, "jsonl", "--stdin-format", "jsonl", "-"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
    ) as process:
        assert process.stdin
        assert process.stdout
        assert process.stderr
        process.stdin.write((json.dumps({"text": SPORT}) + "\n").encode() * 300)
        process.stdin.flush()
        assert process.stdout.readline()  # at work, and waiting for more
        process.send_signal(signal.SIGINT)
        said = process.stderr.read().decode()
    assert process.returncode == 130
    assert (
        said.strip()
        == "Interrupted. Finished work is kept; run the same command again to continue."
    )
