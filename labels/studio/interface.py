"""Taxonomy -> labelling interface in French and English, and back to its categories. Pure."""

import re
from xml.etree import ElementTree as ET  # expat stops entity bombs  # nosec B405

from labels.taxonomy import Taxonomy
from seeds.base.errors import InputError

CONTROL = "categories"  # the name of the choices; tasks, export and the interface share it
COMMENT = "comment"
TEXT = "text"

# Label Studio puts this into the page unchanged, so it can style Label Studio's own elements too
# (lsf-…). If a later version renames them, the page is less compact and still works.
_STYLE = """
.press { display: grid; grid-template-columns: minmax(0, 45em) 27em; gap: 3em; }
.press-facts { opacity: .65; margin-bottom: .6em; }
.press-facts .lsf-htx-richtext { font-size: 14px; }
.press-title { display: none; }
.press-article { padding-left: .5em; }
.press-article .press-text .lsf-htx-richtext { font-size: 17px; line-height: 1.6; }
.press-article:has(.press-title :not(:empty)) .press-text .lsf-richtext__line:first-child {
  font-size: 1.3em; font-weight: 650; line-height: 1.3; }
.press-panel { position: sticky; top: 0; align-self: start;
  max-height: calc(100vh - 120px); overflow-y: auto; }
.press-panel h4 { font-size: 15px; margin: 0 0 .3em !important; }
.press-panel .lsf-choice__checkbox { line-height: 27px; border-radius: 4px; font-weight: 400; }
.press-panel .lsf-choice__checkbox:hover { background: rgba(128, 128, 128, .12); }
.press-panel .ant-checkbox-wrapper-checked { font-weight: 600; }
.press-panel .lsf-hint { font-size: 12px; top: 0; margin-left: .5em; opacity: .7; }
.press-comment { margin-top: .6em; }
.press-guide td { vertical-align: top; padding: 0 14px 10px 0; }
.lsf-sidepanels { padding: 0 !important; }
.lsf-sidepanels__wrapper { display: none; }
"""


def render_interface(taxonomy: Taxonomy) -> str:
    """Return the labelling interface: the article, the categories with hotkeys, a free comment.

    A choice shows the French and the English name and stores the category's id, so names can
    change without touching a single annotation. The guideline shows when the pointer rests on it.
    The side panels are for regions of a text, of which there are none: the article takes their
    place.
    """
    view = ET.Element("View", className="press")
    ET.SubElement(view, "Style").text = _STYLE
    article = ET.SubElement(view, "View", className="press-article")
    facts = ET.SubElement(article, "View", className="press-facts")
    ET.SubElement(facts, "Text", name="facts", value="$facts", selectionEnabled="false")
    # Hidden, because the text begins with the title; it only tells the style to enlarge that line.
    title = ET.SubElement(article, "View", className="press-title")
    ET.SubElement(title, "Header", value="$title")
    text = ET.SubElement(article, "View", className="press-text")
    ET.SubElement(text, "Text", name=TEXT, value="$text", selectionEnabled="false")
    panel = ET.SubElement(view, "View", className="press-panel")
    ET.SubElement(panel, "Header", value=_question(taxonomy), size="5")
    _add_choices(panel, taxonomy)
    comment = ET.SubElement(panel, "View", className="press-comment")
    ET.SubElement(
        comment,
        "TextArea",
        name=COMMENT,
        toName=TEXT,
        rows="1",
        maxSubmissions="1",
        editable="true",
        placeholder="Remarque (facultatif) / Comment (optional)",
    )
    ET.indent(view)
    return ET.tostring(view, encoding="unicode")


def render_guide(taxonomy: Taxonomy) -> str:
    """Return the annotators' guide as HTML: every category with its guideline, in both languages.

    The HTML is as Label Studio would sanitise it, so that the next push finds nothing to change.
    """
    rows = [_row("", _rule_fr(taxonomy), _rule_en(taxonomy))]
    for category in taxonomy.categories:
        fr = f"<b>{_escape(category.fr)}</b><br>{_escape(category.guideline.fr)}"
        en = f"<b>{_escape(category.en)}</b><br>{_escape(category.guideline.en)}"
        rows.append(_row(f"<code>{category.hotkey}</code>" if category.hotkey else "", fr, en))
    return f'<table class="press-guide"><tbody>{"".join(rows)}</tbody></table>'


def _row(*cells: str) -> str:
    return "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"


def _add_choices(panel: ET.Element, taxonomy: Taxonomy) -> None:
    choices = ET.SubElement(
        panel,
        "Choices",
        name=CONTROL,
        toName=TEXT,
        choice=taxonomy.choice,
        required="true" if taxonomy.choice == "single" else "false",
        showInline="false",
    )
    for category in taxonomy.categories:
        attributes = {"value": f"{category.fr} / {category.en}", "alias": category.id}
        if category.hotkey:
            attributes["hotkey"] = category.hotkey
        hint = " — ".join(filter(None, (category.guideline.fr, category.guideline.en)))
        if hint:
            attributes["hint"] = hint
        ET.SubElement(choices, "Choice", attributes)


def _question(taxonomy: Taxonomy) -> str:
    if taxonomy.choice == "single":
        return "Quelle catégorie ? / Which category?"
    return "Quelles catégories ? / Which categories?"


def _rule_fr(taxonomy: Taxonomy) -> str:
    keys = "Sa touche coche une catégorie, Ctrl+Entrée valide, Ctrl+Espace passe l'article."
    if taxonomy.choice == "single":
        return f"Choisissez la catégorie dont l'article parle principalement. {keys}"
    return (
        "Cochez chaque catégorie dont l'article traite vraiment, même en partie, mais pas celles "
        f"qu'il ne fait que mentionner. Si aucune ne convient, validez sans rien cocher. {keys}"
    )


def _rule_en(taxonomy: Taxonomy) -> str:
    keys = "Its key ticks a category, Ctrl+Enter submits, Ctrl+Space skips the article."
    if taxonomy.choice == "single":
        return f"Choose the category the article is mostly about. {keys}"
    return (
        "Tick every category the article is really about, even in part, but not those it merely "
        f"mentions. If none applies, submit without ticking anything. {keys}"
    )


def _escape(text: str) -> str:
    text = re.sub(" ([:;!?»])", "\u00a0\\1", text).replace("« ", "«\u00a0")  # French typography
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


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
    choices = [element for element in control if element.get("value")]
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
