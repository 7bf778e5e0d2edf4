"""Damaged text is mended where that is sure; healthy French is never touched."""

import csv

import pytest

from seeds.clean import clean
from seeds.mending.hyphens import join_broken_words
from seeds.mending.repair import mend
from tests.support.command import SHARED

FRENCH = (
    "L’œuvre restaurée sera projetée à Genève : « un événement », selon l’ambassadrice, "
    "qui chiffre le prêt à 12 000 € et salue le cœur de l’équipe…\n"
    "À l’île, ÉLÈVES FRANÇAIS et Noël : où ça ? Ça naît l’été."
)

# ---------------------------------------------------------------- mojibake


@pytest.mark.parametrize(
    "seen", ["latin-1", "iso8859-15", "mac-roman", "cp437", "cp850", "cp1251", "iso8859-2"]
)
def test_utf_8_that_was_read_as_something_else_is_read_again(seen: str) -> None:
    mended = mend(FRENCH.encode().decode(seen))
    assert mended.text == FRENCH
    assert mended.notes == ("its letters were in another encoding (mojibake): mended",)


@pytest.mark.parametrize("seen", ["latin-1", "mac-roman", "cp437"])
def test_utf_8_that_was_misread_twice_is_read_again(seen: str) -> None:
    assert mend(FRENCH.encode().decode(seen).encode().decode(seen)).text == FRENCH


@pytest.mark.parametrize(
    ("meant", "seen"),
    [
        ("cp1252", "mac-roman"),
        ("cp1252", "cp850"),
        ("cp1252", "latin-1"),
        ("cp1252", "cp437"),
        ("mac-roman", "latin-1"),
    ],
)
def test_one_8_bit_encoding_read_as_another_is_read_again(meant: str, seen: str) -> None:
    assert mend(FRENCH.encode(meant).decode(seen)).text == FRENCH


@pytest.mark.parametrize(
    ("damaged", "text"),
    [
        ("Le cinÃ©ma franÃ§ais Ã  l’honneur", "Le cinéma français à l’honneur"),
        ("Lâ€™annÃ©e de lâ€™Ã‰tat", "L’année de l’État"),
        ("L&acirc;€™ann&Atilde;&copy;e", "L’année"),
        ("voilÃ le travail", "voilà le travail"),
        ("Un mot juste, un mot cassÃ©.\nL’été, lui, va bien.", None),
    ],
)
def test_mojibake_among_sound_letters_is_mended_alone(damaged: str, text: str | None) -> None:
    wanted = text or "Un mot juste, un mot cassé.\nL’été, lui, va bien."
    assert clean(damaged).text == wanted
    assert any("mojibake" in note for note in clean(damaged).notes)


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("Le pr?sident a d?clar? la r?publique.", 'accents seem lost ("?" inside words)'),
        ("Le pr?sident a ?t? r??lu.", 'accents seem lost ("?" inside words)'),
        ("Le d?put? a ?t? r??lu.", 'accents seem lost ("?" inside words)'),
        ("Le pr¿sident a pr¿par¿ la loi.", 'accents seem lost ("¿" inside words)'),
        ("L\ufffdeau", "1 character lost (U+FFFD)"),
        ("Le c\ufffdur et l\ufffdeau", "2 characters lost (U+FFFD)"),
    ],
)
def test_letters_that_are_lost_are_said_to_be(text: str, note: str) -> None:
    cleaned = clean(text)
    assert cleaned.text == text
    assert cleaned.notes[0].startswith(note)


@pytest.mark.parametrize(
    "text",
    [
        FRENCH,
        "Où va-t-on ? Le 3 °C de Ängelholm, la señora Núñez, l’Åland et l’Œuvre, « œ ».",
        "L’ÎLE ET L’ÂGE : ÉTÉ À NOËL, FORÊT, ŒUVRE, DÉÇU — « ÇA » !",
        "Le prix (12 €) monte… « À quoi bon ? » dit-il. Voir http://x.org/?a=1&b=2",
        "Il demande qui?quand?comment, pourquoi?comment. Quoi?Non. Voir x.org/a?b=1, y.org/c?d=2.",
        "«¿Qué tal? ¿cómo estás?», dit-il ? elle ? non ?",
        "Une citation en russe : «Привет», en grec : «αβγ», en chinois : “中国”.",
        "Vietnam : Nguyễn Phú Trọng et Đà Nẵng, à Hồ Chí Minh-Ville.",
    ],
)
def test_healthy_text_is_left_alone_without_a_note(text: str) -> None:
    assert mend(text).text == text
    assert clean(text).notes == ()


def test_no_article_of_the_public_corpora_is_changed() -> None:
    path = SHARED / "data" / "masakhanews-fra" / "dev.tsv"
    if not path.is_file():
        pytest.skip(f"the public corpora are not beside the checkout ({path})")
    with path.open(encoding="utf-8", newline="") as lines:
        texts = [row["text"] for row in csv.DictReader(lines, delimiter="\t")]
    assert len(texts) > 200
    assert [text for text in texts if mend(text).text != text] == []


# ---------------------------------------------------------------- HTML in a value


def test_a_character_that_is_lost_never_becomes_another() -> None:
    damaged = "(Lep\ufffd\x8e\ufffd ot\x8e\ufffd ot"
    assert "\x1a" not in clean(damaged).text
    assert clean(damaged).text.count("\ufffd") == 3


def test_a_tag_after_a_no_break_space_begins_its_line() -> None:
    assert mend("Un.\n\xa0<p>Deux.\n").text.split() == ["Un.", "Deux."]


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        (
            "<!-- wp:paragraph --><p>Le ministre <strong>signe</strong> l&rsquo;accord.</p>"
            '<!-- /wp:paragraph -->[caption id="a"]Photo[/caption]',
            "Le ministre signe l’accord.\n\nPhoto",
        ),
        ("<p>Un.</p>\n<p>Deux<br/>trois.</p>", "Un.\n\nDeux\ntrois."),
        ("Un mot <em>fort</em> &amp; <a href='x'>un lien</a>.", "Un mot fort & un lien."),
        ("&lt;p&gt;L&amp;eacute;t&amp;eacute;&lt;/p&gt;", "Lété"),
        ("L&#8217;&eacute;t&#xE9;&nbsp;: 10&nbsp;&euro;", "L’été : 10 €"),
        ("<div><style>p {color: red}</style>Un.<script>f('<p>')</script></div>", "Un."),
        ("<ul><li>un</li><li>deux</li></ul>", "un\n\ndeux"),
        ("<p>La page\nest coupée\nà la main.</p>", "La page est coupée à la main."),
        ("<table><tr><td>Pays</td><td>Café</td></tr></table>", "Pays Café"),
    ],
)
def test_html_in_a_value_becomes_its_text_with_a_note(markup: str, text: str) -> None:
    cleaned = clean(markup)
    assert cleaned.text == text
    assert any("HTML" in note for note in cleaned.notes)
    assert clean(cleaned.text).text == text


@pytest.mark.parametrize(
    "text",
    [
        "La balise <p> ouvre un paragraphe et </p> le ferme.",
        "Si a < b et b > c, alors R&D et Q&R; vont bien.",
        "Écrire à <redaction@example.org> ou voir <https://example.org/a>.",
        "<script>window.ran = 1</script><b>gras</b> & <img src=x onerror='window.ran = 1'>",
        "Un tag <b>seul</b> ne fait pas une page.",
    ],
)
def test_a_text_that_mentions_a_tag_is_no_html(text: str) -> None:
    assert clean(text).text == text
    assert clean(text).notes == ()


def test_a_title_loses_its_entities_too() -> None:
    cleaned = clean("Le corps.", title="L&#8217;accord &laquo; signé &raquo;")
    assert cleaned.title == "L’accord « signé »"


# ---------------------------------------------------------------- broken words and ligatures


@pytest.mark.parametrize(
    ("broken", "whole"),
    [
        ("un accord inter-\nnational", "un accord international"),
        ("le Viet-\nnam", "le Vietnam"),
        ("une inter-\nna-\ntionale", "une internationale"),
        ("peut-\nêtre", "peut-être"),
        ("l’accord franco-\nallemand", "l’accord franco-allemand"),
        ("dit-\nil", "dit-il"),
        ("a-t-\nelle", "a-t-elle"),
        ("c’est-à-\ndire", "c’est-à-dire"),
        ("celui-\nci", "celui-ci"),
        ("eux-\nmêmes", "eux-mêmes"),
        ("le vice-\nprésident et l’ex-\nministre", "le vice-président et l’ex-ministre"),
        ("la mi-\njanvier, un mi-\nnistre", "la mi-janvier, un ministre"),
        ("le porte-\nparole, le porte-\nfeuille", "le porte-parole, le portefeuille"),
        ("des sous-\nmarins ont été sous-\ntraits", "des sous-marins ont été soustraits"),
        ("un cinéma-\nthèque, une cinémathèque", "un cinémathèque, une cinémathèque"),
        ("le bon-\nenfant, un air bon-enfant", "le bon-enfant, un air bon-enfant"),
        ("Une liste :\n- un\n- deux", "Une liste :\n- un\n- deux"),
        ("la ligne Paris-\nLyon", "la ligne Paris-Lyon"),
        ("les États-\nUnis, à Saint-\nDenis", "les États-Unis, à Saint-Denis"),
        ("les DÉPU-\nTÉS de SAINT-\nDENIS, la CGT-\nFO", "les DÉPUTÉS de SAINT-DENIS, la CGT-FO"),
        ("la Covid-\n19, le 1er-\nmai", "la Covid-19, le 1er-mai"),
        ("beau\u2010\npère, gou\u2010\nvernement", "beau-père, gouvernement"),
        ("a-\nPremier point", "a-\nPremier point"),
        ("de 10-\n12 ans", "de 10-\n12 ans"),
        ("un tiret -\nseul", "un tiret -\nseul"),
    ],
)
def test_a_word_broken_at_a_line_end_is_joined_and_a_compound_keeps_its_hyphen(
    broken: str, whole: str
) -> None:
    assert join_broken_words(broken) == whole
    assert join_broken_words(whole) == whole


@pytest.mark.parametrize(
    "compound",
    [
        *(
            "va-|t-on",
            "va-|t'en",
            "prenez-|le",
            "donne-|moi",
            "dis-|leur",
            "gens-|là",
            "vis-|à-|vis",
        ),
        *("tête-|à-tête", "face-|à-face", "entre-|deux-guerres", "clin-|d'œil", "arc-|en-ciel"),
        *("beau-|père", "belle-|fille", "extrême-|droite", "procès-|verbal", "député-|maire"),
        *(
            "ci-|dessus",
            "soi-|disant",
            "tout-|puissant",
            "couvre-|feu",
            "gratte-|ciel",
            "tiers-|monde",
        ),
        *(
            "petit-|déjeuner",
            "sociale-|démocrate",
            "sous-|traitance",
            "rez-|de-chaussée",
            "date-|clé",
        ),
    ],
)
def test_a_compound_keeps_its_hyphen_at_a_line_end(compound: str) -> None:
    assert join_broken_words(compound.replace("|", "\n")) == compound.replace("|", "")


@pytest.mark.parametrize(
    "word",
    [
        *(
            "long-|temps",
            "ce-|la",
            "voi-|là",
            "ce-|lui",
            "aujour-|d'hui",
            "lors-|qu'il",
            "quel-|qu’un",
        ),
        *(
            "toute-|fois",
            "cou-|leur",
            "Mande-|la",
            "beau-|coup",
            "entre-|prise",
            "ver-|tu",
            "mer-|ci",
        ),
        *(
            "repré-|sente-t-il",
            "regar-|de-t-il",
            "appel-|le-moi",
            "bas-|ket",
            "ci-|toyen",
            "soi-|rée",
        ),
        *(
            "garde-|rie",
            "passe-|port",
            "sainte-|té",
            "pri-|maire",
            "extrême-|ment",
            "trente-|naire",
        ),
        *("par-|don", "ex-|ploit", "peup-|le", "outre-|passer"),
    ],
)
def test_one_word_is_whole_again_though_it_begins_or_ends_like_a_compound(word: str) -> None:
    assert join_broken_words(word.replace("|", "\n")) == word.replace("-|", "")


def test_broken_words_of_an_article_are_joined_in_its_title_too_and_said_to_be() -> None:
    cleaned = clean("Un accord commer- \r\n cial signé\r\n\r\nLes exporta\xad\r\ntions augmentent.")
    assert cleaned.text == "Un accord commercial signé\n\nLes exportations augmentent."
    assert cleaned.title == "Un accord commercial signé"
    assert cleaned.notes == ("words broken at line ends were joined",)


def test_ligatures_of_pdf_files_become_letters() -> None:
    assert clean("Le ﬁnancement eﬀectif, aﬃché.").text == "Le financement effectif, affiché."


# ---------------------------------------------------------------- hostile text


@pytest.mark.slow
@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "piece",
    [
        "Ã©",
        "Ã ",
        "Ã©\n",
        "â€",
        "È",
        "aÈ",
        "<p",
        "<p>",
        "<!--",
        "<b>x</b",
        "<br",
        "</p",
        "<script>",
        "<p>&amp;",
        "&amp;",
        "&",
        "[caption",
        "a-\n",
        "-\n",
        "a?b ",
        "a?",
        "a¿",
        "A-\n",
        "a-a",
        "\xad\n",
        "\x92",
        "├®",
    ],
)
def test_no_hostile_damage_holds_mending_up(piece: str) -> None:
    text = piece * (50_000 // len(piece))
    clean(text)
    clean(f"Le titre\n\n<p>Le corps.</p>\n\n{text}")
