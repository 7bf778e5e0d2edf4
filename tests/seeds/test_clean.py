"""Bytes become clean articles: encodings, Unicode, dates, titles, furniture, languages."""

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seeds.base.errors import InputError
from seeds.clean import clean
from seeds.languages import foreign_share, identify_languages
from tests.support.command import SHARED

REAL = SHARED / "seeds"

FRENCH = (
    "L’œuvre restaurée sera projetée à Genève : « un événement », selon l’ambassadrice, "
    "qui chiffre le prêt à 12 000 € et salue le cœur de l’équipe…"
)


def real(number: int) -> str:
    if not REAL.is_dir():
        pytest.skip(f"the real articles are not beside the checkout ({REAL})")
    return next(REAL.glob(f"{number:03d}_*")).read_text(encoding="utf-8")


# ---------------------------------------------------------------- clean


def test_copies_that_differ_in_invisible_ways_come_out_the_same() -> None:
    plain = "Le titre\n\nDit-il : « Oui »."
    typed = "\ufeffLe\u00a0titre \r\n\r\n\r\nDit\u2010il".replace("\u2010", "-") + (
        "\u00a0: «\u202fOu\u00adi\u202f»\u200b.\u2028"
    )
    assert clean(typed).text == plain
    assert clean(unicodedata.normalize("NFD", "Été à Hué.")).text == "Été à Hué."


def test_bidirectional_and_control_characters_stay_in_the_data() -> None:
    assert (
        clean("Un mot \u202earabe\u202c et \x1b[31m.").text
        == "Un mot \u202earabe\u202c et \x1b[31m."
    )


def test_nul_in_a_text_is_an_error() -> None:
    with pytest.raises(InputError, match="NUL"):
        clean("a\0b")


def test_the_header_of_the_articles_becomes_the_date() -> None:
    made = clean(" date 2020-11 Centré sur le thème du cinéma, le forum a eu lieu.")
    assert made.date == "2020-11"
    assert made.text == "Centré sur le thème du cinéma, le forum a eu lieu."
    assert clean(" date 2020-11-05\nLe titre\nLe corps.").date == "2020-11-05"


@pytest.mark.parametrize(
    ("line", "date"),
    [
        ("Mise à jour:2018-11-30 | french.china.org.cn", "2018-11-30"),
        ("Mise à jour:2017-02-08 | lettre-des-dangrek.exemple.org", "2017-02-08"),
        ("Mis à jour le 3 juin 2020 à 14h05", "2020-06-03"),
        ("Publié le 12 mars 2021", "2021-03-12"),
        ("Publié le vendredi 1er octobre 2021 à 8 h", "2021-10-01"),
        ("Publié le 12/03/2021 à 07:30 - Mis à jour le 13/03/2021 à 08:00", "2021-03-12"),
        ("2020-11-03", "2020-11-03"),
        ("2020-11-03T08:15:00+01:00", "2020-11-03"),
        ("24 décembre 2019", "2019-12-24"),
    ],
)
def test_an_update_line_becomes_the_date_and_leaves_the_text(line: str, date: str) -> None:
    made = clean(f"Le titre\n{line}\nLe corps de l'article.")
    assert made.date == date
    assert made.text == "Le titre\n\nLe corps de l'article."


@pytest.mark.parametrize(
    "line",
    [
        "Photo : baovanhoa/CVN",
        "Photo : Trân Duc/MKM",
        "Crédit photo : Jean-Noël Lafargue",
        "© Agence Fictive / D. Jeanrichard-Moulin",
        "Texte et photo : Thuy Linh/CVX",
        "Lire aussi : Le cinéma vietnamien à Cannes",
        "À lire également : que reste-t-il du festival ?",
        "Partager sur Facebook",
        "Facebook Twitter WhatsApp",
        "Inscrivez-vous à notre newsletter",
        "Recevez chaque matin notre lettre d'information.",
    ],
)
def test_credits_links_and_calls_to_share_leave_the_text(line: str) -> None:
    assert clean(f"Le titre\n\n{line}\n\nLe corps.").text == "Le titre\n\nLe corps."


@pytest.mark.parametrize(
    "line", ["VNA/CVN", "(AFP)", "ACN/DKR", "Xinhua", "(avec AFP et Reuters)", "AEF-Est/vb/lm"]
)
def test_an_agency_signs_on_the_last_line_only(line: str) -> None:
    assert clean(f"Le titre\n\nLe corps.\n\n{line}").text == "Le titre\n\nLe corps."
    assert line in clean(f"Le titre\n\n{line}\n\nLe corps.").text


@pytest.mark.parametrize(
    "line",
    [
        "Publié le 12 mars 2021, le rapport montre que le cinéma résiste.",
        "Lire aussi les œuvres de Camus aide à comprendre.",
        "Photo : Le ministre a ouvert la séance hier soir à Hanoï.",
        "Photo : les parents avaient occupé l'école en mai. (Rédaction/Penn-Vro)",
        "Partager le pain est une coutume du village.",
        "Le 12 mars 2021 restera dans les mémoires.",
        "Crédit agricole et coopération au menu.",
    ],
)
def test_a_sentence_is_never_removed(line: str) -> None:
    assert line in clean(f"Le titre\n\nDébut.\n{line}\nSuite.\n\nFin.").text


def test_several_dates_alone_on_their_lines_are_a_chronology_and_stay() -> None:
    text = "Chronologie\n\n3 mai 2020\n\nOuverture.\n\n9 mai 2020\n\nClôture."
    assert clean(text).text == text


def test_a_given_date_goes_before_the_header_and_the_header_before_an_update_line() -> None:
    raw = "date 2020-11 Le titre\nPublié le 12 mars 2021\nLe corps."
    assert clean(raw, date="5 janvier 2019").date == "2019-01-05"
    assert clean(raw).date == "2020-11"
    assert clean(raw, date="hier").date == "2020-11"


@pytest.mark.parametrize(
    ("raw", "title"),
    [
        ("Un atelier de cinéma\n\nLe corps.", "Un atelier de cinéma"),
        ("Un atelier de cinéma\nLe corps.", "Un atelier de cinéma"),
        ("Une phrase entière.\n\nLe corps.", ""),
        ("Rien qu'une ligne", ""),
        ("x" * 221 + "\n\nLe corps.", ""),
        ("Une ligne coupée au milieu de la\nphrase qui continue ici.", ""),
    ],
)
def test_the_title_is_a_short_first_line_that_is_no_sentence(raw: str, title: str) -> None:
    assert clean(raw).title == title


def test_a_known_title_comes_first_once_however_the_text_begins() -> None:
    wanted = "Le titre\n\nLe corps."
    assert clean("Le corps.", title="Le titre").text == wanted
    assert clean("Le titre\nLe corps.", title="Le titre").text == wanted
    short = clean("Le Vietnam a accueilli un forum.", title="Le Vietnam")
    assert short.text == "Le Vietnam\n\nLe Vietnam a accueilli un forum."


PIECES = (
    " date 2020-11 ;Photo : VNA/CVN;(AFP);VNA/CVN;2020-11-03;Publié le 12 mars 2021; | x.org;date"
    ";Le titre;Une phrase. ;Lire aussi : x;©;Partager;中文;e; ;\n;\n\n;\r;\u2028;\u200b;\u0301;\xa0"
    ";\x1c;\u202e;\ud800"
)
FURNITURE = st.sampled_from(PIECES.split(";"))
RAW = st.one_of(
    st.text(st.characters(exclude_characters="\0")),
    st.lists(st.one_of(FURNITURE, st.text(st.characters(exclude_characters="\0"), max_size=3))).map(
        "".join
    ),
)


@settings(deadline=None)  # what mends text loads once
@given(RAW, RAW, st.sampled_from(["", "2020", "3 juin 2020", "hier"]))
def test_cleaning_twice_changes_nothing_more(raw: str, title: str, date: str) -> None:
    once = clean(raw, title=title, date=date)
    assert clean(once.text, date=once.date).text == once.text
    assert clean(once.text, title=once.title, date=once.date) == once
    assert once.title in once.text


# ---------------------------------------------------------------- scripts and languages


def test_the_foreign_share_counts_letters_that_are_not_latin() -> None:
    assert foreign_share("abc中") == 0.25
    assert foreign_share("Œuvre d'été") == 0.0
    assert foreign_share("…") == 0.0


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("Le forum sur le cinéma a réuni les ministres des deux pays à Genève.", "fr"),
        ("The film festival opened on Tuesday with the ministers of both countries.", "en"),
        ("Министры двух стран открыли кинофестиваль в среду.", "ru"),
        ("映画祭は水曜日に開幕しました。", "ja"),
        ("国际合作高峰论坛在北京举办。", "zh"),
        ("12 345", ""),
    ],
)
def test_the_language_of_a_text_is_recognised(text: str, codes: str) -> None:
    assert identify_languages(text) == codes


def test_a_second_language_counts_from_a_tenth_of_the_letters() -> None:
    french = "Le forum sur le cinéma a réuni les ministres des deux pays à Genève. " * 10
    assert identify_languages(french + "\n\n国际合作") == "fr"
    assert identify_languages(french + "\n\n" + "国际合作高峰论坛在北京举办" * 8) == "fr+zh"


# ---------------------------------------------------------------- the real articles


def test_real_article_000_has_a_header_and_no_title() -> None:
    made = clean(real(0))
    assert (made.date, made.title) == ("2020-11", "")
    assert made.text.startswith("Centré sur le thème de la conférence")


def test_real_article_001_loses_its_credits() -> None:
    made = clean(real(1))
    assert made.date == "2025-08"
    assert made.title == (
        "Un atelier de cinéma promeut les liens culturels entre le Vietnam et les États-Unis"
    )
    assert "Photo" not in made.text
    assert made.text.endswith("entre les deux pays sera examiné.")


def test_real_article_002_begins_with_a_sentence() -> None:
    assert clean(real(2)).title == ""


def test_real_article_003_has_a_long_title() -> None:
    made = clean(real(3))
    assert made.date == "2019-09"
    assert made.title.startswith("Tmall Culture capte")
    assert made.title.endswith("consommateurs chinois")


def test_real_article_004_is_french_and_chinese_with_an_update_line() -> None:
    made = clean(real(4))
    assert made.date == "2018-11-30"
    assert made.title.startswith("Le Forum des nouvelles Routes de la soie")
    assert "Mise à jour" not in made.text
    assert identify_languages(made.text) == "fr+zh"
    assert 0.1 < foreign_share(made.text) < 0.3


@pytest.mark.slow
@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "line",
    [
        "x " * 40 + "!",
        "facebook " * 17 + "!",
        "x, x et " * 19 + "!",
        "(" + "ABet" * 39 + "!",
        "(" + "ABCDEFGHIJ/" * 14 + "!",
        "(" + "AFP/" * 39 + "!",
        "AFP et " * 22 + "!",
        "(avec " + "AFP,AFP et " * 13 + "!",
        "VNA" + "/ab" * 50 + "!",
        "partager" + " cet article" * 12 + "!",
        "crédits" + " " * 150 + "!",
        "recevez" + " newsletter" * 13 + "!",
        "date 2020-11 " * 12,
        "Publié le 12 mars 2021 " * 6,
        "date 2021-01 Photo : AFP",
        "date 2021-01 :",
        "date 2021-01 3 mars 2021\nlire aussi",
        "date 2021-01-01 12h" + "\x1c" * 130 + "!",
        "photo" + "\x1c" * 150 + "!",
        "a" + "\u0315\u0316" * 79,
        "\u0315\u0316" * 80,
        "VNA/CVN",
        "AFP",
    ],
)
def test_no_hostile_line_holds_cleaning_up(line: str) -> None:
    many = (f"{line}\n" * (100_000 // len(line) + 1))[:100_000]
    one = (line * (100_000 // len(line) + 1))[:100_000]
    for text in (line, many, one):
        assert "Le corps." in clean(f"Le titre\n\nLe corps.\n\n{text}").text
        assert "Le corps." in clean(f"{text}\n\nLe corps.").text


@pytest.mark.timeout(60)
def test_no_hostile_date_holds_cleaning_up() -> None:
    for start, end, expected in (
        ("2021-01-01", " " * 100_000 + "!", "2021-01-01"),
        ("3 mars 2021 12h", "\t \n" * 33_000 + "!", "2021-03-03"),
        ("lundi", " " * 100_000 + "3" + " " * 100_000 + "!", ""),
    ):
        assert clean("Le corps.", date=start + end).date == expected


def test_a_long_run_of_combining_marks_costs_no_other_character_its_composition() -> None:
    marks = "\u0315\u0316" * 1000
    assert clean(f"e\u0301te\u0301 x{marks} e\u0301te\u0301").text == f"été x{marks} été"
