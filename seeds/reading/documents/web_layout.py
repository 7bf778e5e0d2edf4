"""The layout of a web page: tables that only place text, and several articles side by side."""

import copy
from collections.abc import Iterator
from typing import Any

INLINE = {"a", "abbr", "b", "cite", "em", "font", "i", "small", "span", "strong", "sub", "sup"}
INLINE |= {"time", "u", "img", "mark", "label"}
_UNREAD = {"script", "style", "head", "nav", "footer", "aside", "noscript", "select", "template"}
_ROWS = ("tbody", "thead", "tfoot", "tr", "td", "th", "caption")
_PROSE = 200  # characters of a cell that is no figure or name
_LEAST = 150  # characters of an article
_AROUND = ("article", "nav", "aside", "footer", "form")
_PARTS = {
    "article",
    "document",
    "hentry",
    "post",
    "blog-post",
}  # classes of an article where no <article> marks it
_HEADINGS = "self::h1 or self::h2 or self::h3 or self::h4 or self::h5 or self::h6"
_TITLES = (
    f".//*[{_HEADINGS}]"
    " | .//*[contains(translate(@class, 'TH', 'th'), 'articletitle')"
    " or contains(@class, 'titreArticle') or contains(translate(@class, 'H', 'h'), 'headline')]"
)


_PLAIN = {"h1", "h2", "h3", "h4", "h5", "h6", "p", "ul", "ol", "li", "dl", "dt", "dd", "br", "hr"}
_PLAIN |= {"blockquote", "figure", "figcaption", "article", "main", "div", "section"}
_MOST_LINKED = 0.1  # of the characters of a plain page, in links: more are a menu


def plain_text(tree: Any) -> str:
    """Return all text of a page of nothing but headings, paragraphs and lists, else "".

    Such a page needs no search for its article: the search loses headings, lists and short lines.
    """
    body = next(tree.iter("body"), tree)
    nodes = [node for node in body.iterdescendants() if node.tag not in INLINE]
    parts = [node for node in nodes if node.tag in ("article", "main")]
    blocks = (node for node in nodes if node.tag in ("div", "section"))
    named = any(node.get("class") or node.get("id") for node in blocks)
    if named or any(node.tag not in _PLAIN for node in nodes):
        return ""
    if not _has(body, "h1") or len(parts) > 1:
        return ""
    root = parts[0] if parts else body
    lines = list(text_lines(root))
    linked = sum(len(_text(link)) for link in root.iter("a"))
    if linked > _MOST_LINKED * sum(map(len, lines)):
        return ""
    return "\n".join(lines)


def unwrap_layout(tree: Any) -> None:
    """Turn each table that only places text into blocks; tables of figures stay."""
    for table in list(tree.iter("table")):
        if _is_layout(table):
            for node in [table, *_own_parts(table)]:
                leaf = node.tag in ("td", "th", "caption") and all(map(is_inline, node))
                node.tag = "p" if leaf else "div"


def _is_layout(table: Any) -> bool:
    """Tell whether a table places text: its cells hold paragraphs, or stand one below another."""
    if (table.get("role") or "").lower() in ("presentation", "none"):
        return True
    if next(table.iterdescendants("table"), None) is not None:
        return True
    cells = [node for node in _own_parts(table) if node.tag in ("td", "th")]
    if any(_is_prose(cell) for cell in cells):
        return True
    rows = [node for node in _own_parts(table) if node.tag == "tr"]
    return all(sum(1 for cell in row if _text(cell)) <= 1 for row in rows)


def is_inline(node: Any) -> bool:
    """Tell whether an element stands within a line, and so does all that it holds."""
    return all(part.tag in INLINE or part.tag == "br" for part in node.iter())


def _is_prose(cell: Any) -> bool:
    headings = any(
        next(cell.iterdescendants(name), None) is not None for name in ("h1", "h2", "h3")
    )
    return headings or len(list(cell.iterdescendants("p"))) > 1 or len(_text(cell)) >= _PROSE


def _own_parts(table: Any) -> Iterator[Any]:
    """Yield the rows and cells of a table, without those of tables in it."""
    for node in table:
        if node.tag in _ROWS:
            yield node
            yield from _own_parts(node) if node.tag not in ("td", "th", "caption") else ()


def split_articles(tree: Any) -> list[Any]:
    """Return the articles that stand side by side on a page, each as a page; [] if it has one.

    Beside a main article, what else is marked as one is a teaser, and in another place.
    """
    articles = [node for node in tree.iter("article") if _stands_alone(node)]
    if not articles:
        articles = [
            node
            for node in tree.iter("div", "section")
            if _PARTS & set((node.get("class") or "").lower().split()) and _stands_alone(node)
        ]
    if len(articles) < 2 or sum(1 for node in articles if _has(node, "h1")) == 1:
        return []
    beside: dict[Any, list[Any]] = {}
    for node in articles:
        beside.setdefault(node.getparent(), []).append(node)
    largest = max(beside.values(), key=lambda nodes: sum(len(_text(node)) for node in nodes))
    return [_page_of(node) for node in largest] if len(largest) > 1 else []


def text_lines(tree: Any) -> Iterator[str]:
    """Yield the lines of text that a reader sees, block by block, without menus and margins."""
    from lxml.etree import iterwalk

    parts: list[str] = []
    walk = iterwalk(tree, events=("start", "end"))
    for event, node in walk:
        hidden = _is_around(node)
        breaks = node.tag not in INLINE
        if breaks and (line := " ".join("".join(parts).split())):
            yield line
        if breaks:
            parts = []
        if event == "end":
            parts.append(node.tail or "")
        elif hidden:
            walk.skip_subtree()
        else:
            parts.append(node.text or "")
    if line := " ".join("".join(parts).split()):
        yield line


def _is_around(node: Any) -> bool:
    """Tell whether an element is none of what is read: a menu, a margin, the head of the site."""
    if node.tag != "header":
        return node.tag in _UNREAD or not isinstance(node.tag, str)
    inside = any(parent.tag in ("article", "main") for parent in node.iterancestors())
    return not inside and not _has(node, "h1")


def own_heading(tree: Any) -> str:
    """Return the title that stands in an article."""
    return next((title for node in tree.xpath(_TITLES) if (title := _text(node))), "")


def _stands_alone(node: Any) -> bool:
    """Tell whether an element may be an article: long enough, and in no other or margin."""
    around = (parent.tag for parent in node.iterancestors())
    comment = "comment" in f"{node.get('class') or ''} {node.get('id') or ''}".lower()
    return not comment and len(_text(node)) >= _LEAST and not any(tag in _AROUND for tag in around)


def _page_of(article: Any) -> Any:
    """Return a page that holds nothing but an article."""
    from lxml.html import fromstring

    page = fromstring("<html><body></body></html>")
    copied = copy.deepcopy(article)
    copied.tail = None
    for publication in copied.xpath(".//*[contains(@class, 'DocPublicationName')]"):
        publication.getparent().remove(publication)  # the name of the paper, above its article
    page.find("body").append(copied)
    return page


def _has(node: Any, tag: str) -> bool:
    return next(node.iterdescendants(tag), None) is not None


def _text(node: Any) -> str:
    return " ".join(" ".join(node.itertext()).split())
