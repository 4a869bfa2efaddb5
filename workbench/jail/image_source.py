"""The worker's side of a disk image: hands its segments to a process of the jail and asks that about files.

A process that dies costs a folder of the listing or a file being read; a fresh one goes on.
"""

import math
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass
from typing import Protocol

from workbench.jail import image_results, results, wire
from workbench.jail.image_results import ITSELF, ImageEntry, ImageFacts
from workbench.jail.layers import Terms
from workbench.jail.process import Jail

# Files, then a fresh process. More than elsewhere (security.md rule 3.2): it would only read the same image again.
SERVED_AT_MOST = 10_000
QUIET_SECONDS = 30.0  # without a sign of life
BUSY_SECONDS = 1800.0  # of waiting in one listing: the search for orphans on a large disk takes long
ENTRIES_A_SECOND = 100  # entries for which a listing may be waited for another second
READ_SECONDS, SLOWEST = 60.0, 1_000_000  # of waiting for one file: so long, and a second for so many bytes
MAX_ENTRIES = 50_000_000  # of one image
MAX_DEATHS = 3  # in one listing
FAULTS = (OSError, wire.BrokenConversation, ValueError, KeyError, TypeError)  # TimeoutError is an OSError


class CannotOpenImage(Exception):
    """The image cannot be opened; carries one of the codes of image_results."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Died(Exception):
    """The process ended, took too long or said nonsense; carries a reason of results."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class NobodyWaits(Exception):
    """The answer is not wanted any more."""


class Segments(Protocol):
    """The files of an image, in order. `key` says whether it is the same image, unchanged."""

    @property
    def key(self) -> object: ...

    def __len__(self) -> int: ...

    def opened(self, first: int, count: int) -> AbstractContextManager[Sequence[int]]:
        """Read-only descriptors of some of them. Raises OSError."""
        ...


@dataclass(frozen=True, slots=True)
class Digests:
    """Hashes of the whole medium, in hexadecimal; or the `problem` that kept them from being made."""

    hashes: dict[str, str]
    problem: str = ""


class OpenImage:
    """One image and the process that reads it; `facts` say what it is."""

    def __init__(self, segments: Segments, terms: Terms) -> None:
        self.key = segments.key
        self._segments, self._terms = segments, terms
        self._jail: Jail | None = None
        self._talking = False  # something is still on its way to us
        self._patience = 0.0  # seconds that may still be spent waiting for what was asked
        self.facts = self._ready()

    @property
    def is_spent(self) -> bool:
        """Whether another process should take its place."""
        return not self._jail or not self._jail.alive or self._talking or self._jail.served >= SERVED_AT_MOST

    def end(self) -> None:
        """End the process."""
        if self._jail:
            self._jail.end()
        self._jail = None

    def entries(self) -> Iterator[ImageEntry]:
        """Every file of every volume, in an order that is the image's own. Raises DecoderDied, CannotOpenImage."""
        known, passed = 0, list[tuple[int, int]]()
        for death in range(MAX_DEATHS + 1):
            listing = _Listing(known)
            try:
                with closing(self._asked({"do": "list", "passed": passed}, BUSY_SECONDS)) as messages:
                    for entry in listing.of(messages):
                        self._patience += 1 / ENTRIES_A_SECOND
                        yield entry
            except Died as died:
                self.end()
                if death == MAX_DEATHS or listing.opens is None or died.reason == results.OVER_LIMIT:
                    yield ImageEntry(b"vol1", ITSELF, reason=died.reason)
                    return
                offset, address, path = listing.opens
                passed.append((offset, address))
                known = listing.known
                yield ImageEntry(path, ITSELF, reason=died.reason)
            else:
                return

    def read(self, place: str, size: int) -> Generator[bytes, None, str]:
        """The `size` bytes at an entry's place; returns why they are not whole, "" if they are. Raises DecoderDied."""
        numbers, left = [int(part) for part in place.split(":")], size
        try:
            with closing(self._asked({"do": "read", "place": numbers}, READ_SECONDS + size / SLOWEST)) as messages:
                for header, body in messages:
                    if "end" in header:
                        return _ended(header, is_whole=not left)
                    left -= _length(body, left)
                    yield body
        except Died as died:
            self.end()
            return died.reason
        except CannotOpenImage:  # it did before
            pass
        return results.DECODER_KILLED

    def digests(self, go_on: Callable[[], bool]) -> Digests | None:
        """Hashes of the whole medium; None when `go_on`, asked every few seconds, said no."""
        found: dict[str, str] = {}
        try:
            with closing(self._asked({"do": "digest"}, math.inf, go_on)) as messages:
                for header, _body in messages:
                    if "end" in header:
                        problem = _ended(header, is_whole=bool(found))
                        return Digests({} if problem else found, problem)
                    found = _all_kinds(header)
        except NobodyWaits:
            return None
        except Died as died:
            self.end()
            return Digests({}, died.reason)
        return Digests({}, results.DECODER_KILLED)

    def _asked(
        self, request: wire.Header, seconds: float, told: Callable[[], bool] | None = None
    ) -> Generator[tuple[wire.Header, bytes], None, None]:
        """The messages that answer a request, the one with `end` last. Raises Died; leaving early ends the process.

        The process may be waited for `seconds` in all, or as long as `told`, asked now and then, says yes.
        """
        if self._talking:
            raise RuntimeError("an image answers one question at a time")
        self._ready()
        self._talking, self._patience = True, seconds
        try:
            self._sent(request)
            while self._talking:
                header, body = self._received(told)
                self._talking = "end" not in header
                yield header, body
        finally:
            if self._talking:
                self.end()
                self._talking = False
            elif self._jail:
                self._jail.served += 1

    def _received(self, go_on: Callable[[], bool] | None = None) -> tuple[wire.Header, bytes]:
        """The next message that is more than a sign of life. Raises Died, and NobodyWaits when `go_on` said no."""
        while self._patience > 0:
            asked = time.monotonic()
            header, body = self._said()
            self._patience -= time.monotonic() - asked
            if "busy" not in header:
                return header, body
            if go_on and not go_on():
                raise NobodyWaits
        raise Died(results.DECODER_TIMEOUT)

    def _said(self) -> tuple[wire.Header, bytes]:
        if self._jail is None:
            raise Died(results.DECODER_KILLED)
        try:
            deadline = time.monotonic() + min(QUIET_SECONDS, self._patience)
            return wire.receive(self._jail.sock, most=results.CHUNK_BYTES, deadline=deadline)
        except TimeoutError as error:
            raise Died(results.DECODER_TIMEOUT) from error
        except FAULTS as error:
            raise Died(results.DECODER_KILLED) from error

    def _sent(self, request: wire.Header) -> None:
        try:
            if self._jail:
                wire.send(self._jail.sock, request)
        except OSError as error:
            raise Died(results.DECODER_KILLED) from error

    def _ready(self) -> ImageFacts:
        """A process that has the image open. Raises CannotOpenImage, DecoderDied, OSError."""
        if not self.is_spent:
            return self.facts
        self.end()
        self._talking, self._patience = False, BUSY_SECONDS
        self._jail = Jail("images", self._terms)
        self._jail.wait()
        try:
            self._hand_over(self._jail)
            return _facts(self._received()[0])
        except (Died, wire.BrokenConversation, ValueError, KeyError, TypeError) as error:
            self.end()
            raise CannotOpenImage(image_results.BROKEN) from error
        except BaseException:
            self.end()
            raise

    def _hand_over(self, jail: Jail) -> None:
        count = len(self._segments)
        with self._segments.opened(0, 1) as descriptors:
            wire.send_descriptor(jail.sock, {"segments": count}, *descriptors)
        held = 1
        while held < count:
            self._said()
            with self._segments.opened(held, min(wire.MAX_DESCRIPTORS, count - held)) as descriptors:
                wire.send_descriptor(jail.sock, {}, *descriptors)
                held += len(descriptors)


class _Listing:
    """Reads the messages of one listing; as many entries as `told` came in an earlier one."""

    def __init__(self, told: int) -> None:
        self._told = told
        self._count = 0
        self.opens: tuple[int, int, bytes] | None = None  # volume offset, address, path of the folder being opened
        self.known = 0  # entries before that folder

    def of(self, messages: Iterator[tuple[wire.Header, bytes]]) -> Iterator[ImageEntry]:
        """The entries that are new. Raises Died."""
        for header, _body in messages:
            try:
                if header.get("end"):
                    raise Died(image_results.reason(header["end"]))
                entries = [image_results.entry(said) for said in header.get("entries", ())]
                if "opens" in header:
                    self.opens = image_results.opens(header["opens"])
                    self.known = self._count + len(entries)
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                raise Died(results.DECODER_KILLED) from error
            if self._count + len(entries) > MAX_ENTRIES:
                raise Died(results.OVER_LIMIT)
            for entry in entries:
                self._count += 1
                if self._count > self._told:
                    yield entry


def _facts(header: wire.Header) -> ImageFacts:
    if "failed" in header:
        raise CannotOpenImage(str(header["failed"]))
    return image_results.facts(header)


def _length(body: bytes, most: int) -> int:
    """Bytes of a chunk. Raises Died where it is empty, which might go on for ever, or more than was asked for."""
    if not 0 < len(body) <= most:
        raise Died(results.DECODER_KILLED)
    return len(body)


def _all_kinds(header: wire.Header) -> dict[str, str]:
    """A hash of every kind. Raises Died."""
    try:
        found = image_results.digests(header["digests"])
    except (ValueError, KeyError, TypeError) as error:
        raise Died(results.DECODER_KILLED) from error
    if found.keys() != image_results.HASHES.keys():
        raise Died(results.DECODER_KILLED)
    return found


def _ended(header: wire.Header, *, is_whole: bool) -> str:
    """Why an answer is not what was asked for, "" when it is. Raises Died where that is a lie."""
    try:
        reason = image_results.reason(header["end"])
    except ValueError as error:
        raise Died(results.DECODER_KILLED) from error
    if not reason and not is_whole:
        raise Died(results.DECODER_KILLED)
    return reason
