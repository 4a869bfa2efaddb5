"""One disk image: lists its files, reads them and hashes its medium as the worker asks. Runs in the jail.

A process serves one image. The first request says how many segments there are; the first comes with it, the others
in groups. Then the worker asks, one thing after the other: `list`, `read`, `digest`.
"""

import hashlib
import os
import socket
import time
from collections.abc import Iterator
from typing import Any

from workbench.jail import image_results, images_opening, results, wire
from workbench.jail.image_results import ImageEntry
from workbench.jail.images_opening import CannotOpen
from workbench.jail.images_volumes import DAMAGED, Disk, Volume, volumes
from workbench.jail.images_walk import Folder, Walk
from workbench.jail.results import CHUNK_BYTES

BEAT_SECONDS = 2.0
GROUP = 200  # entries told at once
GROUP_BYTES = 128 * 1024  # of their paths and links; a message takes four times as much
DIGEST_BYTES = 1 << 20  # read at a time


def warm_up() -> None:
    """Use what must not be loaded later. Times of FAT are ours to leave as they stand: no zone of this machine's."""
    os.environ.update(TZ="UTC")
    time.tzset()
    for name in image_results.HASHES:
        hashlib.new(name, usedforsecurity=False)


def serve(sock: socket.socket, request: wire.Header, descriptor: int) -> None:
    """Open the image and answer about it until the worker hangs up; a failure to open it is an answer too."""
    descriptors = [descriptor]
    while len(descriptors) < request["segments"]:
        wire.send(sock, {"held": len(descriptors)})
        descriptors += wire.receive_descriptors(sock)[1]
    try:
        image = Image(sock, descriptors)
    except CannotOpen as error:
        wire.send(sock, {"failed": error.code})
        os._exit(0)
    while True:
        try:
            asked, _ = wire.receive(sock, most=0)
        except wire.BrokenConversation:
            os._exit(0)
        image.answer(asked)


class Image:
    """An open image, and the worker it is read for."""

    def __init__(self, sock: socket.socket, descriptors: list[int]) -> None:
        """Open it and say what it is. Raises CannotOpen."""
        self._sock = sock
        self._told = time.monotonic()
        self._medium = images_opening.opened(descriptors)
        self._disk = Disk(self._medium, self._beat)
        self._volumes = volumes(self._disk)
        if not self._volumes:
            raise CannotOpen(image_results.NOTHING_IN_IT)
        if all(volume.reason == results.ENCRYPTED for volume in self._volumes):
            raise CannotOpen(image_results.LOCKED)
        facts = self._medium.facts
        self._say({"size": facts.size, "form": facts.form, "says": facts.says, "stored": facts.stored})

    def answer(self, asked: wire.Header) -> None:
        """Do one thing; its last message has an `end`, which says why it ended early."""
        acts = {"list": self._list, "read": self._read, "digest": self._digest}
        try:
            end = acts[asked["do"]](asked)
        except MemoryError:
            end = results.DECODER_LIMIT
        except (*DAMAGED, OverflowError):  # numbers of a place can be larger than any address
            end = image_results.UNREADABLE
        self._say({"end": end})

    def _list(self, asked: wire.Header) -> str:
        """Every file, folder by folder; each folder is named before it is opened."""
        group: list[ImageEntry] = []
        for one in self._everything({(offset, address) for offset, address in asked["passed"]}):
            if isinstance(one, Folder):
                self._flush(group, {"opens": [one.volume.offset, one.address, one.path.hex()]})
            else:
                group.append(one)
                if len(group) >= GROUP or sum(len(each.raw_path + each.target) for each in group) > GROUP_BYTES:
                    self._flush(group, {})
        self._flush(group, {})
        return ""

    def _everything(self, passed: set[tuple[int, int]]) -> Iterator[Folder | ImageEntry]:
        for volume in self._volumes:
            if volume.system:
                yield from Walk(volume, {address for offset, address in passed if offset == volume.offset})
            else:
                yield ImageEntry(volume.name, reason=volume.reason)

    def _flush(self, group: list[ImageEntry], header: wire.Header) -> None:
        self._say({**header, "entries": [image_results.packed(one) for one in group]})
        group.clear()

    def _read(self, asked: wire.Header) -> str:
        """The bytes of one stream, in chunks."""
        offset, address, kind, number = asked["place"]
        file = self._system(offset).open_meta(address)
        size = next(
            (int(one.info.size) for one in file if (int(one.info.type), int(one.info.id)) == (kind, number)), -1
        )
        if size < 0:
            return image_results.UNREADABLE
        at = 0
        while at < size:
            data = file.read_random(at, min(CHUNK_BYTES, size - at), kind, number)
            if not data:
                return results.TRUNCATED
            self._say({}, data)
            at += len(data)
        return ""

    def _system(self, offset: int) -> Any:
        """The file system of the volume that begins there. Raises OSError."""
        found: Volume | None = next((volume for volume in self._volumes if volume.offset == offset), None)
        if found is None or found.system is None:
            raise OSError("no volume begins there")
        return found.system

    def _digest(self, _asked: wire.Header) -> str:
        """The hashes of the whole medium; how far they are is told on the way."""
        engines = {name: hashlib.new(name, usedforsecurity=False) for name in image_results.HASHES}
        at, size = 0, self._medium.facts.size
        while at < size:
            data = self._medium.read(at, min(DIGEST_BYTES, size - at))
            if not data:
                return results.TRUNCATED
            for engine in engines.values():
                engine.update(data)
            at += len(data)
            self._beat()
        self._say({"digests": {name: engine.hexdigest() for name, engine in engines.items()}})
        return ""

    def _beat(self) -> None:
        """Let the worker know, now and then, that we are at work."""
        if time.monotonic() - self._told > BEAT_SECONDS:
            self._say({"busy": True})

    def _say(self, header: wire.Header, *bodies: bytes) -> None:
        self._told = time.monotonic()
        wire.send(self._sock, header, *bodies)
