"""The mapped index of a hash set: a sorted file of its digests, searched without asking PostgreSQL.

A cache and nothing more: PostgreSQL is the truth, every file may be thrown away at any time (decision 0010).
"""
