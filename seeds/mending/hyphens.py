"""Words broken at line ends, as print and scanned pages break them, are joined."""

import re

_REACH = 40  # characters of a line looked at on either side of a break; no French word is longer
_LAST_WORD = re.compile(r"[^\W\d_](?:[\w-]*[^\W\d_])?\Z")
_FIRST_WORD = re.compile(r"[^\W\d_]+|\d+")
_WORDS = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_VOWEL = re.compile("[aeiouyàâäéèêëîïôöùûüœæ]")
# What is written with a hyphen anyway. Anything else was one word, as most broken words are.
_COMPOUND = re.compile(
    r"(?!.*-ment\Z)(?:.*[dstz]-(?:ils?|elles?|on|y|en)|.*-(?:je|nous|vous|mêmes?)|.*[sx]-tu"
    r"|..+-(?:moi|toi)|(?!ce-).{2,}[esz]-lui|.*[sz]-leur|(?:donne|demande|laisse|rappelle)-leur"
    r"|(?!ce-|de-).*[esz]-(?:la|les?)|(?!voi-|revoi-|(?:.*-)?de-|ho-).*-là"
    r"|(?:est|était|fût|serait|sera|soit|sont|fut)-ce"
    r"|(?:celui|ceux|celles?|jours?|fois|cas|temps|heures?|années?|mois|semaines?|gens)-ci"
    r"|.*-(?:à|t)|.*-(?:à|t|de|du|des|en|et|la|le|les|sur|sous|au|aux|lès|vingt)-.*"
    r"|(?:peut|mieux)-être|bien-(?:être|aimé|fondé|pensan|vivre|portan).*|quelques-une?s"
    r"|mal-(?:être|aimé|log).*|vis-à|jusque-là|(?:plus|moins)-values?|chefs?-.*"
    r"|au-(?:delà|dessus|dessous|devant)|(?:là|par)-(?:bas|haut|dessus|dessous|delà)"
    r"|ci-(?:dessus|dessous|après|contre|devant|joint|gît|inclus).*|soi-(?:disant|même)"
    r"|mi-(?:temps|parcours|chemin|janvier|février|mars|avril|mai|juin|juillet|août|septembre"
    r"|octobre|novembre|décembre|course|match|mandat|saison|journée|hauteur|distance|carême)"
    r"|ex-(?:président|ministre|premi|chef|directeur|directrice|femme|mari|époux|épouse|membre"
    r"|combattant|otage|détenu|secrétaire|député|sénat|maire|champion|joueur|entraîneur|agent"
    r"|officier|policier|militaire|dirigeant|patron|candidat|numéro|chancel|responsable|vice"
    r"|compagn|conjoint|conseill|capitaine|soldat|rebelle|salarié|employé|général|colon).*"
    r"|(?:avant|après|arrière|demi|semi|vice|quasi|non|nord|sud|est|ouest|sans|grands?|hauts?"
    r"|hautes?|petite?s?|extrêmes?|tiers|hors|court|libre|centre|rendez|laissez|savoir|mots?"
    r"|procès|députée?s?|sénateurs?|social|sociales?|sociaux|sapeurs?|auteurs?"
    r"|cessez|laisser|week|self|e)-.*"
    r"|chrétien(?:ne)?s?-(?!nes?\Z).*|post-(?!pos).*|.+o-(?:améric|afric|europ|russ|chin|japon).*"
    r"|(?:pseudo|start|volte|plates|coupe|fair|best|science|épargne|capital)-.*"
    r"|outre-(?!pass).*|longs?-(?!temps).*|toute?s?-(?!fois).*|sainte?s?-(?!té\b).*"
    r"|beaux?-(?:père|frère|fils|parent|art).*|belles?-(?:mère|sœur|fille|famille|lettre).*"
    r"|bas-(?:côté|fond|relief|ventre)s?|basse-cour|pieds?-(?:noir|bot).*|nouveaux?-(?:né|ven).*"
    r"|(?:franco|anglo|germano|sino|russo|italo|hispano|turco|luso|israélo|palestino|américano"
    r"|vietnamo|austro|gréco|serbo|afro|indo|judéo|arabo|nippo|irako|irano|syro|maroco|algéro"
    r"|politico|médico)-.*|socio-(?:é|cult|pol|prof).*|national-(?:soc|pop).*"
    r"|(?:anti|mini|multi)-i.*|(?:micro|macro|auto|néo)-o.*"
    r"|pro-(?:europ|russ|amér|palest|israél|démoc|ukrain|occid|chin|gouv).*"
    r"|(?:deux|trois|quatre|vingt|trente|quarante|cinquante|soixante|dix)-(?!naire).*"
    r"|porte-(?:parole|avions?|monnaie|bonheur|clés|clefs|drapeau|voix|conteneur|fenêtre|bagage"
    r"|greffe|étendard|plume|hélicoptère|malheur)s?|couvre-(?:feu|chef|lit)x?|gratte-(?:ciel|pap.*)"
    r"|garde-(?:robe|fou|corps|manger|chasse|côte|frontière|meuble|malade|barrière|boue).*"
    r"|pare-(?:brise|choc|balles|feu)s?|casse-(?:tête|croûte|cou)|lance-(?:pierre|roq|miss|fl|gren).*"
    r"|lave-(?:linge|vaisselle)|chasse-neige|passe-(?:partout|temps|droit)s?|compte-(?:rendu|goutt).*"
    r"|comptes-rendus|essuie-.*|vide-(?:grenier|ordure)s?|souffre-douleur|trouble-fête|ronds?-points?"
    r"|aides?-(?:soign|mém).*|sages?-femmes?|faux-(?:semblant|fuyant)s?|francs?-(?:tir|maç|parl).*"
    r"|moyens?-(?:âge|courrier|métrage)s?|présidente?s?-(?:dir|fond|cand).*|terre-(?:plein|neuv).*"
    r"|sous-(?!cri|trai(?:re|t|ts|te|tes|s|ent)\Z|tray|tract).*|sur-le|entre-(?:deux|temps|soi)"
    r"|contre-(?:[aeéêiou]|pied|performance|la|révol|courant|terror|pouvoir|productif|feu|jour"
    r"|plong|manif|propos|projet|sommet|visite|mesure).*|(?!co-).*-(?:clés?|clefs?|phares?|pilotes?)"
    r"|..+-(?:démocrates?|directeurs?|directrices?)|main-d)",
    re.IGNORECASE,
)
# What follows a break where the word goes on after it, as in tête-à-tête and clin-d'œil.
_LINK = re.compile(
    r"(?:du|en|et|sur|sous|aux?|lès)-[^\W\d_]|des-(?!tu\b)[^\W\d_]|[dlmst]['’]"
    r"|de-(?!(?:t|moi|toi|[nv]ous|les?|la|lui|leur|en|ils?|elles?|on|robe|fou|corps)\b)[^\W\d_]",
    re.IGNORECASE,
)


def join_broken_words(text: str) -> str:
    """Join each word that a line ends in the middle of; a compound keeps its hyphen.

    Whichever form stands elsewhere in the text is taken, else a compound is told by its parts,
    or by a capital or a figure at the break. Lines hold no spaces at their ends.
    """
    text = text.replace("\u2010\n", "-\n")
    if "-\n" not in text:
        return text
    first, *rest = text.split("-\n")
    words = set(_WORDS.findall(text.lower()))
    parts, tail = [first], first[-_REACH:]
    for part in rest:
        joint = _joint(tail, part[:_REACH], words)
        parts += [joint, part]
        tail = (tail + joint + part)[-_REACH:]
    return "".join(parts)


def _joint(before: str, after: str, words: set[str]) -> str:
    """Return what belongs between the two sides of a break: nothing, a hyphen, or the break."""
    left, right = _LAST_WORD.search(before), _FIRST_WORD.match(after)
    if not (left and right):
        return "-\n"
    if left[0][-1].islower() and right[0][0].islower():
        figure = before[left.start() - 1 : left.start()].isdigit()  # as in 1er-mai
        return "-" if figure or _is_compound(left[0], right[0], after, words) else ""
    if len(left[0]) == 1:  # the letter of a list
        return "-\n"
    if left[0].isupper() and right[0].isupper() and _VOWEL.search(left[0].lower()):
        return "-" if _is_compound(left[0], right[0], after, words) else ""
    return "-"


def _is_compound(left: str, right: str, after: str, words: set[str]) -> bool:
    """Tell whether two parts are written with a hyphen between them."""
    compound = f"{left}-{right}".lower()
    if compound in words:
        return True
    if (left + right).lower() in words:
        return False
    if _COMPOUND.fullmatch(compound):
        return not (left[0].isupper() and right == "la")  # Mandela
    return left.lower() != "aujour" and bool(_LINK.match(after))
