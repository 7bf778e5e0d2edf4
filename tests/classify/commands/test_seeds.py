"""`classify seeds add | list | stats`, run as a person runs them."""

import contextlib
import json
import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from seeds.base.locks import locked
from tests.support.command import ROOT, SHARED
from tests.support.wire_stories import COPY, REWRITTEN, SAME_EVENT

REAL = SHARED / "seeds"


def seeds(
    workspace: Path, *arguments: str | Path, data: bytes = b""
) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "classify", "seeds", arguments[0], "--workspace", workspace]
    result = subprocess.run(
        [*command, *arguments[1:]],
        input=data,
        capture_output=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    out, err = result.stdout.decode(), result.stderr.decode()
    return subprocess.CompletedProcess(result.args, result.returncode, out, err)


def documents(workspace: Path) -> list[dict[str, Any]]:
    lines = (workspace / "documents.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


@pytest.fixture
def articles(tmp_path: Path) -> Path:
    folder = tmp_path / "articles"
    folder.mkdir()
    (folder / "a.txt").write_text(f" date 2024-05 {COPY}", encoding="utf-8")
    (folder / "b.txt").write_text(REWRITTEN, encoding="utf-8")
    (folder / "c.md").write_text(f"---\ndate: 2024-06-02\n---\n{SAME_EVENT}", encoding="utf-8")
    return folder


def test_add_keeps_each_article_once_and_groups_the_rewritten_one(
    tmp_path: Path, articles: Path
) -> None:
    workspace = tmp_path / "w"
    addition = seeds(workspace, "add", articles)
    assert addition.returncode == 0
    assert addition.stderr == "3 articles read: 3 new, 0 already there; 1 near-duplicate\n"
    assert addition.stdout == ""
    records = documents(workspace)
    assert [record["source"] for record in records] == [
        "articles/a.txt",
        "articles/b.txt",
        "articles/c.md",
    ]
    assert [record["date"] for record in records] == ["2024-05", "", "2024-06-02"]
    assert [record["language"] for record in records] == ["fr"] * 3
    assert [record["group"] for record in records] == [
        records[0]["id"],
        records[0]["id"],
        records[2]["id"],
    ]
    content = (workspace / "documents.jsonl").read_bytes()
    second = seeds(workspace, "add", articles)
    assert second.stderr == "3 articles read: 0 new, 3 already there\n"
    assert (workspace / "documents.jsonl").read_bytes() == content


def test_add_gives_the_workspace_its_own_taxonomy_and_leaves_an_edited_one(
    tmp_path: Path, articles: Path
) -> None:
    workspace = tmp_path / "w"
    seeds(workspace, "add", articles / "a.txt")
    taxonomy = workspace / "taxonomy.toml"
    assert taxonomy.read_text("utf-8") == (ROOT / "configs" / "taxonomy.toml").read_text("utf-8")
    edited = taxonomy.read_text("utf-8") + "\n# edited\n"
    taxonomy.write_text(edited, encoding="utf-8")
    seeds(workspace, "add", articles / "b.txt")
    assert taxonomy.read_text("utf-8") == edited


def test_add_keeps_the_good_ones_names_the_bad_ones_and_exits_with_1(
    tmp_path: Path, articles: Path
) -> None:
    (articles / "vide.txt").write_bytes(b"")
    (articles / "rapport.txt").write_bytes(b"%PDF-1.4")
    (articles / "photo.jpg").write_bytes(b"x")
    workspace = tmp_path / "w"
    result = seeds(workspace, "add", articles, tmp_path / "absent.txt")
    assert result.returncode == 1
    assert len(documents(workspace)) == 3
    lines = result.stderr.splitlines()
    assert lines[0].startswith(f"{articles / 'rapport.txt'}: is a PDF document")
    assert lines[1].startswith(f"{articles / 'vide.txt'}: is empty")
    assert lines[2] == f"{articles}: 1 file of other kinds left out (.jpg: 1)"
    assert lines[3] == f"{tmp_path / 'absent.txt'}: does not exist. Check the path."
    assert lines[4] == "3 articles read: 3 new, 0 already there; 1 near-duplicate; 3 faults"


def test_add_shows_a_few_of_many_faults_and_counts_the_others(tmp_path: Path) -> None:
    table = tmp_path / "a.jsonl"
    table.write_text('{"x": 1}\n' * 50 + '{"text": "Un."}\n', encoding="utf-8")
    result = seeds(tmp_path / "w", "add", table)
    lines = result.stderr.splitlines()
    assert len(lines) == 22
    assert lines[20] == "50 records could not be read."
    assert lines[21] == "1 article read: 1 new, 0 already there; 50 faults"


def test_add_reads_the_columns_it_is_told(tmp_path: Path) -> None:
    table = tmp_path / "a.csv"
    table.write_text("sujet;recit;jour;lieu\nTitre;Le corps.;3 juin 2020;Hué\n", encoding="utf-8")
    options = ["--text-column", "recit", "--title-column", "sujet", "--date-column", "jour"]
    result = seeds(tmp_path / "w", "add", *options, "--source-column", "lieu", table)
    assert result.returncode == 0
    [record] = documents(tmp_path / "w")
    assert (record["text"], record["date"], record["source"]) == (
        "Titre\n\nLe corps.",
        "2020-06-03",
        "Hué",
    )


@pytest.mark.parametrize("form", ["txt", "jsonl", "csv", "parquet"])
def test_add_reads_standard_input(tmp_path: Path, form: str) -> None:
    sink = pa.BufferOutputStream()
    parquet.write_table(pa.table({"text": ["Le corps."]}), sink)
    data = {
        "txt": b"Le corps.",
        "jsonl": b'{"text": "Le corps."}\n',
        "csv": b"text\nLe corps.\n",
        "parquet": sink.getvalue().to_pybytes(),
    }[form]
    result = seeds(tmp_path / "w", "add", "--format", form, "-", data=data)
    assert result.returncode == 0
    assert [record["text"] for record in documents(tmp_path / "w")] == ["Le corps."]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--max-size", "lots"], "size 'lots' is not understood"),
        (["--encoding", "utf-9"], "encoding 'utf-9' is not known"),
    ],
)
def test_a_wrong_option_is_one_line_and_makes_no_workspace(
    tmp_path: Path, articles: Path, arguments: list[str], message: str
) -> None:
    result = seeds(tmp_path / "w", "add", *arguments, articles)
    assert result.returncode == 1
    assert message in result.stderr
    assert result.stderr.count("\n") == 1
    assert not (tmp_path / "w").exists()


def test_add_refuses_a_workspace_in_use_and_names_who_uses_it(
    tmp_path: Path, articles: Path
) -> None:
    with locked(tmp_path / "w", "classify labels push"):
        result = seeds(tmp_path / "w", "add", articles)
    assert result.returncode == 1
    assert "in use by classify labels push" in result.stderr


def test_control_characters_never_reach_the_terminal_but_stay_in_the_data(tmp_path: Path) -> None:
    text = "Un titre \x1b[31mrouge\u202e\n\nLe corps."
    path = tmp_path / "rouge\x1b[2J.txt"
    path.write_text(text, encoding="utf-8")
    (tmp_path / "vide\n\x1b[2J.txt").write_bytes(b"")
    workspace = tmp_path / "w"
    added = seeds(workspace, "add", path, tmp_path / "vide\n\x1b[2J.txt")
    shown = seeds(workspace, "list")
    for output in (added.stderr, shown.stdout, seeds(workspace, "stats").stdout):
        assert "\x1b" not in output
        assert "\u202e" not in output
    assert "vide\\n\\x1b[2J.txt: is empty" in added.stderr
    assert "Un titre \\x1b[31mrouge\\u202e" in shown.stdout
    assert documents(workspace)[0]["text"] == text


def test_list_shows_one_article_a_line_and_marks_near_duplicates(
    tmp_path: Path, articles: Path
) -> None:
    workspace = tmp_path / "w"
    seeds(workspace, "add", articles)
    article, second, third = seeds(workspace, "list").stdout.splitlines()
    stored = documents(workspace)
    assert article.split()[:4] == [stored[0]["id"], "2024-05", "fr", "articles/a.txt"]
    assert article.endswith("Lomé et Rennes lancent une bourse pour les jeunes costumiers")
    assert second.endswith(f"= {stored[0]['id']}")
    assert "2024-06-02" in third
    records = seeds(workspace, "list", "--format", "jsonl").stdout.splitlines()
    assert [json.loads(line) for line in records] == stored


def test_list_filters_by_month_and_language_and_says_what_it_leaves_out(
    tmp_path: Path, articles: Path
) -> None:
    workspace = tmp_path / "w"
    seeds(workspace, "add", articles)
    assert len(seeds(workspace, "list", "--month", "2024").stdout.splitlines()) == 2
    assert "c.md" in seeds(workspace, "list", "--month", "2024-06").stdout
    assert len(seeds(workspace, "list", "--language", "fr").stdout.splitlines()) == 3
    none = seeds(workspace, "list", "--language", "zh")
    assert (none.stdout, none.returncode) == ("", 0)
    assert "No article matches" in none.stderr
    limited = seeds(workspace, "list", "--limit", "1")
    assert len(limited.stdout.splitlines()) == 1
    assert limited.stderr.startswith("1 of 3 articles shown.")


def test_stats_counts_by_month_language_source_and_group_size(
    tmp_path: Path, articles: Path
) -> None:
    (articles / "t.csv").write_text(
        "text,url\nUn forum sur le cinéma.,https://x.org/1\nDeux musées ont rouvert.,\n", "utf-8"
    )
    workspace = tmp_path / "w"
    seeds(workspace, "add", articles)
    assert json.loads(seeds(workspace, "stats", "--format", "json").stdout) == {
        "articles": 5,
        "month": {"": 3, "2024-05": 1, "2024-06": 1},
        "language": {"fr": 5},
        "source": {"*.txt": 2, "*.md": 1, "articles/t.csv": 1, "x.org": 1},
        "group size": {"1": 3, "2": 1},
    }
    table = seeds(workspace, "stats").stdout
    for shown in ("5 articles", "2024-06", "unknown", "x.org", "groups of 2"):
        assert shown in table


@pytest.mark.parametrize(
    ("years", "months", "period", "rows"),
    [
        (2, range(1, 13), "month", {f"{y}-{m:02}": 1 for y in (2000, 2001) for m in range(1, 13)}),
        (3, range(1, 10), "year", dict.fromkeys(["2000", "2001", "2002"], 9)),
        (30, [5], "decade", {"2000s": 10, "2010s": 10, "2020s": 10}),
    ],
)
def test_stats_count_many_months_by_year_and_many_years_by_decade(
    tmp_path: Path, years: int, months: list[int], period: str, rows: dict[str, int]
) -> None:
    lines = [
        json.dumps({"text": f"Article du mois {month} de {2000 + year}", "date": date})
        for year in range(years)
        for month in months
        for date in (f"{2000 + year}-{month:02}",)
    ]
    seeds(tmp_path / "w", "add", "-", "--format", "jsonl", data="\n".join(lines).encode())
    words = [line.split() for line in seeds(tmp_path / "w", "stats").stdout.splitlines()]
    start = next(n for n, line in enumerate(words) if line[:1] == [period])
    shown = [words[start][1:], *words[start + 1 : start + len(rows)]]
    assert {name: int(count) for name, count in shown} == rows
    assert words[start + len(rows)] == []
    counts = json.loads(seeds(tmp_path / "w", "stats", "--format", "json").stdout)
    assert len(counts["month"]) == years * len(months)


@pytest.mark.parametrize("command", ["list", "stats"])
def test_an_empty_workspace_says_how_to_fill_it(tmp_path: Path, command: str) -> None:
    result = seeds(tmp_path / "w", command)
    assert result.returncode == 1
    assert "classify seeds add" in result.stderr


def test_the_five_real_articles_are_added(tmp_path: Path) -> None:
    if not REAL.is_dir():
        pytest.skip(f"the real articles are not beside the checkout ({REAL})")
    result = seeds(tmp_path / "w", "add", REAL)
    assert result.stderr == "5 articles read: 5 new, 0 already there\n"
    records = documents(tmp_path / "w")
    assert [record["date"] for record in records] == [
        "2020-11",
        "2025-08",
        "",
        "2019-09",
        "2018-11-30",
    ]
    assert [record["language"] for record in records] == ["fr", "fr", "fr", "fr", "fr+zh"]


# ---------------------------------------------------------------- the terminal


def test_progress_draws_a_bar_on_a_terminal(tmp_path: Path, articles: Path) -> None:
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "classify", "seeds", "add", "--workspace", tmp_path / "w"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm"}
    shown = b""
    with subprocess.Popen([*command, articles], stderr=theirs, env=environment):
        os.close(theirs)
        with contextlib.suppress(OSError):  # Linux: the terminal is gone once the command ended
            while piece := os.read(ours, 4096):
                shown += piece
    os.close(ours)
    assert b"Reading" in shown
    assert b"\x1b[" in shown
    assert b"3 articles read" in shown
