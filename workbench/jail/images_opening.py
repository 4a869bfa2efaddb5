"""Opens the container of a disk image from descriptors: E01, qcow2, VHD, VMDK or raw. Runs in the jail.

What it is follows from its first and last bytes, never from a name.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, BinaryIO

import pyewf
import pyqcow
import pyvhdi
import pyvmdk

from workbench.jail import image_results, image_signatures
from workbench.jail.image_results import ImageFacts
from workbench.jail.image_signatures import HEAD_BYTES, TAIL_BYTES
from workbench.jail.images_chunks import Chunks, NotPlain

# A segment ends with a section that says whether another follows (libewf, EWF and EWF2 specifications).
LAST_SECTION, NEXT = 76, b"next\0"
LAST_SECTION2, NEXT2 = 64, (0x0D).to_bytes(4, "little")


class CannotOpen(Exception):
    """The image cannot be opened; carries one of the codes of image_results."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Medium:
    """The disk behind a container: `read(offset, length)` gives at most that many bytes. Raises OSError."""

    facts: ImageFacts
    read: Callable[[int, int], bytes]
    held: list[Any] = field(default_factory=list)  # must live as long as the medium


def opened(descriptors: list[int]) -> Medium:
    """The medium whose segments are these, in order. Raises CannotOpen."""
    head, tail = os.pread(descriptors[0], HEAD_BYTES, 0), _tail(descriptors[0], TAIL_BYTES)
    if refusal := image_signatures.refusal(head, tail):
        raise CannotOpen(refusal)
    try:
        return FORMS[image_signatures.form(head, tail)](descriptors)
    except (OSError, ValueError, MemoryError) as error:
        raise CannotOpen(image_results.BROKEN) from error


def _ewf(descriptors: list[int]) -> Medium:
    if _tail(descriptors[-1], LAST_SECTION).startswith(NEXT) or _tail(descriptors[-1], LAST_SECTION2)[:4] == NEXT2:
        raise CannotOpen(image_results.MISSING_SEGMENT)
    handle, files = pyewf.handle(), _files(descriptors)
    handle.open_file_objects(files)
    says = {str(name): str(value) for name, value in handle.get_header_values().items() if value}
    hashes = {str(name).lower(): str(value).lower() for name, value in handle.get_hash_values().items() if value}
    stored = {name: value for name, value in hashes.items() if name in image_results.HASHES}
    medium = _medium(image_signatures.EWF, handle, files, says, stored)
    try:
        chunks = Chunks(descriptors, medium.facts.size)
    except (NotPlain, OSError):
        return medium

    def read(offset: int, length: int) -> bytes:
        try:
            return chunks.read(offset, length)
        except NotPlain:
            return medium.read(offset, length)

    return Medium(medium.facts, read, medium.held)


def _qcow(descriptors: list[int]) -> Medium:
    handle, files = pyqcow.file(), _files(descriptors)
    handle.open_file_object(files[0])
    if handle.is_locked():
        raise CannotOpen(image_results.LOCKED)
    if handle.backing_filename:
        raise CannotOpen(image_results.NEEDS_PARENT)
    return _medium(image_signatures.QCOW, handle, files)


def _vhd(descriptors: list[int]) -> Medium:
    handle, files = pyvhdi.file(), _files(descriptors)
    handle.open_file_object(files[0])
    if handle.parent_filename or handle.parent_identifier:
        raise CannotOpen(image_results.NEEDS_PARENT)
    return _medium(image_signatures.VHD, handle, files)


def _vmdk(descriptors: list[int]) -> Medium:
    """A disk in one file, or a description followed by its extents in the order of their names."""
    handle, files = pyvmdk.handle(), _files(descriptors)
    handle.open_file_object(files[0])
    if handle.parent_filename:
        raise CannotOpen(image_results.NEEDS_PARENT)
    extents = files if len(files) == 1 else files[1:]
    if handle.number_of_extents != len(extents):
        raise CannotOpen(image_results.MISSING_SEGMENT)
    handle.open_extent_data_files_as_file_objects(extents)
    return _medium(image_signatures.VMDK, handle, files)


def _raw(descriptors: list[int]) -> Medium:
    """The files one after the other."""
    ends, size = [], 0
    for descriptor in descriptors:
        size += os.lseek(descriptor, 0, os.SEEK_END)
        ends.append(size)

    def read(offset: int, length: int) -> bytes:
        parts, start = [], 0
        for descriptor, end in zip(descriptors, ends, strict=True):
            if length > 0 and start <= offset < end:
                part = os.pread(descriptor, min(length, end - offset), offset - start)
                parts.append(part)
                offset, length = offset + len(part), length - len(part)
            start = end
        return b"".join(parts)

    return Medium(ImageFacts(size, image_signatures.RAW), read, list(descriptors))


def _medium(
    form: str,
    handle: Any,
    files: list[BinaryIO],
    says: dict[str, str] | None = None,
    stored: dict[str, str] | None = None,
) -> Medium:
    def read(offset: int, length: int) -> bytes:
        data: bytes = handle.read_buffer_at_offset(length, offset)
        return data

    return Medium(ImageFacts(handle.get_media_size(), form, says or {}, stored or {}), read, [handle, files])


def _files(descriptors: list[int]) -> list[BinaryIO]:
    return [os.fdopen(descriptor, "rb", buffering=0) for descriptor in descriptors]


def _tail(descriptor: int, length: int) -> bytes:
    end = os.lseek(descriptor, 0, os.SEEK_END)
    return os.pread(descriptor, length, max(0, end - length))


FORMS: dict[str, Callable[[list[int]], Medium]] = {
    image_signatures.EWF: _ewf,
    image_signatures.QCOW: _qcow,
    image_signatures.VHD: _vhd,
    image_signatures.VMDK: _vmdk,
    image_signatures.RAW: _raw,
}
