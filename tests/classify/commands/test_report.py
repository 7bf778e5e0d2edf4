"""`classify labels report`, run as a person runs it."""

import json
import shutil
from pathlib import Path

import pytest

from seeds.base.records import read_records, write_records
from tests.support.command import classify
from tests.support.desk import team, write_workspace


@pytest.fixture(scope="module")
def space(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("report") / "w"
    return write_workspace(folder, team(), "overlap = 2\n")


def test_the_page_is_written_beside_the_labels_and_changes_none_of_them(space: Path) -> None:
    before = {path.name: path.read_bytes() for path in space.iterdir()}
    done = classify("labels", "report", "--workspace", space)
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"{space / 'desk.html'}\n"
    assert done.stderr == ""
    page = (space / "desk.html").read_text(encoding="utf-8")
    assert page.startswith('<!doctype html>\n<html lang="fr">')
    after = {path.name: path.read_bytes() for path in space.iterdir() if path.name != "desk.html"}
    assert before == after


def test_json_goes_to_standard_output_or_to_a_file(space: Path, tmp_path: Path) -> None:
    """Two people agree on 9 articles of 14 and are split on 3."""
    done = classify("labels", "report", "--format", "json", "--workspace", space)
    figures = json.loads(done.stdout)
    assert (figures["progress"]["agreed"], len(figures["disputes"])) == (9, 3)
    file = tmp_path / "figures.json"
    command = ("labels", "report", "--format", "json", "--workspace", space, "--output", file)
    assert classify(*command).stdout == f"{file}\n"
    assert json.loads(file.read_text(encoding="utf-8"))["disputes"] == figures["disputes"]


def test_a_damaged_file_is_one_line(tmp_path: Path) -> None:
    folder = write_workspace(tmp_path / "w", team())
    (folder / "annotations.jsonl").write_text('{"document_id": 3}\n')
    done = classify("labels", "report", "--workspace", folder)
    assert done.returncode == 1
    assert "annotations.jsonl:1" in done.stderr
    assert not (folder / "desk.html").exists()


def test_a_folder_that_is_mistyped_is_not_made(tmp_path: Path) -> None:
    done = classify("labels", "report", "--workspace", tmp_path / "wrkspace")
    assert done.returncode == 1
    assert "no such folder" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_model_names_the_label_it_contradicts(desk: Path, tmp_path: Path) -> None:
    """An article of trade is labelled cinema; the run learned it as trade, so that others judge."""
    folder = shutil.copytree(desk, tmp_path / "w")
    records = [record for _, record in read_records(folder / "dataset.jsonl")]
    wrong = next(record for record in records if record["labels"] == ["trade"])
    wrong["labels"] = ["cinema"]
    write_records(folder / "dataset.jsonl", records)
    done = classify("labels", "report", "--format", "json", "--workspace", folder)
    assert done.returncode == 0, done.stderr
    suspects = json.loads(done.stdout)["suspects"]
    assert "tfidf" in suspects["judge"]
    named = {
        (pair["category"], pair["labelled"])
        for pair in suspects["records"]
        if pair["article"] == wrong["id"]
    }
    assert named == {("cinema", True), ("trade", False)}
    assert len({pair["article"] for pair in suspects["records"]}) <= 20
