"""Bytes become text: the encoding is recognised, and what is no text is refused by name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seeds.base.errors import InputError
from seeds.reading.encoding import decode

FRENCH = (
    "L’œuvre restaurée sera projetée à Genève : « un événement », selon l’ambassadrice, "
    "qui chiffre le prêt à 12 000 € et salue le cœur de l’équipe…"
)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_a_byte_order_mark_tells_the_encoding_and_leaves_the_text(encoding: str) -> None:
    decoded = decode(FRENCH.encode(encoding))
    assert decoded.text == FRENCH
    assert decoded.note == ""


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_without_a_mark_is_recognised_and_reported(encoding: str) -> None:
    decoded = decode(FRENCH.encode(encoding))
    assert decoded.text == FRENCH
    assert decoded.note == f"{encoding} assumed"


@pytest.mark.parametrize("encoding", ["cp1252", "mac-roman"])
def test_typographic_french_is_read_in_the_8_bit_encodings_that_can_write_it(encoding: str) -> None:
    decoded = decode(FRENCH.encode(encoding))
    assert decoded.text == FRENCH
    assert decoded.encoding == encoding
    assert decoded.note == f"{encoding} assumed"


@pytest.mark.parametrize("text", ["Un café", "ÉTÉ À NOËL", "Le président a été reçu à l'Élysée."])
@pytest.mark.parametrize("encoding", ["latin-1", "iso8859-15", "cp1252", "cp850", "mac-roman"])
def test_even_a_few_french_words_are_read_right(text: str, encoding: str) -> None:
    assert decode(text.encode(encoding)).text == text


def test_the_oe_of_iso_8859_15_is_told_from_a_half() -> None:
    text = "Le cœur de l'œuvre a ému la sœur à Noël."
    assert decode(text.encode("iso8859-15")).text == text


def test_two_readings_as_good_as_each_other_are_reported_with_the_option_that_decides() -> None:
    decoded = decode(b"10 000 \xa4")  # a euro in ISO 8859-15, a Spanish letter in code page 850
    assert decoded.text == "10 000 €"
    assert "iso8859-15 assumed, cp850 possible" in decoded.note
    assert "--encoding" in decoded.note


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Привет, это русский текст о сотрудничестве.", "cp1251"),
        ("在中国政府的提议和组织下，论坛在北京举办。", "gb18030"),
    ],
)
def test_another_alphabet_is_refused_rather_than_read_as_accents(text: str, encoding: str) -> None:
    with pytest.raises(InputError, match="--encoding"):
        decode(text.encode(encoding))
    assert decode(text.encode(encoding), encoding).text == text


def test_damaged_utf_8_stays_utf_8_and_says_so() -> None:
    decoded = decode("Un été à la campagne, près de l’océan".encode()[:-1] + b"\xff et la suite.")
    assert decoded.text.startswith("Un été à la campagne, près de l’océa")
    assert "damaged UTF-8" in decoded.note


def test_a_lone_surrogate_becomes_one_replacement_character_in_any_encoding() -> None:
    assert decode(b"a\xed\xa0\x80b").text == "a\ufffdb"
    assert decode(b"\xff\xfea\x00\x00\xd8b\x00").text == "a\ufffdb"


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"%PDF-1.7\n%\xe2\xe3", "PDF"),
        (b"PK\x03\x04 word/document.xml", "Word"),
        (b"PK\x03\x04 mimetypeapplication/vnd.oasis.opendocument.text", "OpenDocument"),
        (b"PK\x03\x04 other", "zip"),
        (b"\x89PNG\r\n\x1a\n", "PNG"),
        (b"\xff\xd8\xff\xe0", "JPEG"),
        (b"GIF89a", "GIF"),
        (b"\x1f\x8b\x08\x00", "gzip"),
        (b"{\\rtf1\\ansi", "RTF"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "Office"),
        (b"PAR1\x15\x04", "Parquet"),
        (b"\x7fELF\x02", "program"),
        (b"SQLite format 3\x00", "SQLite"),
        (b"Le texte\x00\x01\x02 coupe", "binary"),
    ],
)
def test_a_binary_file_is_refused_by_name(data: bytes, kind: str) -> None:
    with pytest.raises(InputError, match=kind):
        decode(data)


@pytest.mark.parametrize("name", ["utf-9", "base64", "rot13"])
def test_an_encoding_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(InputError, match="not known"):
        decode(b"texte", name)


def test_a_wrong_encoding_is_refused_with_the_place() -> None:
    with pytest.raises(InputError, match="byte 2"):
        decode(b"ab\xe9", "utf-8")


@given(st.text().filter(lambda text: "\0" not in text and not text.startswith("\ufeff")))
def test_every_text_survives_utf_8(text: str) -> None:
    binary = text.endswith("\x1a") or text.startswith(("%PDF-", "{\\rtf", "GIF8", "PAR1", "BZh"))
    if not binary:
        assert decode(text.encode()).text == text


@given(st.binary())
def test_any_bytes_give_text_that_can_be_written_or_one_clear_error(data: bytes) -> None:
    try:
        text = decode(data).text
    except InputError:
        return
    assert "\0" not in text
    text.encode("utf-8")


def test_lines_of_two_encodings_in_one_file_are_each_read_as_what_they_are() -> None:
    lines = ["Un été à Hué, près de l’océan.", "La fête a été très gaie.", "L’école à Noël."]
    decoded = decode(
        b"\n".join([lines[0].encode(), lines[1].encode("cp1252"), lines[2].encode("utf-8")])
    )
    assert decoded.text == "\n".join(lines)
    assert decoded.note == "partly UTF-8, partly cp1252: each line read as it is"
