"""The public API's part about cases, and its routes (docs/api.md)."""
