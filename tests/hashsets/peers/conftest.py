"""Two agencies that exchange over a real server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from hashsets.odata import tokens
from hashsets.peers import pulling

if TYPE_CHECKING:
    from tests.hashsets.peers.two_agencies import Exchange
    from tests.people import People


@pytest.fixture
def exchange(transactional_db: None, people: People, live_server: Any, settings: Any, monkeypatch: Any) -> Exchange:
    """North shares a set, south reads it, three entries a page."""
    from tests.hashsets.peers import two_agencies  # brings the people in, too

    monkeypatch.setattr(pulling, "PAGE", 3)
    monkeypatch.setattr(tokens, "TRIES", 10_000)  # all tests come from one address
    return two_agencies.made(people, live_server.url, settings)
