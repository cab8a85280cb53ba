"""What was made of every file, and how to take an import back or try it again."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date

import dataframely as dy
import polars as pl

from runfix_analytics.catalogue import Catalogue
from runfix_analytics.errors import StoreError
from runfix_analytics.inbox import GOOD, Seen, read_again, replace_facts, store_rows
from runfix_analytics.ingest import Accepted, RunnerSettings
from runfix_analytics.store import ID_LENGTH, UNDONE, Store
from runfix_analytics.tables import AcheReports, Imports, OtherActivities, Runs, StrengthSets

UNREAD = ("failed", "unknown_format", "damaged")
_WITH_DUPLICATES = (Runs, OtherActivities, StrengthSets, AcheReports)
_KEY = ["runner_id", "import_id"]
_SHORTEST = 6


def duplicates(store: Store, runners: Sequence[str] | None = None) -> pl.DataFrame:
    """One row per runner, import, rule and import that holds the same: how many rows do not count because of it.

    Columns runner_id, import_id, duplicate_rule, of_import_id, n_duplicates.
    """
    of = pl.col("duplicate_of").str.extract(rf"-([0-9a-z]{{1,{ID_LENGTH}}})-\d+$")
    marked = pl.concat(
        store.read(schema, runners)
        .filter(pl.col("duplicate_of").is_not_null())
        .select(*_KEY, "duplicate_rule", of_import=of)
        for schema in _WITH_DUPLICATES
    )
    ids = store.read(Imports, runners).select(
        "runner_id", of_import=pl.col("import_id").str.slice(0, ID_LENGTH), of_import_id="import_id"
    )
    return (
        marked.group_by(*_KEY, "duplicate_rule", "of_import")
        .agg(n_duplicates=pl.len())
        .join(ids.unique(["runner_id", "of_import"]), on=["runner_id", "of_import"], how="left", validate="m:1")
        .drop("of_import")
        .sort(*_KEY, "duplicate_rule", "of_import_id")
    )


def listed(store: Store, runners: Sequence[str] | None = None) -> pl.DataFrame:
    """The ledger as it is shown: with `import` (the short id), `n_duplicates`, and `remarks` in words, oldest first."""
    ledger = store.read(Imports, runners).sort("imported_at", "runner_id", "file_name")
    names = ledger.select("runner_id", of_import_id="import_id", of_file="file_name")
    rule = pl.col("duplicate_rule").str.replace_all("_", " ")
    n = pl.col("n_duplicates")
    rows = pl.when(n == 1).then(pl.lit("1 row is")).otherwise(pl.format("{} rows are", n))
    per_import = (
        duplicates(store, runners)
        .join(names, on=["runner_id", "of_import_id"], how="left")
        .with_columns(said=pl.format("{} in {} too ({})", rows, "of_file", rule))
        .group_by(_KEY, maintain_order=True)
        .agg(pl.col("n_duplicates").sum(), duplicates=pl.col("said").str.join("; "))
    )
    told = (pl.col("reason"), pl.col("warnings").list.join("; "), pl.col("duplicates"))
    return ledger.join(per_import, on=_KEY, how="left", maintain_order="left").with_columns(
        pl.col("n_duplicates").fill_null(0),
        pl.col("import_id").str.slice(0, ID_LENGTH).alias("import"),
        pl.concat_str(told, separator="; ", ignore_nulls=True).str.strip_chars("; ").alias("remarks"),
    )


def find(store: Store, words: Collection[str], runners: Sequence[str] | None = None) -> dy.DataFrame[Imports]:
    """The ledger's rows that these words name: an import's id, its beginning (six characters or more), or a file name.

    Raises: StoreError for a word that names none, or several imports of one runner.
    """
    ledger = store.read(Imports, runners)
    found = []
    for word in words:
        is_id = pl.col("import_id").str.starts_with(word.casefold()) if len(word) >= _SHORTEST else pl.lit(value=False)
        matches = ledger.filter(is_id | (pl.col("file_name") == word))
        if matches.is_empty():
            raise StoreError(f'no import "{word}" in the ledger; runfix imports lists them')
        if matches["import_id"].n_unique() > 1:
            ids = ", ".join(matches["import_id"].unique().sort().str.slice(0, ID_LENGTH))
            raise StoreError(f'"{word}" names several imports; use an id: {ids}')
        found.append(matches)
    return Imports.validate(pl.concat([Imports.create_empty(), *found]).unique(_KEY, maintain_order=True))


@dataclass(frozen=True)
class Undone:
    """What an undo took back."""

    n_files: int
    n_rows: int


def undo(store: Store, imports: dy.DataFrame[Imports], catalogue: Catalogue, *, on: date) -> Undone:
    """Takes imports back completely, an archive with all its files; what they were duplicates of counts again.

    The ledger is written first: from then on no row of them is read. The files stay in the inbox and are passed over
    until they are retried.
    """
    ids = imports["runner_id"].unique().sort().to_list()
    ledger = store.read(Imports, ids)
    named = imports.select(_KEY)
    inside = ledger.join(named, left_on=["runner_id", "archive_id"], right_on=_KEY, how="semi").select(_KEY)
    wanted = pl.concat([named, inside]).unique()
    taken = ledger.join(wanted, on=_KEY, how="semi").filter(pl.col("status") != UNDONE)
    undone = taken.with_columns(
        pl.lit(0, pl.Int32).alias("n_rows"),
        *(pl.lit(0, pl.Int32).alias(name) for name in ("n_accepted", "n_rejected", "n_skipped")),
        status=pl.lit(UNDONE),
        reason=pl.lit(f"taken back on {on}; to read it again: runfix retry"),
        warnings=pl.lit([], pl.List(pl.String)),
    )
    others = ledger.join(taken.select(_KEY), on=_KEY, how="anti")
    store.replace(Imports, Imports.validate(pl.concat([others, undone])), ids)
    replace_facts(store, [], ids, catalogue)
    return Undone(taken.height, int(taken["n_accepted"].sum()))


def retry(store: Store, runner: RunnerSettings, imports: Collection[str], catalogue: Catalogue) -> Seen:
    """Reads imports of a runner again from the kept originals; what comes of it takes the place of what was."""
    seen, accepted = read_again(store, runner, catalogue, imports)
    store_rows(store, accepted, catalogue)
    return seen


def reread(store: Store, runner: RunnerSettings, catalogue: Catalogue) -> tuple[Seen, list[Accepted]]:
    """Everything that a runner's ledger holds, read again as on the day it came; nothing is stored.

    What was taken back stays so. Of what is not wholly imported only files are told that were before.
    """
    ledger = store.read(Imports, [runner.runner_id])
    is_undone = pl.col("status") == UNDONE
    seen, accepted = read_again(store, runner, catalogue, ledger.filter(~is_undone)["import_id"], as_arrived=True)
    undone = set(ledger.filter(is_undone)["import_id"])  # an archive, of which a file was brought back alone
    were_good = set(ledger.filter(pl.col("status").is_in(GOOD))["file_name"])
    bad = tuple(told for told in seen.bad if told[0] in were_good)
    counts = seen.counts | {"files_bad": len(bad)}
    return replace(seen, counts=counts, bad=bad), [f for f in accepted if not undone & set(f.imports["import_id"])]
