"""Sweeps: many trainings from one file, several at once, and one table of what came of them.

    file.py       a sweep's TOML, checked
    plan.py       -> the trials it asks for
    halving.py    which trials go on to a larger budget
    crew.py       trains them in processes of their own (`worker.py`), side by side
    result.py     what came of each, kept in the store
    table.py      rows that compare, in tables

It knows corpora by name, as a command is given them, and never how their texts came to be.
"""
