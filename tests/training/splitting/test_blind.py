"""Which articles are labelled without a suggestion."""

from dataclasses import replace

from seeds.document import Document
from training.splitting.blind import find_blind_ids
from training.splitting.split import Split

LEARNED, TESTED, NEW, OTHER = (Document.of(f"Article {n}.") for n in range(4))
SPLIT = Split("stratified", (LEARNED.id,), (TESTED.id,))


def test_test_articles_are_blind_even_if_the_workspace_has_lost_them() -> None:
    assert find_blind_ids(SPLIT, []) == {TESTED.id}
    assert find_blind_ids(SPLIT, [LEARNED, TESTED, NEW]) == {TESTED.id}


def test_near_duplicates_of_test_articles_are_blind_whichever_names_the_group() -> None:
    twin = replace(NEW, group=TESTED.id)
    assert find_blind_ids(SPLIT, [LEARNED, TESTED, twin]) == {TESTED.id, twin.id}
    tested = replace(TESTED, group=NEW.id)
    third = replace(OTHER, group=NEW.id)
    assert find_blind_ids(SPLIT, [tested, NEW, third]) == {TESTED.id, NEW.id, OTHER.id}


def test_what_is_learned_from_is_never_blind() -> None:
    learned = replace(LEARNED, group=TESTED.id)
    assert find_blind_ids(SPLIT, [learned, TESTED]) == {TESTED.id}


def test_by_date_what_may_be_as_new_as_the_test_set_is_blind() -> None:
    split = Split("date", (LEARNED.id,), (TESTED.id,), since="2021-04-10")
    dated = {
        date: Document.of(f"Du {date}.", date=date)
        for date in ("2021-04-09", "2021-04-10", "2021-04", "2021-03", "2022", "2020")
    }
    blind = find_blind_ids(split, [LEARNED, TESTED, NEW, *dated.values()])
    expected = {dated[date].id for date in ("2021-04-10", "2021-04", "2022")}
    assert blind == {TESTED.id, *expected}
    twin = Document.of("Une reprise.", date="2022", group=LEARNED.id)
    assert twin.id not in find_blind_ids(split, [LEARNED, twin])
