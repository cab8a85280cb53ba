"""Which logged names the catalogue does not know, so that a squad can say what they mean."""

import unicodedata
from difflib import get_close_matches

import dataframely as dy
import polars as pl

from runfix_analytics.catalogue import LOCAL_FILE, NOT_A_NAME, Catalogue, name_key
from runfix_analytics.recognition import with_exercise
from runfix_analytics.tables import StrengthSets, UnmappedNames

N_SIMILAR = 3
_NEAR_ENOUGH = 0.8
_NO_NAMES = (NOT_A_NAME, "")
_BMP = 0xFFFF


def unmapped(sets: dy.DataFrame[StrengthSets], *, catalogue: Catalogue) -> dy.DataFrame[UnmappedNames]:
    """One row per logged name of undecided working sets, most sets first; sets that another export holds are left out.

    Spellings of one name are one row. What a watch did not recognise, and names without a word, have a row each that is
    marked as no name.
    """
    counted = sets.filter(pl.col("duplicate_of").is_null(), pl.col("set_type") == "working")
    undecided = with_exercise(counted, catalogue).filter(pl.col("exercise_id").is_null())
    names = undecided.group_by("exercise_key").agg(
        name=pl.col("logged_as").sort().mode(maintain_order=True).first(),
        is_name=~pl.col("exercise_key").first().is_in(_NO_NAMES),
        categories=pl.col("category_key").drop_nulls().unique().sort(),
        n_sets=pl.len(),
        n_runners=pl.col("runner_id").n_unique(),
        n_days=pl.struct("runner_id", "local_date").n_unique(),
        first_on=pl.col("local_date").min(),
        last_on=pl.col("local_date").max(),
        sources=pl.col("source").unique().sort(),
    )
    return UnmappedNames.validate(names.sort("n_sets", "exercise_key", descending=[True, False]), cast=True)


def similar(name: str, catalogue: Catalogue) -> list[str]:
    """Ids of exercises with a name nearly like this one, the likeliest first; a hint for people, never a decision."""
    plain = catalogue.spellings.plain(name_key(name))
    near = get_close_matches(plain, catalogue.plain_exercise_keys, n=3 * N_SIMILAR, cutoff=_NEAR_ENOUGH)
    return list(dict.fromkeys(catalogue.plain_exercise_keys[key] for key in near))[:N_SIMILAR]


def as_toml(names: dy.DataFrame[UnmappedNames], catalogue: Catalogue) -> str:
    """The names as lines for exercises.local.toml, each to be completed with the id of an exercise."""
    lines = [
        f'# For {LOCAL_FILE}: write an exercise\'s id between the quotes; "" leaves a name undecided.',
        "[aliases]",
    ]
    for row in names.iter_rows(named=True):
        seen = _seen(row["n_sets"], row["n_runners"], row["n_days"])
        near = ", ".join(similar(row["name"], catalogue))
        if row["is_name"]:
            lines.append(f'{quoted(row["name"])} = ""  # {seen}' + (f"; similar: {near}" if near else ""))
        else:
            lines.append(f"# {seen} without a name: only the runner knows what they were")
    return "\n".join(lines) + "\n"


def quoted(text: str) -> str:
    """A text as TOML writes it, in one line; whatever cannot be seen or turns the writing round is escaped."""
    return '"' + "".join(_escaped(char) for char in text) + '"'


def _escaped(char: str) -> str:
    if char in '"\\':
        return f"\\{char}"
    is_visible = char == " " or unicodedata.category(char)[0] not in "CZ"
    if is_visible:
        return char
    return f"\\u{ord(char):04x}" if ord(char) <= _BMP else f"\\U{ord(char):08x}"


def _seen(n_sets: int, n_runners: int, n_days: int) -> str:
    amounts = ((n_sets, "set"), (n_runners, "runner"), (n_days, "day"))
    return ", ".join(f"{n} {word}{'' if n == 1 else 's'}" for n, word in amounts)
