"""Changes members of one JSON object and leaves the text of all others as it was. PURE.

Unknown fields, their order and the way numbers are written survive, because nothing is decoded and encoded
again but what changes.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

_DECODER = json.JSONDecoder()
_BLANK = re.compile(r"[ \t\n\r]*+")
_STRING_OR_BLANK = re.compile(r'("[^"\\]*+(?:\\.[^"\\]*+)*+")|[ \t\n\r]++')


@dataclass(slots=True)
class JsonMember:
    """One member: its name decoded and as written, its value as written."""

    name: str
    name_text: str
    text: str


class JsonObject:
    """The members of one object, in order. Names are found without regard to case."""

    def __init__(self, text: str) -> None:
        """`text` is one whole JSON object; raises ValueError for anything else."""
        self.members = _split(text)

    def find(self, name: str) -> JsonMember | None:
        """The last member of this name, the one a reader sees."""
        return next((member for member in reversed(self.members) if member.name.lower() == name.lower()), None)

    def set(self, name: str, text: str) -> None:
        """Give the member a new value, wherever it stands; add it at the end if there is none."""
        found = [member for member in self.members if member.name.lower() == name.lower()]
        for member in found:
            member.text = text
        if not found:
            self.members.append(JsonMember(name, json.dumps(name), text))

    def drop(self, name: str) -> None:
        """Take the member out."""
        self.members = [member for member in self.members if member.name.lower() != name.lower()]

    def text(self) -> str:
        """The object on one line."""
        return one_line("{" + ",".join(f"{member.name_text}:{member.text}" for member in self.members) + "}")


def one_line(text: str) -> str:
    """JSON text without line breaks; what stands inside strings is untouched."""
    if "\n" not in text and "\r" not in text:
        return text
    return _STRING_OR_BLANK.sub(lambda found: found[1] or "", text)


def _split(text: str) -> list[JsonMember]:
    members = []
    at = _skip_blank(text, 0)
    if text[at : at + 1] != "{":
        raise ValueError("not a JSON object")
    at = _skip_blank(text, at + 1)
    while text[at : at + 1] != "}":
        name, name_end = _DECODER.raw_decode(text, at)
        start = _skip_blank(text, _skip_blank(text, name_end) + 1)  # past the colon
        _, end = _DECODER.raw_decode(text, start)
        members.append(JsonMember(str(name), text[at:name_end], text[start:end]))
        at = _skip_blank(text, end)
        at = _skip_blank(text, at + 1) if text[at : at + 1] == "," else at
        if at >= len(text):
            raise ValueError("not a whole JSON object")
    return members


def _skip_blank(text: str, at: int) -> int:
    found = _BLANK.match(text, at)
    return found.end() if found else at
