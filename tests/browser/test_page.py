"""The page reaches a browser at all; everything else about pages has its own file."""

import re
from collections.abc import Callable

import pytest
from django.template.loader import render_to_string
from playwright.sync_api import Page, Route, expect

pytestmark = pytest.mark.browser


def test_of_the_page_answers_in_a_browser(page: Page) -> None:
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    response = page.goto("/")
    assert response is not None
    assert response.status == 200
    assert errors == []


def test_a_part_of_my_work_that_failed_is_shown_again_in_its_place(at_desk: Callable[..., Page]) -> None:
    failed = render_to_string("components/panel_failed.html", {"name": "queues"})

    def fail(route: Route) -> None:
        answer = route.fetch()
        queues = re.compile('<section class="panel" aria-labelledby="queues-title">.*?</section>', re.DOTALL)
        route.fulfill(response=answer, body=queues.sub(failed, answer.text()))

    page = at_desk("kim")
    page.route(re.compile(r":\d+/$"), fail)
    page.goto("/")
    expect(page.get_by_role("heading", name="My queues")).to_have_count(0)
    expect(page.get_by_role("heading", name="Cases I follow")).to_be_visible()
    page.get_by_role("link", name="Try again").click()
    expect(page.get_by_role("heading", name="My queues")).to_be_visible()
    expect(page.get_by_role("alert")).to_have_count(0)
