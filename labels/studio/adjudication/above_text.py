"""What a project beside the main one shows with an article: above its text, in a frame. Pure."""

from xml.etree import ElementTree as ET  # expat stops entity bombs  # nosec B405

_ARTICLE = "press-article"  # where the interface has the article; what is shown follows its facts
_FRAME = "border-left: 3px solid #b0862a; padding-left: .75em; margin-bottom: 1em"


def show_above_text(interface: str, field: str, heading: str) -> str:
    """Return a labelling interface that also shows a field of a task, above the text."""
    root = ET.fromstring(interface)  # noqa: S314 — our own  # nosec B314
    places = [view for view in root.iter("View") if view.get("className") == _ARTICLE]
    shown = ET.Element("View", className=f"press-{field}", style=_FRAME)
    ET.SubElement(shown, "Header", value=heading, size="5")
    ET.SubElement(shown, "Text", name=field, value=f"${field}", selectionEnabled="false")
    (places or [root])[0].insert(1, shown)
    ET.indent(root)
    return ET.tostring(root, encoding="unicode")
