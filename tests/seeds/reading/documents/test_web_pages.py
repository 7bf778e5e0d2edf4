"""Web pages become articles: their text, one title, and the date that was written on them."""

from pathlib import Path

import pytest

from seeds.base.errors import Fault, InputError
from seeds.reading import sources
from seeds.reading.documents.page import Page
from seeds.reading.documents.pages import read_pages
from seeds.reading.sources import Article, read_articles

TEXT = (
    "<p>Le ministre du commerce a signé jeudi un accord avec la délégation venue de Hanoï, après "
    "deux jours de visite officielle dans la capitale.</p><p>Les exportations de café et de "
    "textile devraient augmenter d’un dixième depuis 2016, selon les douanes.</p>"
)
JSON_LD = '<script type="application/ld+json">{}</script>'


def pages(body: str, head: str = "<title>Un accord signé</title>") -> list[Page]:
    page = (
        f'<!DOCTYPE html><html><head><meta charset="utf-8">{head}</head><body>{body}</body></html>'
    )
    return read_pages(page.encode(), "html", None)


def article(tmp_path: Path, body: str, head: str = "<title>Un accord signé</title>") -> Article:
    path = tmp_path / "page.html"
    path.write_text(f'<html><head><meta charset="utf-8">{head}</head><body>{body}</body></html>')
    [read] = read_articles([path])
    assert isinstance(read, Article)
    return read


# ---------------------------------------------------------------- dates

BESIDE = "<article><h1>Un accord signé</h1>{}" + TEXT + "</article>"


@pytest.mark.parametrize(
    ("body", "date"),
    [
        (BESIDE.format("<p>Publié le 12 août 2023 à 08h15</p>"), "2023-08-12"),
        (
            BESIDE.format("<div><span>Par J. Dupont</span> <em>le 12/08/2023</em></div>"),
            "2023-08-12",
        ),
        (BESIDE.format('<time datetime="2023-08-12T08:15">hier</time>'), "2023-08-12"),
        (BESIDE.format('<time class="modified" datetime="2023-08-14">lundi</time>'), ""),
        (BESIDE.format("<p>Août 2023</p>"), "2023-08"),
        (BESIDE.format("<span itemprop=datePublished content=2023-08-12>x</span>"), "2023-08-12"),
        (BESIDE.format("") + "<footer>© 2019 Le Journal.</footer>", ""),
        (BESIDE.format("") + "<p>Copyright 2019-2020 Le Journal. Tous droits réservés.</p>", ""),
        (BESIDE.format("") + "<div><h3>Autre</h3><p>Publié le 3 mai 2020</p></div>", ""),
        (
            BESIDE.format(
                "<p>Le festival a lieu <time datetime=2024-05-01>le 1er mai</time> à Praia, dans "
                "le théâtre municipal et sur trois places du centre, avec des troupes de douze "
                "pays, dont le Sénégal et le Brésil.</p>"
            ),
            "",
        ),
        (
            "<header>Samedi 2 mars 2024</header>" + BESIDE.format("<p>12 août 2023</p>"),
            "2023-08-12",
        ),
        ("<aside><p>Publié le 3 mai 2020</p></aside>" + BESIDE.format(""), ""),
    ],
)
def test_the_date_is_the_one_written_beside_the_title_and_never_another(
    tmp_path: Path, body: str, date: str
) -> None:
    read = article(tmp_path, body)
    assert read.document.date == date
    assert "Publié le 12" not in read.document.text


@pytest.mark.parametrize(
    ("head", "date"),
    [
        (
            '<meta property="article:published_time" content="2023-08-12T08:15:00+02:00">',
            "2023-08-12",
        ),
        ('<meta name="DC.date.issued" content="2023-08-12">', "2023-08-12"),
        ('<meta itemprop="datePublished" content="2023-08-12">', "2023-08-12"),
        ('<meta name="pubdate" content="Sat, 12 Aug 2023 08:15:00 +0200">', "2023-08-12"),
        ('<meta name="date" content="2023-08">', "2023-08"),
        ('<meta name="date" content="2023">', "2023"),
        ('<meta property="article:modified_time" content="2023-08-14">', "2023-08-14"),
        (
            '<meta name="copyright" content="2019"><meta itemprop="copyrightYear" content="2019">',
            "",
        ),
        ('<meta property="article:published_time" content="1970-01-01T00:00:00Z">', ""),
        ('<link rel="canonical" href="https://x.org/2016/01/01/un-accord">', ""),
        (
            JSON_LD.format('{"@type": "NewsArticle", "datePublished": "2023-08-12T08:15"}'),
            "2023-08-12",
        ),
        (
            JSON_LD.format(
                '[{"@graph": [{"@type": "WebSite"}, {"@type": "Article",'
                ' "datePublished": "2023-08-12", "dateModified": "2023-08-14"}]}]'
            ),
            "2023-08-12",
        ),
        (JSON_LD.format('{"datePublished": "2023-08-12", oops}'), "2023-08-12"),
        (JSON_LD.format('{"datePublished": 12, "a": ' + "[" * 5000), ""),
    ],
)
def test_metadata_gives_the_date_of_publication_as_precisely_as_it_says(
    head: str, date: str
) -> None:
    [page] = pages(BESIDE.format(""), head)
    assert page.date == date


@pytest.mark.parametrize(
    "body",
    [
        "<h2>Samedi 12 août 2023</h2>{0}<h2>Dimanche 13 août 2023</h2>{0}",
        "<p>Samedi 12 août 2023</p>{0}<p>Dimanche 13 août 2023</p>{0}",
        "{0}<h2>Samedi 12 août 2023</h2>{0}",
        "{0}<p>Samedi 12 août 2023</p>{0}",
        "<p>Décès : samedi 12 août 2023</p>{0}",
        "<p>Festival de Praia, samedi 12 août 2023</p>{0}",
    ],
)
def test_a_subhead_of_a_page_stays_and_dates_nothing(tmp_path: Path, body: str) -> None:
    read = article(tmp_path, f"<article><h1>Un accord signé</h1>{body.format(TEXT)}</article>")
    assert read.document.date == ""
    assert "amedi 12 août 2023" in read.document.text


def test_a_bare_date_under_the_headline_counts_unless_metadata_has_another(tmp_path: Path) -> None:
    body = BESIDE.format("<p>13 novembre 2015</p>")
    alone = article(tmp_path, body).document
    assert (alone.date, "13 novembre" in alone.text) == ("2015-11-13", False)
    head = '<meta property="article:published_time" content="2023-08-12">'
    known = article(tmp_path, body, f"<title>Un accord signé</title>{head}").document
    assert (known.date, "13 novembre 2015" in known.text) == ("2023-08-12", True)


def test_what_the_author_wrote_goes_before_metadata_and_metadata_before_a_bare_date() -> None:
    head = '<meta property="article:published_time" content="2023-08-12T22:30:00Z">'
    [written] = pages(BESIDE.format("<p>Publié le 13 août 2023 à 0h30</p>"), head)
    [bare] = pages(BESIDE.format("<p>1er août 2023</p>"), head)
    [vague] = pages(BESIDE.format("<p>12 août 2023</p>"), '<meta name="date" content="2023-01-01">')
    assert (written.date, bare.date, vague.date) == ("2023-08-13", "2023-08-12", "2023-08-12")


# ---------------------------------------------------------------- titles


@pytest.mark.parametrize(
    ("shown", "named"),
    [
        ("L’accord « historique » est signé – enfin", 'L\'accord "historique" est signé - enfin'),
        ("L’ACCORD : « historique »", 'L\'accord : "historique"'),
        ("Un accord signé à Hanoï", "Un accord signé a Hanoi"),
        ("Un accord signé à Hanoï", "Un accord signé à Hanoï - Le Monde"),
        ("Un accord signé à Hanoï", "Le Courrier | Un accord signé à Hanoï"),
        ("Un\u00a0accord\u202fsigné", "Un accord signé"),
        ("Un accord signé à Hanoï", "Accord signé à Hanoï : ce qu’il faut savoir"),
    ],
)
def test_a_headline_with_other_typography_in_the_metadata_stands_once_in_the_text(
    tmp_path: Path, shown: str, named: str
) -> None:
    head = f"<meta property='og:title' content='{named.replace(chr(39), '&#39;')}'>"
    for body in (f"<article><h1>{shown}</h1>{TEXT}</article>", f"<h2>{shown}</h2>{TEXT}"):
        document = article(tmp_path, body, head).document
        assert document.text.split("\n\n")[0] in (document.title, named)
        assert document.text.casefold().count("accord") - TEXT.count("accord") in (1, 2)
    document = article(tmp_path, f"<article><h1>{shown}</h1>{TEXT}</article>", head).document
    assert document.title == " ".join(shown.split())
    assert document.text.count("\n\n") == 2


# ---------------------------------------------------------------- several articles, layout


def test_articles_side_by_side_are_each_read_with_title_and_date(tmp_path: Path) -> None:
    many = "".join(
        f"<article><header><div><span class=DocPublicationName>Le Journal n{n}</span></div>"
        f'<span class="DocHeader">samedi {n} août 2023, p. {n}</span><div class="titreArticle">'
        f'<p class="rdp__articletitle">Titre numéro {n}</p></div></header>{TEXT}</article>'
        for n in range(1, 5)
    )
    path = tmp_path / "europresse.html"
    path.write_text(f"<html><head><title>Europresse</title></head><body>{many}</body></html>")
    articles = [read for read in read_articles([path]) if isinstance(read, Article)]
    assert [read.document.title for read in articles] == [f"Titre numéro {n}" for n in range(1, 5)]
    assert [read.document.date for read in articles] == [f"2023-08-0{n}" for n in range(1, 5)]
    assert [read.document.source for read in articles] == [
        f"europresse.html:{n}" for n in range(1, 5)
    ]
    assert articles[0].document.text.startswith("Titre numéro 1\n\nLe ministre")


@pytest.mark.parametrize("tag", ["article", 'div class="post"', 'div class="article frArticle"'])
def test_posts_of_a_blog_and_exports_in_div_are_several_too(tag: str) -> None:
    name = tag.partition(" ")[0]
    posts = "".join(
        f'<{tag}><h2><a href="/{n}">Billet {n}</a></h2>{TEXT}</{name}>' for n in range(3)
    )
    assert [page.title for page in pages(f"<h1>Mon blog</h1>{posts}")] == [
        "Billet 0",
        "Billet 1",
        "Billet 2",
    ]


def test_teasers_and_comments_beside_an_article_are_no_articles() -> None:
    teasers = "".join(f"<article><h3>Autre {n}</h3>{TEXT}</article>" for n in range(3))
    comments = "".join(f'<article class="comment">{TEXT}</article>' for _ in range(3))
    main = f"<article><h1>Un accord signé</h1>{TEXT * 4}</article>"
    for body in (
        f"<main>{main}</main><section>{teasers}</section>",
        f"<main>{main}</main><aside>{teasers}</aside>",
        f"{main}{teasers}",
        f"{main}<div>{comments}</div>",
        f"<div>{main.replace('h1', 'h2')}</div><section>{teasers}</section>",
    ):
        [page] = pages(body)
        assert "Autre" not in page.title


@pytest.mark.parametrize(
    "body",
    [
        f"<table><tr><td>menu</td><td><h1>Un accord signé</h1>{TEXT}</td></tr></table>",
        f"<table><tr><td><h1>Un accord signé</h1></td></tr><tr><td>{TEXT}</td></tr></table>",
        f"<table><tr><td><table><tr><td><h1>Un accord signé</h1>{TEXT}</td></tr></table></td></tr>"
        "</table>",
        f'<table role="presentation"><tr><td><h1>Un accord signé</h1>{TEXT}</td></tr></table>',
    ],
)
def test_a_table_that_places_text_is_no_table_in_the_text(body: str) -> None:
    [page] = pages(body)
    assert "Le ministre du commerce" in page.text
    assert "selon les douanes." in page.text
    assert "|" not in page.text
    assert page.text.count("\n\n") >= 1


def test_the_caption_in_a_table_is_kept_and_figures_are_lines_of_cells() -> None:
    [page] = pages(
        "<h1>Un accord signé</h1><table><tr><td><img src=x></td></tr><tr><td>Le ministre à Praia"
        f"</td></tr></table>{TEXT}<table><tr><th>Pays</th><th>Café</th></tr><tr><td>Vietnam</td>"
        f"<td>12</td></tr></table>{TEXT}"
    )
    paragraphs = page.text.split("\n\n")
    assert "Le ministre à Praia" in paragraphs
    assert "Pays | Café" in paragraphs
    assert "Vietnam | 12" in paragraphs


def test_a_plain_page_keeps_its_headings_lists_and_short_lines() -> None:
    [page] = pages(
        f"<h1>Le film</h1><h2>Partie une</h2>{TEXT}<h2>Partie deux</h2><p>Fin du film.</p>"
        "<ul><li>Un point</li><li>Deux <b>points</b></li></ul>"
    )
    lines = page.text.split("\n\n")
    assert lines[:2] == ["Le film", "Partie une"]
    assert lines[4:] == ["Partie deux", "Fin du film.", "Un point", "Deux points"]


def test_a_short_page_has_its_title_once_and_its_date_from_time(tmp_path: Path) -> None:
    body = (
        "<article><h1>Le film</h1><time datetime=2021-01-05>5 janv. 2021</time>"
        "<p>Le film sort mercredi dans les salles du pays.</p></article>"
    )
    document = article(tmp_path, body, "").document
    assert document.text == "Le film\n\nLe film sort mercredi dans les salles du pays."
    assert (document.title, document.date) == ("Le film", "2021-01-05")


def test_a_headline_in_h1_and_h2_stands_once() -> None:
    [page] = pages(f"<h1>Un accord signé</h1><h2>Un accord signé</h2>{TEXT}")
    assert page.text.startswith("Un accord signé\n\nLe ministre")


def test_a_page_with_a_menu_of_links_is_no_plain_page() -> None:
    links = "<ul>" + "<li><a href=/>Une autre rubrique du site</a></li>" * 9 + "</ul>"
    [page] = pages(f"{links}<h1>Un accord signé</h1>{TEXT}")
    assert "rubrique" not in page.text


# ---------------------------------------------------------------- whatever a library throws


@pytest.mark.parametrize(
    "page",
    [
        "<iframe>html",
        "<title></title><p>&#x1e",
        "<!-- x -->",
        "<p></p>",
        "<html>",
        "\ufeff<",
        "&#0;",
    ],
)
def test_a_page_that_makes_libraries_fail_is_one_fault_and_the_next_is_read(
    tmp_path: Path, page: str
) -> None:
    (tmp_path / "a.html").write_text(page, encoding="utf-8")
    (tmp_path / "b.html").write_text(f"<h1>Un accord</h1>{TEXT}", encoding="utf-8")
    first, second = read_articles([tmp_path / "a.html", tmp_path / "b.html"])
    assert isinstance(first, Article) or first.message.endswith(".")
    assert isinstance(second, Article)


def test_an_error_of_a_library_names_the_format_and_what_to_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise AssertionError

    monkeypatch.setattr("trafilatura.bare_extraction", fail)
    with pytest.raises(InputError, match=r"^could not be read as HTML \(AssertionError\)\. Save"):
        pages(TEXT)


def test_a_tag_with_very_many_attributes_is_refused_at_once() -> None:
    attributes = " ".join(f'a{n}="x"' for n in range(40_000))
    with pytest.raises(InputError, match="a tag with more than 2,000 attributes"):
        pages(f"<div {attributes}>{TEXT}</div>")
    assert pages(f'<div data-x="{"a b " * 20_000}">{TEXT}</div>')


@pytest.mark.slow
@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "body",
    [
        "<dl>" + "<dt>a<dd>b" * 20_000,  # the library is quadratic, in Python
        "<div " + " ".join(f"a{n}='<'" for n in range(30_000)) + ">",  # the parser is, in C
    ],
)
def test_a_page_that_takes_too_long_is_a_fault_and_the_next_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: str
) -> None:
    (tmp_path / "b.html").write_text(f"<h1>Un accord</h1>{TEXT}", encoding="utf-8")
    assert isinstance(next(read_articles([tmp_path / "b.html"])), Article)  # loads the libraries
    (tmp_path / "a.html").write_text(f"<html><body>{body}", encoding="utf-8")
    monkeypatch.setattr(sources, "SECONDS", 2.0)
    first, second = read_articles([tmp_path / "a.html", tmp_path / "b.html"])
    assert isinstance(first, Fault)
    assert first.message == "took more than 2 s to read. Split it, or save its text alone as .txt."
    assert isinstance(second, Article)
