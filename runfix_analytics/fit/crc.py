"""FIT's checksum (CRC-16 with the reversed polynomial 0x8005, beginning at 0) of many stretches of bytes at once.

The checksum is linear: blocks are summed side by side, one step of numpy for two bytes of each, and then joined with a
table that moves a sum past a whole block. Zeros before the first byte change nothing, so first blocks are filled up.
"""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

_POLYNOMIAL = 0xA001
_BLOCK_BYTES = 512
_LANES = 4096  # blocks summed side by side: their bytes and the table stay in the processor's cache


def checksums(buffer: bytes, spans: Sequence[tuple[int, int]]) -> list[int]:
    """The checksum of each stretch (start, end) of the buffer."""
    octets = np.frombuffer(buffer, np.uint8)
    n_blocks = [-(-(end - start) // _BLOCK_BYTES) for start, end in spans]
    sums: list[int] = []
    at = 0
    while at < len(spans):  # as many stretches as make a good number of lanes, so that memory stays bounded
        till, n = at + 1, n_blocks[at]
        while till < len(spans) and (n := n + n_blocks[till]) <= _LANES:
            till += 1
        sums += _together(octets, spans[at:till], n_blocks[at:till])
        at = till
    return sums


def _together(octets: NDArray[np.uint8], spans: Sequence[tuple[int, int]], n_blocks: Sequence[int]) -> list[int]:
    blocks = np.zeros(sum(n_blocks) * _BLOCK_BYTES, np.uint8)
    filled = 0
    for (start, end), n in zip(spans, n_blocks, strict=True):
        filled += n * _BLOCK_BYTES
        blocks[filled - (end - start) : filled] = octets[start:end]
    words = blocks.view("<u2").reshape(-1, _BLOCK_BYTES // 2)
    of_blocks = np.concatenate(
        [_of_blocks(words[i : i + _LANES]) for i in range(0, len(words), _LANES)] or [words[:0, 0]]
    )
    past_block, each = _past_block(), of_blocks.tolist()
    sums, done = [], 0
    for n in n_blocks:
        crc = 0
        for block in each[done : done + n]:
            crc = past_block[crc] ^ block
        sums.append(crc)
        done += n
    return sums


def _of_blocks(words: NDArray[np.uint16]) -> NDArray[np.uint16]:
    table = _word_table()
    crc = np.zeros(len(words), np.uint16)
    for column in range(words.shape[1]):
        crc = table[crc ^ words[:, column]]
    return crc


@lru_cache(maxsize=1)
def _word_table() -> NDArray[np.uint16]:
    """The sum after two bytes, by sum before XOR bytes."""
    crc = np.arange(1 << 16, dtype=np.uint16)
    for _ in range(16):
        crc = np.where(crc & 1, crc >> 1 ^ np.uint16(_POLYNOMIAL), crc >> 1)
    return crc


@lru_cache(maxsize=1)
def _past_block() -> list[int]:
    """The sum after a block of zeros, by sum before."""
    table = _word_table()
    crc = np.arange(1 << 16, dtype=np.uint16)
    for _ in range(_BLOCK_BYTES // 2):
        crc = table[crc]
    return [int(one) for one in crc.tolist()]
