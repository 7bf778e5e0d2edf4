"""Taxonomy -> labelling interface, and back to its categories. Pure."""

import re
from xml.etree import ElementTree as ET  # expat stops entity bombs  # nosec B405

from labels.studio.connection import Keyboard, Language
from labels.studio.page.keyboard import hotkeys, unsure_key
from labels.studio.page.style import STYLE
from labels.studio.page.words import POINT, instructions, name_in, phrase, rules, tongues
from labels.taxonomy import Taxonomy
from seeds.base.errors import InputError

CONTROL = "categories"  # the name of the choices; tasks, export and the interface share it
COMMENT = "comment"
TEXT = "text"
UNSURE = "unsure"  # the name of the control and of its only answer
_COUNTER_EXAMPLE = re.compile(r"(?<=[.!?]) (?=(?:Pas|Not)\b)")

# What may carry a `value` inside a control and is no answer.
_LAYOUT = {"View", "Header", "HyperText"}


def render_interface(
    taxonomy: Taxonomy, *, language: Language = "fr", keyboard: Keyboard = "digits"
) -> str:
    """Return the labelling interface: the article, the categories with hotkeys, a free comment.

    A choice shows the category's name and stores its id, so names and languages can change
    without touching a single annotation. The rule of the category under the pointer stands beside
    the categories. The side panels are for regions of a text, of which there are none: the article
    takes their place.
    """
    frame = ET.Element("View", className="press-frame")
    ET.SubElement(frame, "Style").text = STYLE
    view = ET.SubElement(frame, "View", className="press")
    article = ET.SubElement(view, "View", className="press-article")
    facts = ET.SubElement(article, "View", className="press-facts")
    # Headers may lack their field, as they do in articles that an earlier version sent.
    for field in ("$outlet", "$date"):
        ET.SubElement(facts, "Header", value=field, size="5")
    # Hidden, because the text begins with the title; it only tells the style to enlarge that line.
    title = ET.SubElement(article, "View", className="press-title")
    ET.SubElement(title, "Header", value="$title")
    text = ET.SubElement(article, "View", className="press-text")
    ET.SubElement(text, "Text", name=TEXT, value="$text", selectionEnabled="false")
    panel = ET.SubElement(view, "View", className="press-panel")
    question = "one" if taxonomy.choice == "single" else "several"
    ET.SubElement(panel, "Header", value=phrase(question, language), size="5")
    keys = hotkeys(taxonomy, keyboard)
    _add_choices(panel, taxonomy, language, keys)
    _add_unsure(panel, language, unsure_key(keys))
    _add_comment(panel, language)
    general = ET.SubElement(panel, "View", className="press-rule press-general")
    for tongue in tongues(language):
        for line in instructions(taxonomy, tongue):
            ET.SubElement(general, "Header", value=line, size="6")
        ET.SubElement(general, "Header", value=POINT[tongue], size="6")
    ET.indent(frame)
    return ET.tostring(frame, encoding="unicode")


def _add_choices(
    panel: ET.Element, taxonomy: Taxonomy, language: Language, keys: dict[str, str]
) -> None:
    """Add the categories, those of a group below its name."""
    choices = ET.SubElement(
        panel,
        "Choices",
        name=CONTROL,
        toName=TEXT,
        choice=taxonomy.choice,
        required="true" if taxonomy.choice == "single" else "false",
        showInline="false",
    )
    groups: dict[str, ET.Element] = {}
    for category in taxonomy.categories:
        if category.group not in groups:
            group = ET.SubElement(choices, "View", className="press-group")
            groups[category.group] = group
            if category.group:
                ET.SubElement(group, "Header", value=category.group, size="6")
        row = ET.SubElement(groups[category.group], "View", className="press-category")
        attributes = {"value": name_in(category, language), "alias": category.id}
        if key := keys.get(category.id):
            attributes["hotkey"] = key
        ET.SubElement(row, "Choice", attributes)
        if texts := rules(category, language):
            rule = ET.SubElement(row, "View", className="press-rule")
            ET.SubElement(rule, "Header", value=name_in(category, language), size="5")
            for text in texts:
                for sentence in _COUNTER_EXAMPLE.split(text):
                    ET.SubElement(rule, "Header", value=sentence, size="6")


def _add_unsure(panel: ET.Element, language: Language, key: str) -> None:
    """Add the answer of an annotator who cannot decide, which is neither a vote nor a skip."""
    view = ET.SubElement(panel, "View", className="press-unsure")
    choices = ET.SubElement(
        view, "Choices", name=UNSURE, toName=TEXT, choice="multiple", showInline="false"
    )
    attributes = {"value": phrase("unsure", language), "alias": UNSURE}
    if key:
        attributes["hotkey"] = key
    ET.SubElement(choices, "Choice", attributes)


def _add_comment(panel: ET.Element, language: Language) -> None:
    view = ET.SubElement(panel, "View", className="press-comment")
    ET.SubElement(
        view,
        "TextArea",
        name=COMMENT,
        toName=TEXT,
        rows="1",
        maxSubmissions="1",
        editable="true",
        placeholder=phrase("comment", language),
    )


def list_additions(ours: str, theirs: str) -> list[str]:
    """Name the parts of a labelling interface that ours lacks; [] if ours can replace it.

    Args:
        ours: the interface that follows from the taxonomy, as XML.
        theirs: the one in Label Studio, which someone may have changed there by hand.
    """
    controls = _read_controls(ours)
    additions = []
    for name, values in _read_controls(theirs).items():
        if name not in controls:
            additions.append(f"control {name!r}")
            continue
        additions.extend(f"{name} has {value!r}" for value in sorted(values - controls[name]))
    return additions


def read_categories(interface: str) -> frozenset[str]:
    """Return the ids of the categories that a labelling interface can show ticked.

    Raises:
        InputError: it is not XML, or does not ask for the categories of a text as ours does.
    """
    root = _parse(interface)
    texts = {(element.get("name"), element.get("value")) for element in root.iter("Text")}
    for element in root.iter("Choices"):
        if element.get("name") == CONTROL and element.get("toName") == TEXT:
            if (TEXT, f"${TEXT}") in texts:
                return frozenset(_read_values(element))
            raise InputError(
                f'the labelling interface lacks <Text name="{TEXT}" value="${TEXT}"/>. '
                "Restore it with `classify labels push`."
            )
    raise InputError(
        f'the labelling interface lacks <Choices name="{CONTROL}" toName="{TEXT}">. '
        "Restore it with `classify labels push`."
    )


def read_choice(interface: str) -> str:
    """Return "multiple" if the labelling interface takes several categories, else "single".

    Raises:
        InputError: it is not XML.
    """
    for element in _parse(interface).iter("Choices"):
        if element.get("name") == CONTROL:
            return element.get("choice", "single")  # as Label Studio does
    return "single"


def _read_controls(interface: str) -> dict[str, set[str]]:
    """Return the values an interface can give, by the name of the control."""
    controls = [element for element in _parse(interface).iter() if element.get("toName")]
    return {control.get("name", ""): _read_values(control) for control in controls}


def _read_values(control: ET.Element) -> set[str]:
    within = (element for element in control.iter() if element is not control)
    choices = [e for e in within if e.get("value") and e.tag not in _LAYOUT]
    return {choice.get("alias") or choice.get("value") or "" for choice in choices}


def _parse(interface: str) -> ET.Element:
    """Return the root of an interface.

    Raises:
        InputError: it is not XML.
    """
    try:
        return ET.fromstring(interface)  # noqa: S314 — expat stops entity bombs  # nosec B314
    except (ET.ParseError, ValueError) as error:
        raise InputError(
            f"the labelling interface is not XML: {error}. Correct it there."
        ) from error
