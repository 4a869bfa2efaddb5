"""What a person does at the browser, as functions: signing in, claiming, pressing keys, unveiling."""

from collections.abc import Callable
from typing import Any

from playwright.sync_api import ConsoleMessage, Locator, Page, Response, expect

PATIENCE = 90_000  # milliseconds; the machine may be busy with other things


def listen(page: Page, complaints: list[str]) -> None:
    """Note every error of the page: scripts, Content-Security-Policy, requests that failed."""

    def said(message: ConsoleMessage) -> None:
        answered = message.text.startswith("Failed to load resource") and message.location["url"] == page.url
        if message.type in {"error", "warning"} and not answered:  # a page that answers "not found" is no error
            complaints.append(f"{page.url}: {message.text}")

    page.on("console", said)
    page.on("pageerror", lambda error: complaints.append(f"{page.url}: {error}"))


def sign_in(page: Page, name: str, password: str) -> None:
    """By name and password, to the first page."""
    page.goto("/signin/")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(lambda url: "/signin/" not in url, timeout=PATIENCE)


def claim(page: Page, case: str) -> None:
    """Open the next batch of a case; returns once its first item has the focus."""
    page.goto(f"/cases/{case}/")
    page.keyboard.press("Enter")  # the page's main action
    ready(page)


def ready(page: Page) -> None:
    """Wait until the batch is there, with its veils."""
    expect(focused(page)).to_be_focused(timeout=PATIENCE)
    expect(focused(page).locator("img.veil, .none").first).to_be_visible(timeout=PATIENCE)


def focused(page: Page) -> Locator:
    """The tile of the item in focus."""
    return page.locator(".tile.here")


def place(page: Page) -> int:
    """Its place in the batch, from 0."""
    return int(focused(page).get_attribute("data-place") or -1)


def tile(page: Page, place: int) -> Locator:
    """The tile at a place."""
    return page.locator(f'.tile[data-place="{place}"]')


def unveil(page: Page, host: str = ".tile.here") -> None:
    """Hold Space until the picture in focus is clear, then let go."""
    page.keyboard.down("Space")
    expect(page.locator(f"{host} img.clear")).to_be_visible(timeout=PATIENCE)
    page.keyboard.up("Space")
    expect(page.locator("img.clear")).to_have_count(0)


def saved(page: Page, act: Callable[[], object], number: int = 1) -> list[dict[str, Any]]:
    """Do something that makes `number` acts, wait until the server has them; returns them as they were sent."""
    sent: list[dict[str, Any]] = []

    def arrived(answer: Response) -> bool:
        if answer.url.endswith("/decisions") and answer.ok:
            sent.extend(answer.request.post_data_json["acts"])
        return len(sent) >= number

    with page.expect_response(arrived, timeout=PATIENCE):
        act()
    assert len(sent) == number
    return sent
