"""Every list and every other file of the shared samples is read as written down here, or refused as written down."""

import pytest

from hashsets import exchange
from hashsets.exchange import MalformedDocument, ReadOptions, Report, UnknownFormat
from tests.shared_data import shared

# file -> format, records, those that can be entries
LISTS = {
    "media/hashlists/dfxml/difference_test_0.xml": ("dfxml", 3, 3),
    "media/hashlists/dfxml/difference_test_1.xml": ("dfxml", 3, 3),
    "media/hashlists/dfxml/image_dd.xml": ("dfxml", 15, 12),  # folders and devices have no hash
    "media/hashlists/dfxml/piecewise.xml": ("dfxml", 4, 4),  # four files in many pieces
    "media/hashlists/dfxml/simple.xml": ("dfxml", 4, 4),
    "media/hashlists/hashdeep/bsd-hashes.txt": ("checksums", 5, 5),
    "media/hashlists/hashdeep/ilookv4.hsh": ("csv", 6, 5),  # the sixth is the empty file
    "media/hashlists/hashdeep/known.txt": ("checksums", 2, 1),  # "hello world!"
    "media/hashlists/hashdeep/nsrlfile.txt": ("nsrl2", 2, 1),
    "media/hashlists/nsrl/NSRLFile.txt": ("nsrl2", 1, 1),
    "media/hashlists/nsrl/hashset.hsh": ("hashkeeper", 1, 1),
    "media/hashlists/plaso/image_export1-hashes.json": ("vics2.0", 4, 4),
    "media/hashlists/plaso/image_export1.hashes": ("csv", 4, 4),
    "media/hashlists/sleuthkit/testmd5.dat-md5.idx": ("idx", 28, 28),
    "media/hashlists/tool-output/hashdeep.txt": ("hashdeep", 53, 53),
    "media/hashlists/tool-output/md5deep-dfxml.xml": ("dfxml", 12, 12),
    "media/hashlists/tool-output/md5deep-with-size.txt": ("checksums", 53, 53),
    "media/hashlists/tool-output/md5sum.txt": ("checksums", 53, 53),
    "media/hashlists/tool-output/sha1sum-binary-flag.txt": ("checksums", 53, 53),
    "media/hashlists/tool-output/sha256sum-bsd-tag.txt": ("checksums", 53, 53),
    "vics/hashset-1.3.json": ("vics2.0", 4, 4),
    "vics/hashset-2.0-us.json": ("vics2.0", 8, 8),
    "vics/hashset-2.0-utf16le-bom-crlf.json": ("vics2.0", 8, 8),
    "vics/hashset-2.0-utf8-bom.json": ("vics2.0", 8, 8),
    "vics/knowngood-1.2-cat8.json": ("vics2.0", 3, 3),
    "vics/quirks-2.0.json": ("vics2.0", 23, 21),
}
REFUSED = {
    "vics/case-2.0-uk.zip": "this is a case, not a hash set",
    "vics/case-export-example.jsonld": "no Media records",
    "vics/category-schemes.json": "no Media records",
    "vics/hashset-2.0-truncated.json": "looks truncated at byte 1,987",
    **dict.fromkeys(
        ("vics/SOURCES.md", "vics/make_samples.py", "vics/proposed-odata-metadata.xml", "media/hashlists/SOURCES.md",
         "media/hashlists/nsrl/NSRLMfg.txt", "media/hashlists/nsrl/NSRLOS.txt", "media/hashlists/nsrl/NSRLProd.txt",
         "media/hashlists/nsrl/hashset.hke"),
        "No list of hashes we can read",
    ),
}  # fmt: skip


def found_in(name: str) -> Report:
    report = Report()
    with shared(name).open("rb") as stream:
        assert sum(1 for _ in exchange.read(stream, name, report, ReadOptions())) == report.accepted
    return report


@pytest.mark.parametrize("name", LISTS)
def test_a_sample_list_is_read_as_written_down(name: str) -> None:
    report = found_in(name)
    assert (report.format, report.read, report.accepted) == LISTS[name]


@pytest.mark.parametrize("name", REFUSED)
def test_a_sample_that_is_no_list_is_refused_with_the_reason(name: str) -> None:
    with pytest.raises((MalformedDocument, UnknownFormat), match=REFUSED[name]):
        found_in(name)


def test_no_sample_was_forgotten() -> None:
    root = shared("vics").parent
    there = [path for folder in ("vics", "media/hashlists") for path in (root / folder).rglob("*") if path.is_file()]
    hashed = root / "media/hashlists/hashdeep/files"  # what the lists beside them are lists of
    names = {path.relative_to(root).as_posix() for path in there if hashed not in path.parents}
    assert names == LISTS.keys() | REFUSED.keys()


def test_the_tools_agree_on_the_files_they_hashed() -> None:
    """The same 53 files, hashed by four tools, are the same files."""

    def hashes(name: str, kind: str) -> set[bytes]:
        with shared(f"media/hashlists/tool-output/{name}").open("rb") as stream:
            return {getattr(each, kind) for each in exchange.read(stream, name, Report(), ReadOptions())}

    for kind, name in (("md5", "md5sum.txt"), ("md5", "md5deep-with-size.txt"), ("sha1", "sha1sum-binary-flag.txt"),
                       ("sha256", "sha256sum-bsd-tag.txt")):  # fmt: skip
        assert hashes(name, kind) == hashes("hashdeep.txt", kind)
    assert hashes("md5deep-dfxml.xml", "md5") < hashes("hashdeep.txt", "md5")
