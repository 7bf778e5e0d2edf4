"""Lines of an article that are none of it: credits, links, calls to share, signatures."""

import re

MAX_FURNITURE = 160  # characters; a longer line is taken for a sentence and never removed
_CREDIT = re.compile(
    r"(?:©|\(c\)\s|copyright\b).{0,100}"
    r"|(?:crédits?|credits?)\s*(?:(?:photos?|images?|vidéos?|illustrations?)\b\s*[:/©|-]?|:).{1,80}"
    r"|(?:(?:(?:textes?\s+et\s+)?photos?|photographies?|images?|illustrations?|visuel|vidéo)\s*+(?:d'archives?|d’archives?)?"
    r"\s*+[:/©|])(?P<whom>.{1,80})"
    r"|\(?(?:photo|image)\s+(?:by|par|de|AFP|Reuters|Xinhua)\b(?P<author>.{0,60})",
    re.IGNORECASE,
)
_MIXED_CASE = "Belga|Kazinform|Kyodo|Reuters|Xinhua"
_NAMED = f"AFP|AP|APS|ACN|ANI|ANSA|ATS|CVN|DPA|EFE|MAP|TAP|UPI|VNA|VOV|{_MIXED_CASE}"
# Possessive, so that a line matches in one way at most: one that does not is refused at once.
_AGENCY = rf"(?:[A-Z]{{2,10}}+[\w-]{{0,12}}+|(?:{_MIXED_CASE})\b)"
_SIGNED = re.compile(  # "(AFP)", "(avec AFP et Reuters)", "VNA/CVN", "AEF-Est/vb/lm", "Xinhua"
    rf"\((?:(?:[Aa]vec|[Ss]ources?\s*:|[Pp]ar)\s*)?{_AGENCY}(?:(?:\s*[/,]\s*|\s+et\s+){_AGENCY})*\)\.?"
    rf"|{_AGENCY}(?:\s?/\s?[\w.-]{{1,12}})+"
    rf"|(?:(?:[Aa]vec|[Ss]ources?\s*:|[Aa]gences?\s*:?)\s*)?"
    rf"(?:{_NAMED})(?:(?:\s*,\s*|\s+et\s+)(?:{_NAMED}))*\.?"
)
_RELATED = re.compile(
    r"(?:(?:à|a)\s+)?(?:lire|voir|écouter)\s+(?:aussi|également|encore)\s*(?:[:|>»→–-].*)?"
    r"|(?:à|a)\s+(?:lire|voir)\s*(?:[:|>→].*)?|sur le même (?:sujet|thème)\s*:?",
    re.IGNORECASE,
)
_NETWORK = (
    "(?:facebook|twitter|whatsapp|linkedin|telegram|pinterest|instagram|messenger|x|e-?mail"
    "|courriel)"
)
_SHARING = re.compile(
    rf"(?:partage[rz]|tweeter|imprimer|envoyer)(?:\s+(?:(?:cet|l['’])\s*article|cette page|le lien"
    rf"|ceci|par|sur|via|à un ami|[,/|&+]|et|{_NETWORK}|tweeter|imprimer|envoyer|partager))*\s*:?"
    rf"|{_NETWORK}(?:\s*(?:(?:[,/|•·]|et)\s*)?{_NETWORK})+"
    rf"|(?:suivez|retrouvez)[\s-]nous sur\b.{{0,80}}",
    re.IGNORECASE,
)
_NEWSLETTER = re.compile(
    r"(?:newsletter|infolettre)\s*:?"
    r"|(?:inscrivez|abonnez)[\s-]vous\b.{0,100}|(?:s['’]inscrire|s['’]abonner)\b.{0,60}"
    r"|recevez\b.{0,80}(?:newsletter|infolettre|lettre d['’]information|alertes?)\b.{0,40}",
    re.IGNORECASE,
)


_FIRST_WORDS = re.compile(  # of whatever is furniture anywhere in an article: most lines have none
    r"©|\(|copyright|cr[ée]dit|textes?\s|photo|image|illustration|visuel|vidéo|(?:à|a)\s"
    rf"|lire|voir|écouter|sur\s|partage|tweeter|imprimer|envoyer|{_NETWORK}|suivez|retrouvez"
    r"|newsletter|infolettre|inscrivez|abonnez|s['’]|recevez",
    re.IGNORECASE,
)


def is_furniture(line: str, *, at_end: bool) -> bool:
    """Tell whether a line is a credit, a link, a call to share or subscribe, or a signature.

    at_end: it is the last line, the only place where an agency signs.
    """
    if not line or len(line) > MAX_FURNITURE:
        return False
    if _FIRST_WORDS.match(line):
        if credit := _CREDIT.fullmatch(line):
            return not _is_caption((credit["whom"] or credit["author"] or "").strip())
        if any(pattern.fullmatch(line) for pattern in (_RELATED, _SHARING, _NEWSLETTER)):
            return True
    return at_end and _SIGNED.fullmatch(line) is not None


def _is_caption(words: str) -> bool:
    """Tell whether the words after "Photo :" describe something, rather than name the owner."""
    ends = re.search(r"[.!?]$|\w{3}[.!?]\s", words)
    return len(words.split()) > 3 and (bool(ends) or words[:1].islower())
