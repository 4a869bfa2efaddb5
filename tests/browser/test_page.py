"""The page reaches a browser at all; everything else about pages has its own file."""

import pytest
from playwright.sync_api import Page

pytestmark = pytest.mark.browser


def test_of_the_page_answers_in_a_browser(page: Page) -> None:
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    response = page.goto("/")
    assert response is not None
    assert response.status < 500
    assert errors == []
