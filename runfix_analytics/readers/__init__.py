"""Formats → our words. One module a source; every module here is found by itself.

A reader module has

    def recognises(file: SourceFile) -> bool        by content and header set, never by file name
    def read(files: Iterable[SourceFile]) -> Iterator[RawLog]      one RawLog for each file, in order

and takes many files so that a format may decode a batch at once. Readers are independent of one another.
"""

import importlib
import pkgutil
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Protocol, cast

from runfix_analytics.errors import ReadError, UnknownFormatError
from runfix_analytics.rawlog import RawLog
from runfix_analytics.sourcefile import SourceFile
from runfix_analytics.unknown_file import looks


class Reader(Protocol):
    """What a reader module offers."""

    __name__: str

    def recognises(self, file: SourceFile) -> bool:
        """Whether this reader's format is what the file holds."""
        ...

    def read(self, files: Iterable[SourceFile]) -> Iterator[RawLog]:
        """One RawLog for each file, in order."""
        ...


@lru_cache(maxsize=1)
def all_readers() -> dict[str, Reader]:
    """Reader name → module, in name order."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    return {name: cast(Reader, importlib.import_module(f"{__name__}.{name}")) for name in names}


def reader_of(file: SourceFile) -> str:
    """The name of the one reader that recognises the file.

    Raises: UnknownFormatError when none does; ReadError when two do, which is a fault in a reader.
    """
    names = [name for name, reader in all_readers().items() if reader.recognises(file)]
    if not names:
        raise UnknownFormatError(
            f"{file.name}: no reader knows this content ({looks(file)}); see README, Formats, for what is read"
        )
    if len(names) > 1:
        raise ReadError(f"{file.name}: recognised by {' and '.join(names)}; please report this file's header")
    return names[0]


def read(files: Iterable[SourceFile]) -> Iterator[RawLog]:
    """One RawLog for each file, in order; a file that cannot be read gives one with `error` set.

    Runs of files of one format go to their reader together.
    """
    batch: list[SourceFile] = []
    batch_reader = ""
    for file in files:
        try:
            name = reader_of(file)
        except ReadError as error:
            yield from _read_batch(batch_reader, batch)
            batch = []
            yield RawLog(reader="", source="", error=str(error))
            continue
        if name != batch_reader:
            yield from _read_batch(batch_reader, batch)
            batch, batch_reader = [], name
        batch.append(file)
    yield from _read_batch(batch_reader, batch)


def _read_batch(name: str, files: list[SourceFile]) -> Iterator[RawLog]:
    if files:
        yield from all_readers()[name].read(files)
