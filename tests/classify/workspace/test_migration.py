"""Changes of the categories in a workspace without a project: files, runs, undo, refusals."""

import json
from pathlib import Path

import pytest

from labels.annotations import Annotation, write_annotations
from labels.taxonomy import ensure_taxonomy
from seeds.base.locks import locked
from seeds.document import Document, write_documents
from tests.support.command import classify, train
from tests.support.corpus import workspace as corpus
from tests.support.kill import fork


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two imported articles: one of the cinema, one of cinema and sport."""
    articles = [Document.of("Un film."), Document.of("Un film de sport.")]
    write_documents(tmp_path, {article.id: article for article in articles})
    ensure_taxonomy(tmp_path)
    votes = (("cinema",), ("cinema", "sport"))
    pairs = zip(articles, votes, strict=True)
    write_annotations(
        tmp_path, (Annotation(a.id, "import:labels.csv", names) for a, names in pairs)
    )
    return tmp_path


def migrate(folder: Path, *words: str, code: int = 0) -> str:
    done = classify("labels", "migrate", *words, "--workspace", folder)
    assert done.returncode == code, done.stderr
    return done.stderr


def labels(folder: Path) -> list[list[str]]:
    lines = (folder / "dataset.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line)["labels"] for line in lines]


def files(folder: Path) -> dict[str, bytes]:
    names = ("taxonomy.toml", "annotations.jsonl", "documents.jsonl")
    return {name: (folder / name).read_bytes() for name in names}


def test_changes_add_up_and_are_taken_back_one_by_one(folder: Path) -> None:
    before = files(folder)
    assert "no project in Label Studio" in migrate(folder, "rename", "cinema", "film=Films/Films")
    assert labels(folder) == [["film"], ["film", "sport"]]
    migrate(folder, "retire", "sport")
    assert labels(folder) == [["film"], ["film"]]
    migrate(folder, "undo")
    assert labels(folder) == [["film"], ["film", "sport"]]
    migrate(folder, "undo")
    assert files(folder) == before
    assert "no change to take back" in migrate(folder, "undo", code=1)
    assert "nothing is unfinished" in migrate(folder, "resume", code=1)


def test_a_taxonomy_edited_since_is_not_overwritten(folder: Path) -> None:
    migrate(folder, "rename", "cinema", "film")
    path = folder / "taxonomy.toml"
    path.write_text(path.read_text(encoding="utf-8") + "# Mine.\n", encoding="utf-8")
    assert "edited since the migration" in migrate(folder, "undo", code=1)
    assert path.read_text(encoding="utf-8").endswith("# Mine.\n")


def test_two_at_once_are_one_after_the_other(folder: Path) -> None:
    with locked(folder, "classify labels migrate merge"):
        said = migrate(folder, "retire", "sport", code=1)
    assert "in use by classify labels migrate merge" in said


def test_nobody_writes_while_a_change_is_half_done(folder: Path) -> None:
    where = "classify.workspace.migration.steps:write_annotations"
    command = ("labels", "migrate", "rename", "cinema", "film", "--workspace", str(folder))
    before = files(folder)
    assert fork(*command, kill_at=(where, 1))[0] == -9
    refused = classify("seeds", "add", "-", "--workspace", folder, data=b"Un article de plus.")
    assert refused.returncode == 1
    assert "`classify labels migrate rename cinema film` is unfinished" in refused.stderr
    assert "is unfinished" in migrate(folder, "retire", "sport", code=1)
    migrate(folder, "undo")
    assert files(folder) == before
    assert fork(*command, kill_at=(where, 1))[0] == -9
    migrate(folder, "resume")
    assert labels(folder) == [["film"], ["film", "sport"]]


def test_a_run_goes_on_predicting_under_the_merged_name_and_verifies(tmp_path: Path) -> None:
    folder = corpus(tmp_path / "desk", 60)
    run = train(folder)
    first, second, *_ = json.loads((folder / "runs" / run / "rule.json").read_text())["categories"]
    text = tmp_path / "article.txt"
    text.write_text("Le film sort en salle, avec le cinéma et les acteurs. " * 3, encoding="utf-8")

    def probabilities() -> dict[str, float]:
        done = classify("predict", "--workspace", folder, "--format", "jsonl", text)
        assert done.returncode == 0, done.stderr
        found: dict[str, float] = json.loads(done.stdout)["probabilities"]
        return found

    old = probabilities()
    migrate(folder, "merge", first, second, "--into", "both=Les deux/Both")
    new = probabilities()
    assert set(new) == {*old, "both"} - {first, second}
    expected = 1 - (1 - old[first]) * (1 - old[second])
    assert new["both"] == pytest.approx(expected, abs=1e-4)
    assert classify("runs", "verify", "--workspace", folder).returncode == 0
    migrate(folder, "undo")
    assert probabilities() == old
    assert not (folder / "runs" / "categories.json").exists()
