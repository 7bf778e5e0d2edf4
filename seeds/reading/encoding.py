"""Bytes -> text: which encoding they are in, and what is no text at all."""

import codecs
import re
from dataclasses import dataclass
from typing import IO, NamedTuple

from seeds.base.errors import InputError
from seeds.base.surrogates import SURROGATES, replace_surrogates

SAMPLE = 100_000  # bytes or characters; enough to recognise an encoding


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
# What French files come in besides UTF-8, the likelier first. Latin-1 is read as cp1252, which
# contains all of its printable characters, as the web does.
_LEGACY = ("cp1252", "iso8859-15", "mac-roman", "cp850")
_LOWER = "àâäçéèêëîïôöùûüÿœæáíóúñßãõìò"
_PLAUSIBLE = re.compile(
    rf"(?<![A-Z])[{_LOWER}]|(?<=[A-Z])[{_LOWER}](?![A-Z])"
    r"|(?<![a-zà-ÿœ])[ÀÂÄÇÉÈÊËÎÏÔÖÙÛÜŒÆ]"
    r"|[«»“”„–—€°\xa0]|(?<=\w)’|‘(?=\w)|…(?!\w)|(?<=\d)[²³½]"
)
_AMBIGUOUS = 0.1  # two readings whose plausible shares differ by less are both possible


def decode(data: bytes, encoding: str | None = None) -> Decoded:
    """The text of a file.

    Args:
        data: the whole file, or a record of it.
        encoding: what the user says it is in; None finds out.

    Raises:
        InputError: it is binary (says which kind), not in that encoding, or in none that is known.
    """
    refuse_binary(data)
    for mark, codec in _MARKS:
        if data.startswith(mark):
            return _marked(data[len(mark) :], codec, encoding)
    if encoding is not None:
        return _as_told(data, encoding)
    if b"\0" in data:
        return _wide(data)
    try:
        return Decoded(data.decode("utf-8"), "utf-8")
    except UnicodeDecodeError:
        return _guess(data)


def stream_codec(opened: IO[bytes], encoding: str | None) -> tuple[str, str]:
    """(codec, note) of a long text, which is left at its beginning.

    It is UTF-8 if all of it is; else the place that is not tells what it is.

    Args:
        opened: can be read twice.
        encoding: what the user says it is in; None finds out.

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
        bad = _not_utf8(opened)
        if bad is None:
            return "utf-8-sig", ""
        begin = max(0, bad - SAMPLE // 2)
        opened.seek(begin)
        around = opened.read(SAMPLE)
        opened.seek(0)
        decoded = decode(_whole_lines(around, start=begin == 0, end=len(around) < SAMPLE))
    return decoded.encoding, decoded.note


def codec_name(encoding: str) -> str:
    """Python's name of a text encoding.

    Raises:
        InputError: it knows none of that name.
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
    """Refuse bytes that begin like a kind of file that holds no plain text.

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


def _binary() -> InputError:
    return InputError(
        "is binary (it contains NUL), not text. Give a text file, "
        "or name its encoding with --encoding."
    )


def _checked(text: str, encoding: str, note: str = "") -> Decoded:
    """Decoded, unless the text holds NUL, which only binary data does."""
    if "\0" in text:
        raise _binary()
    return Decoded(replace_surrogates(text), encoding, note)


def _lenient(data: bytes, codec: str) -> str:
    """Text with U+FFFD where the bytes are wrong; a lone surrogate counts as one."""
    try:
        return data.decode(codec, "surrogatepass")
    except UnicodeDecodeError:
        return data.decode(codec, "replace")


def _marked(data: bytes, codec: str, encoding: str | None) -> Decoded:
    note = ""
    if encoding is not None and not codec_name(encoding).startswith(codec[:6]):
        note = f"begins with a {codec} byte-order mark: read as that, not as {encoding}"
    text = _lenient(data, codec)
    if "\ufffd" in text and not note:
        note = f"damaged {codec}: some characters could not be read"
    return _checked(text, codec, note)


def _as_told(data: bytes, encoding: str) -> Decoded:
    codec = codec_name(encoding)
    try:
        return _checked(data.decode(codec), codec)
    except UnicodeError as error:
        at = f" (byte {error.start})" if isinstance(error, UnicodeDecodeError) else ""
        raise InputError(
            f"is not {encoding}{at}. Leave --encoding out, or name the right one."
        ) from None


def _wide(data: bytes) -> Decoded:
    """UTF-16 without a byte-order mark, known by NUL at every other place; else binary."""
    sample = data[:SAMPLE]
    for codec, nul, other in (("utf-16-le", 1, 0), ("utf-16-be", 0, 1)):
        zeros, half = sample[nul::2].count(0), len(sample) // 2
        if zeros * 2 > half and sample[other::2].count(0) == 0:
            text = _lenient(data, codec)
            if all(each.isprintable() or each.isspace() for each in text[:SAMPLE]):
                return _checked(text, codec, f"{codec} assumed")
    raise _binary()


def _guess(data: bytes) -> Decoded:
    """Bytes that are not UTF-8: damaged UTF-8, or an 8-bit encoding of French."""
    text = _lenient(data, "utf-8")
    wrong, right = text.count("\ufffd"), len(text) - len(text.encode("ascii", "ignore"))
    surrogates = len(SURROGATES.findall(text))
    if surrogates or wrong <= right - wrong:  # 8-bit French is hardly ever UTF-8 by chance
        return _checked(text, "utf-8", f"damaged UTF-8: {wrong or surrogates} replaced by U+FFFD")
    readings = _readings(data)
    if not readings or readings[0].share < 0.5 or _mostly_accents(readings[0].text):
        return _foreign(data)
    best, *others = readings
    rivals = [
        each.codec
        for each in others
        if each.share > best.share - _AMBIGUOUS and each.text != best.text
    ]
    note = f"{best.codec} assumed"
    if rivals:
        note += f", {' or '.join(rivals)} possible: check the accents, or name it with --encoding"
    return _checked(best.text, best.codec, note)


class _Reading(NamedTuple):
    """One way to read the bytes; share: plausible ones among its non-ASCII characters."""

    share: float
    codec: str
    text: str


def _readings(data: bytes) -> list[_Reading]:
    """The readings as French, the most plausible first, then in the order of _LEGACY."""
    found = []
    for codec in _LEGACY:
        try:
            text = data.decode(codec)
        except UnicodeDecodeError:
            continue
        marks = sum(each > "\x7f" for each in text[:SAMPLE])
        share = len(_PLAUSIBLE.findall(text[:SAMPLE])) / max(marks, 1)
        controls = sum("\x80" <= each <= "\x9f" for each in text[:SAMPLE])
        found.append(_Reading(share if not controls else 0.0, codec, text))
    return sorted(found, key=lambda each: -each.share)


def _mostly_accents(text: str) -> bool:
    """Whether most letters are accented, which is another alphabet read as ours."""
    letters = [each for each in text[:SAMPLE] if each.isalpha()]
    return len(letters) >= 20 and sum(each > "\x7f" for each in letters) * 2 > len(letters)


def _foreign(data: bytes) -> Decoded:
    """Not French by its letters: what charset-normalizer makes of it, if it is sure."""
    from charset_normalizer import from_bytes

    best = from_bytes(data[:SAMPLE], cp_isolation=list(_LEGACY)).best()
    if best is None:
        raise InputError(
            "is in an encoding that could not be recognised. "
            "Name it with --encoding (such as cp1251 or gb18030), or save the file as UTF-8."
        )
    codec = codec_name(best.encoding)
    note = f"{codec} assumed without being sure: check the accents, or name it with --encoding"
    return _checked(_lenient(data, codec), codec, note)


def _whole_lines(data: bytes, *, start: bool, end: bool) -> bytes:
    """The lines of a piece that are whole, given whether it has the file's start and end."""
    first = 0 if start else data.find(b"\n") + 1
    last = len(data) if end else data.rfind(b"\n") + 1 or len(data)
    return data[first:last] or data


def _not_utf8(opened: IO[bytes]) -> int | None:
    """Where a file stops being UTF-8, give or take a few bytes; None if it is to the end."""
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
