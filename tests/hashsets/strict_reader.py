"""A reader of VICS hash sets as strict as the strictest one seen, written from vics.md section 9 and nothing else.

It shares no code with the product. Every rule that is broken is an AssertionError in the rule's words.
"""

import json
import re
from typing import Any

CONTEXTS = {
    "2.0": ("@odata.context", "http://github.com/VICSDATAMODEL/ProjectVic/DataModels/2.0.xml/Default/$metadata#Media"),
    "1.3": ("odata.metadata", "http://github.com/ICMEC/ProjectVic/DataModels/1.3.xml#Media"),
}
FLAGS = {"IsPrecategorized", "IsSuspected", "VictimIdentified", "OffenderIdentified", "IsDistributed", "SelfGenerated"}
ALLOWED = {
    "MediaID",
    "Category",
    "MD5",
    "SHA1",
    "MediaSize",
    "DateUpdated",
    "Series",
    "Tags",
    "AlternativeHashes",
} | FLAGS
HASHES = {"MD5": 32, "SHA1": 40}


def read(data: bytes, version: str) -> list[dict[str, Any]]:
    """The records of a set of this version, once every rule is found kept."""
    assert not data.startswith(b"\xef\xbb\xbf"), "UTF-8 without BOM"
    text = data.decode("utf-8", "strict")
    pairs = json.loads(text, object_pairs_hook=lambda found: found, parse_constant=_no_constant)
    assert [name for name, _value in pairs] == [CONTEXTS[version][0], "value"], "two members, the context first"
    assert pairs[0][1] == CONTEXTS[version][1], "exactly this context"
    lines = text.split("\n")
    assert len(lines) == len(pairs[1][1]) + 2 + lines[-1:].count(""), "one record per line"
    return [_record(record, version) for record in pairs[1][1]]


def _record(pairs: list[tuple[str, Any]], version: str) -> dict[str, Any]:
    fields = dict(pairs)
    assert len(fields) == len(pairs), "no member twice"
    surplus = fields.keys() - ALLOWED - ({"PhotoDNA"} if version == "2.0" else set())
    assert not surplus, f"no case data, no names, no comments: {surplus}"
    assert type(fields["Category"]) is int, "the category is a JSON int"
    assert type(fields["MediaID"]) is int
    for name, digits in HASHES.items():
        assert re.fullmatch(f"[0-9A-F]{{{digits}}}", fields.get(name, "0" * digits)), "upper-case hex"
    for name in FLAGS & fields.keys():
        assert fields[name] in (("true", "false") if version == "2.0" else (True, False)), "flags only when known"
        assert type(fields[name]) is (str if version == "2.0" else bool)
    if "MediaSize" in fields:
        assert type(fields["MediaSize"]) is (int if version == "2.0" else str)
    if "DateUpdated" in fields:
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", fields["DateUpdated"]), "UTC, with Z"
    for each in map(dict, fields.get("AlternativeHashes", [])):
        assert each.keys() <= {"MD5", "HashName", "HashValue"}
        assert version == "1.3" or each["HashName"] != "PhotoDNA", "2.0 has a field for it"
    return fields


def _no_constant(name: str) -> None:
    raise AssertionError(f"{name} is not JSON")
