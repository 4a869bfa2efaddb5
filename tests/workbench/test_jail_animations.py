"""How stills that move or have pages are told: which frames, when, and how far a damaged one goes."""

from collections.abc import Iterator

import pytest
from PIL import Image

from tests.shared_data import shared
from tests.workbench.jail_samples import encoded, landscape, preview_file, preview_of, shown
from workbench.jail import Decoder
from workbench.perceptual import distance

VIEWS = [landscape(400, 300).rotate(90 * turn) for turn in range(4)]


@pytest.fixture(scope="module")
def decoder() -> Iterator[Decoder]:
    with Decoder() as decoder:
        yield decoder


def moving(pictures: list[Image.Image], name: str, *, duration: int = 200) -> bytes:
    options = {"duration": duration} if name not in ("TIFF", "HEIF") else {}
    return encoded(pictures[0], name, save_all=True, append_images=pictures[1:], **options)


@pytest.mark.parametrize("name", ["GIF", "PNG", "WEBP", "AVIF"])
def test_every_frame_of_a_short_animation_is_told_at_its_time(decoder: Decoder, name: str) -> None:
    answer = preview_of(decoder, moving(VIEWS, name))
    assert (answer.kind, answer.state, answer.frames) == ("still", "made", 4)
    assert [(frame.at_ms, frame.scene) for frame in answer.keyframes] == [
        (0, True), (200, True), (400, True), (600, True)
    ]  # fmt: skip
    first = answer.keyframes[0]
    assert shown(first.clear).size == (320, 240)
    assert shown(first.veil).size == (64, 48)
    assert distance(first.pdq, answer.pdq) == 0


@pytest.mark.parametrize("name", ["TIFF", "HEIF"])
def test_pages_are_told_as_a_film_of_one_page_a_second(decoder: Decoder, name: str) -> None:
    answer = preview_of(decoder, moving(VIEWS, name))
    assert [frame.at_ms for frame in answer.keyframes] == [0, 1000, 2000, 3000]


def test_a_long_animation_is_told_by_24_frames_over_its_length(decoder: Decoder) -> None:
    pictures = [landscape(100, 80).rotate(3 * turn, fillcolor=(turn, 90, 0)) for turn in range(120)]
    frames = preview_of(decoder, moving(pictures, "GIF", duration=100)).keyframes
    assert len(frames) == 24
    assert (frames[0].at_ms, frames[-1].at_ms) == (0, 11_900)


def test_frames_that_repeat_the_one_before_are_left_out(decoder: Decoder) -> None:
    here, there = (Image.effect_noise((16, 12), 90).resize((400, 300)) for _ in range(2))
    nearly = here.copy()
    nearly.paste(255, (5, 5, 9, 9))
    frames = preview_of(decoder, moving([here, nearly, there, here, nearly, here], "PNG")).keyframes
    assert [(frame.at_ms, frame.scene) for frame in frames] == [(0, True), (400, True), (600, True)]


def test_a_still_that_stands_still_has_no_storyboard(decoder: Decoder) -> None:
    assert preview_of(decoder, encoded(landscape(), "GIF")).keyframes == ()


def test_of_an_animation_cut_short_the_frames_before_the_cut_are_told(decoder: Decoder) -> None:
    noise = [Image.effect_noise((200, 150), 90) for _ in range(6)]
    whole = moving(noise, "GIF")
    answer = preview_of(decoder, whole[: len(whole) // 2])
    assert (answer.state, answer.reason) == ("partial", "truncated")
    assert 1 < len(answer.keyframes) < 6


def test_a_frame_with_transparency_lies_over_grey_like_the_preview(decoder: Decoder) -> None:
    clear_half = Image.new("RGBA", (64, 64), (0, 0, 0, 0))
    clear_half.paste((0, 0, 255, 255), (0, 0, 64, 32))
    first = VIEWS[0].resize((64, 64)).convert("RGBA")
    first.putalpha(250)
    answer = preview_of(decoder, moving([first, clear_half], "WEBP"))
    lower = shown(answer.keyframes[1].clear).getpixel((32, 56))
    assert isinstance(lower, tuple)
    assert all(abs(value - 128) < 12 for value in lower)


def test_the_same_animation_in_two_formats_is_told_alike(decoder: Decoder) -> None:
    root = shared("media/formats/animated")
    one, other = (preview_file(decoder, root / name) for name in ("iss634.apng", "iss634.webp"))
    assert distance(one.keyframes[0].pdq, other.keyframes[0].pdq) <= 8
    assert distance(one.keyframes[-1].pdq, other.keyframes[-1].pdq) <= 16
