"""Speed and memory beside a peer, on the same input in the same run: `make bench [ONLY=name]`.

Each module here has `NAME`, `PEER`, and `prepare() -> (ours, peer)`: two functions without arguments that do the same
work and return something comparable. Ratios are what may be quoted; times belong to the machine they were measured on.
"""
