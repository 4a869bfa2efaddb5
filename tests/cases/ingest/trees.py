"""Little folders of harmless pictures, made on the spot, and how tests take them in."""

import io
import os
from collections.abc import Mapping
from pathlib import Path

from PIL import Image, ImageDraw

from cases import evidence
from cases.ingest import pipeline
from cases.models import Case, Exhibit, FileInstance


def picture(number: int, kind: str = "PNG", size: tuple[int, int] = (48, 32)) -> bytes:
    """A test chart: every number another picture."""
    image = Image.new("RGB", size, (number * 37 % 256, number * 101 % 256, 90))
    draw = ImageDraw.Draw(image)
    for bit in range(16):
        if number >> bit & 1:
            draw.rectangle((bit * 3, 8, bit * 3 + 1, 24), fill=(250, 250, 250))
    stream = io.BytesIO()
    image.save(stream, kind)
    return stream.getvalue()


def tree(root: Path, files: Mapping[bytes | str, bytes]) -> Path:
    """Write files below `root`; names may be any bytes."""
    for name, data in files.items():
        path = root / os.fsdecode(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return root


def add(case: Case, source: Path | bytes, ref: str = "NM-01", reader: str = "folder") -> Exhibit:
    """Add evidence as the case's lead, without working on it yet."""
    return evidence.add_exhibit(case=case, ref=ref, reader_id=reader, source=os.fsencode(source), by=case.lead)


def take_in(case: Case, source: Path | bytes, ref: str = "NM-01", reader: str = "folder") -> Exhibit:
    """Add evidence and do the whole ingest here."""
    return pipeline.drain(add(case, source, ref, reader).pk)


def ledger(exhibit: Exhibit) -> dict[bytes, tuple[str, str]]:
    """Raw path -> (state, reason)."""
    return {bytes(path): (state, why) for path, state, why in exhibit.files.values_list("raw_path", "state", "reason")}


def chains(exhibit: Exhibit) -> dict[str, tuple[str, str]]:
    """Path with those of its parents -> (state, reason)."""
    files = {row.pk: row for row in exhibit.files.order_by("pk")}

    def chain(row: FileInstance) -> str:
        name = bytes(row.raw_path).decode()
        return f"{chain(files[row.parent_id])} > {name}" if row.parent_id else name

    return {chain(row): (row.state, row.reason) for row in files.values()}


def figures(exhibit: Exhibit) -> tuple[int, ...]:
    """seen, pending, hashed, accepted, without preview, rejected, problems."""
    exhibit.refresh_from_db()
    names = ("seen", "pending", "hashed", "accepted", "without_preview", "rejected", "problems")
    return tuple(getattr(exhibit, name) for name in names)
