"""Long proofs at full size: `make prove NAME`. One module each, with `main(arguments) -> int` (0: it held).

`make test` runs the same functions in a small form with a fixed seed.
"""
