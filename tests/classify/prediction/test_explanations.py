"""`classify predict --explain` and `--format html`: on a terminal, in files, in a browser."""

import json
import os
import pty
import re
import select
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.command import environment
from tests.support.explained import BOTH, CINEMA, HOSTILE, predict
from tests.support.imports import loaded
from tests.support.waiting import wait_until

STYLE = re.compile(r"\x1b\[([\d;]*)m")


@pytest.fixture
def article(tmp_path: Path) -> Path:
    path = tmp_path / "article.txt"
    path.write_text(f"Un titre\n\n{BOTH}.", encoding="utf-8")
    return path


def on_a_terminal(desk: Path, *arguments: str | Path, **variables: str) -> str:
    """Return what a terminal receives."""
    command = [sys.executable, "-m", "classify", "predict", "--workspace", desk, *arguments]
    reader, writer = pty.openpty()
    env = {**environment(TERM="xterm-256color", COLUMNS="90"), **variables}
    process = subprocess.Popen(command, stdout=writer, stderr=subprocess.DEVNULL, env=env)
    os.close(writer)
    output = b""
    while select.select([reader], [], [], 120)[0]:
        try:
            data = os.read(reader, 65536)
        except OSError:  # the terminal's other end is closed
            break
        output += data
    os.close(reader)
    assert process.wait() == 0
    return output.decode()


# ---------------------------------------------------------------- JSON


def test_json_has_the_contribution_of_each_part_to_each_category_shown(
    desk: Path, article: Path
) -> None:
    result = predict(desk, "--format", "jsonl", "--explain", article)
    record = json.loads(result.stdout)
    assert list(record)[-1] == "explanation"
    explanation = record["explanation"]
    logits, contributions = explanation["logits"], explanation["contributions"]
    assert explanation["method"] == "exact"
    assert "".join(explanation["parts"]) == article.read_text(encoding="utf-8")
    for name, p in record["probabilities"].items():
        total = explanation["biases"][name] + sum(contributions[name])
        assert abs(total - logits[name]) <= 1e-5
        assert abs(1 / (1 + 2.718281828459045 ** -logits[name]) - p) <= 1e-5
    assert set(contributions) == set(record["probabilities"])
    result = predict(desk, "--format", "json", "--explain", "--all", article)
    (record,) = json.loads(result.stdout)
    assert set(record["explanation"]["logits"]) == {"cinema", "trade", "sport"}


def test_without_explain_there_is_no_explanation_and_its_code_is_not_loaded(
    desk: Path, article: Path
) -> None:
    assert "explanation" not in json.loads(predict(desk, "--format", "jsonl", article).stdout)
    plain = loaded("predict", "--workspace", desk, article)
    assert "rich" not in plain
    code = (
        "import sys\nfrom classify.cli import cli\n"
        "cli(sys.argv[1:], standalone_mode=False)\n"
        "print([name for name in sys.modules if 'expl' in name or 'html_page' in name])"
    )
    result = subprocess.run(
        [sys.executable, "-c", code, "predict", "--workspace", desk, article],
        capture_output=True,
        text=True,
        env=environment(),
        check=True,
    )
    assert result.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_tables_have_no_column_for_explanations_and_say_so(
    desk: Path, article: Path, form: str
) -> None:
    result = predict(desk, "--explain", "--format", form, article)
    assert result.returncode == 1
    assert result.stdout == ""
    assert result.stderr == (
        f"Error: --explain has no column in {form}. Choose --format jsonl, json, html or text.\n"
    )


@pytest.mark.parametrize("options", [["--explain"], ["--format", "html"]])
def test_spark_refuses_to_explain(desk: Path, tmp_path: Path, options: list[str]) -> None:
    (tmp_path / "in").mkdir()
    folders = (tmp_path / "in", tmp_path / "out")
    result = predict(desk, *folders, "--engine", "spark", *options)
    assert result.returncode == 1
    assert result.stderr.count("\n") == 1
    assert options[0] in result.stderr or "writes tables" in result.stderr


# ---------------------------------------------------------------- text


def test_in_a_pipe_the_strongest_words_are_listed(desk: Path, article: Path) -> None:
    result = predict(desk, "--explain", article)
    heading, trade, words, *_ = result.stdout.splitlines()
    assert heading.startswith("article.txt — ")
    assert trade.startswith("  ✓ Trade (trade)")
    assert re.match(r"      for      (\w+ \+\d\.\d\d, )+\w+ \+\d\.\d\d$", words)
    assert "douane +" in words
    assert re.search(r"^      against  .*\w −\d\.\d\d$", result.stdout, re.MULTILINE)
    assert "\x1b" not in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= 100


def test_on_a_terminal_words_for_a_category_are_bold_and_words_against_it_underlined(
    desk: Path, article: Path
) -> None:
    output = on_a_terminal(desk, "--explain", article)
    text = STYLE.sub("", output)
    assert "Un titre\r\n\r\nfilm festival" in text
    body = output.split("Trade (trade)")[-1].split("Cinema (cinema)")[0]
    styles = {
        word: style.split(";") for style, word in re.findall(r"\x1b\[([\d;]+)m(\w+)\x1b", body)
    }
    assert "1" in styles["douane"]  # bold
    assert "38" in styles["douane"]  # in a colour
    assert "4" not in styles["douane"]
    underlined = {word for word, style in styles.items() if "4" in style}
    piped = predict(desk, "--explain", article).stdout.split("Trade (trade)")[1]
    against = next(line for line in piped.splitlines() if line.startswith("      against  "))
    assert underlined
    assert underlined & set(re.findall(r"(\w+) −", against))
    assert not underlined & set(BOTH.split()[11:])


def test_without_colour_every_word_is_still_marked(desk: Path, tmp_path: Path) -> None:
    """NO_COLOR leaves bold, italic and underlined words, the weak ones too."""
    article = tmp_path / "a.txt"
    article.write_text(f"{CINEMA} film film film douane et un port", encoding="utf-8")
    output = on_a_terminal(desk, "--explain", article, NO_COLOR="1")
    codes = {code for style in STYLE.findall(output) for code in style.split(";")}
    assert codes <= {"0", "1", "3", "4", "7"}
    assert {"1", "3", "4"} <= codes
    coloured = on_a_terminal(desk, "--explain", article)
    marked = re.compile(r"\x1b\[[\d;]+m(\w+)\x1b")
    assert marked.findall(output) == marked.findall(coloured)


def test_a_terminal_without_styles_shows_the_lists_alone(desk: Path, article: Path) -> None:
    output = on_a_terminal(desk, "--explain", article, TERM="dumb")
    assert "\x1b" not in output
    assert "réalisateur +" in output


def test_control_characters_of_an_article_never_reach_a_terminal(
    desk: Path, tmp_path: Path
) -> None:
    table = tmp_path / "a.jsonl"
    table.write_text(json.dumps({"text": f"{CINEMA} {HOSTILE}"}) + "\n", encoding="utf-8")
    output = on_a_terminal(desk, "--explain", table)
    assert "\\x1b[31m\\u202efin" in STYLE.sub("", output)
    assert "\u202e" not in output
    assert "\x1b[31m" not in output


def test_parallel_processes_and_a_resumed_command_make_the_same_page(
    desk: Path, tmp_path: Path
) -> None:
    table, page = tmp_path / "a.jsonl", tmp_path / "a.html"
    rows = [json.dumps({"text": f"{CINEMA} {n}"}) + "\n" for n in range(400)]
    table.write_text("".join(rows))
    alone = predict(desk, "--format", "html", "--processes", "1", table)
    assert alone.returncode == 0, alone.stderr
    in_parallel = predict(desk, "--format", "html", "--processes", "2", "--output", page, table)
    assert in_parallel.returncode == 0, in_parallel.stderr
    assert page.read_text(encoding="utf-8") == alone.stdout
    assert alone.stdout.count("<article>") == 400
    assert alone.stdout.count("<main>") == alone.stdout.count("</main></body></html>") == 1

    page.unlink()
    command = [sys.executable, "-m", "classify", "predict", "--workspace", desk, "--format", "html"]
    command += ["--processes", "1", "--output", page, "--stdin-format", "jsonl"]
    with subprocess.Popen([*command, "-"], stdin=subprocess.PIPE, env=environment()) as process:
        assert process.stdin
        process.stdin.write("".join(rows[:200]).encode())
        process.stdin.flush()
        journal = tmp_path / "a.html.journal"
        wait_until(lambda: journal.exists() and '"digest"' in journal.read_text())
        process.kill()
    changed = predict(
        desk, "--format", "jsonl", "--explain", "--stdin-format", "jsonl", "--output", page,
        "--resume", "-", data="".join(rows).encode(),
    )  # fmt: skip
    assert "different options (--format)" in changed.stderr
    result = subprocess.run(
        [*command, "--resume", "-"], input="".join(rows).encode(), env=environment(), check=True
    )
    assert result.returncode == 0
    assert page.read_text(encoding="utf-8") == alone.stdout.replace("a.jsonl:", "stdin:")


def test_a_page_without_an_article_is_still_a_page(desk: Path, tmp_path: Path) -> None:
    result = predict(desk, "--format", "html", tmp_path / "none.txt")
    assert result.returncode == 1
    assert "No article could be read." in result.stdout
    assert result.stdout.endswith("</main></body></html>\n")
