"""What a person does at the browser, as functions: signing in, claiming, pressing keys, unveiling."""

import re
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlsplit

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


def set_up(page: Page, link: str, password: str) -> None:
    """Open a one-time link (whatever port it names) and set the password."""
    page.goto(urlsplit(link).path)
    page.get_by_label("New password").fill(password)
    page.get_by_label("The same again").fill(password)
    page.get_by_role("button", name="Save").click()
    page.wait_for_url("**/signin/", timeout=PATIENCE)


def open_case(page: Page, number: str, team: Sequence[str] = ()) -> str:
    """Open a case; returns its address."""
    page.goto("/cases/new/")
    page.get_by_label("Case number").fill(number)
    page.get_by_label("Name").fill("Harbour lights")
    page.get_by_label("Scheme").select_option("landscapes-t1")
    for person in team:
        page.get_by_label(person, exact=True).check()
    page.get_by_role("button", name="Create case").click()
    expect(page.get_by_role("heading", name=number)).to_be_visible(timeout=PATIENCE)
    return page.url


def choose_evidence(page: Page, case: str, entry: str, ref: str, source: str) -> Locator:
    """Fill in what is to be taken from the inbox; returns the button that starts it."""
    page.goto(case)
    page.get_by_role("link", name="Add evidence").first.click()
    form = page.locator("form").filter(has=page.get_by_role("heading", name="From the inbox"))
    form.get_by_label("Exhibit number").fill(ref)
    form.get_by_role("radio", name=re.compile(f"^{re.escape(entry)}")).check()
    form.locator(f'input[name="source"][value="{source}"]').check()
    return form.get_by_role("button", name="Start")


def claim(page: Page, case: str) -> None:
    """Open the next batch of a case, by its address; returns once its first item has the focus."""
    page.goto(case)
    page.keyboard.press("Enter")  # the page's main action
    ready(page)


def ready(page: Page) -> None:
    """Wait until the batch is there, with its veils."""
    expect(focused(page)).to_be_focused(timeout=PATIENCE)
    expect(focused(page).locator("img.veil:visible, .none").first).to_be_visible(timeout=PATIENCE)


def focused(page: Page) -> Locator:
    """The tile of the item in focus."""
    return page.locator(".tile.here")


def place(page: Page) -> int:
    """Its place in the batch, from 0."""
    return int(focused(page).get_attribute("data-place") or -1)


def item(page: Page) -> str | None:
    """The item that is shown in focus, once the server has said which it is."""
    expect(focused(page)).to_have_attribute("aria-busy", "false", timeout=PATIENCE)
    return focused(page).get_attribute("data-item")


def tile(page: Page, place: int) -> Locator:
    """The tile at a place."""
    return page.locator(f'.tile[data-place="{place}"]')


def unveil(page: Page, host: str = ".tile.here") -> None:
    """Hold Space until the picture in focus is clear, then let go."""
    page.keyboard.down("Space")
    expect(page.locator(f"{host} img.clear")).to_be_visible(timeout=PATIENCE)
    page.keyboard.up("Space")
    expect(page.locator("img.clear")).to_have_count(0)


def press(page: Page, *keys: str) -> None:
    """Press keys one after the other, as fast as they go."""
    for key in keys:
        page.keyboard.press(key)


def saved(page: Page, act: Callable[[], object], number: int = 1) -> list[dict[str, Any]]:
    """Do something that makes `number` acts, wait until the server has them; returns them as they were sent."""
    sent: list[dict[str, Any]] = []

    def arrived(answer: Response) -> bool:
        if answer.url.endswith("/decisions") and answer.ok:
            sent.extend((answer.request.post_data_json or {"acts": []})["acts"])
        return len(sent) >= number

    with page.expect_response(arrived, timeout=PATIENCE):
        act()
    assert len(sent) == number
    return sent
