"""Hostile files by the hundred thousand, and deaths in the middle of the work: `make soak [N=100000]`."""
