"""Text that is HTML, as content systems export it, loses its tags and entities."""

import html
import re
from html.entities import name2codepoint

_ROUNDS = 5  # markup is escaped twice at times; more often than this only on purpose
_BLOCK = (
    "address|article|aside|blockquote|center|dd|div|dl|dt|figcaption|figure|footer|h[1-6]|header"
    "|hr|li|main|ol|p|pre|section|table|tbody|thead|tr|ul"
)
_TAG = re.compile(r"</?([a-zA-Z][a-zA-Z0-9]{0,20}(?::[a-zA-Z]\w{0,20})?)(?=[\s/>])[^<>]*>")
_BLOCK_NAME = re.compile(rf"(?:{_BLOCK})\Z", re.IGNORECASE)
# Tags as only HTML has them: a text about HTML puts them between spaces, in a sentence.
_SURE = re.compile(
    rf"<!--\s?/?wp:|(?<![ \t\n])</(?:{_BLOCK})\s?>|(?<!\s)<br\s?/?>|<br\s?/?>(?=\S)"
    rf"|^[^\S\n]{{0,9}}</?(?:{_BLOCK})(?:\s[^<>]*)?>|<br\s?/?>\s*+<br",
    re.IGNORECASE | re.MULTILINE,
)
_INLINE = re.compile(
    r"<(strong|em|b|i|u|span|a(?=\s))(?:\s[^<>]*)?>[^<>]{1,500}</\1\s?>", re.IGNORECASE
)
_EMPHATIC = ("strong", "em", "span", "a")  # one such pair is enough, of the others two
_ENTITY = re.compile(r"&((?:amp;)*)(#\d{1,7};|#[xX][0-9a-fA-F]{1,6};|[a-zA-Z]{2,8}\d{0,2};)?")
_SHORTCODE = re.compile(
    r"\[/?(?:caption|gallery|embed|video|audio|playlist|vc_\w{1,30})(?:\s[^\[\]]*)?\]"
)
_HIDDEN = (
    (re.compile("<!--"), re.compile("-->")),
    *(
        (re.compile(rf"<{name}(?:\s[^<>]*)?>", re.I), re.compile(rf"</{name}\s?>", re.I))
        for name in ("script", "style", "head")
    ),
)


def strip_markup(text: str) -> tuple[str, tuple[str, ...]]:
    """Return a text without tags and entities, if it is HTML, and notes that say so."""
    notes: dict[str, None] = {}
    for _ in range(_ROUNDS):
        before = text
        if "<" in text and _is_html(text):
            text = _strip_tags(text)
            notes["it held HTML: the tags are left out"] = None
        if "&" in text and (decoded := _ENTITY.sub(_decode, text)) != text:
            text = decoded
            notes["it held HTML entities: they are decoded"] = None
        if text == before:
            break
    return text, tuple(notes)


def _is_html(text: str) -> bool:
    """Tell whether a text is surely HTML, rather than one that mentions a tag."""
    if _SURE.search(text):
        return True
    pairs = 0
    for pair in _INLINE.finditer(text):
        pairs += 2 if pair[1].lower() in _EMPHATIC else 1
        if pairs >= 2:
            return True
    return False


def _strip_tags(text: str) -> str:
    """Put paragraphs in the place of block tags, and nothing in that of others and of comments."""
    for start, end in _HIDDEN:
        text = _drop_between(text, start, end)
    if "</p" in text.lower():  # else lines are paragraphs, as in what WordPress stores
        text = re.sub(r"(?<!\n)\n(?!\n)", " ", text)
    text = _TAG.sub(_replace_tag, text)
    return _SHORTCODE.sub("\n\n", text)


def _replace_tag(tag: re.Match[str]) -> str:
    name = tag[1].lower()
    if _BLOCK_NAME.match(name):
        return "\n\n"
    return {"br": "\n", "td": " ", "th": " ", "img": " ", "iframe": " "}.get(name, "")


def _drop_between(text: str, start: re.Pattern[str], end: re.Pattern[str]) -> str:
    """Drop what begins with one mark and ends with the other; what does not end stays."""
    kept, place = [], 0
    while (begin := start.search(text, place)) and (stop := end.search(text, begin.end())):
        kept.append(text[place : begin.start()])
        place = stop.end()
    return "".join((*kept, text[place:]))


def _decode(entity: re.Match[str]) -> str:
    """Return the character that an entity of HTML 4 stands for, however often "&" was escaped."""
    escapes, name = entity.groups()
    known = name and (name[0] == "#" or name[:-1] in name2codepoint or name == "apos;")
    if known:
        return html.unescape(f"&{name}")
    return f"&{name or ''}" if escapes else entity[0]
