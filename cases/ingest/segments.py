"""PURE: the files that make up one disk image: the one that was named and those that follow it in its folder."""

import os
import re
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from string import ascii_lowercase, ascii_uppercase

from cases.ingest import nodes
from cases.ingest.base import SourceGone, SourceUnusable
from cases.names import display
from workbench.jail import image_signatures
from workbench.jail.image_signatures import HEAD_BYTES, TAIL_BYTES
from workbench.words import digits, noop

MOST = 4000  # files a process of the jail may hold open
EWF_NAME = re.compile(rb"(.*\.)([EeSs]x?)(\d\d|[A-Za-z]{2})", re.DOTALL)
RAW_NAME = re.compile(rb"(.*\.)(\d{3,5})", re.DOTALL)
EXTENT_NAME = re.compile(rb".*-([sf]\d{3,}|flat)\.vmdk", re.DOTALL)  # of a VMDK whose description is another file
LETTERS_NAME = re.compile(rb"(.*\.)([a-z]{2,3})", re.DOTALL)


class Segments:
    """An image's files, in order. Raises SourceGone, SourceUnusable where one is missing."""

    def __init__(self, source: bytes, within: tuple[bytes, ...] = ()) -> None:
        self._folder, self._within = nodes.parent(source), within
        first = source.rpartition(b"/")[2]
        with self._opened_folder() as folder:
            names = set(map(os.fsencode, os.listdir(folder)))  # noqa: PTH208 a handle
            _identity(first, folder)
            descriptors = _open([first], folder)
            try:
                self.head, self.tail = _ends(descriptors[0])
            finally:
                _close(descriptors)
            self.names = [first, *_following(first, names, self.head)]
            if len(self.names) > MOST:
                raise SourceUnusable(
                    noop("This image has more than %(most)s segments. Join them, then add it again."), most=digits(MOST)
                )
            identities = [_identity(name, folder) for name in self.names]
        self.key = (source, tuple(identities))
        self.marks = {display(name): [size, changed_ns] for name, _device, _inode, size, changed_ns in identities}

    def __len__(self) -> int:
        return len(self.names)

    @contextmanager
    def opened(self, first: int, count: int) -> Iterator[Sequence[int]]:
        """Read-only descriptors of `count` files from the `first` on. Raises SourceGone, SourceUnusable."""
        with self._opened_folder() as folder:
            descriptors = _open(self.names[first : first + count], folder)
        try:
            yield descriptors
        finally:
            _close(descriptors)

    @property
    def after_last(self) -> bytes:
        """The name that the next segment would have."""
        following = _names(self.names[0]) or iter(())
        return next(islice(following, len(self.names), None), self.names[0])

    @contextmanager
    def _opened_folder(self) -> Iterator[int]:
        try:
            folder = nodes.open_root(self._folder, self._within)
            try:
                yield folder
            finally:
                os.close(folder)
        except OSError as error:
            raise SourceGone from error


def first_of(source: bytes, within: tuple[bytes, ...] = ()) -> bytes:
    """The source itself, or, where it is a folder, the first file of the one image in it.

    Raises SourceGone; SourceUnusable where no image lies in the folder, or several.
    """
    try:
        folder = nodes.open_root(source, within)
    except NotADirectoryError:
        return source
    except OSError as error:
        raise SourceGone from error
    try:
        names = set(map(os.fsencode, os.listdir(folder)))  # noqa: PTH208 a handle
        firsts = sorted({next(_names(name, names) or iter((name,))) for name in names if _is_of_image(name, folder)})
    except OSError as error:
        raise SourceGone from error
    finally:
        os.close(folder)
    if not firsts:
        raise SourceUnusable(
            noop("There is no disk image in this folder. Choose the image itself, or take in the folder.")
        )
    if len(firsts) > 1:
        first, second = map(display, firsts[:2])
        raise SourceUnusable(
            noop("This folder holds several images: %(first)s, %(second)s. Put each into a folder of its own."),
            first=first,
            second=second,
        )
    if firsts[0] not in names:
        raise _missing(firsts[0])
    return source.rstrip(b"/") + b"/" + firsts[0]


def _is_of_image(name: bytes, folder: int) -> bool:
    """Whether it is an image, or a part of one, by its name or its bytes."""
    if EXTENT_NAME.fullmatch(name) or not stat.S_ISREG(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode):
        return False
    if EWF_NAME.fullmatch(name) or RAW_NAME.fullmatch(name):
        return True
    descriptors = _open([name], folder)
    try:
        return image_signatures.is_image(*_ends(descriptors[0]))
    finally:
        _close(descriptors)


def _missing(name: bytes) -> SourceUnusable:
    return SourceUnusable(
        noop("The segment %(name)s is missing. Put it beside the others, then add it again."), name=display(name)
    )


def _open(names: Sequence[bytes], folder: int) -> list[int]:
    """Read-only descriptors of all of them, or of none. Raises OSError."""
    descriptors: list[int] = []
    try:
        descriptors.extend(os.open(name, nodes.FILE, dir_fd=folder) for name in names)
    except OSError:
        _close(descriptors)
        raise
    return descriptors


def _close(descriptors: Sequence[int]) -> None:
    for descriptor in descriptors:
        os.close(descriptor)


def _ends(descriptor: int) -> tuple[bytes, bytes]:
    """The first and the last bytes, as many as signatures ask for."""
    last = max(0, os.fstat(descriptor).st_size - TAIL_BYTES)
    return os.pread(descriptor, HEAD_BYTES, 0), os.pread(descriptor, TAIL_BYTES, last)


def _identity(name: bytes, folder: int) -> tuple[bytes, int, int, int, int]:
    """What changes when the file does. Raises SourceUnusable where it is a link, a folder or a device."""
    status = os.stat(name, dir_fd=folder, follow_symlinks=False)
    if not stat.S_ISREG(status.st_mode):
        raise SourceUnusable(
            noop("%(name)s is not a file. Put the segment itself there, then add the image again."), name=display(name)
        )
    return name, status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


def _following(first: bytes, names: set[bytes], head: bytes) -> list[bytes]:
    """The segments after the first. Raises SourceUnusable where it is not the first, or one between is missing."""
    if head.startswith(image_signatures.VMDK_DESCRIPTION):
        stem = re.escape(first.removesuffix(b".vmdk"))
        return sorted(name for name in names if re.fullmatch(stem + rb"-([sf]\d{3,}|flat)\.vmdk", name))
    sequence = list(islice(_names(first, names) or iter((first,)), MOST + 2))
    if first != sequence[0]:
        return _not_the_first(first, sequence[0], names)
    places = [place for place, name in enumerate(sequence) if name in names]
    missing = next((name for name in sequence[: places[-1]] if name not in names), None)
    if missing:
        raise _missing(missing)
    return sequence[1 : places[-1] + 1]


def _not_the_first(chosen: bytes, first: bytes, names: set[bytes]) -> list[bytes]:
    """Nothing follows a name that only looks like a later segment; one that is, is refused."""
    if first in names or EWF_NAME.fullmatch(chosen):
        raise SourceUnusable(
            noop("%(chosen)s is a later segment. Choose the first one, %(first)s."),
            chosen=display(chosen),
            first=display(first),
        )
    return []


def _names(first: bytes, names: set[bytes] | None = None) -> Iterator[bytes] | None:
    """The names of all segments of a sequence, from its beginning; None for a file that is none's.

    Numbers begin with 1, or with 0 where such a file is among `names`.
    """
    if match := EWF_NAME.fullmatch(first):
        return _ewf_names(match[1], match[2])
    if match := RAW_NAME.fullmatch(first):
        stem, width = match[1], len(match[2])
        start = 0 if b"%s%0*d" % (stem, width, 0) in (names or {first}) else 1
        return (b"%s%0*d" % (stem, width, number) for number in range(start, 10**width))
    if (match := LETTERS_NAME.fullmatch(first)) and set(match[2]) == {ord("a")}:
        return (match[1] + letters.encode() for letters in _letters(ascii_lowercase, len(match[2])))
    return None


def _ewf_names(stem: bytes, kind: bytes) -> Iterator[bytes]:
    """E01 to E99, EAA to EZZ, FAA to ZZZ; Ex01 to Ex99, ExAA to EzZZ (libewf, segment file extensions)."""
    yield from (b"%s%s%02d" % (stem, kind, number) for number in range(1, 100))
    alphabet = ascii_lowercase if kind.islower() else ascii_uppercase
    fixed, moving = kind[:-1], kind[-1:].decode()
    leading = ascii_lowercase if moving.islower() else ascii_uppercase
    for letter in leading[leading.index(moving) :]:
        yield from (stem + fixed + f"{letter}{pair}".encode() for pair in _letters(alphabet, 2))


def _letters(alphabet: str, count: int) -> Iterator[str]:
    if not count:
        yield ""
        return
    for first in alphabet:
        yield from (first + rest for rest in _letters(alphabet, count - 1))
