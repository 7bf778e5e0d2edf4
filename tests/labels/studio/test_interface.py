"""The labelling interface and the annotators' guide, read as XML and HTML."""

from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree as ET

from labels.studio.interface import list_additions, render_guide, render_interface
from labels.taxonomy import Category, Guideline, Taxonomy, read_taxonomy
from tests.support.proxy import interface

HOSTILE = "<script>alert(1)</script> & \"x\" 'y'"


def hostile() -> Taxonomy:
    category = Category("a", HOSTILE, "A & B", guideline=Guideline(HOSTILE, "en <b>"), hotkey="q")
    return Taxonomy("1", "multiple", (category, Category("b", "B", "B")))


def test_each_category_is_a_choice_that_stores_its_id_under_both_names(tmp_path: Path) -> None:
    taxonomy = read_taxonomy(tmp_path)
    choices = ET.fromstring(render_interface(taxonomy)).findall(".//Choices/Choice")
    assert [choice.get("alias") for choice in choices] == list(taxonomy.ids)
    cinema = choices[0]
    assert cinema.get("value") == "Cinéma / Cinema"
    assert cinema.get("hotkey") == "1"
    hint = cinema.get("hint") or ""
    assert hint.startswith("Films, festivals de cinéma")
    assert "Not a television series" in hint


def test_no_two_categories_have_one_hotkey(tmp_path: Path) -> None:
    choices = ET.fromstring(render_interface(read_taxonomy(tmp_path))).findall(".//Choice")
    keys = [choice.get("hotkey") for choice in choices if choice.get("hotkey")]
    assert len(keys) == len(set(keys)) == 16


def test_the_article_is_shown_by_text_and_never_as_html() -> None:
    root = ET.fromstring(render_interface(hostile()))
    assert {element.get("value") for element in root.iter("Text")} == {"$text", "$facts"}
    assert not list(root.iter("HyperText"))


def test_the_choices_and_the_comment_belong_to_the_text() -> None:
    root = ET.fromstring(render_interface(hostile()))
    text = next(element for element in root.iter("Text") if element.get("value") == "$text")
    for tag in ("Choices", "TextArea"):
        (control,) = root.iter(tag)
        assert control.get("toName") == text.get("name")


def test_several_categories_or_exactly_one() -> None:
    def choices(taxonomy: Taxonomy) -> ET.Element:
        return next(ET.fromstring(render_interface(taxonomy)).iter("Choices"))

    assert choices(hostile()).get("choice") == "multiple"
    assert choices(hostile()).get("required") == "false"  # none may apply
    single = choices(replace(hostile(), choice="single"))
    assert single.get("choice") == "single"
    assert single.get("required") == "true"


def test_hostile_names_arrive_as_text_and_add_no_element() -> None:
    root = ET.fromstring(render_interface(hostile()))
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
    page.feed(render_guide(hostile()))
    assert page.tags == {"table", "tbody", "tr", "td", "b", "code", "br"}
    assert page.text.count(HOSTILE) == 2  # the name and the guideline
    assert "en <b>" in page.text
    assert "q" in page.text


def test_the_guide_mentions_that_none_may_apply_only_for_multiple_choice() -> None:
    assert "sans rien cocher" in render_guide(hostile())
    single = render_guide(replace(hostile(), choice="single"))
    assert "sans rien cocher" not in single
    assert "Choose the category" in single


def test_additions_are_the_choices_and_controls_that_ours_lacks() -> None:
    ours = interface("cinema", "trade")
    assert list_additions(ours, interface("cinema")) == []
    assert list_additions(ours, interface("trade", "cinema")) == []
    assert list_additions(ours, interface("cinema", "kino")) == ["categories has 'kino'"]
    assert list_additions(ours, interface("cinema", control="topics")) == ["control 'topics'"]
