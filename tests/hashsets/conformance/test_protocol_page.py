"""docs/protocol.md against the code: every example is what the code reads, every clause that is checked is there."""

import re
from base64 import b64decode
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import pytest

from hashsets import conformance, courier, signed, wire
from hashsets.conformance.checking import CHECKS
from hashsets.courier import manifest
from hashsets.courier.opinions import Opinion
from hashsets.odata.lookups import LookedUp
from hashsets.odata.media_pages import Deleted
from hashsets.odata.opinions import Contributed, ItemShape
from hashsets.odata.packages import Told
from hashsets.odata.sets import SetShape
from workbench import signing

PAGE = Path(__file__).resolve().parents[3] / "docs" / "protocol.md"


class Items(msgspec.Struct, forbid_unknown_fields=True):
    """The body of a batch."""

    items: list[ItemShape]


class Detail(msgspec.Struct, forbid_unknown_fields=True):
    """Of an error."""

    code: str
    message: str


class Error(msgspec.Struct, forbid_unknown_fields=True):
    """What an error says."""

    code: str
    message: str
    details: list[Detail]


SHAPES: dict[str, Any] = {
    "node": dict[str, str],
    "sets": SetShape,
    "baseline": wire.FullMedia,
    "delta": wire.Media | None,
    "contribute": Items,
    "results": Contributed,
    "lookup": LookedUp,
    "error": dict[str, Error],
    "packages": Told,
    "manifest": courier.Manifest,
    "record": wire.FullMedia,
    "tombstone": wire.Removed,
    "opinion": Opinion,
}


@cache
def page() -> str:
    return PAGE.read_text(encoding="utf-8")


@cache
def examples() -> dict[str, str]:
    return dict(re.findall(r"<!-- example: (\w+) -->\n```json\n(.*?)\n```", page(), re.DOTALL))


def test_every_example_is_of_a_known_shape_and_every_block_of_json_an_example() -> None:
    assert examples().keys() == SHAPES.keys()
    assert page().count("```json") == len(SHAPES)


@pytest.mark.parametrize("name", SHAPES)
def test_an_example_is_what_the_code_reads_and_would_write(name: str) -> None:
    told = msgspec.json.decode(examples()[name])
    for one in told["value"] if isinstance(told, dict) and "value" in told else [told]:
        shape = Deleted if "$deletedEntity" in str(one.get("@odata.context")) else SHAPES[name]
        read = msgspec.convert(one, shape)
        known = msgspec.to_builtins(read)
        assert one.keys() <= known.keys(), f"{name}: nobody knows {one.keys() - known.keys()}"


def test_the_manifest_of_the_page_is_sound_and_canonical() -> None:
    found = manifest.read(examples()["manifest"].encode())
    assert msgspec.json.decode(found.as_bytes()) == msgspec.json.decode(examples()["manifest"])
    assert list(msgspec.json.decode(examples()["manifest"])) == sorted(msgspec.json.decode(examples()["manifest"]))


def test_every_clause_that_is_checked_is_on_the_page() -> None:
    assert conformance.MODULES
    checked = {check.clause for module in CHECKS.values() for check in module}
    told = set(re.findall(r"^### (\d+\.\d+) ", page(), re.MULTILINE))
    assert checked - told == set()


def test_the_signed_example_verifies_and_the_node_states_its_key() -> None:
    text, said = re.findall(r"```\n(winnow-signed-1\n.*?)\n\n(Winnow-Key.*?)\n```", page(), re.DOTALL)[0]
    read = signed.read(dict(line.split(": ", 1) for line in said.splitlines()))
    node = msgspec.json.decode(examples()["node"])
    key = b64decode(node["Key"])
    assert read
    assert signing.is_by(key, read[1], text.encode())
    assert node["Fingerprint"] == signing.fingerprint(key)
    assert read[0] == signed.short(node["Fingerprint"])
    method, target, status, digest = text.splitlines()[1:5]
    assert text.encode() == signed.text(
        method=method, target=target, status=int(status), body_sha256=bytes.fromhex(digest), at=read[2]
    )
