"""What the labelling page says, in French, English or both. Pure."""

import re
from typing import Literal

from labels.studio.connection import Language
from labels.taxonomy import Category, Taxonomy

Tongue = Literal["fr", "en"]

WORDS: dict[str, tuple[str, str]] = {
    "several": ("Quelles catégories ?", "Which categories?"),
    "one": ("Quelle catégorie ?", "Which category?"),
    "unsure": ("Hésitant", "Unsure"),
    "doubt": ("À vérifier", "To check"),
    "labels": ("Étiquettes actuelles", "Labels now"),
    "model": ("Avis du modèle", "The model says"),
    "none": ("aucune catégorie", "no category"),
    "votes": ("Avis des annotateurs", "The annotators' answers"),
    "comment": ("Remarque (facultatif)", "Comment (optional)"),
}
_KEYS = (
    "Chaque catégorie a sa touche ; Ctrl+Entrée valide, Ctrl+Espace passe l'article.",
    "Each category has its key; Ctrl+Enter submits, Ctrl+Space skips the article.",
)
_SEVERAL = (
    "Cochez chaque catégorie dont l'article traite vraiment, même en partie, mais pas celles "
    "qu'il ne fait que mentionner. Si aucune ne convient, validez sans rien cocher.",
    "Tick every category the article is really about, even in part, but not those it merely "
    "mentions. If none applies, submit without ticking anything.",
)
_ONE = (
    "Choisissez la catégorie dont l'article parle principalement.",
    "Choose the category the article is mostly about.",
)
_UNSURE = (
    "Si vous ne pouvez pas trancher, cochez Hésitant : votre réponse ne compte pas comme un vote, "
    "et l'article va à un autre avis.",
    "If you cannot decide, tick Unsure: your answer counts as no vote, and the article goes to "
    "somebody else.",
)


POINT = {
    "fr": "Pointez une catégorie pour lire ici ce qu'elle couvre.",
    "en": "Point at a category to read here what it covers.",
}


def typeset(text: str) -> str:
    """Return a text in which no line begins with a mark that French sets apart."""
    return re.sub(" ([:;!?»])", "\u00a0\\1", text).replace("« ", "«\u00a0")


def tongues(language: Language) -> tuple[Tongue, ...]:
    """Return the languages in which everything is said, in order."""
    return ("fr", "en") if language == "both" else (language,)


def phrase(key: str, language: Language) -> str:
    """Return a phrase; two languages stand with " / " between them."""
    return " / ".join(_in(WORDS[key], tongue) for tongue in tongues(language))


def name_in(category: Category, language: Language) -> str:
    """Return a category's name; two languages stand with " / " between them."""
    return " / ".join(getattr(category, tongue) for tongue in tongues(language))


def rules(category: Category, language: Language) -> list[str]:
    """Return the guideline of a category in each language that has one."""
    texts = (getattr(category.guideline, tongue) for tongue in tongues(language))
    return [typeset(text) for text in texts if text]


def instructions(taxonomy: Taxonomy, tongue: Tongue) -> tuple[str, str, str]:
    """Return what to tick, what to do in doubt, and which keys to press."""
    rule = _ONE if taxonomy.choice == "single" else _SEVERAL
    return _in(rule, tongue), _in(_UNSURE, tongue), _in(_KEYS, tongue)


def _in(texts: tuple[str, str], tongue: Tongue) -> str:
    return typeset(texts[0]) if tongue == "fr" else texts[1]
