"""`classify labels agreement`, run as a person runs it."""

import csv
import io
import json
from dataclasses import replace
from pathlib import Path

import pytest

from classify.workspace.labels import load_labels
from labels.annotations import Annotation, read_annotations, write_annotations
from seeds.document import Document, write_documents
from tests.support.command import classify

TAXONOMY = """version = "1"
choice = "multiple"

[[categories]]
id = "sante"
fr = "Santé"
en = "Health"

[[categories]]
id = "ecole"
fr = "École"
en = "School"

[[categories]]
id = "sport"
fr = "Sport"
en = "Sport"
"""
ARTICLES = [
    Document.of(f"L'article {n} est assez long.", title=f"Titre {n}\x1b[31m") for n in range(12)
]
ANN = ["sante", "ecole", "", "sante"] * 3
BOB = ["sante", "sante", "", "sante"] * 3


def workspace(folder: Path, **annotators: list[str]) -> Path:
    (folder / "taxonomy.toml").write_text(TAXONOMY, encoding="utf-8")
    write_documents(folder, {article.id: article for article in ARTICLES})
    annotations = [
        Annotation(article.id, f"{name}@example.org", (chosen,) if chosen else ())
        for name, row in annotators.items()
        for article, chosen in zip(ARTICLES, row, strict=False)
    ]
    write_annotations(folder, annotations)
    return folder


def test_people_read_figures_names_titles_and_what_to_do_next(tmp_path: Path) -> None:
    """They differ on 3 of 12 articles, where ann says school and bob health: 9 of 12 are alike."""
    done = classify("labels", "agreement", "--workspace", workspace(tmp_path, ann=ANN, bob=BOB))
    assert done.returncode == 0
    assert "12 of 12 articles have two or more" in done.stdout
    assert "exactly the same: 75% of pairs of answers" in done.stdout
    assert "Sport     undefined: nobody chose it" in done.stdout
    assert "3 articles  Santé / École, such as" in done.stdout
    assert "ask a third person first about:" in done.stdout
    assert "Titre 1\\x1b[31m" in done.stdout
    assert "undefined: there is one" not in done.stdout


def test_the_articles_behind_a_category_are_listed_with_who_said_what(tmp_path: Path) -> None:
    folder = workspace(tmp_path, ann=ANN, bob=BOB)
    done = classify("labels", "agreement", "--articles", "ecole", "--workspace", folder)
    assert "3 of 12 articles differ" in done.stdout
    assert done.stdout.count("yes: ann@example.org\n  no: bob@example.org") == 3
    wrong = classify("labels", "agreement", "--articles", "ecol", "--workspace", folder)
    assert wrong.returncode == 1
    assert "Did you mean 'ecole'?" in wrong.stderr


def test_programs_read_every_figure_with_the_articles_behind_it(tmp_path: Path) -> None:
    folder = workspace(tmp_path, ann=ANN, bob=BOB)
    record = json.loads(
        classify("labels", "agreement", "--format", "json", "--workspace", folder).stdout
    )
    disputed = sorted(ARTICLES[n].id for n in (1, 5, 9))
    assert sorted(record["categories"][1]["disagreed"]) == disputed
    assert sorted(record["confusions"][0]["articles"]) == disputed
    assert sorted(entry["document_id"] for entry in record["third_opinions"]) == disputed
    assert set(record["titles"]) == {article.id for article in ARTICLES}
    assert {person["annotator"] for person in record["strictness"]} == set(record["answers"])
    table = classify("labels", "agreement", "--format", "csv", "--workspace", folder).stdout
    rows = {(row["figure"], row["of"]): row for row in csv.DictReader(io.StringIO(table))}
    assert rows["category", "sport"]["undefined"] == "nobody chose it"
    assert rows["category", "ecole"]["differ"] == "3"
    assert float(rows["sets nominal", ""]["same"]) == pytest.approx(0.75)


def test_agreement_that_does_not_exist_is_said_in_words(tmp_path: Path) -> None:
    for name in ("one", "apart", "same"):
        (tmp_path / name).mkdir()
    one = workspace(tmp_path / "one", ann=ANN)
    done = classify("labels", "agreement", "--workspace", one)
    assert done.returncode == 0
    assert "undefined: there is one annotator only" in done.stdout
    apart = workspace(tmp_path / "apart", ann=ANN[:6])
    rest = [Annotation(article.id, "bob@example.org", ()) for article in ARTICLES[6:]]
    write_annotations(apart, [*read_annotations(apart), *rest])
    done = classify("labels", "agreement", "--workspace", apart)
    assert "undefined: no article was answered by two annotators." in done.stdout
    same = workspace(tmp_path / "same", ann=ANN, bob=["sport"] * 12)
    done = classify("labels", "agreement", "--workspace", same)
    assert "note: bob@example.org chose the same every time (Sport)" in done.stdout


def test_labels_from_a_file_are_an_annotator_that_can_be_left_out(tmp_path: Path) -> None:
    folder = workspace(tmp_path, ann=ANN, bob=BOB)
    annotations = read_annotations(folder)
    renamed = [
        replace(vote, annotator="import:a.csv") if vote.annotator.startswith("bob") else vote
        for vote in annotations
    ]
    write_annotations(folder, renamed)
    done = classify("labels", "agreement", "--workspace", folder)
    assert "note: import:a.csv is a file of labels, counted as a person" in done.stdout
    alone = classify("labels", "agreement", "--without", "import:a.csv", "--workspace", folder)
    assert "undefined: there is one annotator only" in alone.stdout
    wrong = classify("labels", "agreement", "--without", "eve", "--workspace", folder)
    assert wrong.returncode == 1
    assert "no such annotator. Known: ann@example.org, import:a.csv." in wrong.stderr


def test_the_setting_chooses_how_answers_that_differ_are_settled(tmp_path: Path) -> None:
    """bob says health everywhere; kim agrees with ann, but has not answered the last article."""
    folder = workspace(tmp_path)
    articles = [Document.of(f"Article numéro {n}.") for n in range(40)]
    write_documents(folder, {article.id: article for article in articles})
    votes = []
    for n, article in enumerate(articles):
        careful = ("ecole",) if n % 2 else ("sante",)
        votes += [Annotation(article.id, "ann", careful), Annotation(article.id, "bob", ("sante",))]
        votes += [Annotation(article.id, "kim", careful)] if n < 39 else []
    write_annotations(folder, votes)
    (dispute,) = load_labels(folder).agreed.disputes
    assert (dispute.document_id, dispute.disputed) == (articles[39].id, ("sante", "ecole"))
    (folder / "labelstudio.toml").write_text('consensus = "dawid-skene"', encoding="utf-8")
    weighed = load_labels(folder).agreed
    assert weighed.disputes == []
    assert [e.categories for e in weighed.dataset.examples] == [("sante",), ("ecole",)] * 20
    (folder / "labelstudio.toml").write_text('consensus = "vote"', encoding="utf-8")
    wrong = classify("labels", "status", "--offline", "--workspace", folder)
    assert wrong.returncode == 1
    assert "consensus" in wrong.stderr
    assert "dawid-skene" in wrong.stderr


def test_without_answers_it_says_what_to_do(tmp_path: Path) -> None:
    done = classify("labels", "agreement", "--workspace", workspace(tmp_path))
    assert done.returncode == 1
    assert "no submitted answers yet" in done.stderr
