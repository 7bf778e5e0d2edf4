"""Taxonomy -> the labelling interface, in French and English; what another one has more. Pure."""

from xml.etree import ElementTree as ET

from labels.taxonomy import Taxonomy
from seeds.errors import InputError

CONTROL = "categories"  # the name of the choices; tasks, export and the interface share it
COMMENT = "comment"
TEXT = "text"

_STYLE = """
.article { max-width: 46em; line-height: 1.6; font-size: 1.05em; }
.facts { opacity: .65; font-size: .85em; }
.panel { position: sticky; top: 0; }
"""


def interface_xml(taxonomy: Taxonomy) -> str:
    """The labelling interface: the article, the categories with hotkeys, a free comment.

    A choice shows the French and the English name and stores the category's id, so names can
    change without touching a single annotation. The guideline shows when the pointer rests on it.
    """
    view = ET.Element("View", style="display: flex; gap: 2em; align-items: flex-start;")
    ET.SubElement(view, "Style").text = _STYLE
    article = ET.SubElement(view, "View", className="article", style="flex: 1 1 60%;")
    facts = ET.SubElement(article, "View", className="facts")
    ET.SubElement(facts, "Text", name="facts", value="$facts", selectionEnabled="false")
    ET.SubElement(article, "Text", name=TEXT, value="$text", granularity="word")
    panel = ET.SubElement(view, "View", className="panel", style="flex: 1 1 40%;")
    ET.SubElement(panel, "Header", value=_question(taxonomy), size="5")
    _choices(panel, taxonomy)
    ET.SubElement(panel, "Header", value="Remarque / Comment", size="5")
    ET.SubElement(
        panel,
        "TextArea",
        name=COMMENT,
        toName=TEXT,
        rows="2",
        maxSubmissions="1",
        editable="true",
        placeholder="Facultatif : un doute, un cas limite / Optional: a doubt, a border-line case",
    )
    ET.indent(view)
    return ET.tostring(view, encoding="unicode")


def instructions(taxonomy: Taxonomy) -> str:
    """The annotators' guide as HTML: every category with its guideline, French then English."""
    rows = []
    for category in taxonomy.categories:
        key = f" <kbd>{category.hotkey}</kbd>" if category.hotkey else ""
        rows.append(
            f"<li><b>{_escaped(category.fr)}</b> / {_escaped(category.en)}{key}<br>"
            f"{_escaped(category.guideline.fr)}<br><i>{_escaped(category.guideline.en)}</i></li>"
        )
    return f"<p>{_rule_fr(taxonomy)}</p><p><i>{_rule_en(taxonomy)}</i></p><ul>{''.join(rows)}</ul>"


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
    if taxonomy.choice == "single":
        return "Choisissez la catégorie dont l'article parle surtout."
    return (
        "Cochez chaque catégorie dont l'article parle vraiment, même en partie ; pas celles "
        "dont un mot est seulement cité. Si aucune ne convient, validez sans rien cocher."
    )


def _rule_en(taxonomy: Taxonomy) -> str:
    if taxonomy.choice == "single":
        return "Choose the category the article is mostly about."
    return (
        "Tick every category the article is really about, even in part; not those of which a "
        "word is merely mentioned. If none applies, submit without ticking anything."
    )


def _escaped(text: str) -> str:
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


def _controls(interface: str) -> dict[str, set[str]]:
    """The values an interface can give, by the name of the control.

    Raises:
        InputError: it is not XML.
    """
    try:
        root = ET.fromstring(interface)  # noqa: S314 — expat stops entity bombs
    except ET.ParseError as error:
        raise InputError(f"the labelling interface is not XML: {error}. Mend it there.") from error
    return {
        element.get("name", ""): {
            each.get("alias") or each.get("value") or "" for each in element if each.get("value")
        }
        for element in root.iter()
        if element.get("toName")
    }
