"""`--create-categories` adds what is new, and asks about what looks like a slip."""

import json
from pathlib import Path
from typing import Any

import pytest

from labels.new_categories import Creation
from labels.spreadsheet import LabelledArticles, Layout, read_labelled
from labels.taxonomy import Category, Taxonomy
from seeds.base.errors import InputError

NEWS = Taxonomy(
    "1",
    "multiple",
    (
        Category("cinema", "Cinéma", "Cinema"),
        Category("trade", "Commerce international", "International trade"),
        Category("sport", "Sport", "Sport"),
        Category("politics", "Politique", "Politics"),
    ),
)


def created(
    folder: Path,
    labels: list[Any],
    *,
    every: bool = True,
    new: tuple[str, ...] = (),
    used: tuple[str, ...] = (),
    separator: str = ";",
) -> LabelledArticles:
    path = folder / "f.jsonl"
    rows = [{"text": f"Texte {n}", "label": label} for n, label in enumerate(labels)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    creation = Creation(every=every, names=new, used=used)
    return read_labelled(
        path, Layout(separator=separator), NEWS, creation=creation, remedy="add them"
    )


def added(articles: LabelledArticles) -> dict[str, str]:
    """The ids and the names of the categories that were added."""
    return {category.id: category.fr for category in articles.taxonomy.categories[4:]}


def test_new_names_are_added_once_however_they_are_written(tmp_path: Path) -> None:
    labels = ["Opéra", "opera", "Opéra ", "OPÉRA", "Jeux\xa0vidéo", "Jeux  vidéo", "Jeux-vidéo"]
    articles = created(tmp_path, labels)
    assert added(articles) == {"jeux-video": "Jeux vidéo", "opera": "Opéra"}
    ids = [annotation.categories for annotation in articles.annotations]
    assert ids == [("opera",)] * 4 + [("jeux-video",)] * 3


@pytest.mark.parametrize(
    "label",
    ["Cinma", "Cinémas", "Cinnéma", "Sports", "Commerce internationnal", "Politiqe", "Politicss"],
)
def test_a_name_that_nearly_is_a_known_one_is_asked_about(tmp_path: Path, label: str) -> None:
    with pytest.raises(InputError) as caught:
        created(tmp_path, ["cinema", label])
    message = str(caught.value)
    assert f"nearly known: {label} (1 article) in row 2 (did you mean '" in message
    assert f"--new-category '{label}'" in message


def test_whoever_insists_gets_the_category(tmp_path: Path) -> None:
    assert added(created(tmp_path, ["Sports"], new=("sports",))) == {"sports": "Sports"}
    assert added(created(tmp_path, ["Sports"], every=False, new=("Sports",))) == {
        "sports": "Sports"
    }
    with pytest.raises(InputError, match=r"not in the taxonomy: Opéra \(1 article\) in row 2\."):
        created(tmp_path, ["Sports", "Opéra"], every=False, new=("Sports",))


def test_a_name_of_many_rows_beside_one_that_nothing_has_is_added_and_said(tmp_path: Path) -> None:
    """As those of a corpus with its own names, beside the categories that came with the program."""
    articles = created(tmp_path, ["Sports"] * 6 + ["opéra"] * 10)
    assert added(articles) == {"sports": "Sports", "opera": "opéra"}
    (note,) = articles.notes
    assert note.where == "f.jsonl"
    assert note.message == (
        "Sports (6 articles) first in row 1 is added beside 'Sport', which no article has"
    )
    for used, labels in ((("sport",), ["Sports"] * 6), ((), [*["Sports"] * 6, "sport"])):
        with pytest.raises(InputError, match="nearly known: Sports"):
            created(tmp_path, labels, used=used)
    with pytest.raises(InputError, match="nearly known: Sports"):
        created(tmp_path, ["Sports"] * 6 + ["opéra"] * 200)


def test_of_two_new_names_that_are_nearly_the_same_one_is_asked_about(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"Opéras \(1 article\) in row 3 \(did you mean 'Opéra'"):
        created(tmp_path, ["Opéra", "Opéra", "Opéras"])
    assert len(added(created(tmp_path, ["Iran", "Irak", "Mode", "Monde"]))) == 4


def test_names_that_differ_in_a_hyphen_or_a_space_are_one(tmp_path: Path) -> None:
    labels = ["Basket ball", "Basket-ball", "Basketball", "Basket-ball", "Cinéma"]
    articles = created(tmp_path, labels)
    assert added(articles) == {"basket-ball": "Basket-ball"}
    assert [a.categories for a in articles.annotations][:3] == [("basket-ball",)] * 3


def test_the_rarer_of_two_names_is_asked_about(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"known: Fait divers \(1 article\).* 'Faits divers'"):
        created(tmp_path, ["Faits divers"] * 40 + ["Fait divers"])


@pytest.mark.parametrize(
    ("labels", "kind"),
    [
        (["2024-01-02", "2024-01-03", "Opéra"], "a date"),
        (["12/03/2024", "13/03/2024"], "a date"),
        (["1250", "12,5"], "a number"),
        (["true", "FALSE"], "a date, or true or false"),
    ],
)
def test_values_of_another_column_are_no_names(
    tmp_path: Path, labels: list[str], kind: str
) -> None:
    with pytest.raises(InputError) as caught:
        created(tmp_path, labels)
    assert f"looks like {kind}, not the name of a category. Name the right" in str(caught.value)


def test_a_new_category_that_no_row_has_is_said(tmp_path: Path) -> None:
    articles = created(tmp_path, ["cinema"], new=("Opéra",))
    assert [note.message for note in articles.notes] == ["--new-category 'Opéra': no row has it"]


def test_the_separator_that_is_given_is_not_advised(tmp_path: Path) -> None:
    for every in (True, False):
        with pytest.raises(InputError) as caught:
            created(tmp_path, [["Sport;Cinéma"]], every=every)
        assert "Write each as an element of the list." in str(caught.value)
        assert "--separator" not in str(caught.value)


@pytest.mark.parametrize(
    ("label", "mark"),
    [
        ("cinema|trade", "'|'"),
        ("opéra|ballet", "'|'"),
        ("cinema, trade", "','"),
        ("cinema, opéra", "','"),
        ("cinema / trade", "'/'"),
        ("cinema/trade", "'/'"),
        ("Cinéma - Sport", "' - '"),
        ("Cinéma + Sport", "'+'"),
        ("cinema#sport", "'#'"),
        ("cinema & sport", "'&'"),
        ("Cinéma et Sport", "' et '"),
        ("cinema\nsport", r"$'\n'"),
        ("cinema\tsport", r"$'\t'"),
    ],
)
def test_a_cell_that_looks_like_several_names_is_asked_about(
    tmp_path: Path, label: str, mark: str
) -> None:
    with pytest.raises(InputError) as caught:
        created(tmp_path, ["sport", label])
    assert f"looks like several categories. Did you mean --separator {mark}?" in str(caught.value)
    assert len(added(created(tmp_path, ["sport", label], new=(label,)))) == 1


def test_a_known_separator_is_named_without_the_option_too(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"cinema\|trade \(1 article\).*Did you mean --sep.* '\|'"):
        created(tmp_path, ["cinema|trade"], every=False)


@pytest.mark.parametrize(
    "label", ["science/technology", "Justice, police", "Arts et lettres", "Société & famille"]
)
def test_a_name_may_hold_what_separates_others(tmp_path: Path, label: str) -> None:
    assert list(added(created(tmp_path, [label])).values()) == [label]


def test_parts_are_told_by_the_other_rows_too(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"opéra/ballet .*--separator '/'"):
        created(tmp_path, ["opéra", "ballet", "opéra/ballet"])


def test_without_a_separator_no_cell_is_parted(tmp_path: Path) -> None:
    assert list(added(created(tmp_path, ["cinema, trade"], separator="")).values()) == [
        "cinema, trade"
    ]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (["C++", "C#"], "'C++' and 'C#' would both be the category 'c'"),
        (["日本"], "no letter or digit"),
        ([f"rubrique {n:05}" for n in range(10_001)], r"10,005 categories in all, and 10,000 are"),
    ],
)
def test_names_that_can_be_no_categories_are_refused(
    tmp_path: Path, labels: list[str], message: str
) -> None:
    with pytest.raises(InputError) as caught:
        created(tmp_path, labels)
    assert str(caught.value).startswith(f"{tmp_path / 'f.jsonl'}: ")
    assert message in str(caught.value)
