"""Which key ticks which category. Pure."""

from labels.studio.connection import Keyboard
from labels.taxonomy import Taxonomy

UNSURE_KEY = "h"
# Row by row from the top left, as the fingers find them; Label Studio uses "u" itself.
_ROWS = {
    "azerty": "azertyiopqsdfgjklmwxcvbn",
    "qwerty": "qwertyiopasdfgjklzxcvbnm",
}


def hotkeys(taxonomy: Taxonomy, keyboard: Keyboard) -> dict[str, str]:
    """Return the key of each category that has one, by id.

    Args:
        taxonomy: in whose order the keys are given out.
        keyboard: "digits" leaves each category the hotkey of taxonomy.toml; the others give them
            letters in the order in which they lie on that keyboard.
    """
    if keyboard == "digits":
        return {category.id: category.hotkey for category in taxonomy.categories if category.hotkey}
    return dict(zip(taxonomy.ids, _ROWS[keyboard], strict=False))


def unsure_key(keys: dict[str, str]) -> str:
    """Return the key of "unsure"; "" if a category has it."""
    return "" if UNSURE_KEY in keys.values() else UNSURE_KEY
