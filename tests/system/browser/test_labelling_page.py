"""The labelling page as annotators meet it: rules, keys, doubts and tabs, in a real browser."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, expect

from tests.support.annotating import log_in, send
from tests.support.label_studio import LabelStudio
from tests.support.newsroom import PASSWORD, Newsroom
from tests.support.waiting import wait_until

expect.set_options(timeout=60_000)  # ms; a page is there in 2 s on an idle machine
WIDE, SMALL = {"width": 1440, "height": 900}, {"width": 1024, "height": 700}
# The keys of a French keyboard: what they type, where they lie, and Windows' number of them.
FRENCH = {"a": ("KeyQ", 65), "z": ("KeyW", 90), "q": ("KeyA", 81), "h": ("KeyH", 72)}
TITLES = ["À annoter", "À arbitrer", "Passés", "Hésitants", "Commentés", "Tous"]


@pytest.fixture
def newsroom(label_studio: LabelStudio, tmp_path: Path) -> Newsroom:
    room = Newsroom(label_studio, tmp_path / "workspace")
    settings = room.folder / "labelstudio.toml"
    text = settings.read_text(encoding="utf-8")
    settings.write_text(text.replace('keyboard = "digits"', 'keyboard = "azerty"'), "utf-8")
    return room


@pytest.fixture
def lea(chromium: Browser, newsroom: Newsroom) -> Iterator[Page]:
    """The browser of an annotator who was invited and has logged in."""
    newsroom.annotator("lea")
    page = log_in(chromium, newsroom.studio.server.url, "lea@classify.localhost", PASSWORD)
    page.set_viewport_size(WIDE)
    yield page
    page.context.close()


def add_articles(newsroom: Newsroom) -> None:
    """Add three articles of an outlet, in a file whose name gives their topic away."""
    rows = [
        {
            "title": f"Titre {n}",
            "text": f"Un ministre ouvre le salon numéro {n}. " * 30,
            "source": "https://www.journal.example/sport/finale.html",
            "date": "2024-05-17",
        }
        for n in range(3)
    ]
    file = newsroom.folder.parent / "sport.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    newsroom.check_run("seeds", "add", file)


def box(page: Page, name: str) -> Locator:
    return page.locator("label", has_text=name).get_by_role("checkbox")


def press_french(page: Page, key: str, name: str) -> None:
    """Press a key as a French keyboard sends it, until its box is ticked.

    The page ignores keys in its first quarter of a second.
    """
    code, number = FRENCH[key]
    session = page.context.new_cdp_session(page)

    def is_ticked() -> bool:
        for kind, extra in (("keyDown", {"text": key}), ("keyUp", {})):
            fields: dict[str, Any] = {"type": kind, "key": key, "code": code, **extra}
            session.send("Input.dispatchKeyEvent", {**fields, "windowsVirtualKeyCode": number})
        page.wait_for_timeout(400)
        return box(page, name).is_checked()

    wait_until(is_ticked, what=f"{key} ticks {name}")


def overlaps(rule: Locator, label: Locator) -> bool:
    one, other = rule.bounding_box(), label.bounding_box()
    assert one
    assert other
    return (
        one["x"] < other["x"] + other["width"]
        and other["x"] < one["x"] + one["width"]
        and one["y"] < other["y"] + other["height"]
        and other["y"] < one["y"] + one["height"]
    )


def test_an_annotator_reads_rules_beside_ticks_with_french_keys_and_may_be_unsure(
    newsroom: Newsroom, lea: Page
) -> None:
    add_articles(newsroom)
    newsroom.check_run("labels", "push")
    lea.goto(f"/projects/{newsroom.project}/data?labeling=1")
    panel = lea.locator(".press-panel")
    panel.wait_for(timeout=60_000)
    expect(lea.get_by_role("dialog")).to_have_count(0)  # the guide covers nothing
    expect(lea.locator(".press-facts")).to_have_text("journal.example2024-05-17")
    assert "finale" not in lea.locator(".press-frame").inner_text()

    general = lea.locator(".press-general")
    expect(general).to_contain_text("Cochez chaque catégorie")
    for size in (WIDE, SMALL):
        lea.set_viewport_size(size)
        row = lea.locator(".press-category", has=lea.locator("label", has_text="Patrimoine"))
        row.locator("label").hover()
        rule = row.locator(".press-rule")
        expect(rule).to_contain_text("Monuments, sites classés")
        expect(rule).to_contain_text("Bibliothèque et musée")
        expect(rule).to_be_in_viewport(ratio=1)
        expect(general).to_be_hidden()
        labels = panel.locator("label").all()
        assert len(labels) == 17
        assert not [label.inner_text() for label in labels if overlaps(rule, label)]
        expect(lea.get_by_placeholder("Remarque (facultatif)")).to_be_in_viewport(ratio=1)
        assert faults(lea) == []
    lea.mouse.move(5, 400)
    expect(general).to_be_visible()
    box(lea, "Sport").focus()
    expect(lea.get_by_text("Pas une image sportive")).to_be_visible()
    lea.evaluate("document.activeElement.blur()")

    press_french(lea, "a", "Cinéma")
    press_french(lea, "z", "Médias")
    press_french(lea, "q", "Éducation")
    send(lea, "submit")
    expect(box(lea, "Éducation")).not_to_be_checked()  # the next article
    press_french(lea, "a", "Cinéma")
    press_french(lea, "h", "Hésitant")
    send(lea, "submit")
    expect(box(lea, "Hésitant")).not_to_be_checked()
    send(lea, "skip")

    newsroom.check_run("labels", "pull")
    answers = [
        (record["status"], record["categories"], record["unsure"])
        for record in newsroom.records("annotations.jsonl")
    ]
    assert sorted(answers) == [
        ("skipped", [], False),
        ("submitted", ["cinema"], True),
        ("submitted", ["cinema", "audiovisual", "education"], False),
    ]
    lea.set_viewport_size(WIDE)
    lea.goto(f"/projects/{newsroom.project}/data")
    tab = lea.get_by_text("Hésitants")
    tab.wait_for(timeout=60_000)
    for title in TITLES:
        expect(lea.get_by_text(title, exact=True)).to_be_visible()
    tab.click()
    expect(lea.get_by_text("Tasks: 1 / 3")).to_be_visible(timeout=60_000)
    expect(lea.get_by_text("journal.example")).to_be_visible()


def faults(page: Page) -> list[str]:
    """Return what axe-core finds in the part of the page that is ours."""
    answer = Axe().run(page, context=".press-frame", options={"resultTypes": ["violations"]})
    violations: list[dict[str, Any]] = answer.response["violations"]
    return [f"{v['id']}: {node['target']}" for v in violations for node in v["nodes"]]


def test_tabs_follow_the_workspace_and_leave_what_people_made(newsroom: Newsroom) -> None:
    add_articles(newsroom)
    newsroom.check_run("labels", "push")
    tabs = read_tabs(newsroom)
    assert list(tabs) == TITLES
    assert [count(newsroom, tab) for tab in tabs.values()] == [3, 0, 0, 0, 0, 3]

    articles = [record["id"] for record in newsroom.records("documents.jsonl")]
    lea, max_ = newsroom.annotator("lea"), newsroom.annotator("max")
    newsroom.annotate(lea, articles[0], "cinema")
    newsroom.annotate(max_, articles[0], "sport")
    newsroom.annotate(lea, articles[1], was_cancelled=True)
    remark = {"from_name": "comment", "to_name": "text", "type": "textarea"}
    newsroom.annotate(lea, articles[2], result=[{**remark, "value": {"text": ["à revoir"]}}])
    skipped, everything = tabs["Passés"], tabs["Tous"]
    theirs = {**skipped["data"], "filters": everything["data"]["filters"]}
    ours = {**tabs["Commentés"]["data"], "columnsWidth": {"tasks:data.title": 500}}
    for tab, data in ((skipped, theirs), (tabs["Commentés"], ours)):
        body = {"data": data, "project": newsroom.project}
        newsroom.web.patch(f"/api/dm/views/{tab['id']}/", json=body).raise_for_status()
    newsroom.web.delete(f"/api/dm/views/{everything['id']}/").raise_for_status()

    newsroom.check_run("labels", "pull")
    tabs = read_tabs(newsroom)
    assert list(tabs) == TITLES[:-1], "a pull creates no tab"
    assert [count(newsroom, tab) for tab in tabs.values()] == [2, 1, 3, 0, 1]
    settings = newsroom.folder / "labelstudio.toml"
    text = settings.read_text(encoding="utf-8")
    settings.write_text(text.replace('language = "fr"', 'language = "en"'), encoding="utf-8")
    newsroom.check_run("labels", "push")
    tabs = read_tabs(newsroom)
    assert set(tabs) == {
        *("To annotate", "To adjudicate", "Unsure", "Commented", "All"),
        *("Passés", "Skipped"),
    }
    assert tabs["Passés"]["data"] == theirs
    assert tabs["Commented"]["data"]["columnsWidth"] == {"tasks:data.title": 500}


def read_tabs(newsroom: Newsroom) -> dict[str, dict[str, Any]]:
    """Return the tabs of the project by title, in their order."""
    views = newsroom.web.get("/api/dm/views/", params={"project": newsroom.project}).json()
    return {view["data"]["title"]: view for view in views}


def count(newsroom: Newsroom, tab: dict[str, Any]) -> int:
    """Return how many articles a tab shows."""
    answer = newsroom.web.get("/api/tasks", params={"view": tab["id"], "fields": "task_only"})
    return int(answer.json()["total"])
