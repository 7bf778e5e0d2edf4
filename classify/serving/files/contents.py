"""The articles of a file that a client sent, its faults in the words of the API, and its limits."""

from dataclasses import dataclass

from seeds.base.errors import Fault

ARTICLES = 1000  # in a file; larger ones are for `classify predict`
PLAIN_BYTES = 50_000_000  # of a file, decompressed; and characters of all its articles
LINES = 1_000_000  # of a file, empty ones included, which take time and hold nothing
TITLE = 140  # characters

# In a message about a file: what a command line offers -> what the API offers.
_API_WORDS = {
    "--text-columns": "the field text_columns",
    "--id-column": "the field id_column",
    "--encoding": "the field encoding",
    "Raise the limit with --max-size": "Send a shorter one",
}


@dataclass(frozen=True, slots=True)
class UploadedArticle:
    """An article of a file.

    Attributes:
        id: its own, else the hash of its text.
        source: the file, and the record's place in it.
        title: its own, else its first line, cut short.
        text: all of it.
        note: what was assumed in reading it, or "".
    """

    id: str
    source: str
    title: str
    text: str
    note: str


@dataclass(frozen=True, slots=True)
class FileContents:
    """The articles of a file, and what could not be read."""

    articles: list[UploadedArticle]
    faults: list[Fault]


def reword_for_api(message: str) -> str:
    """Replace the command-line options in a message about a file by the fields of a form."""
    for option, field in _API_WORDS.items():
        message = message.replace(option, field)
    return message
