"""Films played and heard piece by piece in the jail: what is sent, how far, and what hostile ones come to."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from fractions import Fraction
from itertools import count, pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image

from tests.shared_data import shared
from tests.workbench.jail_samples import clip, encoded, landscape, read_only, shown
from workbench.jail import Piece, Player, loudness, pieces, reel, wire

HILL, SEA = landscape(96, 64), Image.new("RGB", (96, 64), (20, 60, 220))


@pytest.fixture(scope="module")
def player() -> Iterator[Player]:
    with closing(Player()) as player:
        yield player


def played(player: Player, data: bytes, *, start: int = 0, step: int = 200, name: str = "film") -> list[Piece]:
    """All pieces of a film from a place on."""
    made, at = list[Piece](), start
    with read_only(data) as descriptor:
        while at is not None and len(made) < 40:
            made.append(player.pictures(descriptor, name, start=at, step=step))
            at = made[-1].next  # type: ignore[assignment]
    return made


def tone(seconds: int = 12) -> bytes:
    """A film of one picture with a tone of 440 Hz, whose second half is silent."""
    import io

    stream = io.BytesIO()
    with av.open(stream, "w", format="matroska") as container:
        picture: Any = container.add_stream("mpeg4", rate=1)
        picture.width, picture.height, picture.pix_fmt = 96, 64, "yuv420p"
        track: Any = container.add_stream("flac", rate=44_100, layout="mono")
        frames: Any = av.VideoFrame
        for _ in range(seconds):
            container.mux(picture.encode(frames.from_image(HILL)))
        at = np.arange(44_100 * seconds)
        wave = (12_000 * np.sin(2 * np.pi * 440 * at / 44_100) * (at < 22_050 * seconds)).astype(np.int16)
        for place in range(0, len(wave), 4410):
            sound = av.AudioFrame.from_ndarray(wave[None, place : place + 4410], format="s16", layout="mono")
            sound.sample_rate, sound.pts, sound.time_base = 44_100, place, Fraction(1, 44_100)
            container.mux(track.encode(sound))
        container.mux(track.encode(None))
        container.mux(picture.encode(None))
    return stream.getvalue()


def test_a_film_is_played_to_its_end_in_grey_pictures_without_a_gap(player: Player) -> None:
    film = clip([HILL] * 100 + [SEA] * 100, gop=60)  # 40 s
    made = played(player, film)
    times = [at for piece in made for at, _picture in piece.pictures]
    assert times == list(range(0, 40_000, 200))
    assert len(made) > 2
    assert all(not piece.sound and not piece.reason for piece in made)
    first, last = (shown(picture) for picture in (made[0].pictures[0][1], made[-1].pictures[-1][1]))
    assert (first.mode, last.mode, first.size) == ("L", "L", (96, 64))
    assert first.getpixel((14, 12)) != last.getpixel((14, 12))


def test_a_large_picture_is_made_small(player: Player) -> None:
    [piece] = played(player, clip([landscape(1280, 720)] * 2), name="large")
    assert shown(piece.pictures[0][1]).size == (480, 270)


@pytest.mark.parametrize(("step", "most"), [(400, 110), (800, 60), (1600, 30)])
def test_a_faster_film_has_fewer_pictures(player: Player, step: int, most: int) -> None:
    times = [at for piece in played(player, clip([HILL, SEA] * 100), step=step) for at, _picture in piece.pictures]
    assert 15 < len(times) <= most
    assert all(later - one >= step for one, later in pairwise(times))


def test_a_film_is_played_from_its_middle_and_what_stands_there_is_shown(player: Player) -> None:
    """One picture every ten seconds: at 25 s the one of 20 s is still to be seen."""
    film = clip([HILL, SEA] * 4, rate=Fraction(1, 10), gop=1)
    [piece] = played(player, film, start=25_000, name="slides")
    assert [at for at, _picture in piece.pictures] == [25_000, 30_000, 40_000, 50_000, 60_000, 70_000]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (clip([HILL] * 20)[:200], "undecodable"),
        (encoded(HILL, "JPEG"), "not-media"),
        (b"", "not-media"),
        (clip([HILL] * 20, name="matroska").replace(b"V_MPEG4", b"V_NOTHI"), "undecodable"),
    ],
)
def test_what_cannot_be_played_says_why(player: Player, data: bytes, reason: str) -> None:
    [piece] = played(player, data, name=reason + str(len(data)))
    assert (piece.is_empty, piece.reason, piece.next) == (True, reason, None)


def test_of_a_damaged_film_is_played_what_is_there(player: Player) -> None:
    whole = clip([landscape(96, 64).rotate(9 * turn) for turn in range(40)], name="matroska")
    made = played(player, whole[: len(whole) * 2 // 3], name="cut")
    times = [at for piece in made for at, _picture in piece.pictures]
    assert 2000 < times[-1] < 8000
    assert made[-1].next is None
    assert made[-1].reason == "truncated"


def test_a_film_without_a_picture_track_has_sound_and_no_clip(player: Player) -> None:
    with (shared("media") / "video/sample_audio_only.mp4").open("rb") as file:
        assert player.pictures(file.fileno(), "sound", start=0, step=200).reason == "no-picture"
        piece = player.sound(file.fileno(), start=0)
    assert abs(len(piece.sound) / 32_000 - 1.02) < 0.1


def test_sound_comes_from_its_place_without_a_picture(player: Player) -> None:
    film = tone()
    with read_only(film) as descriptor:
        first = player.sound(descriptor, start=0)
        rest = player.sound(descriptor, start=5000)
    heard = np.frombuffer(first.sound, np.int16)
    assert (len(heard), first.next, first.pictures) == (pieces.MAX_SOUND // 2, 10_000, ())
    assert np.abs(heard[16_000:64_000]).max() > 8000
    assert np.abs(heard[105_000:]).max() < 100
    crossings = np.count_nonzero(np.diff(np.signbit(heard[16_000:32_000])))
    assert abs(crossings / 2 - 440) < 3
    later = np.frombuffer(rest.sound, np.int16)
    assert rest.next is None
    assert abs(len(later) / 16_000 - 7) < 0.2
    assert np.abs(later[:12_000]).max() > 8000
    assert np.abs(later[20_000:]).max() < 100


def test_a_silent_film_says_so(player: Player) -> None:
    with read_only(clip([HILL] * 5)) as descriptor:
        assert player.sound(descriptor, start=0).reason == "no-sound"


def test_a_film_that_gives_no_picture_for_long_ends_its_piece(player: Player, monkeypatch: pytest.MonkeyPatch) -> None:
    """In this process, where time can be made short: a place far from any keyframe is reached in several pieces."""
    film = clip([HILL] * 200, gop=600)
    with read_only(film) as descriptor, open(descriptor, "rb", closefd=False) as file:
        opened = reel.Reel(file)
        monkeypatch.setattr(reel, "APPROACH_SECONDS", 0.0)
        piece = opened.piece(30_000, 200)
        assert (piece.pictures, piece.next, piece.reason) == ((), 30_000, "")
        monkeypatch.undo()
        assert opened.piece(30_000, 200).pictures[0][0] == 30_000


def test_where_frames_come_slower_than_they_are_played_keyframes_far_apart_do(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Keyframes ten seconds apart, played at 16 x; decoding is made slow by a clock that runs."""
    path = tmp_path / "slow.mp4"
    path.write_bytes(clip([HILL] * 300, gop=50))  # 60 s
    clock = count(0, 0.01)
    with path.open("rb") as file:
        opened = reel.Reel(file)
        monkeypatch.setattr(time, "monotonic", lambda: next(clock))
        slow = opened.piece(0, 1600)
        later = opened.piece(slow.next or 0, 1600)
    assert [at for at, _picture in slow.pictures][:2] == [0, 1600]
    assert later.pictures[-1][0] == 10_000  # and nothing of what lies between


GOOD: dict[str, Any] = {"start": 0, "next": None, "reason": "", "pictures": [[0, 4]], "sound": 0, "peaks": 0}
JPEG = b"\xff\xd8\xff!"


@pytest.mark.parametrize(
    ("changed", "body"),
    [
        ({"pictures": [[0, 4], [0, 4]]}, JPEG * 2), ({"pictures": [[0, 4]] * 61}, JPEG * 61), ({}, b"\x89PNG"),
        ({"pictures": [[0, 9]]}, JPEG), ({"pictures": [[-1, 4]]}, JPEG), ({"pictures": {}}, b""), ({"next": -1}, JPEG),
        ({"next": 0.5}, JPEG), ({"reason": "unheard-of"}, JPEG), ({"sound": 2}, JPEG), ({"sound": 2}, JPEG + b"ab"),
        ({"pictures": [], "sound": 3}, b"abc"), ({"start": None}, JPEG), ({"start": 2**31}, JPEG),
        ({"peaks": 1}, JPEG), ({"peaks": 1}, JPEG + b"a"), ({"pictures": [], "peaks": 301}, bytes(301)),
    ],
)  # fmt: skip
def test_a_piece_no_honest_player_gives_is_refused(changed: dict[str, Any], body: bytes) -> None:
    assert pieces.checked(GOOD, JPEG).pictures == ((0, JPEG),)
    with pytest.raises(ValueError):  # noqa: PT011 whatever it is called, it is one
        pieces.checked(GOOD | changed, body)


def test_a_player_that_was_taken_over_is_ended_and_an_honest_one_follows(player: Player) -> None:
    film = clip([HILL] * 5)
    played(player, film, name="before")
    jail = player._jails[0]
    silenced = jail.sock
    jail.sock, theirs = socket.socketpair()

    def lie() -> None:
        wire.receive_descriptor(theirs)
        wire.send(theirs, GOOD | {"pictures": [[0, 4]]}, b"<svg")

    with silenced, theirs:
        liar = threading.Thread(target=lie)
        liar.start()
        assert played(player, film, name="lie")[0].reason == "decoder-killed"
        liar.join()
    assert jail.process.poll() is not None
    assert len(played(player, film, name="after")[0].pictures) == 5


@pytest.mark.parametrize("part", [100, loudness.SPARSE_MS])
def test_how_loud_a_film_is_comes_piece_by_piece_and_the_silent_half_is_silent(
    part: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A tone of 12,000 of 32,768 in the first half of 12 s; of long parts only the beginning is listened to."""
    monkeypatch.setattr(loudness, "WORK_SECONDS", 0.0)
    path = tmp_path / "tone.mkv"
    path.write_bytes(tone())
    peaks, piece = b"", Piece(next=0)
    while piece.next is not None:
        with path.open("rb") as file:
            piece = loudness.piece(file, piece.next, part)
        peaks += piece.peaks
    assert 12_000 // part <= len(peaks) <= 12_000 // part + 1  # an encoder fills its last block
    half = 6000 // part
    assert all(abs(peak - 154) <= 1 for peak in peaks[:half])
    assert set(peaks[half + 1 :]) == {0}
