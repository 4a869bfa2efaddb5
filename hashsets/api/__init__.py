"""The hash sets' part of the public API."""
