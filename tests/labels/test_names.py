"""Names of categories: alike if a person sees no difference, near if one slip tells them apart."""

import time

import pytest

from labels.matching import CategoryNames, NameCount, list_names
from labels.names import comparison_key, tidy_name
from labels.near_names import NearNames
from labels.taxonomy import Category, Taxonomy
from seeds.base.errors import InputError

NEWS = Taxonomy(
    "1",
    "multiple",
    (
        Category("museum", "Bibliothèque et musée", "Library and museum"),
        Category("trade", "Commerce international", "International trade"),
        Category("health", "Santé", "Health"),
        Category("work", "Main-d’œuvre", "Workforce"),
        Category("art-de-vivre", "L'art de vivre", "Lifestyle"),
        Category("technology", "Science et technologie", "Science and technology"),
    ),
)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("museum", "museum"),
        ("MUSEUM", "museum"),
        ("Bibliothèque\xa0et\xa0musée", "museum"),
        ("Bibliothèque\u202fet\u2009musée", "museum"),
        ("Bibliothèque  et\tmusée ", "museum"),
        ("Bibliotheque et musee", "museum"),
        ("BIBLIOTHÈQUE ET MUSÉE", "museum"),
        ("BIBLIOTHEQUE ET MUSEE", "museum"),
        ("Bibliothe\u0300que et muse\u0301e", "museum"),
        ("\ufeffBibliothèque et mu\u200bsée\u200e", "museum"),
        ("Biblio\xadthèque et musée", "museum"),
        ("library and museum", "museum"),
        ("Commerce-international", "trade"),
        ("commerce_international", "trade"),
        ("Sante", "health"),
        ("SANTÉ", "health"),
        ("Main-d'œuvre", "work"),
        ("main d’oeuvre", "work"),
        ("MAIN‑D'ŒUVRE", "work"),
        ("L’art de vivre", "art-de-vivre"),
        ("L`art de vivre", "art-de-vivre"),
        ("art de vivre", "art-de-vivre"),
        ("Ｈｅａｌｔｈ", "health"),  # full width, as from a Japanese keyboard
        ("Science et technologie", "technology"),
        ("Sciences et technologies", None),
        ("Science/technologie", None),
        ("Santés", None),
        ("Bibliothèque", None),
        ("", None),
    ],
)
def test_a_name_is_known_if_a_person_sees_no_difference(name: str, expected: str | None) -> None:
    assert CategoryNames(NEWS).find(name) == expected


def test_what_is_written_exactly_so_wins_and_what_may_be_several_is_refused() -> None:
    names = CategoryNames(
        Taxonomy(
            "1",
            "multiple",
            (
                Category("marche", "Marché", "Market"),
                Category("walk", "Marche", "Walk"),
                Category("culture", "Arts", "Arts (en)"),
                Category("letters", "Lettres", "culture"),
            ),
        )
    )
    assert names.find("Marché") == "marche"
    assert names.find("MARCHÉ") == "marche"
    assert names.find("Marche") == "walk"
    assert names.find("marche") == "marche", "an id means its own category"
    assert names.find("culture") == "culture"
    with pytest.raises(InputError, match=r"'MARCHE' may be any of .*marche, walk\. Write its id"):
        names.find("MARCHE")


@pytest.mark.parametrize(
    ("name", "other"), [("R&D", "RD"), ("C++", "C"), ("Europe", "Europe 2"), ("日本", "中国")]
)
def test_names_that_a_person_tells_apart_stay_apart(name: str, other: str) -> None:
    assert comparison_key(name) != comparison_key(other)


def test_the_name_that_an_id_was_made_of_stays_known_when_the_category_is_renamed() -> None:
    categories = (
        Category("science-technology", "Sciences", "Science"),
        Category("c", "C++", "C++"),
    )
    names = CategoryNames(Taxonomy("1", "multiple", categories))
    assert names.find("science/technology") == "science-technology"
    assert names.find("Science & technology") == "science-technology"
    assert names.find("C#") is None


def test_a_tidy_name_keeps_what_is_seen() -> None:
    assert tidy_name(" Me\u0301decine\xa0 et\u200b  soins") == "Médecine et soins"


NEAR = NearNames(
    [
        *("Politique", "Politique intérieure", "Sport", "Commerce international", "Santé"),
        *("Bibliothèque et musée", "Catégorie 1", "Europe de l'Est", "Économie et finances"),
    ]
)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Politiques", "Politique"),
        ("sports", "Sport"),
        ("Bibliothèques et musées", "Bibliothèque et musée"),
        ("Comerce internationnal", "Commerce international"),
        ("Commerceinternational", "Commerce international"),
        ("Santee", "Santé"),
        ("Snaté", "Santé"),
        ("Polítique", "Politique"),
        ("Politque", "Politique"),
        ("Politlque", "Politique"),
        ("Économie & finances", "Économie et finances"),
        ("Économie and finance", "Économie et finances"),
        ("Politique extérieure", ""),
        ("Europe de l'Ouest", ""),
        ("Catégorie 2", ""),
        ("Environnement", ""),
        ("Spot", "Sport"),
        ("Art", ""),
    ],
)
def test_a_name_is_near_another_by_a_plural_a_doubled_letter_or_one_slip(
    name: str, expected: str
) -> None:
    assert NEAR.find(name) == expected


@pytest.mark.slow
def test_many_names_are_compared_in_time_that_grows_with_their_number() -> None:
    names = [f"rubrique {chr(97 + n % 26)}{n:x} et suite" for n in range(20_000)]
    start = time.process_time()
    near = NearNames(names)
    assert [near.find(f"{name} bis") for name in names[:2000]] == [""] * 2000
    assert time.process_time() - start < 10


def test_of_very_many_names_a_message_lists_the_most_frequent() -> None:
    counts = [NameCount(f"n{n:02}", str(n), count=1 + (n == 30)) for n in range(40)]
    listed = list_names(counts, {"n30": "n 30"})
    assert "n30 (2 articles) first in row 30 (did you mean 'n 30'?)" in listed
    assert listed.endswith(" and 32 more")
