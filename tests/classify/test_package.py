"""`from classify import load, predict`: what programs may give, and how they are told otherwise."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from classify import load, predict
from seeds.base.errors import InputError
from tests.support.corpus import dataset
from training.models.tfidf.model import TfidfSettings
from training.recipe import Recipe
from training.runs.registry import promote
from training.runs.run import Run, load_run, save_run
from training.train import train

FILM, PORT = "film festival réalisateur écran", "export douane tarif conteneur"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with a current run."""
    workspace = tmp_path_factory.mktemp("w")
    trained = train(dataset(60), "tfidf", Recipe(curve_repeats=0), TfidfSettings(buckets=12))
    promote(workspace / "runs", load_run(save_run(workspace / "runs", trained)))
    return workspace


@pytest.fixture
def run(folder: Path) -> Run:
    return load(workspace=folder)


class Series:
    """As pandas has it: iterable, with an index that is no list of positions."""

    def __init__(self, *values: Any) -> None:
        self.values, self.index = values, [17, 4, 9]

    def __iter__(self) -> Iterator[Any]:
        return iter(self.values)


class Frame:
    """As pandas has it: iterating gives the names of the columns."""

    columns = ("text", "title")

    def __iter__(self) -> Iterator[str]:
        return iter(self.columns)


@pytest.mark.parametrize(
    "texts",
    [
        [FILM, PORT],
        (FILM, PORT),
        (text for text in (FILM, PORT)),
        {FILM: 1, PORT: 2}.keys(),
        np.array([FILM, PORT]),
        np.array([FILM, PORT], dtype=object),
        Series(FILM, PORT),
    ],
)
def test_whatever_gives_strings_is_predicted_in_order(run: Run, texts: Any) -> None:
    first, second = predict(texts, run)
    assert (first.categories, second.categories) == (("cinema",), ("trade",))


def test_none_at_all_gives_no_prediction(run: Run) -> None:
    assert predict([], run) == predict(iter(()), run) == []


@pytest.mark.parametrize(
    ("stranger", "named"),
    [
        (None, "None"),
        (float("nan"), "a float"),
        (7, "an int"),
        (FILM.encode(), "a bytes"),
        ([FILM], "a list"),
        ({"text": FILM}, "a dict"),
        (Path("article.txt"), "a PosixPath"),
        (np.float64("nan"), "a float64"),
    ],
)
@pytest.mark.parametrize("kind", [list, tuple, iter, Series])
def test_what_is_no_string_is_named_by_its_position(
    run: Run, stranger: Any, named: str, kind: Any
) -> None:
    values = [FILM, PORT, stranger]
    expected = re.escape(f"texts[2] is {named}, not a string. Leave it out, or give its text.")
    for call in (predict, Run.predict):
        texts = Series(*values) if kind is Series else kind(values)
        with pytest.raises(TypeError, match=f"^{expected}$"):
            call(texts, run) if call is predict else run.predict(texts)


@pytest.mark.parametrize(
    ("texts", "advice"),
    [
        (FILM, r"found a string\. Give \[text\] for a single one"),
        (FILM.encode(), r"found a bytes\. Decode it"),
        (bytearray(b"film"), "found a bytearray"),
        ({"text": FILM}, r"found a dict\. Give the column or the values that hold the texts"),
        (Frame(), r"found a Frame\. Give the column"),
        (None, "found None"),
        (5, "found an int"),
        (np.array(FILM), "found a ndarray"),
    ],
)
def test_what_holds_no_texts_is_refused_before_anything_is_predicted(
    run: Run, texts: Any, advice: str
) -> None:
    for call in (lambda: predict(texts, run), lambda: run.predict(texts)):
        with pytest.raises(TypeError, match=f"^expected a list of texts, {advice}"):
            call()


@pytest.mark.parametrize("empty", ["", " \n\t", "\u200b\u200b", "\ufeff"])
def test_an_empty_text_is_named_by_its_position(run: Run, empty: str) -> None:
    with pytest.raises(InputError, match=r"^texts\[1\] is empty\. Leave it out\.$"):
        predict([FILM, empty, PORT], run)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ('<rss version="2.0"><channel></channel></rss>', "is an RSS feed"),
        ("De : Anne\nÀ : Luc\nObjet : Budget\n\nBonjour", "is an e-mail"),
        ('{"title": "Un film", "text": "Le film sort."}', "is JSON"),
    ],
)
def test_a_text_that_is_no_article_is_refused_by_its_position(
    run: Run, text: str, kind: str
) -> None:
    with pytest.raises(InputError, match=rf"^texts\[1\]: {kind}, not text of an article"):
        predict(["Le film sort.", text], run)


def test_a_binary_text_is_named_by_its_position(run: Run) -> None:
    with pytest.raises(InputError, match=r"^texts\[1\]: is binary \(it contains NUL\)"):
        predict([FILM, "film\0festival"], run)


@pytest.mark.parametrize(
    "text", ["film \ud83d festival", "film \udfff", "\x1b[31mfilm", "电影节展"]
)
def test_odd_characters_are_predicted(run: Run, text: str) -> None:
    assert len(predict([text], run)) == 1


@pytest.mark.parametrize("stranger", ["20261122-070000-tfidf-0123abcd", Path("runs"), 3, [], {}])
def test_a_run_that_is_not_loaded_is_refused(stranger: Any) -> None:
    with pytest.raises(TypeError, match=r"^run must come from load\(\), found "):
        predict([FILM], stranger)


@pytest.mark.parametrize(
    "name",
    [
        "none",
        "",
        ".",
        "..",
        "../runs",
        "a/b",
        "a\0b",
        "\ud800",
        "x" * 300,
        "a/" + "x" * 5000,
        Path("none"),
        Path("x" * 300),
        Path(__file__),
    ],
)
def test_a_run_that_is_not_there_is_one_line(folder: Path, name: str | Path) -> None:
    with pytest.raises(InputError) as caught:
        load(name, workspace=folder)
    assert "\n" not in str(caught.value)


def test_a_workspace_without_runs_says_what_to_do(tmp_path: Path) -> None:
    for workspace in (tmp_path, tmp_path / "none", str(tmp_path)):
        with pytest.raises(InputError, match=r"no trained model yet\. Run `classify train`"):
            load(workspace=workspace)
    with pytest.raises(InputError, match="workspace is empty"):
        load(workspace="")


@pytest.mark.parametrize("stranger", [3, b"runs", ["runs"], 1.5])
def test_names_of_another_type_are_refused(folder: Path, stranger: Any) -> None:
    with pytest.raises(TypeError, match=r"^run must be a string or a Path, not "):
        load(stranger, workspace=folder)
    with pytest.raises(TypeError, match=r"^workspace must be a string or a Path, not "):
        load(workspace=stranger)
