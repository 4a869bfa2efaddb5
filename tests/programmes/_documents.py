"""VICS documents, honest and hostile, made by Hypothesis from the grammar and by mutation; all hashes are made up."""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from hashsets.exchange import vics_context
from tests.hashsets.exchange.vics_texts import fake, hash_set
from tests.shared_data import ROOT

Value = Any
TEXTS = st.text(max_size=12) | st.sampled_from(['} , {"', "\0", "\ud800", "日本", "a,b", "\\N", "\t\n"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)
NUMBERS = st.integers(0, 30)
DIGESTS = {name: st.builds(fake, NUMBERS, st.just(digits)) for name, digits in (("MD5", 32), ("SHA1", 40))}
EMPTY = st.sampled_from(["d41d8cd98f00b204e9800998ecf8427e", "da39a3ee5e6b4b0d3255bfef95601890afd80709", "", "x" * 32])
FLAGS = st.sampled_from([True, False, None, "true", "FALSE", "maybe", 1])
HASH_NAMES = st.sampled_from(["SHA256", "PDQ", "EDK"])
ALTERNATIVES = st.fixed_dictionaries({}, optional={"HashName": HASH_NAMES, "HashValue": TEXTS})
PLAIN = st.fixed_dictionaries({
    "MediaID": NUMBERS, "Category": st.integers(0, 5), **DIGESTS, "MediaSize": st.integers(1, 1 << 40),
})  # fmt: skip
RICH = st.fixed_dictionaries(
    {},
    optional={
        **{name: digest | EMPTY | VALUES for name, digest in DIGESTS.items()},
        "md5": DIGESTS["MD5"],
        "Category": st.sampled_from([0, 1, 99, "1", "A", None, "", 1.5, "9" * 50]),
        "MediaID": NUMBERS | VALUES,
        "MediaSize": st.sampled_from([0, -1, "12", 1 << 70, None]),
        **dict.fromkeys(("VictimIdentified", "IsDistributed", "IsPrecategorized"), FLAGS),
        "Series": TEXTS | st.lists(TEXTS, max_size=3) | VALUES,
        "Tags": TEXTS | VALUES,
        "DateUpdated": st.sampled_from(["2023-06-07T02:31:49.8300Z", "/Date(1)/", "never", 7]),
        "PhotoDNA": st.sampled_from(["A" * 192, "short", None]),
        "AlternativeHashes": st.lists(ALTERNATIVES, max_size=2),
        "RelativeFilePath": st.sampled_from(["Files\\a", "..\\..\\etc\\passwd", "C:\\x"]),
        "Comments": TEXTS,
        "Media": VALUES,
    },
)  # fmt: skip
RECORDS = st.lists(st.one_of(PLAIN, PLAIN, PLAIN, RICH, VALUES), max_size=25)
CONTEXTS = st.one_of(
    st.builds(
        lambda version, region, kind: (
            f"http://github.com/VICSDATAMODEL/ProjectVic/DataModels/{version}.xml/{region}/$metadata#{kind}"
        ),
        st.sampled_from(vics_context.VERSIONS) | TEXTS,
        st.sampled_from(["US", "UK", "Default", "Atlantis"]),
        st.sampled_from(["Media", "Cases", "Other"]),
    ),
    st.none(),
    VALUES,
)


@st.composite
def from_grammar(draw: st.DrawFn) -> bytes:
    """A document of the grammar's shape, in one of the encodings, packed or not."""
    records = draw(RECORDS)
    context, value = [("@odata.context", draw(CONTEXTS))], [("value", records)]
    more = list(draw(st.dictionaries(TEXTS, VALUES, max_size=2)).items())
    root: Value = dict(draw(st.permutations(context + value + more)))
    root = draw(st.sampled_from([root, root, root, records, {"Media": records}, {"value": [{"Media": records}]}]))
    text = json.dumps(root, indent=draw(st.sampled_from([None, None, 1])), ensure_ascii=draw(st.booleans()))
    codec = draw(st.sampled_from(["utf-8", "utf-8", "utf-8", "utf-8-sig", "utf-16", "utf-16-be", "latin-1"]))
    data = text.encode(codec, "replace")
    return gzip.compress(data) if draw(st.integers(0, 9)) == 0 else data


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A sample or a made document that was cut, or in which bytes were changed, doubled or taken out."""
    data = bytearray(draw(st.sampled_from(samples()) | from_grammar()))
    for _ in range(draw(st.integers(1, 4))):
        place, length = draw(st.integers(0, len(data))), draw(st.integers(0, 8))
        how = draw(st.integers(0, 3))
        if how == 0:
            del data[place:]
        elif how == 1:
            data[place : place + length] = draw(st.binary(max_size=8))
        elif how == 2:
            data[place:place] = draw(
                st.sampled_from([b"[" * 2000, b'{"a":' * 500, b"}", b'"', b",", b"\xff\xfe", b"\0"])
            )
        else:
            data[place:place] = data[place : place + 400]
    return bytes(data)


documents = from_grammar() | mutated()


def samples() -> list[bytes]:
    """The sample sets, and one made here for where they are not."""
    records = [
        {"MediaID": n, "Category": n % 6, "MD5": fake(n), "SHA1": fake(n, 40), "MediaSize": 9} for n in range(30)
    ]
    found = sorted((ROOT / "data" / "vics").glob("*-*.json"))
    return [hash_set(*records), *(path.read_bytes() for path in found)]


def monsters(folder: Path) -> Iterator[Path]:
    """Files that are too much of something, one after the other; each is gone when the next one comes."""
    good = json.dumps({"MD5": fake(1), "SHA1": fake(1, 40), "Category": 1, "MediaID": 1, "MediaSize": 5}).encode()
    parts: dict[str, tuple[bytes, bytes, int]] = {  # what stands before, what is repeated, how often
        "one string": (b'{"MD5":"' + fake(2).encode() + b'","Comments":"', b"a" * (1 << 20), 400),
        "one list": (b'{"MD5":"' + fake(2).encode() + b'","Tags":["a"', b',"b"' * 100_000, 400),
        "deep": (b'{"MD5":"' + fake(2).encode() + b'","X":', b"[" * 1_000_000, 50),
        "one number": (b'{"MediaSize":', b"9" * (1 << 20), 100),
        "blank": (good + b",", b" " * (1 << 20), 400),
        "odd records": (good, b',{"MD5":"x","Category":[1]}' * 1000, 1000),
        "alike": (good, (b"," + good) * 1000, 1000),
        "member names": (b"{", b",".join(b'"n%d":1' % n for n in range(100_000)) + b",", 40),
    }
    for name, (before, repeated, times) in parts.items():
        path = folder / f"{name}.json"
        with path.open("wb") as file:
            file.write(b'{"value":[' + good + b",\n" + before)
            for _ in range(times):
                file.write(repeated)
            file.write(b"]}" if name in ("odd records", "alike") else b"")
        yield path
        path.unlink()
    bomb = folder / "bomb.json.gz"
    with gzip.open(bomb, "wb") as packed:
        packed.write(b'{"value":[' + good)
        for _ in range(400):
            packed.write(b" " * (1 << 20))
    yield bomb
    bomb.unlink()
