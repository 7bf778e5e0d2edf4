"""Inputs made after public reports of faults in other tools, where they lie beside the checkout."""

import pytest

from seeds.base.errors import Fault
from seeds.reading.sources import Article, read_articles
from tests.support.command import SHARED

CASES = SHARED / "cases"
pytestmark = pytest.mark.skipif(
    not CASES.is_dir(), reason=f"the cases are not beside the checkout ({CASES})"
)


def read(case: str, name: str) -> list[Article]:
    articles = list(read_articles([CASES / case / name]))
    assert not [fault for fault in articles if isinstance(fault, Fault)]
    return [article for article in articles if isinstance(article, Article)]


@pytest.mark.parametrize(
    ("name", "date"),
    [("aout.html", "2023-08-12"), ("copyright.html", ""), ("year_in_text.html", "")],
)
def test_the_date_of_a_web_page_is_one_that_somebody_wrote(name: str, date: str) -> None:
    [article] = read("html_august", name)
    assert article.document.date == date


@pytest.mark.parametrize(
    ("name", "date"),
    [
        ("x2", "2024-04-23"),
        ("x3", "2010-04-16"),
        ("x4", "2010-04-16"),
        *((name, "2021-02-05") for name in ("x1", "x6", "x8", "x9", "x10", "x11", "x14")),
        ("dates7", "2023-09-01"),
        ("dates8", "2023-08-12"),
    ],
)
def test_a_dateline_is_the_date_and_leaves_the_text(name: str, date: str) -> None:
    [article] = read("datelines", f"{name}.txt")
    assert article.document.date == date
    assert date[:4] not in article.document.text


def test_an_export_of_four_articles_gives_four() -> None:
    articles = read("europresse", "europresse.html")
    assert [article.document.title for article in articles] == [
        "Titre numéro 0",
        "Titre numéro 1",
        "Titre numéro 2",
        "Titre numéro 3",
    ]
    assert {article.document.date for article in articles} == {"2023-08-12"}


def test_front_matter_is_read_by_parsers() -> None:
    [toml] = read("front_matter", "m2.md")
    assert (toml.document.title, toml.document.date) == ("Un accord", "2023-08-12")
    [yaml] = read("front_matter", "m4.md")
    assert yaml.document.title == "Un accord sur deux lignes"
    assert "Texte long" not in yaml.document.text


@pytest.mark.parametrize(
    ("name", "kind"),
    [("a.eml", "an e-mail"), ("feed.xml", "an RSS feed"), ("tei.xml", "a TEI document")],
)
def test_what_is_no_article_is_refused_by_name(name: str, kind: str) -> None:
    [fault] = read_articles([CASES / "mail_and_xml" / name])
    assert isinstance(fault, Fault)
    assert fault.message.startswith(f"is {kind}, not text")


def test_damaged_text_is_mended() -> None:
    [mojibake] = read("mojibake", "mojibake.txt")
    assert mojibake.document.text == (
        "Le cinéma français à l’honneur\n\n"
        "Le réalisateur a présenté son film à la presse. L’année a été bonne."
    )
    [scanned] = read("ocr_hyphens", "ocr.txt")
    assert scanned.document.text == (
        "Un accord commercial avec le Vietnam entre en vigueur\n\nLes exportations de café "
        "augmentent de dix pour\ncent selon les douanes. Les entreprises sont contentes."
    )
    [exported] = read("html_in_cells", "html_cell.csv")
    assert exported.document.text == "L’accord\n\nLe ministre signe l’accord.\n\nPhoto"
    assert all(article.notes for article in (mojibake, scanned, exported))
