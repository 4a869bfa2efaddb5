"""The worker's side of a disk image: hands its segments to a process of the jail and asks that about files.

A process that dies costs a folder of the listing or a file being read; a fresh one goes on.
"""

import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol

from workbench.jail import image_results, results, wire
from workbench.jail.image_results import ITSELF, ImageEntry, ImageFacts
from workbench.jail.layers import Terms
from workbench.jail.process import Jail

# Files, then a fresh process. More than elsewhere (security.md rule 3.2): it would only read the same image again.
SERVED_AT_MOST = 10_000
QUIET_SECONDS = 30.0  # without a sign of life
BUSY_SECONDS = 1800.0  # signs of life alone: the search for orphans on a large disk takes long
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
                yield from listing.of(self._asked({"do": "list", "passed": passed}))
            except Died as died:
                if death == MAX_DEATHS or listing.opens is None:
                    yield ImageEntry(b"vol1", ITSELF, reason=died.reason)
                    return
                offset, address, path = listing.opens
                passed.append((offset, address))
                known = listing.known
                yield ImageEntry(path, ITSELF, reason=died.reason)
            else:
                return

    def read(self, place: str) -> Generator[bytes, None, str]:
        """The bytes at an entry's place; returns why they are not whole, "" when they are. Raises DecoderDied."""
        numbers = [int(part) for part in place.split(":")]
        end: Any = ""
        try:
            for header, body in self._asked({"do": "read", "place": numbers}):
                end = header.get("end", "")
                if body:
                    yield body
        except Died as died:
            return died.reason
        except CannotOpenImage:  # it did before
            return results.DECODER_KILLED
        return _reason(end)

    def digests(self, go_on: Callable[[], bool]) -> Digests | None:
        """Hashes of the whole medium; None when `go_on`, asked every few seconds, said no."""
        found: dict[str, str] = {}
        try:
            for header, _body in self._asked({"do": "digest"}, told=go_on):
                found = image_results.digests(header.get("digests", found))
                if header.get("end"):
                    return Digests({}, _reason(header["end"]))
        except NobodyWaits:
            return None
        except Died as died:
            return Digests({}, died.reason)
        except (ValueError, TypeError, AttributeError):
            self.end()
            return Digests({}, results.DECODER_KILLED)
        return Digests(found)

    def _asked(
        self, request: wire.Header, told: Callable[[], bool] | None = None
    ) -> Iterator[tuple[wire.Header, bytes]]:
        """The messages that answer a request, the one with `end` last. Raises Died; leaving early ends the process."""
        if self._talking:
            raise RuntimeError("an image answers one question at a time")
        self._ready()
        self._talking = True
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

    def _received(self, go_on: Callable[[], bool] | None) -> tuple[wire.Header, bytes]:
        """The next message that is more than a sign of life. Raises Died, and NobodyWaits when `go_on` said no."""
        until = time.monotonic() + BUSY_SECONDS
        while go_on or time.monotonic() < until:
            header, body = self._said()
            if "busy" not in header:
                return header, body
            if go_on and not go_on():
                raise NobodyWaits
        raise Died(results.DECODER_TIMEOUT)

    def _said(self) -> tuple[wire.Header, bytes]:
        if self._jail is None:
            raise Died(results.DECODER_KILLED)
        try:
            deadline = time.monotonic() + QUIET_SECONDS
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
        self._talking = False
        self._jail = Jail("images", self._terms)
        self._jail.wait()
        try:
            self._hand_over(self._jail)
            return _facts(self._received(None)[0])
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
                entries = [image_results.entry(said) for said in header.get("entries", ())]
                if opens := header.get("opens"):
                    self.opens = (int(opens[0]), int(opens[1]), bytes.fromhex(opens[2]))
                    self.known = self._count + len(entries)
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                raise Died(results.DECODER_KILLED) from error
            if header.get("end"):
                raise Died(_reason(header["end"]))
            for entry in entries:
                self._count += 1
                if self._count > self._told:
                    yield entry


def _facts(header: wire.Header) -> ImageFacts:
    if "failed" in header:
        raise CannotOpenImage(str(header["failed"]))
    return image_results.facts(header)


def _reason(said: Any) -> str:
    return str(said)[:60]
