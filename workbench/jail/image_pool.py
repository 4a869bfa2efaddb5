"""The disk images that a worker process has open, so that its next claim need not open them again."""

import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from workbench.jail import layers
from workbench.jail.image_source import OpenImage, Segments
from workbench.jail.layers import USUAL, Terms
from workbench.jail.process import NoJail


class Images:
    """One worker process's images: one at a time stays open between two uses. Safe to share between threads."""

    def __init__(self, terms: Terms = USUAL) -> None:
        self._terms = terms
        self._lock = threading.Lock()
        self._idle: list[OpenImage] = []
        self._leave = weakref.finalize(self, _end_all, self._idle)

    @contextmanager
    def opened(self, segments: Segments) -> Iterator[OpenImage]:
        """The image, opened in a process of the jail. Raises CannotOpenImage, NoJail, DecoderDied, OSError."""
        if not self._terms.incomplete_is_accepted and layers.missing():
            raise NoJail
        image = self._kept(segments.key) or OpenImage(segments, self._terms)
        try:
            yield image
        finally:
            with self._lock:
                if image.is_spent:
                    image.end()
                else:
                    _end_all(self._idle)
                    self._idle.append(image)

    def _kept(self, key: object) -> OpenImage | None:
        with self._lock:
            fitting = next((image for image in self._idle if image.key == key and not image.is_spent), None)
            if fitting:
                self._idle.remove(fitting)
            return fitting

    def close(self) -> None:
        """End every process."""
        with self._lock:
            _end_all(self._idle)


def _end_all(images: list[OpenImage]) -> None:
    while images:
        with suppress(OSError):
            images.pop().end()
