"""Bytes become clean articles: encodings, Unicode, dates, titles, furniture, languages."""

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seeds.base.errors import InputError
from seeds.clean import clean
from seeds.languages import foreign_share, identify_languages
from seeds.reading.encoding import decode
from seeds.reading.pages import read_pages
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


# ---------------------------------------------------------------- decode


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_a_byte_order_mark_tells_the_encoding_and_leaves_the_text(encoding: str) -> None:
    decoded = decode(FRENCH.encode(encoding))
    assert decoded.text == FRENCH
    assert decoded.note == ""


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_without_a_mark_is_recognised_and_reported(encoding: str) -> None:
    decoded = decode(FRENCH.encode(encoding))
    assert decoded.text == FRENCH
    assert decoded.note == f"{encoding} assumed"


@pytest.mark.parametrize("encoding", ["cp1252", "mac-roman"])
def test_typographic_french_is_read_in_the_8_bit_encodings_that_can_write_it(encoding: str) -> None:
    decoded = decode(FRENCH.encode(encoding))
    assert decoded.text == FRENCH
    assert decoded.encoding == encoding
    assert decoded.note == f"{encoding} assumed"


@pytest.mark.parametrize("text", ["Un café", "ÉTÉ À NOËL", "Le président a été reçu à l'Élysée."])
@pytest.mark.parametrize("encoding", ["latin-1", "iso8859-15", "cp1252", "cp850", "mac-roman"])
def test_even_a_few_french_words_are_read_right(text: str, encoding: str) -> None:
    assert decode(text.encode(encoding)).text == text


def test_the_oe_of_iso_8859_15_is_told_from_a_half() -> None:
    text = "Le cœur de l'œuvre a ému la sœur à Noël."
    assert decode(text.encode("iso8859-15")).text == text


def test_two_readings_as_good_as_each_other_are_reported_with_the_option_that_decides() -> None:
    decoded = decode(b"10 000 \xa4")  # a euro in ISO 8859-15, a Spanish letter in code page 850
    assert decoded.text == "10 000 €"
    assert "iso8859-15 assumed, cp850 possible" in decoded.note
    assert "--encoding" in decoded.note


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Привет, это русский текст о сотрудничестве.", "cp1251"),
        ("在中国政府的提议和组织下，论坛在北京举办。", "gb18030"),
    ],
)
def test_another_alphabet_is_refused_rather_than_read_as_accents(text: str, encoding: str) -> None:
    with pytest.raises(InputError, match="--encoding"):
        decode(text.encode(encoding))
    assert decode(text.encode(encoding), encoding).text == text


def test_damaged_utf_8_stays_utf_8_and_says_so() -> None:
    decoded = decode("Un été à la campagne, près de l’océan".encode()[:-1] + b"\xff et la suite.")
    assert decoded.text.startswith("Un été à la campagne, près de l’océa")
    assert "damaged UTF-8" in decoded.note


def test_a_lone_surrogate_becomes_one_replacement_character_in_any_encoding() -> None:
    assert decode(b"a\xed\xa0\x80b").text == "a\ufffdb"
    assert decode(b"\xff\xfea\x00\x00\xd8b\x00").text == "a\ufffdb"
    assert clean("a\ud800b").text == "a\ufffdb"


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"%PDF-1.7\n%\xe2\xe3", "PDF"),
        (b"PK\x03\x04 word/document.xml", "Word"),
        (b"PK\x03\x04 mimetypeapplication/vnd.oasis.opendocument.text", "OpenDocument"),
        (b"PK\x03\x04 other", "zip"),
        (b"\x89PNG\r\n\x1a\n", "PNG"),
        (b"\xff\xd8\xff\xe0", "JPEG"),
        (b"GIF89a", "GIF"),
        (b"\x1f\x8b\x08\x00", "gzip"),
        (b"{\\rtf1\\ansi", "RTF"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "Office"),
        (b"PAR1\x15\x04", "Parquet"),
        (b"\x7fELF\x02", "program"),
        (b"SQLite format 3\x00", "SQLite"),
        (b"Le texte\x00\x01\x02 coupe", "binary"),
    ],
)
def test_a_binary_file_is_refused_by_name(data: bytes, kind: str) -> None:
    with pytest.raises(InputError, match=kind):
        decode(data)


@pytest.mark.parametrize("name", ["utf-9", "base64", "rot13"])
def test_an_encoding_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(InputError, match="not known"):
        decode(b"texte", name)


def test_a_wrong_encoding_is_refused_with_the_place() -> None:
    with pytest.raises(InputError, match="byte 2"):
        decode(b"ab\xe9", "utf-8")


@given(st.text().filter(lambda text: "\0" not in text and not text.startswith("\ufeff")))
def test_every_text_survives_utf_8(text: str) -> None:
    binary = text.startswith(("%PDF-", "{\\rtf", "GIF8", "PAR1", "BZh"))
    if not binary:
        assert decode(text.encode()).text == text


@given(st.binary())
def test_any_bytes_give_text_that_can_be_written_or_one_clear_error(data: bytes) -> None:
    try:
        text = decode(data).text
    except InputError:
        return
    assert "\0" not in text
    text.encode("utf-8")


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
    assert clean(once.text).text == once.text
    assert clean(once.text, title=once.title, date=once.date) == once
    assert once.title in once.text


# ---------------------------------------------------------------- scripts and languages


def test_the_foreign_share_counts_letters_that_are_not_latin() -> None:
    assert foreign_share("abc中") == 0.25
    assert foreign_share("Œuvre d'été") == 0.0
    assert foreign_share("…") == 0.0


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


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "text",
    [
        "---\n" + "a" * 100_000 + "\ntitle: Le titre\n---\n",
        "---\n" + "a" * 50_000 + " " * 50_000 + "\n---\n",
        "<div " + "<" * 100_000 + "\n\n",
        "<!-- " + "<!-- >" * 17_000 + "\n-->\n\n",
        "<div " + "<!-- >" * 17_000 + "\n\n",
        "#\n" * 50_000,
    ],
)
def test_no_hostile_markdown_holds_reading_up(text: str) -> None:
    page = read_pages(f"{text}Le corps.".encode(), "md", None)[0]
    assert page.text.endswith("Le corps.")


def test_tags_and_comments_leave_markdown_and_what_does_not_end_stays() -> None:
    text = "<div>Un <!-- deux > --> trois <b\nclass='x'>quatre</b> < cinq <!-- six\n</div> <sept\n"
    page = read_pages(text.encode(), "md", None)[0]
    assert page.text.split() == ["Un", "trois", "quatre", "<sept"]


def test_a_long_run_of_combining_marks_costs_no_other_character_its_composition() -> None:
    marks = "\u0315\u0316" * 1000
    assert clean(f"e\u0301te\u0301 x{marks} e\u0301te\u0301").text == f"été x{marks} été"
