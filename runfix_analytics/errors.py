"""What can go wrong, as a tree; the command line turns each into one line and an exit code.

RunfixError
├── CatalogueError      a vocabulary file is wrong: stops everything, names file and key
├── ConfigError         runners.csv or an option is wrong
├── StoreError          the folder is no store, or a runner or table is not in it
├── StageError          a stage of the night was stopped: workers went away, time ran out, a fault of the program
└── ReadError           one file cannot be read: that file fails, nothing else stops
    └── UnknownFormatError   no reader knows the file's content

Exit codes: 0 all went well, 1 failed (any of these), 2 wrong usage, 3 partial: something was left out and is named.
A bad row is no error but a reject (see `tables.Rejects`); too little data is a value (null, a count), never an error.
"""

import re

EXIT_FAILED, EXIT_PARTIAL = 1, 3
_QUOTED, _OWN_NAMES = re.compile(r'".*"', re.DOTALL), "exercises.local.toml"


def without_quotes(said: str) -> str:
    """What an error says, for records and logs: all between its quotation marks, where values of files stand, left out.

    Greedy, because a value may hold a quotation mark itself.
    """
    return _QUOTED.sub('"…"', said)


class RunfixError(Exception):
    """Anything this library raises on purpose; the message says what, which value, where, and what to do next."""

    def for_log(self) -> "RunfixError":
        """The same error without what it quotes of a file."""
        return type(self)(without_quotes(str(self)))


class CatalogueError(RunfixError):
    """A vocabulary file contradicts itself or another one."""

    def for_log(self) -> "RunfixError":
        """The same error; of a squad's own names, which may be a runner's, the file only."""
        if str(self).startswith(_OWN_NAMES):
            return type(self)(f"{_OWN_NAMES}: something in it is wrong; what, says: runfix status")
        return super().for_log()


class ConfigError(RunfixError):
    """A setting made by the operator is wrong."""


class StoreError(RunfixError):
    """The store is not there, or what was asked for is not in it."""


class StageError(RunfixError):
    """A stage of the night could not be done for some bucket, for a reason that is no runner's."""


class ReadError(RunfixError):
    """One file cannot be read."""


class UnknownFormatError(ReadError):
    """No reader recognises the content of a file."""
