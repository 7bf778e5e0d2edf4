"""The labelling interface and the annotators' guide, read as XML and HTML."""

from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree as ET

from labels.studio.interface import instructions, interface_xml
from labels.taxonomy import Category, Guideline, Taxonomy, read_taxonomy

HOSTILE = "<script>alert(1)</script> & \"x\" 'y'"


def hostile() -> Taxonomy:
    category = Category("a", HOSTILE, "A & B", guideline=Guideline(HOSTILE, "en <b>"), hotkey="q")
    return Taxonomy("1", "multiple", (category, Category("b", "B", "B")))


def test_each_category_is_a_choice_that_stores_its_id_under_both_names(tmp_path: Path) -> None:
    taxonomy = read_taxonomy(tmp_path)
    choices = ET.fromstring(interface_xml(taxonomy)).findall(".//Choices/Choice")
    assert [each.get("alias") for each in choices] == list(taxonomy.ids)
    first = choices[0]
    assert first.get("value") == "Cinéma / Cinema"
    assert first.get("hotkey") == "1"
    hint = first.get("hint") or ""
    assert hint.startswith("Films, festivals de cinéma")
    assert "Not a television series" in hint


def test_hotkeys_are_never_given_twice(tmp_path: Path) -> None:
    choices = ET.fromstring(interface_xml(read_taxonomy(tmp_path))).findall(".//Choice")
    keys = [each.get("hotkey") for each in choices if each.get("hotkey")]
    assert len(keys) == len(set(keys)) == 16


def test_the_article_is_shown_by_text_and_never_as_html() -> None:
    root = ET.fromstring(interface_xml(hostile()))
    assert {each.get("value") for each in root.iter("Text")} == {"$text", "$facts"}
    assert not list(root.iter("HyperText"))


def test_what_is_chosen_and_the_comment_belong_to_the_text() -> None:
    root = ET.fromstring(interface_xml(hostile()))
    text = next(each for each in root.iter("Text") if each.get("value") == "$text")
    for tag in ("Choices", "TextArea"):
        (control,) = root.iter(tag)
        assert control.get("toName") == text.get("name")


def test_several_categories_or_exactly_one() -> None:
    def choices(taxonomy: Taxonomy) -> ET.Element:
        return next(ET.fromstring(interface_xml(taxonomy)).iter("Choices"))

    assert choices(hostile()).get("choice") == "multiple"
    assert choices(hostile()).get("required") == "false"  # none may apply
    single = choices(replace(hostile(), choice="single"))
    assert single.get("choice") == "single"
    assert single.get("required") == "true"


def test_hostile_names_arrive_as_text_and_add_no_element() -> None:
    root = ET.fromstring(interface_xml(hostile()))
    choice = next(root.iter("Choice"))
    assert choice.get("value") == f"{HOSTILE} / A & B"
    assert not list(root.iter("script"))


class Seen(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.text = ""

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.add(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_guide_names_every_category_with_its_guideline_and_key_as_plain_text() -> None:
    seen = Seen()
    seen.feed(instructions(hostile()))
    assert seen.tags == {"table", "tbody", "tr", "td", "b", "code", "br"}
    assert seen.text.count(HOSTILE) == 2  # the name and the guideline
    assert "en <b>" in seen.text
    assert "q" in seen.text


def test_the_guide_says_what_to_do_when_none_applies_only_where_that_may_be() -> None:
    assert "sans rien cocher" in instructions(hostile())
    single = instructions(replace(hostile(), choice="single"))
    assert "sans rien cocher" not in single
    assert "Choose the category" in single
