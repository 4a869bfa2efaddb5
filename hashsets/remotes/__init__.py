"""Foreign servers and folders, one file each. A new one is one import and one place in `BUILT_IN`."""

from hashsets.remotes.base import (
    Asks,
    CheckpointWentBack,
    Connector,
    Opinion,
    Page,
    Problem,
    Release,
    RemoteRecord,
    Removed,
    Source,
)
from hashsets.remotes.gold_disk import GoldDisk
from hashsets.remotes.ncmec import Ncmec
from hashsets.remotes.stopncii import StopNcii

BUILT_IN: tuple[Connector, ...] = (Ncmec(), StopNcii(), GoldDisk())
BY_ID: dict[str, Connector] = {connector.id: connector for connector in BUILT_IN}

__all__ = [
    "BUILT_IN",
    "BY_ID",
    "Asks",
    "CheckpointWentBack",
    "Connector",
    "Opinion",
    "Page",
    "Problem",
    "Release",
    "RemoteRecord",
    "Removed",
    "Source",
]
