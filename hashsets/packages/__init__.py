"""Packages that a courier carries: made, checked, taken in. What their files look like is `hashsets.courier`'s."""
