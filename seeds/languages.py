"""Text -> the share of foreign scripts in it, and its languages."""

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
# Languages in Latin script that have newspapers: the model knows many more, and would take a name
# or a list of figures for one of those.
_LATIN_LANGUAGES = (
    "af br ca cs cy da de en es et eu fi fr ga gl hr hu id is it lb lt lv mg ms mt nl no oc pl pt"
    " ro rw sk sl so sq sv sw tr uz vi"
)
_BEYOND_LATIN_1 = re.compile("[^\x00-\xff]")
_MICRO = "µ".encode("latin-1")  # the one letter of Latin-1 that is Greek
_NO_LATIN_LETTERS = bytes(n for n in range(256) if not chr(n).isalpha()) + _MICRO
_ENOUGH_TEXT = 300  # characters of a paragraph; more costs 1 ms per kB and changes nothing
_ENOUGH_LETTERS = 40  # below, a paragraph (a name, a heading) is counted with the main language


def foreign_share(text: str, *, least: float = 0.0) -> float:
    """Return the share of a text's letters that are not in Latin script, in [0, 1].

    Args:
        text: any.
        least: a share that is surely below that may be returned as 0.0, which is faster.
    """
    near = text.encode("latin-1", "ignore")  # the rest is rare, and counted one by one
    latin = len(near.translate(None, _NO_LATIN_LETTERS))
    if len(text) - len(near) + near.count(_MICRO) < least * latin:
        return 0.0
    beyond = Counter(_BEYOND_LATIN_1.findall(text)) if len(near) < len(text) else Counter[str]()
    counts = _by_script(beyond)
    latin += counts.pop("Latin", 0)
    foreign = sum(counts.values()) + near.count(_MICRO)
    return 1.0 - latin / (latin + foreign) if latin + foreign else 0.0


def identify_languages(text: str) -> str:
    """Return the languages of a text, ISO 639-1, main one first: "fr", "fr+zh"; "" without letters.

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
            code = _SCRIPT_LANGUAGES.get(script, "")
            counts["ja" if japanese and code == "zh" else code] += count
        if latin >= _ENOUGH_LETTERS:
            counts[_identify(paragraph)] += latin
        elif latin:
            short.append(paragraph)
    _count_short(short, counts)
    total = sum(counts.values())
    codes = [
        code for code, count in counts.most_common() if code and count >= total * LANGUAGE_SHARE
    ]
    return "+".join(codes)


def _count_short(paragraphs: list[str], counts: Counter[str]) -> None:
    """Count the letters of paragraphs that are too short to be identified one by one."""
    letters = sum(_letters(paragraph)["Latin"] for paragraph in paragraphs)
    if not letters:
        return
    latin = [code for code, _ in counts.most_common() if code not in _SCRIPT_LANGUAGES.values()]
    counts[latin[0] if latin else _identify("\n".join(paragraphs))] += letters


def _letters(text: str) -> Counter[str]:
    """Count the letters of a text by script."""
    return _by_script(Counter(text))


def _by_script(chars: Counter[str]) -> Counter[str]:
    """Count letters by script, from the count of each character."""
    letters: Counter[str] = Counter()
    for char, count in chars.items():
        if char.isalpha():
            letters[_script(char)] += count
    return letters


@functools.lru_cache(maxsize=65536)
def _script(letter: str) -> str:
    word = unicodedata.name(letter, "UNKNOWN").split()[0]
    return _SCRIPT_NAMES.get(word, word.capitalize())


def _identify(text: str) -> str:
    code, _ = load_identifier().classify(text[:_ENOUGH_TEXT])
    return str(code)


@functools.cache
def load_identifier() -> Any:
    """Load what recognises languages in Latin script; the first call takes a moment.

    Raises:
        InputError: the package is not installed.
    """
    try:
        from py3langid.langid import MODEL_FILE, LanguageIdentifier
    except ImportError as error:
        raise missing_extra("seeds", "recognising languages") from error
    identifier = LanguageIdentifier.from_model_file(MODEL_FILE)
    identifier.set_languages(set(_LATIN_LANGUAGES.split()) & set(identifier.labels))
    return identifier
