"""PURE: names that copying programs give to a file that still grows; lists and evidence may have such names, too."""

ENDINGS = (b".part", b".filepart", b".crdownload", b".tmp")
TIMES = 10  # as long as others must it stand still


def is_unfinished(name: bytes) -> bool:
    """Whether it ends like one that still grows."""
    return name.lower().endswith(ENDINGS)
