"""The categories: a valid taxonomy.toml, the faults of a wrong one, changes to it."""

import string
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Literal

import pytest

from labels.taxonomy import (
    Category,
    Guideline,
    Taxonomy,
    category_id,
    ensure_taxonomy,
    extend_taxonomy,
    read_taxonomy,
)
from seeds.base.errors import InputError
from tests.support.command import ROOT

DESIGNED = {
    "cinema": "20000005",
    "audiovisual": "20000045",
    "heritage": "20000044",
    "museum": "20000043",
    "culture": "20000038",
    "trade": "20000373",
    "economy": "04000000",
    "diplomacy": "20000639",
    "tourism": "20000563",
    "education": "05000000",
    "technology": "13000000",
    "environment": "06000000",
    "sport": "15000000",
    "health": "07000000",
    "conflict": "16000000",
    "politics": "11000000",
}


def categories(*ids: str) -> tuple[Category, ...]:
    return tuple(Category(id=name, fr=f"{name} fr", en=f"{name} en") for name in ids)


def test_the_default_categories_are_those_designed_with_their_iptc_topics(tmp_path: Path) -> None:
    taxonomy = read_taxonomy(tmp_path)
    assert {category.id: category.iptc for category in taxonomy.categories} == {
        name: f"medtop:{topic}" for name, topic in DESIGNED.items()
    }
    for category in taxonomy.categories:
        assert category.guideline.fr, category.id
        assert category.guideline.en, category.id
        assert category.hotkey, category.id


def test_every_fault_of_a_taxonomy_is_named_at_once(tmp_path: Path) -> None:
    (tmp_path / "taxonomy.toml").write_text(
        """
        version = "1"
        choice = "several"
        colour = "red"
        [[categories]]
        id = "cinema"
        fr = "Cinéma"
        en = "Cinema"
        labell = "x"
        [[categories]]
        id = "cinema"
        fr = "Film"
        en = "Film"
        [[categories]]
        id = "Bad Id"
        fr = ""
        en = "Bad"
        iptc = "20000005"
        hotkey = "ctrl"
        """
    )
    with pytest.raises(InputError) as caught:
        read_taxonomy(tmp_path)
    message = str(caught.value)
    assert message.startswith(str(tmp_path / "taxonomy.toml"))
    for part in (
        "'multiple' or 'single', found 'several'",
        "unknown key 'colour'",
        "unknown key 'categories[1].labell' "
        "(known: id, fr, en, iptc, guideline, hotkey, added, group, split_from)",
        "'Bad Id'",
        "names fr and en",
        "medtop:20000005",
        "'ctrl'",
    ):
        assert part in message, part


def test_a_repeated_id_and_an_unknown_key_are_named_together(tmp_path: Path) -> None:
    entry = '[[categories]]\nid = "cinema"\nfr = "F{0}"\nen = "E{0}"\nhotkey = "1"\n'
    text = f'version = "1"\nchoice = "multiple"\ntypo = 1\n{entry.format(1)}{entry.format(2)}'
    (tmp_path / "taxonomy.toml").write_text(text)
    with pytest.raises(InputError) as caught:
        read_taxonomy(tmp_path)
    for part in ("id 'cinema' occurs twice", "hotkey '1' occurs twice", "unknown key 'typo'"):
        assert part in str(caught.value)


def test_a_missing_key_hides_no_other_fault(tmp_path: Path) -> None:
    (tmp_path / "taxonomy.toml").write_text(
        """
        [[categories]]
        id = "cinema"
        en = "Film"
        hotkey = "ctrl"
        [[categories]]
        id = "cinema"
        fr = "Cinéma"
        [[categories]]
        id = "film"
        fr = "Cinéma"
        en = "Film"
        iptc = "1"
        """
    )
    with pytest.raises(InputError) as caught:
        read_taxonomy(tmp_path)
    message = str(caught.value)
    for part in (
        "'version' is missing",
        "'choice' is missing",
        "'categories[1].fr' is missing",
        "categories[1]: hotkey 'ctrl' must be",
        "'categories[2].en' is missing",
        "categories[3]: iptc '1' must look like",
        "id 'cinema' occurs twice",
        "fr 'Cinéma' occurs twice",
        "en 'Film' occurs twice",
    ):
        assert message.count(part) == 1, part


def test_no_category_at_all_is_refused() -> None:
    with pytest.raises(InputError, match="no category"):
        Taxonomy("1", "multiple", ())


def test_the_fingerprint_follows_ids_order_and_choice_but_not_names() -> None:
    base = Taxonomy("1", "multiple", categories("a", "b"))
    renamed = Taxonomy("2", "multiple", (Category("a", "Autre", "Other"), base.categories[1]))
    assert renamed.fingerprint == base.fingerprint
    variants = [
        Taxonomy("1", "single", categories("a", "b")),
        Taxonomy("1", "multiple", categories("b", "a")),
        Taxonomy("1", "multiple", categories("a", "c")),
    ]
    assert len({base.fingerprint, *(variant.fingerprint for variant in variants)}) == 4


def test_an_unknown_category_is_answered_with_the_nearest_one_or_all() -> None:
    taxonomy = Taxonomy("1", "multiple", categories("cinema", "trade"))
    assert taxonomy["trade"].fr == "trade fr"
    with pytest.raises(InputError, match="Did you mean 'cinema'"):
        taxonomy["cinéma"]
    with pytest.raises(InputError, match="Known: cinema, trade"):
        taxonomy["zzzz"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("science/technology", "science-technology"),
        ("Économie et finances", "economie-et-finances"),
        ("  L'art, c'est-à-dire: tout! ", "l-art-c-est-a-dire-tout"),
        ("Mœurs", "moeurs"),
        ("ŒUVRES", "oeuvres"),
        ("Ex æquo", "ex-aequo"),
    ],
)
def test_a_category_name_becomes_an_id(name: str, expected: str) -> None:
    assert category_id(name) == expected


@pytest.mark.parametrize("name", ["文化", "!?", ""])
def test_a_name_without_a_letter_to_make_an_id_of_is_refused(name: str) -> None:
    with pytest.raises(InputError, match="Rename it"):
        category_id(name)


def test_new_categories_follow_the_old_ones_with_hotkeys_that_are_free() -> None:
    category = Category("a", "A", "A", hotkey="1")
    short = Taxonomy("1", "multiple", (category,)).add_categories(["Bandes dessinées", "Jeux"])
    assert short.ids == ("a", "bandes-dessinees", "jeux")
    assert [category.hotkey for category in short.categories] == ["1", "2", "3"]
    long = short.add_categories([f"N{n}" for n in range(40)])
    hotkeys = [category.hotkey for category in long.categories if category.hotkey]
    letters_but_u = set(string.ascii_lowercase) - {"u"}  # Label Studio uses u
    assert sorted(hotkeys) == sorted(letters_but_u | set(string.digits))


AWKWARD = "Guillemets \" et \\ retour\nà la ligne, \x7f, \x01, emoji 🎬, «é», ### et '''"
TABLES = """version = "1"
choice = "multiple"
[[categories]]
id = "a"
fr = "A"
en = "A"
"""
BRACES = """version = "1"
choice = "multiple"
categories = [
  {id = "a", fr = "A", en = "A"},  # la première
]
"""


@pytest.mark.parametrize("text", [TABLES, BRACES])
@pytest.mark.parametrize("name", [AWKWARD, "x" * 3000, "]]"])
def test_an_added_category_reads_back_the_same(tmp_path: Path, text: str, name: str) -> None:
    (tmp_path / "taxonomy.toml").write_text(text, encoding="utf-8")
    category = Category("b", name, "en", "medtop:20000005", Guideline(name, "en"), hotkey="z")
    old = read_taxonomy(tmp_path)
    longer = replace(old, categories=(*old.categories, category, *categories("c")))
    extend_taxonomy(tmp_path, longer)
    assert read_taxonomy(tmp_path) == longer
    written = tomllib.loads((tmp_path / "taxonomy.toml").read_text("utf-8"))
    assert written["categories"][1]["guideline"]["fr"] == name


def test_a_name_with_half_a_character_can_be_added(tmp_path: Path) -> None:
    (tmp_path / "taxonomy.toml").write_text(TABLES, encoding="utf-8")
    longer = read_taxonomy(tmp_path).add_categories(["film\ud83c"])
    extend_taxonomy(tmp_path, longer)
    assert read_taxonomy(tmp_path) == longer
    assert longer["film"].fr == "film\ufffd"


@pytest.mark.parametrize("choice", ["multiple", "single"])
@pytest.mark.parametrize("end", ["", "\n", "\n\n# À la fin.\n"])
def test_what_a_person_wrote_stays_when_categories_are_added(
    tmp_path: Path, choice: Literal["multiple", "single"], end: str
) -> None:
    original = """# Nos rubriques, dans l'ordre du journal.
version = '2026'
  choice = "multiple"   # plusieurs

[[categories]]   # la première
id = "a"
fr = "choice = 'multiple'"
en = "A"
[categories.guideline]
fr = "Un film."
"""
    path = tmp_path / "taxonomy.toml"
    path.write_text(original + end, encoding="utf-8")
    longer = read_taxonomy(tmp_path).add_categories(["Bandes dessinées"])
    changed = replace(longer, choice=choice)
    extend_taxonomy(tmp_path, changed)
    assert read_taxonomy(tmp_path) == changed
    text = path.read_text(encoding="utf-8")
    assert text.startswith((original + end).strip().replace('"multiple" ', f'"{choice}" '))
    assert text.count("[[categories]]") == 2


def test_comments_stay_where_categories_stand_between_braces(tmp_path: Path) -> None:
    path = tmp_path / "taxonomy.toml"
    path.write_text(BRACES, encoding="utf-8")
    extend_taxonomy(tmp_path, read_taxonomy(tmp_path).add_categories(["Jeux"]))
    assert read_taxonomy(tmp_path).ids == ("a", "jeux")
    lines = path.read_text(encoding="utf-8").splitlines()
    assert lines[:4] == BRACES.splitlines()[:4]


def test_a_workspace_gets_the_default_once_and_keeps_its_own(tmp_path: Path) -> None:
    assert ensure_taxonomy(tmp_path).ids == tuple(DESIGNED)
    path = tmp_path / "taxonomy.toml"
    assert path.read_bytes() == (ROOT / "configs" / "taxonomy.toml").read_bytes()
    path.write_text(TABLES.replace('"1"', '"own"'), encoding="utf-8")
    assert ensure_taxonomy(tmp_path).version == "own"
