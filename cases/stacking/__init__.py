"""Stacks of look-alikes: sought while evidence comes in, kept as people leave them (model.md, Stack)."""
