"""The pages say what is there: files, links, commands and options."""

import re
import shlex
import subprocess
import sys

import click
import pytest

from classify.cli import cli
from tests.support.command import ROOT

ROOT_PAGES = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md")]
PAGES = [*ROOT_PAGES, *sorted((ROOT / "docs").glob("*.md"))]
TEXTS = {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in PAGES}
COMMANDS = [
    (page, line.split("  #")[0].strip())
    for page, text in TEXTS.items()
    for line in re.findall(r"^    (classify [a-z].*)$", text, flags=re.MULTILINE)
]


@pytest.mark.slow
def test_the_list_of_files_is_that_of_the_tree() -> None:
    script = [sys.executable, ROOT / "docs" / "file_list.py", "--check"]
    assert subprocess.run(script, check=False).returncode == 0, "run: python docs/file_list.py"


def test_the_readme_fits_on_two_screens() -> None:
    assert TEXTS["README.md"].count("\n") <= 120


@pytest.mark.parametrize("page", TEXTS)
def test_a_link_leads_to_a_file_and_to_a_heading_that_is_there(page: str) -> None:
    for target in re.findall(r"\]\(([^)#\s]*(?:#[^)\s]*)?)\)", TEXTS[page]):
        name, _, anchor = target.partition("#")
        if name.startswith("http"):
            continue
        file = (ROOT / page).parent / name if name else ROOT / page
        assert file.exists(), target
        headings = re.findall(r"^#+ (.*)$", file.read_text("utf-8") if anchor else "", re.MULTILINE)
        assert not anchor or anchor in {_anchor(heading) for heading in headings}, target


def _anchor(heading: str) -> str:
    """Return the anchor that GitHub gives a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


@pytest.mark.parametrize("page", TEXTS)
def test_a_file_that_a_page_names_is_there(page: str) -> None:
    named = re.findall(
        r"`((?:seeds|labels|training|classify|configs|benchmarks|tests)/[\w/.-]+)`", TEXTS[page]
    )
    missing = [path for path in named if not (ROOT / path).exists()]
    assert missing == []


def test_every_promise_of_security_names_its_tests() -> None:
    lines = re.split(r"\n(?=- |\n|\*\*)", TEXTS["SECURITY.md"])
    promises = [line for line in lines if line.startswith("- ") and "*Not promised:*" not in line]
    assert len(promises) > 15
    assert [line for line in promises if "`tests/" not in line] == []


def test_the_pages_show_every_part_of_the_command_line() -> None:
    assert len(COMMANDS) > 20
    assert {line.split()[1] for _, line in COMMANDS} >= {
        "seeds",
        "labels",
        "train",
        "predict",
        "serve",
    }


@pytest.mark.parametrize(("page", "line"), COMMANDS)
def test_a_command_of_the_pages_and_its_options_exist(page: str, line: str) -> None:
    command: click.Command = cli
    context = click.Context(cli, info_name="classify")
    words = shlex.split(line)[1:]
    while isinstance(command, click.Group):
        name = words.pop(0)
        found = command.get_command(context, name)
        assert found is not None, f"{page}: no command {name!r}"
        command = found
    options = {name for option in command.params for name in (*option.opts, *option.secondary_opts)}
    for word in words:
        if word.startswith("--"):
            assert word.split("=")[0] in options, f"{page}: {line}"
