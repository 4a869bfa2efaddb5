"""PURE: a file of some 1.2 bytes for each hash of a set, which says of any hash "certainly new" or "perhaps known".

A Bloom filter that works anywhere, without Winnow: docs/protocol-filter.md tells all that is needed to read one.
"""

from hashsets.compact.layout import KINDS, Header, UnusableFilter, bytes_for
from hashsets.compact.reading import Filter
from hashsets.compact.writing import Facts, write

__all__ = ["KINDS", "Facts", "Filter", "Header", "UnusableFilter", "bytes_for", "write"]
