"""Text and JSON as a database takes them. PURE."""

from __future__ import annotations

import re
from typing import Any

_UNSTORABLE = re.compile("[\0\ud800-\udfff]")  # neither text nor jsonb of PostgreSQL takes these


def clean(text: str) -> str:
    """Text a database takes: NUL dropped, half characters replaced; everything else kept."""
    if text.isascii() and "\0" not in text:
        return text
    return _UNSTORABLE.sub(lambda found: "" if found[0] == "\0" else "\ufffd", text)


def clean_json(value: Any) -> Any:
    """The same for a JSON value of any (already limited) depth; numbers JSON cannot write become text."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, dict):
        return {clean(key): clean_json(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [clean_json(inner) for inner in value]
    if isinstance(value, float) and not -1e308 < value < 1e308:
        return str(value)
    return value
