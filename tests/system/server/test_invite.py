"""Annotators join by the links that `classify labels invite` prints, in a real browser."""

import re
from pathlib import Path

from playwright.sync_api import Browser, expect

from tests.support.annotating import send
from tests.support.corpus import taxonomy, write_taxonomy
from tests.support.label_studio import LabelStudio
from tests.support.newsroom import PASSWORD, Newsroom

JO = "jo@classify.localhost"


def test_who_gets_the_links_signs_up_and_annotates(
    label_studio: LabelStudio, chromium: Browser, tmp_path: Path
) -> None:
    newsroom = Newsroom(label_studio, tmp_path / "workspace")
    write_taxonomy(newsroom.folder, taxonomy())
    refused = newsroom.run("labels", "invite")
    assert refused.returncode == 1
    assert "classify labels push" in refused.stderr
    (article,) = newsroom.add("Le festival ouvre mardi.")
    newsroom.check_run("labels", "push")
    printed = newsroom.check_run("labels", "invite")
    join, stream = re.findall(r"^\w+:\s+(http\S+)$", printed.stdout, re.MULTILINE)
    assert "delete the project" in printed.stderr
    page = chromium.new_context().new_page()
    page.goto(join)
    page.fill("input[name=email]", JO)
    page.fill("input[name=password]", PASSWORD)
    page.click("button[type=submit]")
    page.wait_for_url(lambda url: "signup" not in url)
    page.goto(stream)
    expect(page.locator(".press-text")).to_contain_text("Le festival ouvre mardi.", timeout=30_000)
    page.get_by_role("checkbox").first.click()
    send(page, "submit")
    page.context.close()
    newsroom.check_run("labels", "pull")
    (vote,) = newsroom.records("annotations.jsonl")
    assert (vote["document_id"], vote["annotator"], vote["status"]) == (article, JO, "submitted")
    assert len(vote["categories"]) == 1
