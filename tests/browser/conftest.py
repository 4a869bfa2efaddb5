"""Fixtures of the browser tests: a prepared world in the live product, people at their browsers."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from subprocess import PIPE
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests import product
from tests.browser import desk, scene
from workbench.launcher.addresses import CHECKOUT

VIEWPORT = {"width": 1280, "height": 800}


@dataclass(slots=True)
class World:
    """What the scene made: cases to review, handed out one by one, and the addresses of all pages."""

    more: Callable[[], str]  # makes a small case; returns its id
    long: str
    alike: list[str]
    film: str
    pages: dict[str, str]

    def fresh_case(self) -> str:
        """The address of a case nobody reviewed yet."""
        return f"/cases/{self.more()}/"

    def fresh_stack(self) -> str:
        """The address of a case whose first unit is a stack of look-alikes, which nobody reviewed yet."""
        return f"/cases/{self.alike.pop()}/"


@pytest.fixture(scope="session")
def world(live: product.Product) -> Iterator[World]:
    """The scene, made once inside the live product; it stays to make small cases as tests ask for them."""
    with (
        tempfile.TemporaryFile("w+") as complaints,
        subprocess.Popen(
            [sys.executable, "-m", "tests.browser.scene"],
            env=live.environment, cwd=CHECKOUT, stdin=PIPE, stdout=PIPE, stderr=complaints, text=True,
        ) as making,
    ):  # fmt: skip
        asked, told = making.stdin, making.stdout
        assert asked
        assert told

        def heard() -> Any:
            line = told.readline()
            while line and not line.startswith(("{", '"')):  # a first start says that it makes things
                line = told.readline()
            complaints.seek(0)
            assert line, complaints.read()
            return json.loads(line)

        def more() -> str:
            asked.write("\n")
            asked.flush()
            return str(heard())

        yield World(more=more, **heard())
        asked.close()


@pytest.fixture(scope="session")
def sessions(world: World, browser: Browser, live: product.Product) -> dict[str, Any]:
    """The signed-in state of everybody in the scene, so that each test need not wait for argon2."""
    kept = {}
    for name in scene.PEOPLE:
        context = browser.new_context(base_url=live.url)
        page = context.new_page()
        desk.sign_in(page, name, scene.PASSWORD)
        kept[name] = context.storage_state()
        context.close()
    return kept


@pytest.fixture
def open_page(browser: Browser, live: product.Product) -> Iterator[Callable[..., Page]]:
    """Open a browser of its own: `open_page()`, `open_page(storage_state=..., viewport=...)`.

    At the end of the test no page may have said anything on its console.
    """
    contexts, complaints = [], list[str]()

    def opened(**options: Any) -> Page:
        context = browser.new_context(**{"base_url": live.url, "viewport": VIEWPORT, "locale": "en-GB"} | options)
        context.set_default_timeout(60_000)
        contexts.append(context)
        page = context.new_page()
        desk.listen(page, complaints)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture
def at_desk(open_page: Callable[..., Page], sessions: dict[str, Any]) -> Callable[..., Page]:
    """A browser in which somebody of the scene is signed in: `at_desk("kim", viewport=...)`."""
    return lambda name, **options: open_page(storage_state=sessions[name], **options)
