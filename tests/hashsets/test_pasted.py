"""Hashes out of pasted text: what tools print, and whatever else people paste."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hashsets.pasted import LONGEST, NO_HASH, OTHER_KIND, Pasted, read
from tests.shared_data import shared

MD5, SHA1, SHA256 = "a1" * 16, "b2" * 20, "C3" * 32
PDQ = "d4" * 32


def told(text: str) -> list[tuple[str, str, str]]:
    return [(one.text, one.name, one.problem) for one in read(text)]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        # hashes alone, one or more a line
        (f"{MD5}\r\n\r\n {SHA1} {SHA256}\t{MD5}", [(MD5, ""), (SHA1, ""), (SHA256, ""), (MD5, "")]),
        # md5sum and its like
        (f"{MD5}  pier at dusk.jpg", [(MD5, "pier at dusk.jpg")]),
        (f"{SHA256} *a/b c.jpg", [(SHA256, "a/b c.jpg")]),
        (f"\\{MD5}  two\\nlines.jpg", [(MD5, "two\\nlines.jpg")]),
        (f"      4286  {MD5}  sized.cur", [(MD5, "sized.cur")]),
        (f"{MD5} *{SHA1}", [(MD5, SHA1)]),
        (f"{MD5}  kinds,md5\n{SHA1}  b.jpg", [(MD5, "kinds,md5"), (SHA1, "b.jpg")]),
        # two hashes before one name are of one file
        (f"{MD5} {SHA1} x.jpg", [(MD5, "x.jpg"), (SHA1, "x.jpg")]),
        # BSD, OpenSSL, PowerShell
        (f"MD5 (a (1) = b.jpg) = {MD5}", [(MD5, "a (1) = b.jpg")]),
        (f"SHA2-256(x.jpg)= {SHA256}", [(SHA256, "x.jpg")]),
        (f"SHA256          {SHA256}       C:\\lamp one.jpg", [(SHA256, "C:\\lamp one.jpg")]),
        (f"md5: {MD5}", [(MD5, "")]),
        # hashdeep: the name is last and may hold commas
        (f"%%%% HASHDEEP-1.0\n%%%% size,md5,sha1,filename\n## x\n12,{MD5},{SHA1},a, b.jpg",
         [(MD5, "a, b.jpg"), (SHA1, "a, b.jpg")]),
        # CSV with a header, without one, with another separator
        (f'Name;MD5;Size\n"a;b.jpg";{MD5};12', [(MD5, "a;b.jpg")]),
        (f"hash,category\n{MD5},1", [(MD5, "")]),
        (f"sep=;\n{MD5};12;lamp.jpg", [(MD5, "lamp.jpg")]),
        (f'"{MD5}",\n"{SHA1}",', [(MD5, ""), (SHA1, "")]),
        (f"md5,sha1\n{MD5},\n,{SHA1}\n", [(MD5, ""), (SHA1, "")]),
        # PDQ, with its quality or told apart
        (f"pdq:{PDQ}\n{PDQ},90\n{PDQ}, 90", [(f"pdq:{PDQ}", ""), (f"{PDQ},90", ""), (f"{PDQ}, 90", "")]),
        (f"file,pdq\nx.jpg,{PDQ}", [(f"pdq:{PDQ}", "x.jpg")]),
    ],
)  # fmt: skip
def test_of_what_tools_print_each_hash_comes_with_its_name(text: str, wanted: list[tuple[str, str]]) -> None:
    assert told(text) == [(*one, "") for one in wanted]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("rubbish of three words", [("rubbish of three words", "", NO_HASH)]),
        (MD5[1:], [(MD5[1:], "", NO_HASH)]),
        (f"{MD5[:-1]}g", [(f"{MD5[:-1]}g", "", NO_HASH)]),
        ("e5" * 64, [("e5" * 64, "", NO_HASH)]),
        (f"RMD160 (x.jpg) = {SHA1}", [(SHA1, "x.jpg", OTHER_KIND)]),
        (f"MD5 (x.jpg) = {SHA1}", [(SHA1, "x.jpg", OTHER_KIND)]),
        (f"md5,name\n{MD5[2:]},x.jpg", [(MD5[2:], "x.jpg", NO_HASH)]),
        ("md5,name\n,x.jpg", [(",x.jpg", "", NO_HASH)]),
        (f"{MD5}  {'x' * LONGEST}", [(f"{MD5}  {'x' * 166}", "", "too long a line")]),
    ],
)
def test_what_is_no_hash_is_told_and_not_taken_for_one(text: str, wanted: list[tuple[str, str, str]]) -> None:
    assert told(text) == wanted


def test_lines_are_counted_as_an_editor_counts_them() -> None:
    text = f"\ufeff# head\r\n\r\n{MD5}  a\x0bb\u2028c\r\n{SHA1}\nprose"
    assert [(one.line, one.name) for one in read(text)] == [(3, "a\x0bb\u2028c"), (4, ""), (5, "")]


@pytest.mark.parametrize(
    "name", ["md5sum", "sha1sum-binary-flag", "sha256sum-bsd-tag", "md5deep-with-size", "hashdeep"]
)
def test_the_samples_of_tools_are_read_without_a_doubt(name: str) -> None:
    found = list(read(Path(shared(f"media/hashlists/tool-output/{name}.txt")).read_text()))
    assert len(found) > 20
    assert all(one.name.startswith(("formats/", "orientation/")) and not one.problem for one in found)


HASH = st.sampled_from([32, 40, 64]).flatmap(lambda n: st.text("0123456789abcdefABCDEF", min_size=n, max_size=n))
NAME = st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]), min_size=1, max_size=150).filter(
    lambda name: name == name.strip() and not name.startswith("*")
)


@given(HASH, NAME, st.sampled_from(["{h}  ./{n}", "{h} *./{n}", "BSD", "{h}\t./{n}", "  123  {h}  ./{n}"]))
@settings(max_examples=150, deadline=None)
def test_of_any_name_a_line_is_one_hash_with_it(digits: str, name: str, form: str) -> None:
    kind = {32: "MD5", 40: "SHA1", 64: "SHA256"}[len(digits)]
    line = f"{kind} (./{name}) = {digits}" if form == "BSD" else form.format(h=digits, n=name)
    assert list(read(line)) == [Pasted(1, digits, f"./{name}")]


@given(st.lists(st.one_of(st.text(max_size=60), HASH, NAME, st.just("md5,name"), st.just("%%%% md5,filename"))))
@settings(max_examples=150, deadline=None)
def test_of_any_text_whatsoever_every_hash_that_stands_alone_is_found(parts: list[str]) -> None:
    text = "\n".join(parts)
    found = list(read(text))
    assert all(one.text or one.problem for one in found)
    alone = [part for part in parts if len(part) in {32, 40, 64} and part.isalnum() and part.isascii() and _hex(part)]
    asked = [one.text for one in found if not one.problem]
    assert [part for part in alone if part not in asked] == []
    lines = [one.line for one in found]
    assert lines == sorted(lines)
    assert set(lines) <= set(range(1, len(text) + 2))


def _hex(text: str) -> bool:
    return all(character in "0123456789abcdefABCDEF" for character in text)
