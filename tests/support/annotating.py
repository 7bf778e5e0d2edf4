"""Annotators in a browser: they log in, and send an annotation."""

from playwright.sync_api import Browser, Page


def send(page: Page, button: str) -> None:
    """Click submit or skip, and wait until the server has it."""
    with page.expect_response(
        lambda answer: answer.request.method == "POST" and "/annotations" in answer.url
    ) as answer:
        page.get_by_test_id(f"bottombar-{button}-button").click()
    assert answer.value.status == 201


def log_in(browser: Browser, address: str, email: str, password: str) -> Page:
    """Return a page of a browser of their own in which an annotator has logged in."""
    context = browser.new_context(viewport={"width": 1280, "height": 720}, base_url=address)
    page = context.new_page()
    page.goto("/user/login/")
    page.fill("input[name=email]", email)
    page.fill("input[name=password]", password)
    page.click("button[type=submit]")
    page.wait_for_url(lambda url: "/login" not in url)
    return page
