"""A script with a token: how the tests call the public API."""

import json
from typing import Any
from uuid import uuid4

from django.test import Client

from tests import factories
from workbench.models import User


class Script:
    """Calls the API with one token; each answer is (status, JSON)."""

    def __init__(self, user: User, scope: str = "write") -> None:
        self.token = factories.token(user, scope)

    def get(self, path: str, **query: Any) -> tuple[int, dict[str, Any]]:
        """Read."""
        return told(self._client().get(f"/api/v1/{path}", query, secure=True))

    def post(self, path: str, body: Any, **headers: str) -> tuple[int, dict[str, Any]]:
        """Send JSON; a decision's key is new unless given."""
        sent = {"idempotency-key": str(uuid4())} | {name.replace("_", "-"): value for name, value in headers.items()}
        text = body if isinstance(body, str | bytes) else json.dumps(body)
        answer = self._client().post(
            f"/api/v1/{path}", text, content_type="application/json", secure=True, headers=sent
        )
        return told(answer)

    def all(self, path: str, what: str, **query: Any) -> list[dict[str, Any]]:
        """Every row of a list, page by page."""
        rows, after = [], "0"
        while after:
            status, page = self.get(path, after=after, **query)
            assert status == 200, page
            rows += page[what]
            after = page["next"]
        return rows

    def _client(self) -> Client:
        return Client(headers={"host": "localhost", "authorization": f"Bearer {self.token}"})


def told(answer: Any) -> tuple[int, dict[str, Any]]:
    """Status and JSON of an answer, whose errors have the one shape."""
    body = answer.json()
    if answer.status_code >= 400:
        assert body.keys() == {"error"}
        assert body["error"].keys() == {"code", "message", "details"}
    return answer.status_code, body


def code(answer: tuple[int, dict[str, Any]]) -> tuple[int, str]:
    """Status and error code of a refusal."""
    return answer[0], answer[1]["error"]["code"]
