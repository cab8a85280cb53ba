"""Joins run logs, strength logs and reported aches of runners, and advises the under-trained areas.

Nothing heavy is imported here: import the module that makes the table you want.
"""
