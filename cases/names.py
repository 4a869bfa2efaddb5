"""PURE: how names from evidence are shown. The raw bytes are kept; this text is only for eyes (security.md 4.4)."""

from workbench.visible import visible


def display(raw: bytes) -> str:
    """The name as safe text: `photo\\u202egpj.exe`, `caf\\xe9.jpg`, `two\\nlines`."""
    return visible(raw.decode("utf-8", "surrogateescape"))


def base(raw: bytes) -> str:
    """The last part of a path, for lists; the whole where it ends with a slash."""
    return display(raw.replace(b"\\", b"/").rstrip(b"/").rsplit(b"/", 1)[-1]) or display(raw)


def folder(raw: bytes) -> str:
    """The path without its last part, with a leading slash."""
    return "/" + display(raw.replace(b"\\", b"/").strip(b"/").rpartition(b"/")[0])
