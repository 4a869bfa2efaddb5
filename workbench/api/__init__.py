"""The public API's ground: tokens, limits, shapes, errors and pages, the same for every call (docs/api.md)."""
