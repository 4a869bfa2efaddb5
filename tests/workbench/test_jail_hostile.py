"""The hostile corpus against the jail alone: every outcome is one that its manifest permits."""

import importlib.util
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.shared_data import shared_tool
from tests.workbench.jail_samples import preview_of
from workbench.jail import ArchiveLimits, Decoder, Player

BUILDERS = ("build_images", "build_bombs", "build_active", "build_video", "build_plain", "build_archives")


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The corpus object with its list of items, its files built in a folder of their own."""
    from PIL import Image

    specification = importlib.util.spec_from_file_location("hostile", shared_tool("hostile.py"))
    assert specification
    assert specification.loader
    hostile = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(hostile)
    corpus = hostile.Corpus(str(tmp_path_factory.mktemp("hostile")))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Image, "MAX_IMAGE_PIXELS", None)
        for builder in BUILDERS:
            getattr(hostile, builder)(corpus)
    corpus.fuzzed = list(hostile.fuzz_images(600))
    return corpus


@pytest.mark.slow
def test_every_hostile_file_ends_as_its_manifest_permits(corpus: Any) -> None:
    wrong = {}
    with Decoder() as decoder:
        for item in corpus.items:
            path = Path(corpus.out) / item["path"]
            with path.open("rb") as file:
                answer = decoder.preview(file.fileno(), size=item["size"])
            outcome = "accepted-without-preview" if answer.state == "none" else "accepted"
            if outcome not in item["expect"] or (answer.state == "made") != (answer.reason == ""):
                wrong[item["path"]] = (answer.state, answer.reason)
    assert len(corpus.items) > 600
    assert not wrong


@pytest.mark.slow
def test_every_hostile_film_is_played_as_far_as_it_goes_and_kills_no_player(corpus: Any) -> None:
    films = [Path(corpus.out) / item["path"] for item in corpus.items if item["path"].startswith("evidence/video/")]
    assert len(films) > 10
    with closing(Player()) as player:
        for path in films:
            with path.open("rb") as file:
                for piece in (
                    player.pictures(file.fileno(), path.name, start=0, step=200),
                    player.pictures(file.fileno(), path.name, start=60_000, step=1600),
                    player.sound(file.fileno(), start=0),
                ):
                    assert piece.reason not in ("decoder-killed", "decoder-timeout"), path


@pytest.mark.slow
def test_seeded_damage_to_every_format_kills_no_decoder(corpus: Any) -> None:
    with Decoder() as decoder:
        reasons = {name: preview_of(decoder, data).reason for name, data in corpus.fuzzed}
    assert [name for name, reason in reasons.items() if reason in ("decoder-killed", "decoder-timeout")] == []


@pytest.mark.slow
def test_every_hostile_archive_ends_within_its_limits_and_drops_no_member(corpus: Any) -> None:
    limits = ArchiveLimits(bytes=64 << 20, members=10_000)
    with Decoder() as decoder:
        for item in corpus.items:
            if item["path"].startswith("evidence/archives/"):
                total, entries = read(decoder, Path(corpus.out) / item["path"], limits)
                assert total <= limits.bytes, item["path"]
                promised = item["if_expanded"].get("members", 0)
                assert entries >= min(promised, limits.members), item["path"]


def read(decoder: Decoder, path: Path, limits: ArchiveLimits) -> tuple[int, int]:
    """(bytes, members) that came out; each member with bad bytes or none says why."""
    total = entries = 0
    with path.open("rb") as file:
        for member in decoder.members(file.fileno(), size=path.stat().st_size, limits=limits):
            found = sum(len(chunk) for chunk in member.chunks)
            said = member.size is None or member.reason or member.problem
            assert found == member.size or said, (path.name, member.raw_name)
            total, entries = total + found, entries + 1
    return total, entries
