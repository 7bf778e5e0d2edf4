"""A title that is known from elsewhere is found in a text, whatever its typography."""

import pytest

from seeds.clean import clean
from seeds.titles import find_title


@pytest.mark.parametrize(
    ("line", "title"),
    [
        ("L’accord « historique » est signé – enfin", 'L\'accord "historique" est signé - enfin'),
        ("LE CŒUR DE L’ŒUVRE", "Le coeur de l'oeuvre"),
        ("Etat d’urgence a Hanoi", "État d'urgence à Hanoï"),
        ("Un accord signé !", "Un accord signé!"),
        ("Un accord signé", "Un accord signé - Le Monde"),
        ("Un accord signé", "Un accord signé | Culture | Le Courrier"),
        ("Un accord signé", "Le Monde – Un accord signé"),
        ("Un accord signé | Le Monde", "Un accord signé"),
        ("Un accord… signé", "Un accord... signé"),
    ],
)
def test_a_title_with_other_typography_or_the_name_of_a_site_is_the_same(
    line: str, title: str
) -> None:
    cleaned = clean(f"{line}\n\nLe corps du texte.", title=title)
    assert cleaned.text == f"{line}\n\nLe corps du texte."
    assert cleaned.title == line


def test_a_title_below_a_section_or_a_kicker_is_not_put_above_them_again() -> None:
    text = "Culture\n\nLe cinéma de quartier\n\nLe corps."
    assert clean(text, title="Le cinéma de quartier").text == text
    assert clean(text, title="Le cinéma de quartier").title == "Le cinéma de quartier"


@pytest.mark.parametrize(
    ("line", "title"),
    [
        ("Culture", "Culture - Un accord signé à Hanoï"),
        ("Un accord", "Un accord signé"),
        ("Un autre titre", "Un accord signé"),
        ("!!!", "???"),
        ("Le Vietnam a accueilli un forum.", "Le Vietnam"),
    ],
)
def test_another_line_is_not_taken_for_the_title(line: str, title: str) -> None:
    assert find_title(f"{line}\n\nLe corps.", title) == ""
    assert clean(f"{line}\n\nLe corps.", title=title).text.startswith(f"{title}\n\n{line}")


def test_cleaning_what_was_cleaned_with_a_title_changes_nothing() -> None:
    for line, title in (("L’accord", "L'accord - Le Monde"), ("Rien", "Un titre"), ("x", "x | y")):
        once = clean(f"{line}\nLe corps.", title=title)
        assert clean(once.text, title=once.title) == once
        assert clean(once.text).text == once.text
