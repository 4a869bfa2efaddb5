"""Measurements of Winnow: `python -m bench NAME`; no name lists them."""
