"""Scripts and languages of a text."""

import functools
import re
import unicodedata
from collections import Counter
from typing import Any

from seeds.base.errors import missing_extra

LANGUAGE_SHARE = 0.1  # of a text's letters; below that a language is a quotation

_SCRIPT_NAMES = {  # where the first word of a letter's Unicode name is not its script
    "CJK": "Han",
    "IDEOGRAPHIC": "Han",
    "FULLWIDTH": "Latin",
    "FEMININE": "Latin",
    "MASCULINE": "Latin",
    "MODIFIER": "Latin",
    "MICRO": "Greek",
    "HALFWIDTH": "Katakana",
}
_SCRIPT_LANGUAGES = {
    "Han": "zh",
    "Hiragana": "ja",
    "Katakana": "ja",
    "Bopomofo": "zh",
    "Hangul": "ko",
    "Arabic": "ar",
    "Cyrillic": "ru",
    "Greek": "el",
    "Hebrew": "he",
    "Armenian": "hy",
    "Georgian": "ka",
    "Thai": "th",
    "Lao": "lo",
    "Khmer": "km",
    "Myanmar": "my",
    "Devanagari": "hi",
    "Bengali": "bn",
    "Tamil": "ta",
    "Telugu": "te",
    "Ethiopic": "am",
}
# Those in Latin script that have newspapers; a name or a list of figures is else taken for one of
# the hundreds of languages the model knows.
_LATIN_LANGUAGES = (
    "af br ca cs cy da de en es et eu fi fr ga gl hr hu id is it lb lt lv mg ms mt nl no oc pl pt"
    " ro rw sk sl so sq sv sw tr uz vi"
)
_BEYOND_LATIN_1 = re.compile("[^\x00-\xff]")
_MICRO = "µ".encode("latin-1")  # the one letter of Latin-1 that is Greek
_NO_LATIN_LETTERS = bytes(n for n in range(256) if not chr(n).isalpha()) + _MICRO
_ENOUGH_TEXT = 300  # characters of a paragraph; more costs time (1 ms per kB) and changes nothing
_ENOUGH_LETTERS = 40  # below, a paragraph (a name, a heading) is counted with the main language


def foreign_share(text: str, *, least: float = 0.0) -> float:
    """Share of a text's letters that are not in Latin script, in [0, 1].

    Args:
        text: any.
        least: where the share is surely below that, it may be given as 0.0, which is faster.
    """
    near = text.encode("latin-1", "ignore")  # what is beyond is counted one by one: it is rare
    latin = len(near.translate(None, _NO_LATIN_LETTERS))
    if len(text) - len(near) + near.count(_MICRO) < least * latin:
        return 0.0
    beyond = Counter(_BEYOND_LATIN_1.findall(text)) if len(near) < len(text) else Counter[str]()
    counts = _by_script(beyond)
    latin += counts.pop("Latin", 0)
    foreign = sum(counts.values()) + near.count(_MICRO)
    return 1.0 - latin / (latin + foreign) if latin + foreign else 0.0


def identify_languages(text: str) -> str:
    """The languages of a text, ISO 639-1, the main one first: "fr", "fr+zh"; "" without letters.

    Each has at least a tenth of the letters. Languages in Latin script are told apart paragraph
    by paragraph; another script stands for the language that most articles in it are in.

    Raises:
        InputError: the package that recognises languages is not installed.
    """
    counts: Counter[str] = Counter()
    short: list[str] = []
    for paragraph in text.split("\n"):
        letters = _letters(paragraph)
        latin = letters.pop("Latin", 0)
        japanese = letters["Hiragana"] + letters["Katakana"] > 0
        for script, count in letters.items():
            spoken = _SCRIPT_LANGUAGES.get(script, "")
            counts["ja" if japanese and spoken == "zh" else spoken] += count
        if latin >= _ENOUGH_LETTERS:
            counts[_identify(paragraph)] += latin
        elif latin:
            short.append(paragraph)
    _count_short(short, counts)
    total = sum(counts.values())
    kept = [
        code for code, count in counts.most_common() if code and count >= total * LANGUAGE_SHARE
    ]
    return "+".join(kept)


def _count_short(paragraphs: list[str], counts: Counter[str]) -> None:
    """Add paragraphs too short to judge one by one to the count of letters by language."""
    letters = sum(_letters(each)["Latin"] for each in paragraphs)
    if not letters:
        return
    latin = [code for code, _ in counts.most_common() if code not in _SCRIPT_LANGUAGES.values()]
    counts[latin[0] if latin else _identify("\n".join(paragraphs))] += letters


def _letters(text: str) -> Counter[str]:
    """Number of letters by script."""
    return _by_script(Counter(text))


def _by_script(chars: Counter[str]) -> Counter[str]:
    """Number of letters by script, given the number of each character."""
    found: Counter[str] = Counter()
    for char, count in chars.items():
        if char.isalpha():
            found[_script(char)] += count
    return found


@functools.lru_cache(maxsize=65536)
def _script(letter: str) -> str:
    first = unicodedata.name(letter, "UNKNOWN").split()[0]
    return _SCRIPT_NAMES.get(first, first.capitalize())


def _identify(text: str) -> str:
    code, _ = load_identifier().classify(text[:_ENOUGH_TEXT])
    return str(code)


@functools.cache
def load_identifier() -> Any:
    """What recognises languages in Latin script; loading it takes a moment, once.

    Raises:
        InputError: the package is not installed.
    """
    try:
        from py3langid.langid import MODEL_FILE, LanguageIdentifier
    except ImportError as error:
        raise missing_extra("seeds", "recognising languages") from error
    loaded = LanguageIdentifier.from_model_file(MODEL_FILE)
    loaded.set_languages(set(_LATIN_LANGUAGES.split()) & set(loaded.labels))
    return loaded
