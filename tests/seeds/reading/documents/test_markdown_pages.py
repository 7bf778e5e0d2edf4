"""Markdown and its front matter become pages; whatever is hostile in them costs little."""

import pytest

from seeds.reading.documents.page import Page
from seeds.reading.documents.pages import read_pages

BODY = "Le ministre a signé un accord."


def read(text: str, form: str = "md") -> Page:
    [page] = read_pages(text.encode(), form, None)
    return page


# ---------------------------------------------------------------- front matter


@pytest.mark.parametrize(
    ("matter", "title", "date"),
    [
        ('---\ntitle: "L\'accord"\ndate: 2023-08-12\n---\n', "L'accord", "2023-08-12"),
        ("---\ntitle: >-\n  Un accord sur\n  deux lignes\n---\n", "Un accord sur deux lignes", ""),
        ("---\ntitle: |\n  Un accord\ntags:\n- a\n- b\n...\n", "Un accord\n", ""),
        ("---\nTitle: 'L''accord'\nDate: 12 août 2023\n---\n", "L'accord", "12 août 2023"),
        ("---\ntitle: 2024\ndate: 2024\n---\n", "2024", "2024"),
        ("---\ntitre: Un accord # remarque\n---\n", "Un accord", ""),
        ("---\r\ntitle: Un accord\r\n---\r\n", "Un accord", ""),
        ("---\n---\n", "", ""),
        (
            '+++\ntitle = "Un accord"\ndate = 2023-08-12T08:15:00+02:00\n[params]\na = 1\n+++\n',
            "Un accord",
            "2023-08-12 08:15:00+02:00",
        ),
        ("+++\ntitle = '''\nUn accord'''\ndate = 2023-08-12\n+++\n", "Un accord", "2023-08-12"),
        ('{\n "title": "Un accord",\n "date": "2023-08-12"\n}\n', "Un accord", "2023-08-12"),
        ("Title: Un accord\nDate: 2023-08-12 10:20\n\n", "Un accord", "2023-08-12 10:20"),
        ("---\ntitle: Un accord\npublishDate: 2023-08-12\n---\n", "Un accord", "2023-08-12"),
    ],
)
def test_front_matter_gives_title_and_date_and_leaves_the_text(
    matter: str, title: str, date: str
) -> None:
    page = read(f"{matter}\n{BODY}\n")
    assert (page.title, page.date, page.text, page.note) == (title, date, BODY, "")


def test_front_matter_that_is_not_quite_yaml_is_read_line_by_line_with_a_note() -> None:
    page = read(f"---\ntitle: L'accord : ce qu'il change\ndate: 2023-08-12\n---\n{BODY}\n")
    assert (page.title, page.date, page.text) == (
        "L'accord : ce qu'il change",
        "2023-08-12",
        BODY,
    )
    assert page.note == "its front matter is not YAML (line 1): read line by line"


@pytest.mark.parametrize(
    "matter",
    ["---\nUn texte entre deux traits.\n---\n", "---\n- a\n- b\n---\n", "---\nsans fin\n", "+++\n"],
)
def test_what_is_no_front_matter_stays_in_the_text(matter: str) -> None:
    page = read(f"{matter}\n{BODY}\n")
    words = matter.replace("-", " ").replace("+", " ").split()
    assert [word for word in words if word not in page.text] == []
    assert page.text.endswith(BODY)


@pytest.mark.parametrize(
    ("matter", "reason"),
    [
        ("---\na: &a [x]\nb: [*a, *a, *a]\n[\n---\n", "YAML"),
        ("---\n@: [\n---\n", "is not YAML (line 1): left"),
        ("---\n" + "[" * 1000 + "\n---\n", "nests too much"),
        ("+++\ntitle = Un accord\n+++\n", "is not TOML (line 1): left"),
        ("+++\n" + "a." * 1000 + "b = 1\n+++\n", "nests too much"),
    ],
)
def test_front_matter_that_cannot_be_read_is_said_and_no_text_is_lost(
    matter: str, reason: str
) -> None:
    page = read(f"{matter}\n{BODY}\n")
    assert page.text.endswith(BODY)
    assert reason in page.note


def test_aliases_of_yaml_are_not_expanded() -> None:
    bomb = "---\na: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\ntitle: *c\n---\n"
    page = read(f"{bomb}\n{BODY}\n")
    assert page.title == "*c"
    assert "it has aliases" in page.note


def test_front_matter_of_a_text_file_counts_where_it_names_a_title_or_a_date() -> None:
    page = read(f"---\ntitle: Un accord\ndate: 2023-08-12\n---\n{BODY}\n", "txt")
    assert (page.title, page.date, page.text) == ("Un accord", "2023-08-12", f"{BODY}\n")
    text = f"---\nnote: un texte\n---\n{BODY}\n"
    assert read(text, "txt").text == text


# ---------------------------------------------------------------- marks


@pytest.mark.slow
@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "text",
    [
        "---\n" + "a" * 100_000 + "\ntitle: Le titre\n---\n",
        "---\n" + "a" * 50_000 + " " * 50_000 + "\n---\n",
        "<div " + "<" * 100_000 + "\n\n",
        "<!-- " + "<!-- >" * 17_000 + "\n-->\n\n",
        "<div " + "<!-- >" * 17_000 + "\n\n",
        "#\n" * 20_000,
        "<!--" * 20_000 + "\n\n",
        "---\n" + "[" * 20_000 + "\n---\n",
        "+++\n" + "a." * 30_000 + "b = 1\n+++\n",
        "---\n" + "a\n" * 10_000 + "---\n",
        "Title: x\n" + "a" * 60_000 + "\n\n",
    ],
)
def test_no_hostile_markdown_holds_reading_up(text: str) -> None:
    assert read(f"{text}Le corps.").text.endswith("Le corps.")


def test_tags_and_comments_leave_markdown_and_what_does_not_end_stays() -> None:
    text = "<div>Un <!-- deux > --> trois <b\nclass='x'>quatre</b> < cinq <!-- six\n</div> <sept\n"
    assert read(text).text.split() == ["Un", "trois", "quatre", "<sept"]
