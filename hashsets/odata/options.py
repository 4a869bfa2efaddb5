"""The query options and preferences of a request, of those this server knows."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest

from hashsets.odata.errors import Unsupported
from workbench.errors import BadInput

PAGE, MOST = 1000, 10_000  # entries of a page; sharing.md section 4
ALWAYS = ("EntryID", "Seq", "Trust")  # of an entry, whatever is selected
PREFERENCE = re.compile(r"(?:odata\.)?([a-z-]+)(?:=\"?([^\";]*)\"?)?")
KNOWN = frozenset({"$top", "$skiptoken", "$deltatoken", "$filter", "$select", "$count", "$format"})


@dataclass(frozen=True, slots=True)
class Options:
    """What was asked for. `size` None: not said; `select` (): everything; `given` as in the address, for links."""

    given: dict[str, str]
    top: int | None = None
    skip: str = ""
    delta: str = ""
    filter: str = ""
    select: tuple[str, ...] = ()
    count: bool = False
    size: int | None = None
    track: bool = False

    @property
    def kept(self) -> dict[str, str]:
        """The options that the next page has, too."""
        return {name: value for name, value in self.given.items() if name in {"$filter", "$select"}}


def of(request: HttpRequest, *, known: Collection[str] = KNOWN) -> Options:
    """The options of a request; those without a dollar are nobody's. Raises BadInput, Unsupported."""
    given = {}
    for name, values in request.GET.lists():
        if name.startswith(("$", "@")):
            if name not in known:
                raise Unsupported(f"The option {name[:40]} is not supported here.")
            if len(values) > 1:
                raise BadInput(f"Say {name} once.")
            given[name] = values[0]
    if given.get("$format", "json").split(";")[0] not in {"json", "application/json"}:
        raise Unsupported("Answers are JSON: $format=json.")
    preferences = preferred(request)
    return Options(
        given,
        top=_number(given, "$top"),
        skip=given.get("$skiptoken", ""),
        delta=given.get("$deltatoken", ""),
        filter=given.get("$filter", ""),
        select=_names(given.get("$select", "")),
        count=_yes(given, "$count"),
        size=_size(preferences.get("maxpagesize", "")),
        track="track-changes" in preferences,
    )


def preferred(request: HttpRequest) -> dict[str, str]:
    """The preferences of `Prefer`, without the `odata.` that 4.0 writes before them."""
    parts = (part.strip() for part in request.headers.get("Prefer", "").split(","))
    found = (PREFERENCE.fullmatch(part.lower()) for part in parts)
    return {one[1]: one[2] or "" for one in found if one}


def chosen(select: Collection[str], properties: dict[str, Any]) -> dict[str, Any]:
    """Of the properties of a type (name: anything) those selected, in their order. Raises BadInput for others."""
    if not select or "*" in select:
        return properties
    if unknown := [name for name in select if name not in properties]:
        raise BadInput(f"There is no property {unknown[0][:40]}. There are {', '.join(properties)}.")
    return {name: value for name, value in properties.items() if name in select or name in ALWAYS}


def _number(given: dict[str, str], name: str) -> int | None:
    text = given.get(name)
    if text is None:
        return None
    if not re.fullmatch(r"[0-9]{1,9}", text):
        raise BadInput(f"{name} is a whole number from 0.")
    return int(text)


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _yes(given: dict[str, str], name: str) -> bool:
    if given.get(name, "false") not in {"true", "false"}:
        raise BadInput(f"{name} is true or false.")
    return given.get(name) == "true"


def _size(text: str) -> int | None:
    return min(max(int(text), 1), MOST) if re.fullmatch(r"[0-9]{1,9}", text) else None
