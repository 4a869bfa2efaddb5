"""Start, find and stop everything Winnow runs: PostgreSQL, Valkey, web, worker and beat.

`up.py` is the whole product in one terminal; `attach.py` is for every other command.
Nothing here imports Django, so that a broken setting or database can still be explained.
"""
