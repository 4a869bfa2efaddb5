"""The context member of a VICS document: what it claims, and how ours is written (vics.md section 1). PURE."""

from __future__ import annotations

import re
from dataclasses import dataclass

MEMBERS = ("@odata.context", "odata.metadata")
VERSIONS = ("1.1", "1.2", "1.3", "2.0")
REGIONS = ("us", "uk", "default", "custom")
_PATTERN = re.compile(
    r"/DataModels/(?P<version>[\w.]{1,20}?)\.xml(?:/(?P<region>[^/#]{1,60})/\$metadata)?#(?P<document>\w{1,40})",
    re.IGNORECASE,
)
_ICMEC = "http://github.com/ICMEC/ProjectVic/DataModels/{version}.xml#{document}"
_VICS_2 = "http://github.com/VICSDATAMODEL/ProjectVic/DataModels/{version}.xml/{region}/$metadata#{document}"


@dataclass(frozen=True, slots=True)
class Context:
    """What a document says of itself; never trusted, only compared with what it holds."""

    version: str = ""
    region: str = ""
    document: str = ""  # "Media", "Cases" or ""


def parse(text: str) -> Context | None:
    """None when it is no VICS context."""
    found = _PATTERN.search(text)
    if not found:
        return None
    document = {"media": "Media", "cases": "Cases"}.get(found["document"].lower(), "")
    return Context(found["version"], found["region"] or "", document)


def member(version: str, document: str, region: str = "Default") -> tuple[str, str]:
    """Name and value of the context member we write."""
    if version == "2.0":
        return "@odata.context", _VICS_2.format(version=version, region=region, document=document)
    return "odata.metadata", _ICMEC.format(version=version, document=document)
