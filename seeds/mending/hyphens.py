"""Words broken at line ends, as print and scanned pages break them, are joined."""

import re

_REACH = 40  # characters of a line looked at on either side of a break; no French word is longer
_LAST_WORD = re.compile(r"[^\W\d_](?:[\w-]*[^\W\d_])?\Z")
_FIRST_WORD = re.compile(r"[^\W\d_]+")
_WORDS = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
# What is written with a hyphen anyway. Anything else was one word, as most broken words are.
_COMPOUND = re.compile(
    r"(?!.*-ment\Z)(?:.*[dstz]-(?:ils?|elles?|on|y|en)|.*-(?:je|nous|vous|mêmes?)|(?:as|es|vas|peux|veux)-tu"
    r"|(?:est|était|fût|serait|sera|soit)-ce|(?:celui|ceux|celles?|jours?|fois|cas|temps)-(?:ci|là)"
    r"|.*-(?:à|t|de|du|des|en|et|la|le|les|sur|sous|au|aux|lès|vingt)-.*"
    r"|(?:peut|bien|mieux|mal)-être|(?:quelques)-une?s|vis-à|jusque-là|plus-values?|chefs?-.*"
    r"|au-(?:delà|dessus|dessous|devant)|(?:là|par)-(?:bas|haut|dessus|dessous|delà)"
    r"|mi-(?:temps|parcours|chemin|janvier|février|mars|avril|mai|juin|juillet|août|septembre"
    r"|octobre|novembre|décembre)"
    r"|ex-(?:président|ministre|premi|chef|directeur|directrice|femme|mari|époux|épouse|membre"
    r"|combattant|otage|détenu|secrétaire|député|sénat|maire|champion|joueur|entraîneur|agent"
    r"|officier|policier|militaire|dirigeant|patron|candidat|numéro|chancel|responsable).*"
    r"|(?:avant|après|arrière|demi|semi|vice|quasi|outre|non|nord|sud|est|ouest|sans|grands?|haut"
    r"|hauts|long|court|libre|centre|rendez|laissez|savoir|mots?|cessez|laisser|week|self|e)-.*"
    r"|(?:franco|anglo|germano|sino|russo|italo|hispano|turco|luso|israélo|palestino|américano"
    r"|vietnamo|austro|gréco|serbo|afro)-.*"
    r"|(?:deux|trois|quatre|vingt|trente|quarante|cinquante|soixante|dix)-.*"
    r"|porte-(?:parole|avions|monnaie|bonheur|clés|drapeau|voix|conteneurs|fenêtre)s?"
    r"|sous-(?!cri|tra[iy]|tract).*|contre-(?:[aeéêiou]|pied|performance|la|révol|courant|terror).*"
    r"|main-d)",
    re.IGNORECASE,
)


def join_broken_words(text: str) -> str:
    """Join each word that a line ends in the middle of; a compound keeps its hyphen.

    A word is broken where a small letter and a hyphen end a line, and a small letter begins the
    next. Whichever form stands elsewhere in the text is taken, else a compound is told by its
    parts. Lines hold no spaces at their ends.
    """
    if "-\n" not in text:
        return text
    first, *rest = text.split("-\n")
    words: set[str] | None = None
    parts = [first]
    for part in rest:
        left = _LAST_WORD.search(parts[-1][-_REACH:])
        right = _FIRST_WORD.match(part[:_REACH])
        if not (left and right and left[0][-1].islower() and right[0][0].islower()):
            parts += ["-\n", part]
            continue
        if words is None:
            words = set(_WORDS.findall(text.lower()))
        hyphen = "-" if _is_compound(left[0].lower(), right[0].lower(), words) else ""
        parts += [hyphen, part]
    return "".join(parts)


def _is_compound(left: str, right: str, words: set[str]) -> bool:
    """Tell whether two parts are written with a hyphen between them."""
    if f"{left}-{right}" in words:
        return True
    return left + right not in words and bool(_COMPOUND.fullmatch(f"{left}-{right}"))
