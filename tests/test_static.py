"""What the browser gets: vendored files are what their makers released, small enough, and free of inline code."""

import gzip
import hashlib
import re
from pathlib import Path

import pytest

from workbench.lean import without_comments

ROOT = Path(__file__).resolve().parent.parent
STATIC = ROOT / "static"
VENDOR = STATIC / "vendor"
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
MODULES = sorted((STATIC / "js").glob("*.js"))
CHECKSUMS = [line.split() for line in (VENDOR / "CHECKSUMS").read_text().splitlines()]


def packed(paths: list[Path]) -> int:
    """The bytes of these files together, each compressed with gzip as the web server sends it."""
    published = (without_comments(path.read_text()) if path in MODULES else path.read_text() for path in paths)
    return sum(len(gzip.compress(code.encode(), 9)) for code in published)


@pytest.mark.parametrize(("digest", "name"), CHECKSUMS, ids=[name for _, name in CHECKSUMS])
def test_a_vendored_file_is_the_one_its_checksum_names(digest: str, name: str) -> None:
    assert hashlib.sha256((VENDOR / name).read_bytes()).hexdigest() == digest


def test_no_vendored_script_or_font_is_without_a_checksum_or_a_licence() -> None:
    listed = {(VENDOR / name).resolve() for _, name in CHECKSUMS}
    found = {path.resolve() for path in [*VENDOR.glob("*.js"), *(STATIC / "fonts").glob("*.woff2")]}
    assert found == listed
    assert len([*VENDOR.glob("*LICENSE*"), *(STATIC / "fonts").glob("LICENSE*")]) >= len(found)


def test_the_style_sheet_and_the_scripts_stay_small() -> None:
    assert packed([STATIC / "css" / "winnow.css"]) <= 12_000
    for page, vendored in (("panels.js", [VENDOR / "htmx.min.js"]), ("review.js", [])):  # the desk has neither
        assert packed([*loaded({STATIC / "js" / "page.js", STATIC / "js" / page}), *vendored]) <= 60_000


def loaded(entries: set[Path]) -> set[Path]:
    """These modules and all they import, at once or later: what a page may load."""
    found, todo = set[Path](), set(entries)
    while todo:
        module = todo.pop()
        found.add(module)
        names = re.findall(r"""(?:from|import)\s*\(?\s*"\./([\w-]+\.js)\"""", module.read_text(encoding="utf-8"))
        todo |= {module.with_name(name) for name in names} - found
    return found


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_template_holds_no_inline_script_style_or_foreign_host(path: Path) -> None:
    text = path.read_text()
    assert not re.search(r"\sstyle\s*=|<style|\son[a-z]+\s*=|javascript:|\|\s*safe\b|autoescape off", text)
    assert not re.search(r"<script(?![^>]*\bsrc=)", text)
    assert not re.search(r"""(?:src|href|action)=["'](?:https?:)?//""", text)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.name)
def test_a_script_builds_nodes_and_never_markup(path: Path) -> None:
    assert not re.search(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function", path.read_text()
    )


def test_every_icon_a_template_or_script_names_is_in_the_sprite() -> None:
    sprite = set(re.findall(r'<symbol id="([ig]-[^"]+)"', (STATIC / "icons.svg").read_text()))
    used = {
        f"i-{name}"
        for path in TEMPLATES
        for name in re.findall(r'icon\.html" with name="([\w-]+)"|icon="([\w-]+)"', path.read_text())
        for name in name
        if name
    }
    used |= {f"i-{name}" for path in MODULES for name in re.findall(r'\bicon\("([\w-]+)"', path.read_text())}
    assert used <= sprite
