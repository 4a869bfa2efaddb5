"""What a process that reads an image says is believed only where an honest one could have said it."""

from typing import Any

import pytest

from workbench.jail import image_results
from workbench.jail.image_results import ImageEntry, ImageFacts

ABOUT = {"modified": "2021-03-04T05:06:08", "zone": "local", "deleted": True, "offset": 8_530_944}
HONEST = ImageEntry(b"vol1/\xff\xfe.jpg", 3, "0:4:128:1", 20, about=ABOUT)
SAID = image_results.packed(HONEST)


def test_an_entry_comes_back_as_it_was() -> None:
    assert image_results.entry(SAID) == HONEST
    refused = ImageEntry(b"vol1", reason="no-file-system")
    assert image_results.entry(image_results.packed(refused)) == refused


@pytest.mark.parametrize(
    "lie",
    [
        {"path": ""},
        {"path": "66" * 140_000},
        {"ordinal": -1},
        {"ordinal": 2**31},
        {"place": "../etc"},
        {"place": "", "reason": ""},
        {"size": 2**63},
        {"size": "20"},
        {"reason": "<script>"},
        {"reason": "unheard-of"},
        {"size": None},
        {"about": {"modified": "yesterday"}},
        {"about": {"modified": "2021-03-04T05:06:08\n"}},
        {"about": {"zone": "Mars/Olympus"}},
        {"about": {"deleted": False}},
        {"about": {"offset": True}},
        {"about": {"comment": "x"}},
        {"about": []},
    ],
)
def test_an_entry_that_no_honest_reader_tells_is_refused(lie: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r".*"):
        image_results.entry(SAID | lie)


def test_facts_are_cut_to_what_fits_and_hashes_must_be_some() -> None:
    said = {"size": 512, "form": "ewf", "says": {"notes": "hills\0" * 200}, "stored": {"md5": "0" * 32}}
    facts = image_results.facts(said)
    assert facts == ImageFacts(512, "ewf", {"notes": ("hills\0" * 200)[:400].replace("\0", "")}, {"md5": "0" * 32})
    halved = image_results.facts(said | {"says": {"a\0\ud800": "\ud800b"}})
    assert halved.says == {"a?": "?b"}
    for stored in ({"md5": "0"}, {"crc": "0" * 32}, {"sha1": "G" * 40}):
        with pytest.raises(ValueError, match=r".*"):
            image_results.facts(said | {"stored": stored})
