"""Taxonomy -> the labelling interface, in French and English; what another one has more. Pure."""

import re
from xml.etree import ElementTree as ET

from labels.taxonomy import Taxonomy
from seeds.base.errors import InputError

CONTROL = "categories"  # the name of the choices; tasks, export and the interface share it
COMMENT = "comment"
TEXT = "text"

# Label Studio puts it into the page as it is, so its own elements (lsf-…) can be reached too: where
# a later version names them otherwise, the page is less compact and works all the same.
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


def interface_xml(taxonomy: Taxonomy) -> str:
    """The labelling interface: the article, the categories with hotkeys, a free comment.

    A choice shows the French and the English name and stores the category's id, so names can
    change without touching a single annotation. The guideline shows when the pointer rests on it.
    The side panels are for regions of a text, of which there are none: the article has their place.
    """
    view = ET.Element("View", className="press")
    ET.SubElement(view, "Style").text = _STYLE
    article = ET.SubElement(view, "View", className="press-article")
    facts = ET.SubElement(article, "View", className="press-facts")
    ET.SubElement(facts, "Text", name="facts", value="$facts", selectionEnabled="false")
    # Not shown, for it is the text's first line; where there is one, that line is set large.
    title = ET.SubElement(article, "View", className="press-title")
    ET.SubElement(title, "Header", value="$title")
    text = ET.SubElement(article, "View", className="press-text")
    ET.SubElement(text, "Text", name=TEXT, value="$text", selectionEnabled="false")
    panel = ET.SubElement(view, "View", className="press-panel")
    ET.SubElement(panel, "Header", value=_question(taxonomy), size="5")
    _choices(panel, taxonomy)
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


def instructions(taxonomy: Taxonomy) -> str:
    """The annotators' guide as HTML: every category with its guideline, French beside English.

    It is written as Label Studio cleans it, so that a push finds nothing to change.
    """
    rows = [_row("", _rule_fr(taxonomy), _rule_en(taxonomy))]
    for each in taxonomy.categories:
        fr = f"<b>{_escaped(each.fr)}</b><br>{_escaped(each.guideline.fr)}"
        en = f"<b>{_escaped(each.en)}</b><br>{_escaped(each.guideline.en)}"
        rows.append(_row(f"<code>{each.hotkey}</code>" if each.hotkey else "", fr, en))
    return f'<table class="press-guide"><tbody>{"".join(rows)}</tbody></table>'


def _row(*cells: str) -> str:
    return "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"


def _choices(panel: ET.Element, taxonomy: Taxonomy) -> None:
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
    keys = "La touche coche la catégorie, Ctrl+Entrée valide, Ctrl+Espace passe l'article."
    if taxonomy.choice == "single":
        return f"Choisissez la catégorie dont l'article parle surtout. {keys}"
    return (
        "Cochez chaque catégorie dont l'article parle vraiment, même en partie ; pas celles "
        f"dont un mot est seulement cité. Si aucune ne convient, validez sans rien cocher. {keys}"
    )


def _rule_en(taxonomy: Taxonomy) -> str:
    keys = "The key ticks the category, Ctrl+Enter submits, Ctrl+Space skips the article."
    if taxonomy.choice == "single":
        return f"Choose the category the article is mostly about. {keys}"
    return (
        "Tick every category the article is really about, even in part; not those of which a "
        f"word is merely mentioned. If none applies, submit without ticking anything. {keys}"
    )


def _escaped(text: str) -> str:
    text = re.sub(" ([:;!?»])", "\u00a0\\1", text).replace("« ", "«\u00a0")  # French typography
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def differences(ours: str, theirs: str) -> list[str]:
    """What a labelling interface has that ours lacks, one line each; [] if ours can replace it.

    Args:
        ours: the interface that follows from the taxonomy, as XML.
        theirs: the one in Label Studio, maybe changed there by hand.
    """
    known = _controls(ours)
    found = []
    for name, choices in _controls(theirs).items():
        if name not in known:
            found.append(f"control {name!r}")
            continue
        found.extend(f"{name} has {each!r}" for each in sorted(choices - known[name]))
    return found


def known_categories(interface: str) -> frozenset[str]:
    """The ids of the categories that a labelling interface can show ticked.

    Raises:
        InputError: it is not XML, or does not ask for the categories of a text as ours does.
    """
    root = _parsed(interface)
    texts = {(each.get("name"), each.get("value")) for each in root.iter("Text")}
    for element in root.iter("Choices"):
        if element.get("name") == CONTROL and element.get("toName") == TEXT:
            if (TEXT, f"${TEXT}") in texts:
                return frozenset(_values(element))
            raise InputError(
                f'the labelling interface lacks <Text name="{TEXT}" value="${TEXT}"/>. '
                "Restore it with `classify labels push`."
            )
    raise InputError(
        f'the labelling interface lacks <Choices name="{CONTROL}" toName="{TEXT}">. '
        "Restore it with `classify labels push`."
    )


def choice_of(interface: str) -> str:
    """How many categories the labelling interface takes: "multiple" or "single".

    Raises:
        InputError: it is not XML.
    """
    ours = (each for each in _parsed(interface).iter("Choices") if each.get("name") == CONTROL)
    return next((each.get("choice", "single") for each in ours), "single")  # as Label Studio does


def _controls(interface: str) -> dict[str, set[str]]:
    """The values an interface can give, by the name of the control."""
    found = [each for each in _parsed(interface).iter() if each.get("toName")]
    return {each.get("name", ""): _values(each) for each in found}


def _values(control: ET.Element) -> set[str]:
    return {each.get("alias") or each.get("value") or "" for each in control if each.get("value")}


def _parsed(interface: str) -> ET.Element:
    """The root of an interface.

    Raises:
        InputError: it is not XML.
    """
    try:
        return ET.fromstring(interface)  # noqa: S314 — expat stops entity bombs
    except (ET.ParseError, ValueError) as error:
        raise InputError(f"the labelling interface is not XML: {error}. Mend it there.") from error
