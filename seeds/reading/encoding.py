"""Bytes -> text: the encoding is detected, and what is no text is refused."""

import codecs
from dataclasses import dataclass
from typing import IO, NamedTuple

from seeds.base.errors import InputError
from seeds.base.surrogates import SURROGATES, replace_surrogates
from seeds.french_letters import LEGACY, SAMPLE, plausible_share

_EOF = "\x1a"  # ends a file of DOS


@dataclass(frozen=True, slots=True)
class Decoded:
    """Text from bytes.

    Attributes:
        text: without a byte-order mark or lone surrogates.
        encoding: the codec, by Python's name.
        note: what was assumed, for the user; "" where nothing was.
    """

    text: str
    encoding: str
    note: str = ""


_MARKS = (  # UTF-32 first: its little-endian mark begins with that of UTF-16
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_TO_TEXT = "Save it as plain text or HTML first"
_MAGIC = (
    (b"%PDF-", "a PDF document", _TO_TEXT),
    (b"{\\rtf", "an RTF document", _TO_TEXT),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Office document (.doc, .xls)", _TO_TEXT),
    (b"\x89PNG\r\n", "a PNG image", "Give the article's text"),
    (b"\xff\xd8\xff", "a JPEG image", "Give the article's text"),
    (b"GIF8", "a GIF image", "Give the article's text"),
    (b"\x1f\x8b\x08", "gzip-compressed data", "Decompress it first"),
    (b"BZh", "bzip2-compressed data", "Decompress it first"),
    (b"\xfd7zXZ\x00", "xz-compressed data", "Decompress it first"),
    (b"\x28\xb5\x2f\xfd", "zstd-compressed data", "Decompress it first"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", "Unpack it first"),
    (b"PAR1", "a Parquet file", "Give it the suffix .parquet"),
    (b"\x7fELF", "a program", "Give the article's text"),
    (b"SQLite format 3\x00", "an SQLite database", "Export its articles as CSV or JSONL"),
)
_ZIPPED = (  # a zip archive names its members in the clear
    (b"word/document.xml", "a Word document (.docx)", _TO_TEXT),
    (b"xl/workbook.xml", "an Excel workbook (.xlsx)", "Save it as CSV first"),
    (b"opendocument.text", "an OpenDocument text (.odt)", _TO_TEXT),
    (b"opendocument.spreadsheet", "an OpenDocument spreadsheet (.ods)", "Save it as CSV first"),
    (b"epub+zip", "an EPUB book", _TO_TEXT),
)
_SURE = 0.9  # a line with a larger share of plausible letters is in the encoding it is read in
_AMBIGUOUS = 0.1  # two readings whose plausible shares differ by less are both possible


def decode(data: bytes, encoding: str | None = None) -> Decoded:
    """Decode a file, or a record of one.

    Args:
        data: all bytes of it.
        encoding: as the user names it; None detects it.

    Raises:
        InputError: it is binary (says which kind), not in that encoding, or in an unknown one.
    """
    refuse_binary(data)
    for mark, codec in _MARKS:
        if data.startswith(mark):
            return _decode_marked(data[len(mark) :], codec, encoding)
    if encoding is not None:
        return _decode_as(data, encoding)
    if b"\0" in data:
        return _decode_wide(data)
    try:
        return Decoded(data.decode("utf-8").rstrip(_EOF), "utf-8")
    except UnicodeDecodeError:
        return _guess(data)


def stream_codec(opened: IO[bytes], encoding: str | None) -> tuple[str, str]:
    """Return (codec, note) of a long text, and leave the file at its beginning.

    The codec is UTF-8 if the whole text is; else the place where it is not decides.

    Args:
        opened: a file that can be read twice.
        encoding: as the user names it; None detects it.

    Raises:
        InputError: as for decode.
    """
    head = opened.read(SAMPLE)
    opened.seek(0)
    refuse_binary(head)
    if encoding is not None:
        codec = codec_name(encoding)
        return ("utf-8-sig" if codec == "utf-8" else codec), ""
    decoded = decode(_whole_lines(head, start=True, end=len(head) < SAMPLE))
    if decoded.encoding == "utf-8" and not decoded.note:
        damage = _find_no_utf8(opened)
        if damage is None:
            return "utf-8-sig", ""
        begin = max(0, damage - SAMPLE // 2)
        opened.seek(begin)
        around = opened.read(SAMPLE)
        opened.seek(0)
        decoded = decode(_whole_lines(around, start=begin == 0, end=len(around) < SAMPLE))
    return decoded.encoding, decoded.note


def codec_name(encoding: str) -> str:
    """Return Python's name of a text encoding.

    Raises:
        InputError: Python has none of that name.
    """
    try:
        codec = codecs.lookup(encoding)
        "".encode(encoding)  # refuses codecs that are no text encodings, such as base64
    except (LookupError, ValueError):
        raise InputError(
            f"encoding {encoding!r} is not known. "
            "Use a name such as utf-8, cp1252, iso8859-15 or utf-16 with --encoding."
        ) from None
    return codec.name


def refuse_binary(data: bytes) -> None:
    """Refuse bytes that begin like a file of a kind that is not plain text.

    Raises:
        InputError: says which kind it is, and what to do.
    """
    if data.startswith(b"PK\x03\x04"):
        kind, advice = next(
            ((kind, advice) for mark, kind, advice in _ZIPPED if mark in data),
            ("a zip archive", "Unpack it first"),
        )
        raise InputError(f"is {kind}, not text. {advice}.")
    for mark, kind, advice in _MAGIC:
        if data.startswith(mark):
            raise InputError(f"is {kind}, not text. {advice}.")


def _binary_error() -> InputError:
    return InputError(
        "is binary (it contains NUL), not text. Give a text file, "
        "or name its encoding with --encoding."
    )


def _checked(text: str, encoding: str, note: str = "") -> Decoded:
    """Return the Decoded text; refuse NUL, which only binary data contains."""
    if "\0" in text:
        raise _binary_error()
    return Decoded(replace_surrogates(text).rstrip(_EOF), encoding, note)


def _lenient(data: bytes, codec: str) -> str:
    """Decode with U+FFFD for wrong bytes; a lone surrogate is left for `_checked` to replace."""
    try:
        return data.decode(codec, "surrogatepass")
    except UnicodeDecodeError:
        return data.decode(codec, "replace")


def _decode_marked(data: bytes, codec: str, encoding: str | None) -> Decoded:
    """Decode what followed a byte-order mark, which is believed rather than the user."""
    note = ""
    if encoding is not None and not codec_name(encoding).startswith(codec[:6]):
        note = f"begins with a {codec} byte-order mark: read as that, not as {encoding}"
    text = _lenient(data, codec)
    if "\ufffd" in text and not note:
        note = f"damaged {codec}: some characters could not be read"
    return _checked(text, codec, note)


def _decode_as(data: bytes, encoding: str) -> Decoded:
    codec = codec_name(encoding)
    try:
        return _checked(data.decode(codec), codec)
    except UnicodeError as error:
        at = f" (byte {error.start})" if isinstance(error, UnicodeDecodeError) else ""
        raise InputError(
            f"is not {encoding}{at}. Leave --encoding out, or name the right one."
        ) from None


def _decode_wide(data: bytes) -> Decoded:
    """Decode UTF-16 without a byte-order mark: every other byte is NUL. Refuse other data."""
    sample = data[:SAMPLE]
    for codec, high, low in (("utf-16-le", 1, 0), ("utf-16-be", 0, 1)):
        zeros, half = sample[high::2].count(0), len(sample) // 2
        if zeros * 2 > half and sample[low::2].count(0) == 0:
            text = _lenient(data, codec)
            if all(char.isprintable() or char.isspace() for char in text[:SAMPLE]):
                return _checked(text, codec, f"{codec} assumed")
    raise _binary_error()


def _guess(data: bytes) -> Decoded:
    """Decode bytes that are not UTF-8: damaged UTF-8, or French in an 8-bit encoding."""
    text = _lenient(data, "utf-8")
    wrong, right = text.count("\ufffd"), len(text) - len(text.encode("ascii", "ignore"))
    surrogates = len(SURROGATES.findall(text))
    if surrogates or wrong <= right - wrong:  # 8-bit French is hardly ever UTF-8 by chance
        if not surrogates and (mixed := _decode_lines(data)):
            return _checked(mixed, "utf-8", "partly UTF-8, partly cp1252: each line read as it is")
        return _checked(text, "utf-8", f"damaged UTF-8: {wrong or surrogates} replaced by U+FFFD")
    readings = _readings(data)
    if not readings or readings[0].share < 0.5 or _mostly_accents(readings[0].text):
        return _decode_foreign(data)
    best, *rest = readings
    rivals = [
        rival.codec
        for rival in rest
        if rival.share > best.share - _AMBIGUOUS and rival.text != best.text
    ]
    note = f"{best.codec} assumed"
    if rivals:
        note += f", {' or '.join(rivals)} possible: check the accents, or name it with --encoding"
    return _checked(best.text, best.codec, note)


def _decode_lines(data: bytes) -> str:
    """Decode lines of UTF-8 and of cp1252 that stand in one file; "" if there are others."""
    lines = []
    for line in data.split(b"\n"):
        try:
            lines.append(line.decode("utf-8"))
        except UnicodeDecodeError:
            text = line.decode("cp1252", "replace")
            if plausible_share(text)[0] < _SURE or "ÿ" in text:  # rather a stray byte FF
                return ""
            lines.append(text)
    return "\n".join(lines)


class _Reading(NamedTuple):
    """One way to read the bytes. share: of plausible characters among the non-ASCII ones."""

    share: float
    codec: str
    text: str


def _readings(data: bytes) -> list[_Reading]:
    """Read bytes in each encoding of LEGACY, the most plausible French first."""
    readings = []
    for codec in LEGACY:
        try:
            text = data.decode(codec)
        except UnicodeDecodeError:
            continue
        readings.append(_Reading(plausible_share(text)[0], codec, text))
    return sorted(readings, key=lambda reading: -reading.share)


def _mostly_accents(text: str) -> bool:
    """Tell whether most letters are accented, as when another alphabet is read as ours."""
    letters = [char for char in text[:SAMPLE] if char.isalpha()]
    return len(letters) >= 20 and sum(letter > "\x7f" for letter in letters) * 2 > len(letters)


def _decode_foreign(data: bytes) -> Decoded:
    """Decode what is not French by its letters, as charset-normalizer does if it is sure."""
    from charset_normalizer import from_bytes

    best = from_bytes(data[:SAMPLE], cp_isolation=list(LEGACY)).best()
    if best is None:
        raise InputError(
            "is in an encoding that could not be recognised. "
            "Name it with --encoding (such as cp1251 or gb18030), or save the file as UTF-8."
        )
    codec = codec_name(best.encoding)
    note = f"{codec} assumed without being sure: check the accents, or name it with --encoding"
    return _checked(_lenient(data, codec), codec, note)


def _whole_lines(data: bytes, *, start: bool, end: bool) -> bytes:
    """Return the whole lines of a piece that may have the file's start and end."""
    begin = 0 if start else data.find(b"\n") + 1
    stop = len(data) if end else data.rfind(b"\n") + 1 or len(data)
    return data[begin:stop] or data


def _find_no_utf8(opened: IO[bytes]) -> int | None:
    """Return where a file stops being UTF-8, within a few bytes; None if all of it is."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    position = 0
    try:
        while chunk := opened.read(1 << 20):
            decoder.decode(chunk)
            position += len(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        return position + error.start
    finally:
        opened.seek(0)
    return None
