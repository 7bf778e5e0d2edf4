"""Names beside a date: outlets, agencies, authors and places, told from words of a sentence."""

import re

_LONGEST = 80  # characters
_SENTENCE = re.compile(r"[.!?;…](?:\s|$)|[«»\"“”]")
_DOMAIN = re.compile(r"(?:https?://)?[\w-]+(?:\.[\w-]+)*\.[a-z]{2,6}(?:/\S*)?", re.IGNORECASE)
_MAIL = re.compile(r"\s*[(<|–-]?\s*\b[\w.+-]{1,40}@[\w-]{1,40}\.[\w.-]{1,40}[)>]?")
_SOURCE = re.compile(r"sources?\s*:\s*", re.IGNORECASE)
_NUMBER = re.compile(r"\bn(?:[°ºo]|um[ée]ro)\.?\s?(?=\d)", re.IGNORECASE)
_CAPITAL = r"(?-i:[A-ZÀ-Ý])"
AGENCY = (
    r"(?-i:AFP|AP|ATS|ACN|AIB|AIP|ANI|ANP|ANSA|APA|APANEWS|APS|BELGA|CNA|CNW|CPV|CVN|DPA|EFE|GNA"
    r"|MAP|TAP|UPI|VNA|VOV|REUTERS|Reuters|XINHUA|Xinhua|Belga|Anadolu|Ecofin|Kyodo|Kazinform)"
)
_PART = rf"(?:{_CAPITAL}[\w.'’-]*|de|du|des|d['’]\w+|la|le|et|avec|l['’]\w+|van|von|el|al)"
_AUTHOR = re.compile(
    rf"(?:(?:(?:propos\s+recueillis|[ée]crit|r[ée]dig[ée])\s+)?par|by)\s*:?\s*{_PART}"
    rf"(?:\s*,?\s+{_PART}){{0,9}}(?:\s?\(avec\s{AGENCY}(?:(?:,|\set)\s{AGENCY})?\))?"
    r"|(?:par|de)\s+(?:notre|nos|un|une|le|la|l['’])\s*"
    r"(?:correspondante?s?|envoy[ée]e?s?|r[ée]daction)\b.{0,40}"
    rf"|(?:la\s+)?r[ée]daction(?:\s(?:de|du|d['’]|avec)\s?{_CAPITAL}.{{0,28}})?",
    re.IGNORECASE,
)
_PAPERS = (
    "monde|figaro|parisien|point|temps|soir|devoir|matin|progr[èe]s|t[ée]l[ée]gramme|courrier"
    "|journal|quotidien|populaire|dauphin[ée]|r[ée]publicain|proven[çc]al|pays|nouvelliste|droit"
    "|presse|croix|tribune|d[ée]p[êe]che|voix|libre|provence|montagne|gazette|marseillaise|nation"
    "|[ée]chos?|humanit[ée]|express|obs|opinion|[ée]quipe|alsace|union|est|avenir|yonne|orient"
    "|nouvelles|affiches|inrocks|inrockuptibles"
)
_KINDS = (
    "journal|courrier|gazette|quotidien|tribune|d[ée]p[êe]che|revue|radio|t[ée]l[ée]vision|agence"
)
_REST = (  # of an outlet's name
    rf"(?:\s?\(.{{0,30}}\)?|\s?[/,]\s?.{{1,30}}|\set\s{AGENCY}|\savec\s.{{1,30}}"
    r"|,?\s(?:n°|[ée]dition\b).{0,20}"
    rf"|\s(?:diplomatique|(?:du\s|de\s|des\s|d['’])?(?:{_CAPITAL}|\d)[\w'’-]*"
    rf"(?:\s(?:{_CAPITAL}|\d)[\w'’-]*){{0,3}})(?:\sen\sligne)?|\sen\sligne)"
)
_OUTLET = re.compile(
    rf"(?:(?:l[ea]s?\s|l['’])\s?(?={_CAPITAL})(?:{_PAPERS})"
    rf"|(?:l[ea]\s)?(?={_CAPITAL})(?:{_KINDS})\s(?:(?:de|du|des)\s|(?:de\s)?la\s|d['’])?{_CAPITAL}"
    r"[\w'’-]+|agence\s\w{3,20}\s(?:de\spresse|d['’]informations?)"
    rf"|(?:{_CAPITAL}[\w'’-]+\s){{1,3}}(?={_CAPITAL})"
    r"(?:news|infos?|magazine|hebdo|tv|m[ée]dias?|presse|actus?|fm)|radio\sfrance\sinternationale"
    r"|france\s?(?:24|info|inter|culture|bleu|t[ée]l[ée]visions|3|2|soir)|lib[ée]ration|m[ée]diapart"
    r"|jeune\s+afrique|ouest[- ]france|sud[- ]ouest|20\s?minutes|reuters|xinhua|belga|tv5\s?monde"
    r"|slate|nice[- ]matin|paris[- ]match|challenges|marianne|t[ée]l[ée]rama|cnews|euronews|sputnik"
    r"|allafrica|africanews|huffpost|vietnam\+|agence\sfrance[- ]presse|rfi|rtbf|rts|bbc|tf1|lci"
    rf"|bfm(?:tv)?|rtl|rmc|{AGENCY}(?:\s?/\s?{AGENCY})*|{_CAPITAL}[\w-]+\s\({AGENCY}\))"
    rf"(?:\.(?:fr|com|net|be|ch|ca))?(?!\w){_REST}?",
    re.IGNORECASE,
)
_PLACE = re.compile(r"(?:L[eao]s?\s)?[A-ZÀ-Ý][\w'’-]{1,30}(?:\s[A-ZÀ-Ý][\w'’-]{1,20}){0,2}")
_EVENT = re.compile(
    r"festival|th[ée][âa]tre|proc[èe]s|attentat|crise|guerre|coupe|salon|mus[ée]e|stade|op[ée]ra"
    r"|jeux|tour|f[êe]te|gala|concert|match|finale|naissance|mort|d[ée]c[èe]s|mariage|accord"
    r"|trait[ée]|[ée]lections?|entr[ée]e|d[ée]but|fin\b|l[ea]s?\s(?:lundi|mardi|jour)",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W\d_][\w'’-]*")
_SMALL_WORDS = {"avec", "agence", "agences", "rédaction", "envoyé", "spécial", "correspondant"}


def is_domain(name: str) -> bool:
    """Tell whether a name is that of a site, such as "french.news.cn"."""
    return bool(_DOMAIN.fullmatch(name))


def is_place(name: str) -> bool:
    """Tell whether a name may be that of a town, as before the date of a communiqué."""
    return bool(_PLACE.fullmatch(name)) and not _EVENT.match(name)


def is_author(line: str) -> bool:
    """Tell whether a line names who wrote an article."""
    return len(line) <= _LONGEST and bool(_AUTHOR.fullmatch(line))


def is_outlet_or_author(name: str) -> bool:
    """Tell whether a name beside a date is known to be that of an outlet or an author."""
    name = _plain(name)
    if not name or len(name) > _LONGEST:
        return not name
    if is_domain(name) or _AUTHOR.fullmatch(name):
        return True
    return not _SENTENCE.search(name) and bool(_OUTLET.fullmatch(name))


def may_be_name(name: str) -> bool:
    """Tell whether words may be a name, as before "published on", rather than a sentence."""
    name = _plain(name)
    if len(name) > _LONGEST or ":" in name or _SENTENCE.search(name):
        return False
    words = _WORD.findall(name)
    small = [word for word in words if word[0].islower() and len(word) > 3]
    return len(words) <= 6 and all(word.lower() in _SMALL_WORDS for word in small)


def _plain(name: str) -> str:
    """Return a name without "source:", an address, and the dot of "no."."""
    return _NUMBER.sub("n° ", _SOURCE.sub("", _MAIL.sub("", name))).strip()
