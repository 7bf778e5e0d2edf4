"""What holds of every cleaned text, whatever it was before."""

import unicodedata

from hypothesis import given, settings
from hypothesis import strategies as st

from seeds.clean import clean

PIECES = (
    "Le titre;Une phrase. ;Lire aussi : le port;© AFP;(AFP);VNA/CVN;date 2020-11 ;3 juin 2020;été;"
    "e\u0301;\u0301;œ;中;\ud800; ;\xa0;\u202f;\u2003;\t;\u200b;\ufeff;"
    "\xad;\n;\r\n;\r;\x85;\u2028;\x0b;"
    "\x1b[31m;\u202e;&eacute;;<b>;Ã©;con-"
)
TEXTS = st.lists(
    st.one_of(
        st.sampled_from(PIECES.split(";")),
        st.text(st.characters(exclude_characters="\0"), max_size=6),
    ),
    max_size=40,
).map("".join)


@settings(deadline=None)
@given(TEXTS)
def test_a_cleaned_text_is_tidy(raw: str) -> None:
    text = clean(raw).text
    text.encode("utf-8")  # no half characters
    assert unicodedata.is_normalized("NFC", text)
    assert not set("\0\r\v\f\x85\u2028\u2029\t\xa0\u202f\u2003\u200b\ufeff\xad") & set(text)
    assert "  " not in text
    assert "\n\n\n" not in text
    assert all(line == line.strip(" ") for line in text.split("\n"))
    assert text == text.strip("\n")


@settings(deadline=None)
@given(TEXTS, st.sampled_from(["\r\n", "\r", "\u2028", "\n\n\n", " \n", "\u200b\n"]))
def test_line_ends_do_not_matter(raw: str, end: str) -> None:
    lines = [line for line in clean(raw).text.split("\n") if line]
    gap = end if end.count("\n") > 2 else end * 2
    assert clean(gap.join(lines)).text == clean("\n\n".join(lines)).text
