"""Pages of the hash sets; no picture is ever on one of them."""
