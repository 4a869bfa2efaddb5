"""Near look-up: every PDQ within 31 bits, complete, over files that all processes share (decision 0009). PURE."""

from hashsets.near.files import NearFile, Unusable
from hashsets.near.searching import Hits
from hashsets.near.snapshot import Snapshot

__all__ = ["Hits", "NearFile", "Snapshot", "Unusable"]
