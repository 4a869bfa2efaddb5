"""What the worker takes from a jail, and what it refuses: the jail may have been taken over."""

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.workbench.jail_samples import veil_of
from workbench.jail import answers, described, wire
from workbench.jail.results import Keyframe, Preview, Slice

JPEG, WEBP, OTHER = b"\xff\xd8\xff picture", veil_of(), veil_of(data=b"22")
SIZE = 1000  # bytes of the file that was asked about
WHOLE = Preview(
    "video", "video/mp4", 640, 480, 12_000, 300, "made", veil=WEBP, clear=JPEG, codec="h264",
    pdq=bytes(range(32)), pdq_quality=90, pdq_width=640,
    metadata={"make": "Canon", "taken_at": "2020-05-04T10:00:00+00:00", "taken_zone": "offset", "latitude": 51.5,
              "longitude": -0.1, "more": {"Lens": "50 mm"}},
    embedded=(Slice("motion-photo.mp4", 600, 400),),
    keyframes=(Keyframe(0, True, WEBP, JPEG, bytes(32), 77, 3), Keyframe(8000, False, OTHER, JPEG + b"2")),
)  # fmt: skip
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=6) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


def travelled(preview: Preview, **changed: Any) -> Preview:
    """The preview as the worker reads it, after somebody changed the header."""
    header, bodies = answers.packed(preview)
    return answers.checked(json.loads(json.dumps(header | changed)), b"".join(bodies), SIZE)


@pytest.mark.parametrize("preview", [WHOLE, Preview("other", "", reason="not-media")])
def test_an_honest_answer_arrives_as_it_was_sent(preview: Preview) -> None:
    assert travelled(preview) == preview


FRAME = [0, True, len(WEBP), len(JPEG), "", 0, 0]


@pytest.mark.parametrize(
    "changed",
    [
        {"kind": "program"}, {"state": "none"}, {"state": "partial"}, {"width": -1}, {"width": True}, {"width": 2**31},
        {"width": 1.5}, {"mime": "x" * 81}, {"codec": "h\n264"}, {"codec": "x" * 41}, {"veil": 0}, {"veil": 10**9},
        {"clear": 1}, {"pdq": "00"}, {"pdq": "zz" * 32}, {"pdq": None}, {"pdq_quality": 101},
        {"reason": "unheard-of", "state": "partial"}, {"reason": "x" * 61, "state": "partial"},
        # more pictures than came, other pictures than came, times that run backwards
        {"keyframes": []}, {"keyframes": [FRAME]}, {"keyframes": [FRAME] * 241}, {"keyframes": [FRAME, FRAME]},
        {"keyframes": [[0, 1, *FRAME[2:]], [1, *FRAME[1:]]]}, {"keyframes": "frames"}, {"keyframes": [7]},
        # slices outside the file, with names of their own
        {"embedded": [["a.jpg", 0, 1001]]}, {"embedded": [["a.jpg", -1, 5]]}, {"embedded": [["a.jpg", 0, 0]]},
        {"embedded": [["../a.jpg", 0, 5]]}, {"embedded": [["a.jpg", 0, 5]] * 65}, {"embedded": {"a": 1}},
        {"embedded": [["a.jpg", 0.0, 5]]},
        # metadata
        {"metadata": []}, {"metadata": {"maker": "x"}}, {"metadata": {"make": 7}}, {"metadata": {"make": "x" * 81}},
        {"metadata": {"make": "a\u202eb"}}, {"metadata": {"make": "a\0b"}}, {"metadata": {"latitude": 90.1}},
        {"metadata": {"latitude": float("nan")}}, {"metadata": {"longitude": 10**400}},
        {"metadata": {"latitude": True}}, {"metadata": {"more": {str(n): "" for n in range(65)}}},
        {"metadata": {"more": {"a": "x" * 201}}}, {"metadata": {"more": {"a": 1}}},
        {"metadata": {"taken_at": "2020-01-01T00:00:00", "taken_zone": "none"}},
        {"metadata": {"taken_at": "0001-01-01T00:00:00+14:00", "taken_zone": "utc"}},
        {"metadata": {"taken_at": "2020-01-01T00:00:00+00:00", "taken_zone": "local"}},
    ],
)  # fmt: skip
def test_an_answer_no_honest_decoder_gives_is_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 whatever it is called, it is one
        travelled(WHOLE, **changed)


@pytest.mark.parametrize(
    "veil",
    [
        b"RIFF", WEBP[:20], WEBP[:-1], WEBP + b"\0\0",
        veil_of((640, 480)), veil_of((64, 49)), veil_of(data=bytes(1000)),
        WEBP.replace(b"VP8 ", b"VP8X"), WEBP.replace(b"VP8 ", b"VP8L"), WEBP.replace(b"WEBP", b"WAVE"),
        # a second picture behind the first, in the same file
        b"RIFF" + (len(WEBP) * 2 - 20).to_bytes(4, "little") + WEBP[8:] + WEBP[12:],
    ],
)  # fmt: skip
def test_a_veil_is_one_small_picture_of_the_size_all_veils_have(veil: bytes) -> None:
    preview = Preview("still", "image/jpeg", 1, 1, state="made", veil=veil, clear=JPEG)
    with pytest.raises(ValueError, match=r"veil|picture"):
        travelled(preview)


def test_bytes_that_no_picture_claims_are_refused() -> None:
    header, bodies = answers.packed(WHOLE)
    with pytest.raises(ValueError, match="body"):
        answers.checked(json.loads(json.dumps(header)), b"".join(bodies) + b"!", SIZE)


@given(st.sampled_from(sorted(answers.packed(WHOLE)[0])), JSON)
def test_whatever_stands_in_a_header_the_answer_is_a_preview_or_a_refusal(name: str, value: object) -> None:
    with suppress(ValueError):
        assert isinstance(travelled(WHOLE, **{name: value}), Preview)


@given(JSON)
def test_whatever_is_said_of_a_file_what_is_kept_can_be_stored(value: object) -> None:
    try:
        kept = described.checked(value)
    except ValueError:
        return
    assert "\0" not in json.dumps(kept, allow_nan=False, ensure_ascii=False)


@given(st.one_of(st.text(), st.binary(), st.integers(), st.floats()), st.integers(1, 200))
def test_text_from_a_file_is_made_printable_and_short(value: object, most: int) -> None:
    text = described.plain(value, most)
    assert len(text) <= most
    assert text.isprintable()


def test_control_and_direction_characters_become_visible() -> None:
    assert described.plain("a\u202eb\x1b[31mc\0", 80) == r"a\u202eb\x1b[31mc"
    assert described.plain(b"caf\xe9 Canon\0\0", 80) == r"caf\xe9 Canon"


def test_a_header_of_brackets_without_end_is_a_broken_conversation() -> None:
    with pytest.raises(wire.BrokenConversation):
        wire._header(b"[" * wire.MAX_HEADER)
