"""The annotators' guide: every category with its guideline, as HTML. Pure."""

from labels.studio.connection import Keyboard, Language
from labels.studio.page.keyboard import hotkeys
from labels.studio.page.words import instructions, name_in, rules, tongues
from labels.taxonomy import Taxonomy


def render_guide(
    taxonomy: Taxonomy, *, language: Language = "fr", keyboard: Keyboard = "digits"
) -> str:
    """Return the guide, one column: what to do, then each category with its key and guideline.

    The HTML is as Label Studio would sanitise it, so that the next push finds nothing to change.
    """
    parts = [
        f"<p>{_escape(text)}</p>"
        for tongue in tongues(language)
        for text in instructions(taxonomy, tongue)
    ]
    keys = hotkeys(taxonomy, keyboard)
    group = ""
    for category in taxonomy.categories:
        if category.group not in ("", group):
            parts.append(f"<h4>{_escape(category.group)}</h4>")
        group = category.group
        key = f" <code>{keys[category.id]}</code>" if category.id in keys else ""
        lines = [f"<b>{_escape(name_in(category, language))}</b>{key}"]
        lines += map(_escape, rules(category, language))
        parts.append(f"<p>{'<br>'.join(lines)}</p>")
    return f'<div class="press-guide">{"".join(parts)}</div>'


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
