"""The labelling interface and the annotators' guide, read as XML and HTML."""

from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from labels.studio.connection import Language
from labels.studio.interface import (
    COMMENT,
    CONTROL,
    TEXT,
    UNSURE,
    list_additions,
    read_categories,
    read_choice,
    render_interface,
)
from labels.studio.page.guide import render_guide
from labels.taxonomy import Category, Guideline, Taxonomy, read_taxonomy
from tests.support.proxy import interface

HOSTILE = "<script>alert(1)</script> & \"x\" 'y'"


def hostile() -> Taxonomy:
    category = Category("a", HOSTILE, "A & B", guideline=Guideline(HOSTILE, "en <b>"), hotkey="q")
    return Taxonomy("1", "multiple", (category, Category("b", "B", "B")))


def choices_of(interface: str) -> list[ET.Element]:
    """Return the choices of the categories, in order."""
    return ET.fromstring(interface).findall(f".//Choices[@name='{CONTROL}']//Choice")


def headers(element: ET.Element) -> list[str]:
    return [header.get("value") or "" for header in element.iter("Header")]


@pytest.mark.parametrize(
    ("language", "name"),
    [("fr", "Cinéma"), ("en", "Cinema"), ("both", "Cinéma / Cinema")],
)
def test_each_category_is_a_choice_that_stores_its_id_under_its_name(
    tmp_path: Path, language: Language, name: str
) -> None:
    taxonomy = read_taxonomy(tmp_path)
    choices = choices_of(render_interface(taxonomy, language=language))
    assert [choice.get("alias") for choice in choices] == list(taxonomy.ids)
    assert choices[0].get("value") == name
    assert choices[0].get("hotkey") == "1"


def test_a_rule_stands_beside_its_choice_and_not_in_a_tooltip(tmp_path: Path) -> None:
    root = ET.fromstring(render_interface(read_taxonomy(tmp_path), language="both"))
    row = next(row for row in root.iter("View") if row.get("className") == "press-category")
    assert headers(row) == [
        "Cinéma / Cinema",
        "Films, festivals de cinéma, coproductions, salles.",
        "Pas une série télévisée\u00a0: Médias.",
        "Films, film festivals, co-productions, theatres.",
        "Not a television series: Audiovisual and media.",
    ]
    assert not [choice for choice in root.iter("Choice") if choice.get("hint")]


def test_one_language_leaves_no_word_of_the_other() -> None:
    taxonomy = replace(hostile(), categories=(Category("a", "Sport", "Sports"),))
    french, english = (render_interface(taxonomy, language=one) for one in ("fr", "en"))
    for word in ("Quelles", "Hésitant", "Remarque", "Cochez"):
        assert word in french
        assert word not in english
    for word in ("Which", "Unsure", "Comment (", "Tick every"):
        assert word in english
        assert word not in french


def test_categories_of_a_group_stand_together_below_its_name() -> None:
    groups = {"a": "Arts", "b": "", "c": "Arts", "d": "Vie"}
    categories = tuple(Category(n, n.upper(), n, group=group) for n, group in groups.items())
    interface = render_interface(Taxonomy("1", "multiple", categories))
    shown = [
        (
            [header for header in headers(view) if len(header) > 1],
            [choice.get("alias") for choice in view.iter("Choice")],
        )
        for view in ET.fromstring(interface).iter("View")
        if view.get("className") == "press-group"
    ]
    assert shown == [(["Arts"], ["a", "c"]), ([], ["b"]), (["Vie"], ["d"])]
    assert read_categories(interface) == set(groups)


def test_unsure_is_a_control_of_its_own_whose_key_no_category_has(tmp_path: Path) -> None:
    root = ET.fromstring(render_interface(read_taxonomy(tmp_path)))
    (choice,) = root.findall(f".//Choices[@name='{UNSURE}']//Choice")
    assert (choice.get("value"), choice.get("alias")) == ("Hésitant", "unsure")
    assert choice.get("hotkey") == "h"
    taken = replace(hostile(), categories=(Category("a", "A", "A", hotkey="h"),))
    (choice,) = ET.fromstring(render_interface(taken)).findall(f".//Choices[@name='{UNSURE}']//*")
    assert choice.get("hotkey") is None


def test_letters_are_given_out_in_the_order_of_the_keyboard(tmp_path: Path) -> None:
    """The rows of a French keyboard, from the top left; "u" is Label Studio's own."""
    taxonomy = read_taxonomy(tmp_path)
    keys = [c.get("hotkey") for c in choices_of(render_interface(taxonomy, keyboard="azerty"))]
    assert keys == list("azertyiopqsdfgjk")
    keys = [c.get("hotkey") for c in choices_of(render_interface(taxonomy, keyboard="qwerty"))]
    assert keys == list("qwertyiopasdfgjk")


def test_more_categories_than_keys_leave_the_last_without() -> None:
    many = tuple(Category(f"c{n}", f"C{n}", f"C{n}") for n in range(40))
    interface = render_interface(Taxonomy("1", "multiple", many), keyboard="azerty")
    keys = [choice.get("hotkey") for choice in choices_of(interface)]
    assert len({key for key in keys if key}) == 24
    assert keys[24:] == [None] * 16


def test_rules_name_other_categories_as_annotators_see_them(tmp_path: Path) -> None:
    """After the colon of a counter-example stand names, in the language of the rule."""
    taxonomy = read_taxonomy(tmp_path)
    for language, word, colon in (("fr", " ou ", " : "), ("en", " or ", ": ")):
        names = {getattr(category, language) for category in taxonomy.categories}
        referring = 0
        for category in taxonomy.categories:
            _, found, other = getattr(category.guideline, language).partition(colon)
            assert not found or set(other.removesuffix(".").split(word)) <= names
            referring += bool(found)
        assert referring >= 12


def test_no_two_categories_have_one_hotkey(tmp_path: Path) -> None:
    choices = choices_of(render_interface(read_taxonomy(tmp_path)))
    keys = [choice.get("hotkey") for choice in choices if choice.get("hotkey")]
    assert len(keys) == len(set(keys)) == 16


def test_the_article_is_shown_by_text_and_never_as_html() -> None:
    root = ET.fromstring(render_interface(hostile()))
    assert [element.get("value") for element in root.iter("Text")] == ["$text"]
    fields = [value for value in headers(root) if value.startswith("$")]
    assert fields == ["$outlet", "$date", "$title"]
    assert not list(root.iter("HyperText"))


def test_the_choices_and_the_comment_belong_to_the_text() -> None:
    root = ET.fromstring(render_interface(hostile()))
    text = next(element for element in root.iter("Text") if element.get("value") == "$text")
    controls = [element for element in root.iter() if element.get("toName")]
    assert [control.get("name") for control in controls] == [CONTROL, UNSURE, COMMENT]
    assert {control.get("toName") for control in controls} == {text.get("name")} == {TEXT}


def test_several_categories_or_exactly_one() -> None:
    def choices(taxonomy: Taxonomy) -> ET.Element:
        return next(ET.fromstring(render_interface(taxonomy)).iter("Choices"))

    assert choices(hostile()).get("choice") == "multiple"
    assert choices(hostile()).get("required") == "false"  # none may apply
    single = choices(replace(hostile(), choice="single"))
    assert single.get("choice") == "single"
    assert single.get("required") == "true"


def test_hostile_names_arrive_as_text_and_add_no_element() -> None:
    root = ET.fromstring(render_interface(hostile(), language="both"))
    choice = next(root.iter("Choice"))
    assert choice.get("value") == f"{HOSTILE} / A & B"
    assert not list(root.iter("script"))


class PageText(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.text = ""

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.add(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_guide_names_every_category_with_its_guideline_and_key_as_plain_text() -> None:
    page = PageText()
    page.feed(render_guide(hostile(), language="both"))
    assert page.tags == {"div", "p", "b", "code", "br"}
    assert page.text.count(HOSTILE) == 2  # the name and the guideline
    assert "en <b>" in page.text
    assert "q" in page.text


def test_the_guide_mentions_that_none_may_apply_only_for_multiple_choice() -> None:
    assert "sans rien cocher" in render_guide(hostile())
    single = render_guide(replace(hostile(), choice="single"), language="en")
    assert "sans rien cocher" not in single
    assert "Choose the category" in single


def test_additions_are_the_choices_and_controls_that_ours_lacks() -> None:
    ours = interface("cinema", "trade")
    assert list_additions(ours, interface("cinema")) == []
    assert list_additions(ours, interface("trade", "cinema")) == []
    assert list_additions(ours, interface("cinema", "kino")) == ["categories has 'kino'"]
    assert list_additions(ours, interface("cinema", control="topics")) == ["control 'topics'"]
    assert list_additions(render_interface(hostile()), interface("a")) == []
    later = render_interface(hostile())
    assert list_additions(interface("a", "b"), later) == ["control 'unsure'", "control 'comment'"]


def test_the_choice_of_an_interface_is_read_back() -> None:
    assert read_choice(render_interface(hostile())) == "multiple"
    assert read_choice(render_interface(replace(hostile(), choice="single"))) == "single"
