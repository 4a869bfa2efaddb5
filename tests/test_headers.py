"""What every answer carries, whatever its route, status and reader (security.md 4.2)."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

from tests import one_chain
from tests.access_table import BY_NAME, ROUTES, Route
from tests.people import signed_in
from tests.test_access import World, address, address_is_api, asked, built, world

__all__ = ["built", "world"]  # fixtures of the same world
STRICT = {
    "default-src": "'none'",
    "script-src": "'self'",
    "object-src": "'none'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
    "require-trusted-types-for": "'script'",
    "trusted-types": "default",
}


def directives(policy: str) -> dict[str, str]:
    """A Content-Security-Policy by directive."""
    parts = (part.strip().partition(" ") for part in policy.split(";") if part.strip())
    return {name: value for name, _, value in parts}


def problems(answer: object, *, media: bool) -> list[str]:
    """Which headers are missing or too weak."""
    headers = answer.headers  # type: ignore[attr-defined]
    wanted = {
        "X-Content-Type-Options": "nosniff",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Referrer-Policy": "no-referrer",
        "X-Frame-Options": "DENY",
    }
    found = [f"{name} is {headers.get(name)}" for name, value in wanted.items() if headers.get(name) != value]
    if "no-store" not in headers.get("Cache-Control", ""):
        found.append(f"Cache-Control is {headers.get('Cache-Control')}")
    policy = directives(headers.get("Content-Security-Policy", ""))
    if "unsafe" in str(policy) or "*" in str(policy):
        found.append(f"the policy allows too much: {policy}")
    if media:
        return found + ([] if {"sandbox", "default-src"} <= policy.keys() else [f"no sandbox: {policy}"])
    return found + [f"{name} is {policy.get(name)}" for name, value in STRICT.items() if policy.get(name) != value]


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
def test_of_a_route_every_answer_carries_the_safe_headers(world: World, route: Route) -> None:
    path, wrong = address(route, world.ids), []
    readers: tuple[str | None, ...] = ("investigator", "supervisor", "outsider", None)
    for method in ("GET", "POST", "DELETE"):
        for reader in readers if method == "GET" else readers[1:2]:
            answer = asked(world.client(reader, route), method, path, route, route.body)
            media = route.name.startswith("cases:media_") and answer.headers["Content-Type"].startswith("image/")
            wrong += [f"{method} {reader}: {problem}" for problem in problems(answer, media=media)]
            if answer.streaming:
                list(answer)
    assert wrong == []


@pytest.mark.django_db
def test_pages_that_are_not_there_carry_them_too() -> None:
    assert problems(Client().get("/no/such/page", secure=True), media=False) == []


@pytest.fixture
def drawing() -> Iterator[str]:
    """The name of a file that was collected for the web server."""
    path = Path(settings.STATIC_ROOT, "drawing.svg")
    path.write_text("<svg/>", encoding="utf-8")
    one_chain.forget()  # files are looked for when the middlewares are built
    yield path.name
    path.unlink()
    one_chain.forget()


@pytest.mark.django_db
def test_static_files_carry_them_too_and_only_those_that_are_there_may_be_kept(drawing: str) -> None:
    there, missing = (Client().get(f"/static/{name}", secure=True) for name in (drawing, "no-such-file.js"))
    assert (there.status_code, missing.status_code) == (200, 404)
    assert problems(there, media=False) == [f"Cache-Control is {there.headers['Cache-Control']}"]
    assert "public" in there.headers["Cache-Control"]
    assert problems(missing, media=False) == []
    list(there)


@pytest.mark.parametrize("dest", ["document", "iframe", "script", "object", "embed", "style", "worker"])
def test_of_a_picture_nothing_but_a_picture_is_served(world: World, dest: str) -> None:
    route = BY_NAME["cases:media_veil"]
    client = signed_in(world.people.investigator)
    plain = client.get(address(route, world.ids), secure=True, headers={"sec-fetch-dest": "image"})
    assert plain.headers["Content-Type"].startswith("image/")
    refused = client.get(address(route, world.ids), secure=True, headers={"sec-fetch-dest": dest})
    assert refused.status_code in {400, 403, 404}
    assert not refused.headers["Content-Type"].startswith("image/")


def is_no_page(route: Route) -> bool:
    """Whether the route answers no page, but a file to keep or a stream."""
    return route.name in {"hashsets:export", "hashsets:filter", "cases:problem_file", "cases:progress_stream"}


PAGES = [route for route in ROUTES if route.get and not address_is_api(route) and not is_no_page(route)]


@pytest.mark.parametrize("route", PAGES, ids=lambda route: route.name)
def test_of_a_page_no_script_style_or_host_of_others_is_named(world: World, route: Route) -> None:
    body = asked(signed_in(world.people.supervisor), "GET", address(route, world.ids), route)
    text = getattr(body, "content", b"").decode()
    assert not re.search(r"<script(?![^>]*\ssrc=)|<style|\sstyle=|\son[a-z]+=\"", text)
    assert not re.search(r"(?:src|href|action)=\"(?:https?:)?//", text)


@pytest.mark.django_db
def test_cookies_are_bound_to_this_host_and_out_of_reach_of_scripts(world: World) -> None:
    client = Client(headers={"host": "localhost"})
    answer = client.get("/signin/", secure=True)
    for cookie in answer.cookies.values():
        assert cookie.key.startswith("__Host-")
        assert (cookie["secure"], cookie["httponly"], cookie["path"], cookie["domain"]) == (True, True, "/", "")
        assert cookie["samesite"] in {"Lax", "Strict"}
    assert answer.cookies
