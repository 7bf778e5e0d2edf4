"""Operations on categories: the taxonomy after each, and what none of them may do."""

import tomllib

import pytest

from labels.migration.operation import Operation, Target, map_names
from labels.migration.toml_text import rewrite_taxonomy
from labels.taxonomy import Category, Guideline, Taxonomy
from seeds.base.errors import InputError
from seeds.base.settings import parse

NOW = "2026-11-28T10:00:00+00:00"
TEXT = """\
# The desk's categories.
version = "1"
choice = "multiple"  # several

# About films.
[[categories]]
id = "film"   # never changed
fr = "Film"
en = "Film"
hotkey = "1"
guideline.fr = "Les films."

# Everything staged.
[[categories]]
id = 'stage'
fr = "Scène"
en = "Stage"
hotkey = "2"

[[categories]]
id = "sport"
fr = "Sport"
en = "Sport"
"""
OLD = parse(tomllib.loads(TEXT), Taxonomy, "text")


def category(name: str, **fields: str) -> Category:
    return Category(id=name, fr=name, en=name, **fields)


def names(operation: Operation) -> list[str]:
    return list(operation.apply(OLD, NOW).ids)


def test_a_renamed_category_keeps_its_place_and_what_is_not_named() -> None:
    renamed = Operation("rename", ("stage",), (Target("theatre", "Théâtre", "Theatre"),))
    changed = renamed.apply(OLD, NOW)
    assert changed.categories[1] == Category(id="theatre", fr="Théâtre", en="Theatre", hotkey="2")
    assert changed.categories[0] == OLD.categories[0]
    only_id = Operation("rename", ("film",), (Target("cinema"),)).apply(OLD, NOW)
    assert only_id.categories[0] == Category(
        id="cinema", fr="Film", en="Film", hotkey="1", guideline=Guideline(fr="Les films.")
    )


def test_merged_categories_become_one_new_or_one_that_is_there() -> None:
    assert names(Operation("merge", ("film", "stage"), (Target("arts"),))) == ["arts", "sport"]
    assert names(Operation("merge", ("film",), (Target("stage"),))) == ["stage", "sport"]
    assert names(Operation("merge", ("film", "sport"), (Target("film"),))) == ["film", "stage"]
    into = Operation("merge", ("film", "sport"), (Target("film"),))
    assert into.mapping == {"sport": "film"}
    assert map_names(["sport", "stage", "film"], into.mapping) == ("film", "stage")


def test_a_merged_category_was_asked_for_since_the_last_of_its_parts() -> None:
    taxonomy = Taxonomy("1", "multiple", (category("a"), category("b", added=NOW)))
    (joined,) = Operation("merge", ("a", "b"), (Target("c"),)).apply(taxonomy, NOW).categories
    assert joined.added == NOW


def test_the_parts_of_a_split_stand_in_its_place_and_are_new() -> None:
    split = Operation(
        "split", ("stage",), (Target("theatre", "Théâtre", "Theatre"), Target("dance"))
    )
    changed = split.apply(OLD, NOW)
    assert changed.ids == ("film", "theatre", "dance", "sport")
    assert changed.retired == ("stage",)
    assert changed.categories[1] == Category(
        id="theatre", fr="Théâtre", en="Theatre", hotkey="2", added=NOW, split_from="stage"
    )


def test_what_is_retired_is_remembered_and_what_is_added_has_its_time() -> None:
    changed = Operation("retire", ("film",)).apply(OLD, NOW)
    assert (changed.ids, changed.retired) == (("stage", "sport"), ("film",))
    added = Operation("add", (), (Target("music"),)).apply(OLD, NOW)
    assert added.ids == ("film", "stage", "sport", "music")
    assert added.categories[3].added == NOW


@pytest.mark.parametrize(
    ("operation", "words"),
    [
        (Operation("rename", ("flim",), (Target("cinema"),)), "Did you mean 'film'?"),
        (Operation("rename", ("film",), (Target("sport"),)), "migrate merge film --into sport"),
        (Operation("rename", ("film",), (Target("Film !"),)), "must be lower-case letters"),
        (Operation("merge", ("film", "film"), (Target("arts"),)), "named twice"),
        (Operation("merge", ("film",), (Target("arts"),)), "nothing to join"),
        (Operation("split", ("film",), (Target("long"),)), "two new categories or more"),
        (Operation("split", ("film",), (Target("film"), Target("tv"))), "need new ids"),
        (Operation("split", ("film",), (Target("sport"), Target("tv"))), "a category already"),
        (Operation("retire", ("film", "stage", "sport")), "no category would be left"),
        (Operation("add", (), (Target("sport"),)), "a category already"),
    ],
)
def test_what_cannot_be_done_says_what_to_do(operation: Operation, words: str) -> None:
    with pytest.raises(InputError) as error:
        operation.apply(OLD, NOW)
    assert words in str(error.value)


def test_an_id_that_was_retired_is_never_used_again() -> None:
    retired = Operation("retire", ("film",)).apply(OLD, NOW)
    with pytest.raises(InputError, match="never reused"):
        Operation("add", (), (Target("film"),)).apply(retired, NOW)


def test_targets_are_written_with_their_names() -> None:
    assert Target.parse("arts") == Target("arts")
    assert Target.parse("arts=Les arts") == Target("arts", "Les arts", "Les arts")
    assert Target.parse(" arts = Les arts / The arts ") == Target("arts", "Les arts", "The arts")


@pytest.mark.parametrize(
    ("operation", "origins", "kept", "lost"),
    [
        (
            Operation("rename", ("film",), (Target("cinema", "Cinéma", "Cinema"),)),
            {"cinema": "film"},
            [
                "# The desk's categories.",
                "# several",
                "# About films.",
                "# never changed",
                "# Everything staged.",
                'id = "cinema"   # never changed',
            ],
            ['"film"'],
        ),
        (
            Operation("merge", ("film", "stage"), (Target("arts"),)),
            {"arts": "film"},
            ["# About films.", "# never changed", "# several"],
            ["# Everything staged."],
        ),
        (
            Operation("retire", ("stage",)),
            {},
            ['retired = ["stage"]', "# About films.", "# several"],
            ["# Everything staged."],
        ),
        (
            Operation("split", ("film",), (Target("long"), Target("short"))),
            {},
            ["# Everything staged.", 'split_from = "film"', f'added = "{NOW}"'],
            ["# About films."],
        ),
        (
            Operation("add", (), (Target("music"),)),
            {},
            ["# About films.", "# Everything staged.", 'id = "music"'],
            [],
        ),
    ],
)
def test_the_file_is_rewritten_with_the_comments_of_what_stays(
    operation: Operation, origins: dict[str, str], kept: list[str], lost: list[str]
) -> None:
    changed = operation.apply(OLD, NOW)
    text = rewrite_taxonomy(TEXT, changed, origins)
    assert parse(tomllib.loads(text), Taxonomy, "text") == changed
    assert [part for part in kept if part not in text] == []
    assert [part for part in lost if part in text] == []


def test_a_second_retirement_joins_the_list() -> None:
    first = Operation("retire", ("stage",)).apply(OLD, NOW)
    text = rewrite_taxonomy(TEXT, first, {})
    second = Operation("retire", ("film",)).apply(first, NOW)
    assert 'retired = ["stage", "film"]' in rewrite_taxonomy(text, second, {})


def test_a_file_with_its_categories_in_a_line_is_rewritten_too() -> None:
    text = (
        'version = "1"\nchoice = "multiple"  # so\ncategories = [{id = "a", fr = "A", en = "A"}, '
        '{id = "b", fr = "B", en = "B"}]\n'
    )
    old = parse(tomllib.loads(text), Taxonomy, "text")
    changed = Operation("retire", ("a",)).apply(old, NOW)
    rewritten = rewrite_taxonomy(text, changed, {})
    assert parse(tomllib.loads(rewritten), Taxonomy, "text") == changed
    assert "# so" in rewritten
