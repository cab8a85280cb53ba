"""FIT files → columns: all messages of a kind in all files of a batch as one frame.

One step of Python at most for a message, one of numpy for a definition and field. Values are as the profile means:
scaled, invalid ones null, times in UTC, local times as wall clocks; enumerations stay numbers, which
`profile.value_names` names; several values in one field are lists. `enhanced_` fields are filled from the plain
ones, fields that are packed into others are unpacked, and a developer's field fills the profile's that it stands for.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from runfix_analytics.errors import ReadError
from runfix_analytics.fit import profile
from runfix_analytics.fit.columns import RELATIVE, MessageRows
from runfix_analytics.fit.layout import FileReport
from runfix_analytics.fit.walk import walk

ALL = None  # every field of the profile and of developers that occurs in the batch
MAX_CELLS = 100_000_000

Wanted = Mapping[str, Collection[str] | None]


class BatchTooLargeError(ReadError):
    """The messages of these files together would take too much memory."""


@dataclass(frozen=True)
class Decoded:
    """A batch: a frame for each wanted message, and a report for each file.

    The frames' first columns are `file` (from 0, in the order given), `part` (of a chain, from 1) and `place` (among
    all data messages of the file, from 1). `relative` holds the times of clocks that were never set, in seconds since
    the watch was switched on; they are null in the frames.
    """

    messages: Mapping[str, pl.DataFrame]
    relative: pl.DataFrame
    files: Sequence[FileReport]


def decode(contents: Sequence[bytes], wanted: Wanted) -> Decoded:
    """The wanted fields of the wanted messages of these files; damage is told in the reports and never raised.

    Raises: KeyError for a message or field that the profile lacks; BatchTooLargeError, for fewer files at once.
    """
    walked = walk(contents)
    messages, relative = {}, [pl.DataFrame(schema=RELATIVE)]
    for name, fields in wanted.items():
        message = profile.message(name)
        height = sum(d.height for d in walked.definitions if d.number == message.number)
        columns = None if fields is None else [message.column(field) for field in fields]
        if height * len(message.columns if columns is None else columns) > MAX_CELLS:
            raise BatchTooLargeError(f"{height} messages of one kind ({name}) are too many to be decoded at once")
        rows = MessageRows(walked, message)
        with np.errstate(all="ignore"):  # what damage makes of floats is masked
            messages[name], unset = rows.frame(rows.occurring() if columns is None else columns)
        relative.append(unset)
    return Decoded(messages, pl.concat(relative), walked.files)
