"""Cells without a value, rows that are too short, titles that are none."""

import json
from pathlib import Path
from typing import Any

import pytest

from seeds.base.errors import Fault
from seeds.reading.sources import Article, read_articles


@pytest.mark.parametrize(
    "cell",
    [
        *("NaN", "null", "N/A", "None", "#REF!", "#VALEUR!", "#N/A", "#DIV/0!", "NA", "<NA>"),
        *("=CONCATENATE(A1)", "Err:502", " nan "),
    ],
)
def test_what_programs_write_for_no_value_is_no_text(tmp_path: Path, cell: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f"text,title\n{cell},Un titre\nUn texte.,{cell}\n")
    fault, article = read_articles([path])
    assert isinstance(fault, Fault)
    assert fault.message == f"is empty: the cell holds {cell.strip()}. Add a text, or leave it out."
    assert isinstance(article, Article)
    assert (article.document.text, article.notes) == ("Un texte.", ())


@pytest.mark.parametrize("text", ["Null et non avenu.", "#MeToo", "None.", "= (1)", "Erreur"])
def test_a_text_that_is_like_no_value_is_a_text(tmp_path: Path, text: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f"text\n{text}\n")
    (article,) = read_articles([path])
    assert isinstance(article, Article)
    assert article.document.text == text


def test_a_row_that_ends_before_its_text_says_so_and_others_may_be_short(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("id,text,date\n1\n2,Un texte.\n")
    fault, article = read_articles([path])
    assert isinstance(fault, Fault)
    assert (fault.where, fault.message) == (
        f"{path}:1",
        "has 1 field where the header has 3. Write a delimiter for each field, empty ones too.",
    )
    assert isinstance(article, Article)
    assert (article.document.text, article.where) == ("Un texte.", f"{path}:2")


@pytest.mark.parametrize("title", [1.5, 2.0, [1.5, 2.0], [1, "A"]])
def test_numbers_are_no_title(tmp_path: Path, title: Any) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps({"text": "Un texte.", "title": title}) + "\n")
    (article,) = read_articles([path])
    assert isinstance(article, Article)
    held = "a list" if isinstance(title, list) else "a number"
    assert article.document.text == "Un texte."
    assert article.notes == (f"column 'title' holds {held}, not text: left out",)


def test_a_title_in_parts_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps({"text": "Un texte.", "title": ["Le titre", "en deux"]}) + "\n")
    (article,) = read_articles([path])
    assert isinstance(article, Article)
    assert article.document.text == "Le titre en deux\n\nUn texte."


def test_half_a_character_is_lost_with_a_note(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"text": "Le mot a\\ud800b."}\n')
    (article,) = read_articles([path])
    assert isinstance(article, Article)
    assert article.document.text == "Le mot a\ufffdb."
    assert article.notes == ("1 character lost (U+FFFD): take it from its source",)


def test_a_note_is_about_a_row_of_a_file_whatever_its_source_is(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("text,source\nUn texte\ufffd.,Le Monde\n")
    (article,) = read_articles([path])
    assert isinstance(article, Article)
    assert (article.document.source, article.place) == ("Le Monde", "a.csv:1")
    page = tmp_path / "a.md"
    page.write_text("---\nsource: Le Monde\n---\nUn texte.\n")
    (article,) = read_articles([page])
    assert isinstance(article, Article)
    assert (article.document.source, article.place) == ("Le Monde", "a.md")
