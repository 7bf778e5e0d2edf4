"""An annotation sent in a browser."""

from playwright.sync_api import Page


def send(page: Page, button: str) -> None:
    """Click submit or skip, and wait until the server has it."""
    with page.expect_response(
        lambda answer: answer.request.method == "POST" and "/annotations" in answer.url
    ) as answer:
        page.get_by_test_id(f"bottombar-{button}-button").click()
    assert answer.value.status == 201
