"""The jail's work on one file: look at its signature, decode it, answer with a preview. Runs in the jail."""

import io
import os
from pathlib import Path
from typing import Any

import av
from PIL import Image, features

from workbench.jail import clips, results, stills
from workbench.jail.results import Preview
from workbench.media_types import HEAD_BYTES, MediaType, sniff

WARM_STILLS = ("JPEG", "PNG", "GIF", "WEBP", "TIFF", "BMP", "AVIF", "JPEG2000", "JXL")
SAMPLES = Path(__file__).with_name("samples")  # HEIC and DNG of 24 pixels, because encoding them would start threads
WARM_MODULES = ("webp", "avif", "littlecms2")


def preview(descriptor: int) -> Preview:
    """What may be shown of the open file; takes the descriptor over. Whatever a decoder raises becomes a reason."""
    with os.fdopen(descriptor, "rb") as file:
        file.seek(0)  # whoever hashed it left the offset at the end
        media = sniff(file.read(HEAD_BYTES))
        try:
            return _by_kind(file, media)
        except MemoryError:
            return Preview(media.kind, media.mime, reason=results.DECODER_LIMIT)
        except Exception:  # decoders raise anything over hostile bytes, and that is the answer
            return Preview(media.kind, media.mime, reason=results.UNDECODABLE)


def _by_kind(file: io.BufferedReader, media: MediaType) -> Preview:
    if media.kind == "still":
        return stills.preview(file, media)
    if media.kind in ("video", "audio"):
        return clips.preview(file, media)
    return Preview(media.kind, media.mime, reason=results.NOT_MEDIA)


def warm_up() -> None:
    """Use every codec once, so that nothing has to be loaded or looked up once the jail is locked."""
    for module in WARM_MODULES:
        features.check(module)
    picture = Image.radial_gradient("L").resize((16, 12)).convert("RGB")
    for name in WARM_STILLS:
        stream = io.BytesIO()
        picture.save(stream, name, num_threads=0)
        _warm_still(name, stream)
    for path in sorted(SAMPLES.iterdir()):
        _warm_still(path.name, io.BytesIO(path.read_bytes()))
    _warm_film(picture)


def _warm_still(name: str, stream: io.BytesIO) -> None:
    if stills.preview(stream, sniff(stream.getvalue())).state != "made":
        raise RuntimeError(f"the decoder for {name} does not work")


def _warm_film(picture: Image.Image) -> None:
    stream = io.BytesIO()
    with av.open(stream, "w", format="avi") as container:
        track = container.add_stream("mpeg4", rate=5)
        track.width, track.height, track.pix_fmt = picture.width, picture.height, "yuv420p"
        frame: Any = av.VideoFrame
        container.mux(track.encode(frame.from_image(picture)))
        container.mux(track.encode(None))
    clips.preview(stream, MediaType("video/x-msvideo", "video"))
