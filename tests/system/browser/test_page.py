"""The page at / as people use it, with a real service and a real Chromium."""

import gzip
import json
import re
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, Route, expect

from classify.serving.http import schemas
from tests.support.browser import CHROMIUM, chromium_program
from tests.support.command import classify
from tests.support.corpus import WORDS, workspace
from tests.support.serving import Service, serving
from tests.support.waiting import wait_until

pytestmark = pytest.mark.browser

PHONE, DESK = 390, 1280  # px
LOCALES = {"fr": "fr-FR", "en": "en-GB"}
KEY = "une-clef-de-test-0123456789"
CINEMA = "Le film du festival : un réalisateur, un acteur, un tournage, une projection sur écran."
TRADE = "La douane et le tarif d'export : un conteneur, une cargaison, un port, un accord."
SPORT = "Le match au stade : une équipe, un entraîneur, un athlète, un arbitre, une victoire."
BOTH = f"{CINEMA}\n\n{TRADE}"
HOSTILE = "<script>window.ran = 1</script><img src=x onerror='window.ran = 1'>\u202e & fin"
SHOWN = HOSTILE.replace("\u202e", "⟨U+202E⟩")
TABLE = [CINEMA, TRADE, SPORT]


@pytest.fixture(scope="module")
def service(desk: Path) -> Iterator[Service]:
    with serving(desk, "--max-body", "200kB") as started:
        yield started


@pytest.fixture(scope="module")
def guarded(desk: Path) -> Iterator[Service]:
    """A service that requires a key."""
    with serving(desk, key=KEY) as started:
        yield started


class Visitor:
    """A person with a browser of their own, which records what the page does.

    errors: of the console and the page. urls: of the requests. bodies: of the requests.
    """

    def __init__(
        self, browser: Browser, url: str, width: int, scheme: str, language: str, scripts: bool
    ) -> None:
        self.context = browser.new_context(
            viewport={"width": width, "height": 900},
            color_scheme=scheme,  # type: ignore[arg-type]
            locale=LOCALES[language],
            java_script_enabled=scripts,
            reduced_motion="reduce",  # nothing is measured while it scrolls
        )
        self.context.set_default_timeout(30_000)
        self.url, self.width = url, width
        self.errors: list[str] = []
        self.urls: list[str] = []
        self.bodies: list[bytes] = []
        self.context.on("console", lambda each: self.errors.append(each.text))
        self.context.on("weberror", lambda each: self.errors.append(str(each.error)))
        self.context.on("request", lambda each: self.urls.append(each.url))
        self.context.on("request", lambda each: self.bodies.append(each.post_data_buffer or b""))
        self.page = self.open_page()

    def open_page(self) -> Page:
        """Open the page in a new tab, and return it."""
        page = self.context.new_page()
        page.goto(self.url)
        ready = page.locator("#run:not(:empty), #key-dialog[open], noscript p")
        ready.first.wait_for()
        return page

    def part(self, name: str) -> Locator:
        """Return the part of the page with an id."""
        return self.page.locator(f"#{name}")

    def classify(self, text: str) -> None:
        """Enter an article and classify it."""
        self.part("text").fill(text)
        self.part("send").click()
        expect(self.part("marked")).to_have_text(text.replace("\u202e", "⟨U+202E⟩"))

    def choose_file(self, name: str, content: str | bytes) -> None:
        """Send a file with the button."""
        data = content.encode() if isinstance(content, str) else content
        with self.page.expect_file_chooser() as chooser:
            self.part("pick").click()
        chooser.value.set_files({"name": name, "mimeType": "", "buffer": data})

    def marked_words(self, kind: str, least: int = 1) -> set[str]:
        """Return the words marked "for" or "against", at least with a level."""
        marked: set[str] = set()
        for level in range(least, 4):
            marked.update(self.page.locator(f"#marked mark.{kind}.l{level}").all_inner_texts())
        return marked

    def titles(self) -> list[str]:
        """Return the titles of the recent articles."""
        return self.page.locator("#recents b").all_inner_texts()

    def focus(self) -> str:
        """Return the id, else the value or the tag, of the element with the focus."""
        script = "e => e.id || e.value || e.className || e.tagName"
        return str(self.page.evaluate(f"({script})(document.activeElement)"))

    def overflow(self) -> int:
        """Return the pixels by which the page is wider than the window."""
        return int(self.page.evaluate("document.documentElement.scrollWidth")) - self.width


@pytest.fixture
def visit(chromium: Browser) -> Iterator[Callable[..., Visitor]]:
    """Return a function that opens the page of a service in a new browser."""
    visitors: list[Visitor] = []

    def open_page(
        service: Service,
        *,
        width: int = DESK,
        scheme: str = "light",
        language: str = "fr",
        scripts: bool = True,
    ) -> Visitor:
        visitors.append(Visitor(chromium, service.url, width, scheme, language, scripts))
        return visitors[-1]

    yield open_page
    for visitor in visitors:
        visitor.context.close()


def csv(*texts: str) -> str:
    """Return a table of articles."""
    return "text\n" + "".join('"' + text.replace('"', '""') + '"\n' for text in texts)


def accessibility_faults(page: Page) -> list[str]:
    """Return the violations that axe-core finds, with their places."""
    violations: list[dict[str, Any]] = (
        Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    )
    return [
        f"{violation['id']}: {node['target']}"
        for violation in violations
        for node in violation["nodes"]
    ]


# ---------------------------------------------------------------- an article


@pytest.mark.parametrize("width", [PHONE, DESK])
def test_an_article_gets_categories_with_bars_and_its_words_are_marked_for_each(
    visit: Callable[..., Visitor], service: Service, width: int
) -> None:
    lea = visit(service, width=width)
    lea.classify(BOTH)
    (answer,) = service.predict(BOTH, all=True).json()["predictions"]
    assert set(answer["categories"]) == {"cinema", "trade"}
    names = [category.title() for category in answer["categories"]]
    expect(lea.part("names")).to_have_text(" et ".join(names))
    expect(lea.part("advice")).not_to_be_empty()
    for name in ("cinema", "trade"):
        row = lea.page.locator(".choice", has_text=name.title())
        expect(row).to_have_class("choice predicted")
        shown = re.search(r"(\d+(?:,\d)?)\s*%$", row.inner_text().strip())
        assert shown
        p = answer["probabilities"][name]
        assert float(shown[1].replace(",", ".")) / 100 == pytest.approx(p, abs=0.0051)
        bar, track = (row.locator(f"rect.{shape}").bounding_box() for shape in ("fill", "track"))
        assert bar
        assert track
        assert bar["width"] / track["width"] == pytest.approx(p, abs=0.01)
    for name in ("cinema", "trade", "cinema"):
        lea.page.get_by_role("radio", name=name.title()).check()
        expect(lea.part("why-title")).to_have_text(
            f"Ce qui a compté pour «\u00a0{name.title()}\u00a0»"
        )
        strong = lea.marked_words("for", least=2)
        assert strong
        assert strong <= set(WORDS[name])
        expect(lea.page.locator("#for mark").first).to_have_text(re.compile("|".join(strong)))
        assert not lea.marked_words("against") & set(WORDS[name])
    assert lea.overflow() <= 0
    assert lea.errors == []
    assert {urlsplit(url).netloc for url in lea.urls} == {urlsplit(service.url).netloc}


def test_the_decision_is_that_of_the_service(
    visit: Callable[..., Visitor], service: Service
) -> None:
    lea = visit(service)
    appearance = {
        "accepted": ("decision accepted", "assez sûr"),
        "needs review": ("decision review", "À relire"),
        "none": ("decision none", "aucune catégorie ne s’applique"),
    }
    decisions = set()
    for text in (CINEMA, BOTH, "zzz", "Une semaine dans la ville."):
        (answer,) = service.predict(text).json()["predictions"]
        lea.classify(text)
        css, words = appearance[answer["decision"]]
        expect(lea.part("decision")).to_have_class(css)
        expect(lea.part("advice")).to_contain_text(words)
        decisions.add(answer["decision"])
    assert len(decisions) > 1


def test_all_categories_are_shown_when_asked_for(
    visit: Callable[..., Visitor], service: Service
) -> None:
    lea = visit(service)
    lea.classify(CINEMA)
    rows = lea.page.locator(".choice:visible")
    count = rows.count()
    assert count < 3
    lea.part("more").click()
    expect(rows).to_have_count(3)
    lea.part("more").click()
    expect(rows).to_have_count(count)


def test_the_result_stands_beside_the_form_on_a_desk_and_under_it_on_a_phone(
    visit: Callable[..., Visitor], service: Service
) -> None:
    for width in (DESK, PHONE):
        lea = visit(service, width=width)
        lea.classify(BOTH)
        form, result, recent = (
            lea.part(name).bounding_box() for name in ("form", "result", "recent")
        )
        assert form
        assert result
        assert recent
        assert recent["y"] >= form["y"] + form["height"]
        if width == DESK:
            assert result["x"] >= form["x"] + form["width"]
            assert result["y"] == pytest.approx(form["y"], abs=1)
            assert recent["y"] < result["y"] + result["height"]
        else:
            assert result["y"] >= form["y"] + form["height"] + 16
            assert recent["y"] >= result["y"] + result["height"]
            assert 0 <= result["y"] < 100  # scrolled to, without a finger
            lea.page.locator("#recents button").click()  # from far below
            expect(lea.part("names")).to_be_in_viewport()


def test_a_word_without_end_does_not_widen_a_phone(
    visit: Callable[..., Visitor], service: Service
) -> None:
    lea = visit(service, width=320)
    word = "film" * 100
    lea.classify(f"{word} {CINEMA}")
    assert lea.overflow() <= 0
    lea.choose_file(f"{word}.csv", csv(f"{word} {CINEMA}", f"{word} {TRADE}", "NaN"))
    expect(lea.part("article")).to_be_visible()
    lea.part("rejected").click()
    assert lea.overflow() <= 0


def test_the_example_is_classified_at_once(visit: Callable[..., Visitor], service: Service) -> None:
    lea = visit(service)
    lea.part("example").click()
    expect(lea.part("marked")).to_contain_text("Dakar et Rabat tourneront leurs films ensemble")
    expect(lea.part("example")).to_be_hidden()
    lea.part("clear").click()
    expect(lea.part("text")).to_have_value("")
    expect(lea.part("text")).to_be_focused()
    expect(lea.part("answer")).to_be_hidden()
    expect(lea.part("empty")).to_be_visible()


@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_word_of_the_page_is_in_the_language_that_is_chosen(
    visit: Callable[..., Visitor], service: Service, language: str
) -> None:
    """At first the browser's, then the one that was chosen."""
    lea = visit(service, language=language)
    expected = {
        "fr": ("De quoi parle cet article\u202f?", "Cinema", "Pour"),
        "en": ("What is this article about?", "cinema (en)", "For"),
    }
    other_language = "en" if language == "fr" else "fr"
    lea.classify(CINEMA)
    texts_seen = {}
    for chosen in (language, other_language):
        lea.part(chosen).click()
        title, name, pro = expected[chosen]
        expect(lea.page.locator("html")).to_have_attribute("lang", chosen)
        expect(lea.page.get_by_role("heading", level=1)).to_have_text(title)
        assert lea.page.title() == f"{title} · classify"
        expect(lea.part("names")).to_have_text(name)
        expect(lea.page.locator("#word-lists dt").first).to_have_text(pro)
        texts = lea.page.locator(
            "[data-text], #advice, #method, #more, #run, #count"
        ).all_text_contents()
        assert all(texts)
        assert not [text for text in texts if "undefined" in text or "=>" in text]
        texts_seen[chosen] = texts
    alike = [a for a, b in zip(*texts_seen.values(), strict=True) if a == b]
    assert set(alike) <= {"Article"}
    lea.page.reload()
    expect(lea.page.get_by_role("heading", level=1)).to_have_text(expected[other_language][0])


def test_both_languages_say_the_same_things(
    visit: Callable[..., Visitor], service: Service
) -> None:
    """Each entry is a text, or a function, in both."""
    shapes = visit(service).page.evaluate("""async () => {
        const shape = (text) => typeof text !== "object" ? typeof text
            : Object.fromEntries(Object.entries(text).map(([key, part]) => [key, shape(part)]));
        const { FRENCH } = await import("/french.js");
        const { ENGLISH } = await import("/english.js");
        return [shape(FRENCH), shape(ENGLISH)];
    }""")
    assert shapes[0] == shapes[1]
    assert shapes[0]["errors"]["413"] == "string"


def test_without_scripts_the_page_says_what_it_needs_and_nothing_else(
    visit: Callable[..., Visitor], service: Service
) -> None:
    lea = visit(service, scripts=False)
    expect(lea.page.locator("noscript p")).to_be_visible()
    expect(lea.page.locator("noscript p")).to_contain_text("This page needs JavaScript.")
    expect(lea.part("form")).to_be_hidden()


# ---------------------------------------------------------------- everybody can use it


@pytest.mark.parametrize(
    ("width", "scheme", "language"),
    [(DESK, "light", "fr"), (DESK, "dark", "en"), (PHONE, "light", "en"), (PHONE, "dark", "fr")],
)
def test_axe_finds_no_violation_whatever_the_page_shows(
    visit: Callable[..., Visitor],
    service: Service,
    guarded: Service,
    width: int,
    scheme: str,
    language: str,
) -> None:
    """At first, with an answer, with the answers of a file, an error, and the key dialog."""
    lea = visit(service, width=width, scheme=scheme, language=language)
    assert accessibility_faults(lea.page) == []
    lea.classify(BOTH)
    lea.part("more").click()
    lea.page.get_by_role("radio").nth(1).check()
    assert accessibility_faults(lea.page) == []
    lea.choose_file("day.csv", csv(*TABLE, "NaN"))
    expect(lea.part("article")).to_be_visible()
    lea.part("rejected").click()
    assert accessibility_faults(lea.page) == []
    lea.part("text").fill("long " * 50_000)
    lea.part("send").click()
    expect(lea.part("error").locator(".detail")).to_contain_text("200,000 bytes")
    assert accessibility_faults(lea.page) == []
    zoe = visit(guarded, width=width, scheme=scheme, language=language)
    zoe.part("key").fill("not the key")
    zoe.page.keyboard.press("Enter")
    expect(zoe.part("key-wrong")).not_to_be_empty()
    assert accessibility_faults(zoe.page) == []


def test_everything_works_from_the_keyboard_and_in_order(
    visit: Callable[..., Visitor], service: Service
) -> None:
    lea = visit(service)
    press = lea.page.keyboard.press

    def tabs(count: int) -> list[str]:
        focused = []
        for _ in range(count):
            press("Tab")
            focused.append(lea.focus())
        return focused

    assert tabs(7) == ["skip", "fr", "en", "example", "text", "send", "pick"]
    for _ in range(2):
        press("Shift+Tab")
    lea.page.keyboard.insert_text(BOTH)
    press("Control+Enter")
    expect(lea.part("names")).to_contain_text("Cinema")
    assert lea.focus() == "text"
    first_category, second = (
        row.get_attribute("value") for row in lea.page.get_by_role("radio").all()[:2]
    )
    assert tabs(4) == ["send", "pick", first_category, "more"]
    press("Shift+Tab")
    press("ArrowDown")
    assert lea.focus() == second
    expect(lea.part("why-title")).to_contain_text(str(second).title())
    assert lea.marked_words("for", least=3) <= set(WORDS[str(second)])
    press("ArrowUp")
    expect(lea.part("why-title")).to_contain_text(str(first_category).title())
    press("Tab")
    press("Enter")
    expect(lea.page.get_by_role("radio")).to_have_count(3)
    assert tabs(1) == ["forget"]
    press("Tab")
    press("Enter")  # the recent article
    expect(lea.part("result")).to_be_focused()
    expect(lea.part("names")).to_contain_text("Cinema")


def test_the_skip_link_leads_to_the_result(visit: Callable[..., Visitor], service: Service) -> None:
    lea = visit(service)
    lea.page.keyboard.press("Tab")
    skip = lea.page.get_by_role("link", name="Aller au résultat")
    expect(skip).to_be_in_viewport(ratio=1)
    lea.page.keyboard.press("Enter")
    expect(lea.part("result")).to_be_focused()


def test_a_screen_reader_is_told_the_result_and_each_category_with_its_probability(
    visit: Callable[..., Visitor], service: Service
) -> None:
    lea = visit(service)
    lea.classify(CINEMA)
    expect(lea.page.get_by_role("status")).to_contain_text("Résultat\u00a0: Cinema.")
    name = re.compile(r"^Cinema ?, retenue.*\d\s*%$")
    expect(lea.page.get_by_role("radio", name=name)).to_be_checked()
    lea.part("clear").click()
    lea.part("send").click()
    expect(lea.page.get_by_role("alert")).to_have_text("Collez d’abord un article.")


# ---------------------------------------------------------------- files


def test_a_file_of_several_articles_is_answered_one_by_one(
    visit: Callable[..., Visitor], service: Service
) -> None:
    lea = visit(service)
    lea.choose_file("day.csv", csv(*TABLE, "NaN"))
    expect(lea.page.get_by_label("Les 3 articles de «\u00a0day.csv\u00a0»")).to_be_visible()
    options = lea.page.locator("#article option")
    for n, (name, text) in enumerate(zip(("Cinema", "Trade", "Sport"), TABLE, strict=True)):
        expect(options.nth(n)).to_have_text(f"{n + 1}. {name} — {text}")
        lea.part("article").select_option(str(n))
        expect(lea.part("names")).to_have_text(name)
        expect(lea.part("marked")).to_have_text(text)
    expect(lea.part("rejected")).to_contain_text("Un enregistrement")
    lea.part("rejected").click()
    expect(lea.part("rejects")).to_contain_text("day.csv:")
    assert lea.titles() == []
    assert lea.errors == []


def test_a_file_is_taken_where_it_is_dropped(
    visit: Callable[..., Visitor], service: Service
) -> None:
    """The text of a single article fills the field; several files at once are refused."""
    lea = visit(service)
    drop = """([text, ...names]) => {
        const carried = new DataTransfer();
        for (const name of names) carried.items.add(new File([text], name));
        const how = {dataTransfer: carried, bubbles: true, cancelable: true};
        for (const kind of ["dragenter", "dragover", "drop"]) {
            document.querySelector("h1").dispatchEvent(new DragEvent(kind, how));
        }
    }"""
    lea.page.evaluate(drop, [TRADE, "a.txt"])
    expect(lea.part("names")).to_have_text("Trade")
    expect(lea.part("text")).to_have_value(TRADE)
    assert lea.titles() == [TRADE]
    assert lea.errors == []
    lea.page.evaluate(drop, [TRADE, "a.txt", "b.txt"])
    expect(lea.page.get_by_role("alert")).to_contain_text("Un seul fichier à la fois")


def test_a_large_file_has_categories_without_words(
    visit: Callable[..., Visitor], service: Service
) -> None:
    """Titles tell its articles apart, and a draft in the field stays."""
    lea = visit(service)
    lea.part("text").fill("mon brouillon")
    lea.choose_file("year.csv", csv(*(f"{CINEMA} {n}" for n in range(20))))
    expect(lea.page.locator("#article option")).to_have_count(20)
    expect(lea.page.locator("#article option").nth(7)).to_have_text(f"8. Cinema — {CINEMA} 7")
    expect(lea.part("text")).to_have_value("mon brouillon")
    assert lea.errors == []
    expect(lea.part("names")).to_have_text("Cinema")
    expect(lea.part("method")).to_contain_text("16 articles au plus")
    expect(lea.part("marked")).to_be_hidden()


def test_a_file_of_as_many_articles_as_are_explained_has_words(
    visit: Callable[..., Visitor], service: Service
) -> None:
    lea = visit(service)
    lea.choose_file("day.csv", csv(*(f"{CINEMA} {n}" for n in range(schemas.EXPLAINED))))
    expect(lea.page.locator("#article option")).to_have_count(schemas.EXPLAINED)
    expect(lea.part("marked")).to_have_text(f"{CINEMA} 0")
    lea.choose_file("days.csv", csv(*(f"{CINEMA} {n}" for n in range(schemas.EXPLAINED + 1))))
    expect(lea.page.locator("#article option")).to_have_count(schemas.EXPLAINED + 1)
    expect(lea.part("marked")).to_be_hidden()
    assert lea.errors == []


def test_a_file_of_another_encoding_says_what_was_assumed(
    visit: Callable[..., Visitor], service: Service
) -> None:
    lea = visit(service)
    lea.choose_file(
        "a.txt", "Le réalisateur présente son film à l’écran du festival.".encode("cp1252")
    )
    expect(lea.part("note")).to_contain_text("Encodage supposé")
    expect(lea.part("note")).to_contain_text("cp1252")


def test_a_file_that_holds_no_article_says_why(
    visit: Callable[..., Visitor], service: Service
) -> None:
    lea = visit(service)
    lea.choose_file("a.txt", b"%PDF-1.7\n%\xe2")
    alert = lea.page.get_by_role("alert")
    expect(alert).to_contain_text("aucun article lisible")
    expect(alert).to_contain_text("a.txt\u00a0: C’est un document PDF, pas du texte.")
    lea.page.get_by_role("button", name="English").click()
    expect(alert).to_contain_text("a.txt: is a PDF document, not text.")


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.txt", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "C’est un ancien document Office"),
        ("a.txt", b"Le film \0\0\0 sort", "Ce n’est pas du texte"),
        ("a.json", b'[{"text": "Le film"}]', "C’est du JSON"),
        ("a.txt", b" \n ", "C’est vide"),
        ("a.txt.gz", gzip.compress(b"film " * 50_000), "C’est plus long que ne peut l’être un"),
        ("a.html", b"<p></p>", "On n’y trouve pas d’article"),
    ],
)
def test_a_fault_of_a_file_is_described_in_french(
    visit: Callable[..., Visitor], service: Service, name: str, content: bytes, said: str
) -> None:
    """The service itself answers in English."""
    lea = visit(service)
    lea.choose_file(name, content)
    expect(lea.page.get_by_role("alert")).to_contain_text(f"{name}\u00a0: {said}")


def test_columns_of_a_table_can_be_named(visit: Callable[..., Visitor], service: Service) -> None:
    lea = visit(service)
    table = f"prose;auteur\n{CINEMA.replace(',', ' ')};Léa\n{SPORT.replace(',', ' ')};Max\n"
    lea.choose_file("export.csv", table)
    alert = lea.page.get_by_role("alert")
    expect(alert).to_contain_text("elles s’appellent 'prose', 'auteur'")
    lea.page.get_by_label("Colonnes du texte").fill("prose")
    lea.page.get_by_role("button", name="Lire ces colonnes").click()
    expect(lea.page.locator("#article option")).to_have_count(2)
    expect(alert).to_be_hidden()
    expect(lea.part("names")).to_have_text("Cinema")
    assert lea.errors == []


# ---------------------------------------------------------------- what stays, and where


def test_a_browser_that_stores_nothing_shows_the_page_all_the_same(
    chromium: Browser, guarded: Service, tmp_path: Path
) -> None:
    """As with "block all cookies": the key and the recent articles last as long as the page."""
    blocked = {"profile": {"default_content_setting_values": {"cookies": 2}}}
    (tmp_path / "Default").mkdir()
    (tmp_path / "Default" / "Preferences").write_text(json.dumps(blocked), encoding="utf-8")
    context = chromium.browser_type.launch_persistent_context(
        tmp_path, executable_path=chromium_program(), args=list(CHROMIUM), locale="fr-FR"
    )
    try:
        page = context.new_page()
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(guarded.url)
        page.locator("#key").fill(KEY)
        page.get_by_role("button", name="Continuer").click()
        for text in (CINEMA, SPORT):
            page.locator("#text").fill(text)
            page.locator("#send").click()
            expect(page.locator("#marked")).to_have_text(text)
        assert page.locator("#recents b").all_inner_texts() == [SPORT, CINEMA]
        script = "() => { try { return localStorage.length } catch (e) { return e.name } }"
        assert page.evaluate(script) == "SecurityError", "it stores, so nothing was tried"
        assert errors == []
    finally:
        context.close()


def test_markup_in_an_article_is_shown_and_never_run(
    visit: Callable[..., Visitor], service: Service
) -> None:
    """In the text, its words, recent articles, and the list, name and rejects of a file."""
    lea = visit(service)
    elements = lea.page.locator("script, img").count()
    text = f"{HOSTILE}\n\n{CINEMA} </textarea > {HOSTILE}"
    lea.classify(text)
    assert lea.part("marked").inner_text().count(SHOWN) == 2
    assert lea.titles() == [SHOWN]
    lea.page.reload()
    assert lea.titles() == [SHOWN]
    lea.page.locator("#recents button").click()
    expect(lea.part("marked")).to_contain_text(SHOWN)
    lea.choose_file("<img src=x onerror='window.ran=1'>.csv", csv(text, TRADE, "NaN"))
    expect(lea.page.locator("#article option").first).to_contain_text(
        "<script>window.ran = 1</script>"
    )
    expect(lea.part("article-label")).to_contain_text("<img src=x onerror=")
    expect(lea.part("rejects")).to_contain_text(".csv:3\u00a0: C’est vide")
    assert lea.page.locator("script, img").count() == elements
    assert lea.page.evaluate("window.ran") is None
    assert lea.errors == []


def test_recent_articles_stay_in_the_browser_until_they_are_forgotten(
    visit: Callable[..., Visitor], service: Service
) -> None:
    lea = visit(service)
    for text in (CINEMA, TRADE, CINEMA):
        lea.classify(text)
    assert lea.titles() == [CINEMA, TRADE]
    expect(lea.part("recents").locator("button").first).to_contain_text("Cinema · ")
    sent = len(lea.bodies)
    lea.page.reload()
    assert lea.titles() == [CINEMA, TRADE]
    lea.page.wait_for_load_state("networkidle")
    assert len(lea.bodies) > sent
    assert set(lea.bodies[sent:]) == {b""}
    assert visit(service).titles() == []  # another browser
    lea.page.locator("#recents button").nth(1).click()
    expect(lea.part("names")).to_have_text("Trade")
    expect(lea.part("text")).to_have_value(TRADE)
    lea.part("forget").click()
    expect(lea.part("recent")).to_be_hidden()
    assert TRADE not in json.dumps(lea.context.storage_state(), ensure_ascii=False)
    lea.page.reload()
    assert lea.titles() == []


def test_what_is_remembered_is_what_was_sent(
    visit: Callable[..., Visitor], service: Service
) -> None:
    """It is not what was typed while waiting for the answer."""
    lea = visit(service)
    routes: list[Route] = []
    lea.page.route("**/v1/predict", lambda route: routes.append(route))  # noqa: PLW0108
    lea.part("text").fill(CINEMA)
    lea.part("send").click()
    wait_until(lambda: routes or lea.page.wait_for_timeout(50))
    lea.part("text").fill(TRADE)
    routes[0].continue_()
    expect(lea.part("names")).to_have_text("Cinema")
    assert lea.titles() == [CINEMA]
    lea.page.unroute("**/v1/predict")
    lea.page.locator("#recents button").first.click()
    expect(lea.part("text")).to_have_value(CINEMA)


def test_the_run_that_answers_is_named_though_it_was_promoted_since(
    visit: Callable[..., Visitor], tmp_path: Path
) -> None:
    folder = tmp_path / "workspace"
    workspace(folder, 60)
    assert classify("train", "--workspace", folder).returncode == 0
    with serving(folder) as moving:
        lea = visit(moving)
        first_run = lea.part("run").get_attribute("title")
        workspace(folder, 90)
        assert classify("train", "--workspace", folder).returncode == 0
        wait_until(lambda: moving.predict(CINEMA).json()["run"] != first_run)
        lea.classify(CINEMA)
        run = moving.predict(CINEMA).json()["run"]
        expect(lea.part("run")).to_have_attribute("title", run)


def test_twelve_recent_articles_are_kept_and_a_broken_list_is_none(
    visit: Callable[..., Visitor], service: Service
) -> None:
    lea = visit(service)
    for n in range(14):
        lea.classify(f"film {n}")
    assert lea.titles() == [f"film {n}" for n in range(13, 1, -1)]
    for broken in ("{", "5", '[{"text": "a"}]', '[null, {"text": 5}]'):
        lea.page.evaluate("kept => localStorage.setItem('classify.recent', kept)", broken)
        lea.page.reload()
        lea.classify("film")
        assert lea.titles() == ["film"]
    assert lea.errors == []


def test_the_key_is_asked_for_and_kept_nowhere_but_in_the_tab(
    visit: Callable[..., Visitor], guarded: Service
) -> None:
    lea = visit(guarded)
    dialog = lea.page.get_by_role("dialog", name="Ce service demande une clé")
    expect(lea.page.get_by_label("Clé d’accès")).to_be_focused()
    for wrong in ("not-the-key", "une clé — fausse"):
        lea.part("key").fill(wrong)
        lea.page.keyboard.press("Enter")
        expect(lea.part("key-wrong")).to_have_text("Cette clé n’est pas la bonne.")
    lea.part("key").fill(KEY)
    lea.page.keyboard.press("Enter")
    expect(dialog).to_be_hidden()
    expect(lea.part("run")).to_contain_text("tfidf")
    lea.classify(CINEMA)
    expect(lea.part("names")).to_have_text("Cinema")
    assert KEY not in lea.page.content()
    assert lea.part("key").input_value() == ""
    assert KEY not in json.dumps(lea.context.storage_state())  # localStorage and cookies
    assert not [url for url in lea.urls if KEY in url]
    assert not [line for line in guarded.lines if KEY in line]
    lea.page.reload()
    lea.classify(TRADE)
    expect(dialog).to_be_hidden()
    lea.page = lea.open_page()
    expect(lea.part("key-dialog")).to_be_visible()  # another tab


def test_the_key_dialog_can_be_cancelled_and_comes_again(
    visit: Callable[..., Visitor], guarded: Service
) -> None:
    lea = visit(guarded)
    lea.page.keyboard.press("Escape")
    expect(lea.part("key-dialog")).to_be_hidden()
    expect(lea.part("empty")).to_be_visible()
    lea.part("text").fill(CINEMA)
    lea.part("send").click()
    lea.part("key").fill(KEY)
    lea.page.keyboard.press("Enter")
    expect(lea.part("names")).to_have_text("Cinema")


# ---------------------------------------------------------------- when the service can't answer


def test_an_empty_field_and_a_text_that_is_too_long_say_what_to_do(
    visit: Callable[..., Visitor], service: Service
) -> None:
    lea = visit(service)
    lea.part("text").fill(" \n ")
    lea.part("send").click()
    expect(lea.part("error")).to_have_text("Collez d’abord un article.")
    expect(lea.part("text")).to_be_focused()
    expect(lea.part("text")).to_have_attribute("aria-invalid", "true")
    assert lea.bodies == [b""] * len(lea.bodies)
    lea.part("text").fill("long " * 50_000)
    lea.part("send").click()
    expect(lea.part("error")).to_contain_text("C’est trop long")
    expect(lea.part("error")).to_contain_text("classify predict")
    lea.classify(CINEMA)
    expect(lea.part("error")).to_be_hidden()


def test_a_service_that_has_stopped_is_asked_again_on_demand(
    visit: Callable[..., Visitor], desk: Path
) -> None:
    with serving(desk) as service:
        lea = visit(service)
        assert service.end() == 0
        lea.part("text").fill(CINEMA)
        lea.part("send").click()
        expect(lea.part("error")).to_contain_text("Le service ne répond pas.")
        with serving(desk, "--port", str(service.address[1])):
            lea.part("error").get_by_role("button", name="Réessayer").click()
            expect(lea.part("names")).to_have_text("Cinema")
            expect(lea.part("error")).to_be_hidden()


def test_a_busy_service_is_asked_again_until_it_answers_or_the_visitor_cancels(
    visit: Callable[..., Visitor], desk: Path
) -> None:
    """Its queue has room for one request, and somebody else's 250 long texts are in it."""
    body = json.dumps({"text": [f"{CINEMA} " * 300] * 250}).encode()
    head = (
        "POST /v1/predict HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
        f"content-length: {len(body)}\r\n\r\n"
    ).encode()
    with serving(desk, "--queue", "1", "--max-batch", "1") as service:
        lea = visit(service)
        lea.part("text").fill(CINEMA)
        statuses: list[int] = []
        lea.context.on("response", lambda each: statuses.append(each.status))
        for stays in (False, True):
            with socket.create_connection(service.address, timeout=30) as client:
                client.sendall(head + body)
                wait_until(lambda: "classify_requests_inside 1.0" in metrics(service))
                lea.part("send").click()
                expect(lea.part("busy-text")).to_contain_text("Le service est occupé.")
                if not stays:
                    lea.part("cancel").click()
                    expect(lea.part("busy")).to_be_hidden()
                    expect(lea.part("text")).to_be_focused()
            wait_until(lambda: "classify_requests_inside 0.0" in metrics(service))
        expect(lea.part("names")).to_have_text("Cinema")
        expect(lea.part("busy")).to_be_hidden()
    assert set(statuses[:-1]) == {503}
    assert len(statuses) > 2
    assert statuses[-1] == 200


def metrics(service: Service) -> str:
    return httpx.get(f"{service.url}/metrics", timeout=30, trust_env=False).text
