"""Text that is no article is refused by its name; an article that quotes such text is read."""

import contextlib
from pathlib import Path

import pytest

from seeds.base.errors import Fault, InputError
from seeds.reading.documents.pages import read_pages
from seeds.reading.sources import Article, read_articles

ARTICLE = "Le ministre du commerce a signé jeudi un accord avec la délégation venue de Hanoï."


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (
            "From: redaction@example.org\nSubject: Un accord\nDate: Sat, 12 Aug 2023 08:15:00\n\nx",
            "an e-mail",
        ),
        (
            "Return-Path: <a@x.org>\nReceived: from x\n\tby y\nMIME-Version: 1.0\n"
            "Message-ID: <1@x>\n\nx",
            "an e-mail",
        ),
        (
            "Delivered-To: a@x.org\r\nFrom: b\r\nTo: a\r\nSubject: =?utf-8?Q?Un?=\r\n\r\nx",
            "an e-mail",
        ),
        ("From a@x.org Sat Aug 12 08:15:00 2023\nFrom: a@x.org\nSubject: x\n\nx", "an e-mail"),
        (
            "From: <Saved by Blink>\nSnapshot-Content-Location: https://x.org\nSubject: x\n"
            "Date: x\nMIME-Version: 1.0\nContent-Type: multipart/related\n\n<html>",
            "an e-mail",
        ),
        (
            "De: Anne\nEnvoyé: jeudi 3 mars 2022 10:00\nÀ: Luc\nObjet: TR: Budget\n\nBonjour",
            "an e-mail",
        ),
        ("De : Anne\nÀ : Luc\nObjet : Budget\nDate : 3 mars 2022\n\nBonjour", "an e-mail"),
        ("Expéditeur\xa0: a\r\nDestinataire\xa0: b\r\nSujet\xa0: c\r\n\r\nx", "an e-mail"),
        (
            "-------- Message transféré --------\nSujet : x\nDate : y\nDe : a\nPour : b\n\nx",
            "an e-mail",
        ),
        ("-----Message d'origine-----\nDe : a\nEnvoyé : y\nÀ : b\nObjet : x\n\nx", "an e-mail"),
        (
            "MIME-Version: 1.0\nContent-Type: multipart/related; boundary=x\n\n--x",
            "an e-mail",
        ),
        ("<!DOCTYPE nitf SYSTEM 'nitf.dtd'>\n<nitf><head/></nitf>", "a NITF document"),
        ("<nitf>\n  <head/></nitf>", "a NITF document"),
        ("<!DOCTYPE articles>\n<articles/>", "an XML document"),
        (
            "'''Hanoï''' est la capitale du [[Viêt Nam]].\n\n== Histoire ==\n\nElle est ancienne.",
            "wikitext",
        ),
        ("[[A]], [[B|b]], [[C]] et [[D]].\n{{Portail|Asie}}\n", "wikitext"),
        ('def add(a, b):\n    """Add."""\n    return a + b\n\n\nprint(add(1, 2))\n', "a program"),
        (
            "class Film:\n    title = 'x'\n\n    def play(self):\n        pass\n",
            "a program",
        ),
        ('<?xml version="1.0"?><rss version="2.0"><channel></channel></rss>', "an RSS feed"),
        ('\ufeff<rss version="2.0" xmlns:atom="x"><channel>', "an RSS feed"),
        (
            '<?xml version="1.0"?>\n<!-- générateur -->\n<rss version="2.0"\n'
            ' xmlns:wp="http://wordpress.org/export/1.2/"><channel>',
            "a WordPress export",
        ),
        ('<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom">', "an Atom feed"),
        ('<rdf:RDF xmlns:rdf="http://x" xmlns="http://purl.org/rss/1.0/">', "RDF data"),
        ('<TEI xmlns="http://www.tei-c.org/ns/1.0"><text>', "a TEI document"),
        ('<?xml version="1.0"?><!DOCTYPE TEI.2 [<!ENTITY a "b">]><TEI.2>', "a TEI document"),
        ('<?xml version="1.0"?><opml version="2.0">', "an OPML list"),
        ('<?xml version="1.0"?><nitf><head/>', "a NITF document"),
        ('<?xml version="1.0"?><newsItem xmlns="http://iptc.org/">', "a NewsML document"),
        ('<?xml version="1.0"?><urlset xmlns="http://x">', "a sitemap"),
        ('<mediawiki xmlns="http://x" version="0.10">', "a MediaWiki export"),
        ('<?xml version="1.0"?><articles><article>x</article></articles>', "XML document"),
        ('<svg xmlns="http://www.w3.org/2000/svg">', "an SVG image"),
        ("BEGIN:VCALENDAR\nVERSION:2.0\n", "a calendar"),
        ("BEGIN:VCARD\nVERSION:3.0\n", "an address card"),
        ("WEBVTT\n\n00:01.000 --> 00:04.000\nBonjour\n", "subtitles"),
        ("1\n00:00:01,000 --> 00:00:04,000\nBonjour\n\n2\n", "subtitles"),
        ("\ufeff1\r\n00:00:01,000 --> 00:00:04,000\r\nBonjour\r\n", "subtitles"),
        ("[Script Info]\nTitle: x\n", "subtitles"),
        ('{"title": "Un accord", "text": "x"}', "JSON"),
        ('[{"text": "x"}, {"text": "y"}]', "JSON"),
        ('{"text": "x"}\n{"text": "y"}\n', "JSON"),
        ("#!/bin/sh\necho x\n", "a script"),
        ("<?php echo 'x'; ?>", "a PHP program"),
        ("import re\nimport sys\n\nprint(re)\n", "a program"),
        ("#include <stdio.h>\n#include <stdlib.h>\nint main() {}\n", "a program"),
        ("% commentaire\n\\documentclass{article}\n", "a LaTeX document"),
        ("%!PS-Adobe-3.0\n", "a PostScript document"),
        ("@article{dupont2021,\n  title = {x}\n}", "a bibliography"),
        ("TY  - NEWS\nTI  - Un accord\n", "a bibliography"),
        ("diff --git a/x b/x\n", "a list of changes"),
        ("-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n", "a key, certificate"),
        ("titre;texte;date\nUn accord;Le ministre;2023\n", "a table"),
        ("id\ttitle\ttext\n1\tx\ty\n", "a table"),
    ],
)
@pytest.mark.parametrize("form", ["txt", "md"])
def test_what_is_no_article_is_refused_by_its_name_with_what_to_do(
    text: str, kind: str, form: str
) -> None:
    with pytest.raises(InputError, match=r"^is .+, not text of an article\. .+\.$") as refused:
        read_pages(text.encode(), form, None)
    assert kind in str(refused.value)


@pytest.mark.parametrize(
    "beginning",
    [
        '<?xml version="1.0" encoding="utf-8"?>\n<!DOCTYPE html PUBLIC '
        '"-//W3C//DTD XHTML 1.0 Strict//EN" "http://www.w3.org/TR/xhtml1/DTD/xhtml1-strict.dtd">\n'
        '<html xmlns="http://www.w3.org/1999/xhtml">',
        '<?xml version="1.0"?>\n<!DOCTYPE html>\n<html>',
        "<!-- saved -->\n<!DOCTYPE HTML>\n<html>",
    ],
)
@pytest.mark.parametrize("form", ["html", "txt"])
def test_xhtml_is_a_web_page(beginning: str, form: str) -> None:
    page = f"{beginning}<body><h1>Un accord</h1><p>{ARTICLE}</p></body></html>"
    [read] = read_pages(page.encode(), form, None)
    assert read.title == "Un accord"
    assert ARTICLE in read.text


def test_mhtml_named_html_is_an_e_mail() -> None:
    page = b"MIME-Version: 1.0\nContent-Type: multipart/related; boundary=x\n\n--x"
    with pytest.raises(InputError, match="is an e-mail"):
        read_pages(page, "html", None)


def test_a_feed_named_html_is_refused_too() -> None:
    with pytest.raises(InputError, match="is an RSS feed"):
        read_pages(b'<?xml version="1.0"?><rss version="2.0"></rss>', "html", None)


@pytest.mark.parametrize(
    "text",
    [
        f"From: redaction\n\n{ARTICLE}",
        f"From Paris with love\n\n{ARTICLE}",
        f"De : Ministère\nObjet : communiqué\nDate : 5 février 2021\n\n{ARTICLE}",
        f"Date: 2021\nSubject: x\n\n{ARTICLE}",
        f"À : tous\nObjet : grève\n\n{ARTICLE}",
        f"Message : de Hanoï à Paris\n\n{ARTICLE}",
        f"[[Encadré]]\n\n{ARTICLE} [[Photo]]",
        f"== Édito ==\n\n{ARTICLE}",
        f"def film(x): c’est ainsi que commence un programme.\n\n{ARTICLE}",
        f"Le fichier commence par From: a\nSubject: b\nDate: c\n\n{ARTICLE}",
        f"<p>{ARTICLE}</p>",
        f"<article><p>{ARTICLE}</p></article>",
        f"<rss n'est pas mort\n\n{ARTICLE}",
        f"RSS, Atom et TEI\n\n<rss> est une balise. {ARTICLE}",
        f"[Édito] {ARTICLE}",
        f"{{Note}} {ARTICLE}",
        "[1]",
        f"1\n00:00 minuit\n\n{ARTICLE}",
        f"import export\n\n{ARTICLE}",
        f"from Paris to Dakar\nimport de café\n\n{ARTICLE}",
        f"#cinéma #Cannes\n\n{ARTICLE}",
        f"Titre, texte, date\n\n{ARTICLE}",
        f"texte, titre : mode d’emploi\n{ARTICLE}",
        f"% d’abstention\n\n{ARTICLE}",
    ],
)
def test_an_article_that_looks_a_little_like_something_else_is_read(text: str) -> None:
    [page] = read_pages(text.encode(), "txt", None)
    assert page.text == text


def test_a_web_page_without_its_suffix_is_read_as_one_with_a_note(tmp_path: Path) -> None:
    for beginning in ("<!DOCTYPE html><html>", "\n<HTML lang=fr>", '<?xml version="1.0"?>\n<html>'):
        path = tmp_path / "page.txt"
        path.write_text(f"{beginning}<body><h1>Un accord</h1><p>{ARTICLE}</p></body></html>")
        [article] = read_articles([path])
        assert isinstance(article, Article)
        assert article.document.text == f"Un accord\n\n{ARTICLE}"
        assert article.notes == ("is a web page: read as HTML",)


def test_the_files_beside_one_that_is_refused_are_read(tmp_path: Path) -> None:
    (tmp_path / "a.eml").write_text("From: a\nTo: b\nSubject: c\nDate: d\n\nx", encoding="utf-8")
    (tmp_path / "b.txt").write_text(ARTICLE, encoding="utf-8")
    fault, article = read_articles([tmp_path / "a.eml", tmp_path / "b.txt"])
    assert isinstance(fault, Fault)
    assert (
        fault.message
        == "is an e-mail, not text of an article. Save the article's text alone as .txt."
    )
    assert isinstance(article, Article)


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "piece",
    [
        "a: b\n",
        "From: a\n ",
        "<!--",
        "<!-- -->",
        "<?x?>",
        "{",
        "[{",
        "<a:",
        "a;",
        "import a\n",
        "%\n",
        "a = b\n",
        "def a(",
        "def a(b):\n",
        "[[a",
        "'''",
        "==",
        "{{",
        "-",
        "De : ",
        "<!DOCTYPE a>",
    ],
)
def test_no_hostile_beginning_holds_reading_up(piece: str) -> None:
    with contextlib.suppress(InputError):
        read_pages((piece * (100_000 // len(piece)) + ARTICLE).encode(), "txt", None)
