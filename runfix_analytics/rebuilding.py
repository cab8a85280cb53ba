"""Every table that can be made again, made again: what is calculated from the logs, the logs from the originals."""

from datetime import date

from runfix_analytics import night
from runfix_analytics.cohort_results import forget_cohort
from runfix_analytics.parts import Done, total
from runfix_analytics.store import RECALCULATED, Store

_STAGES = ("survey", night.STUDY, "assess")


def rebuild(store: Store, as_of: date, each: night.Executor, *, facts: bool) -> Done:
    """Empties the calculated tables and fills them for a day; with `facts` reads all logs again before.

    Advice, moves and referrals of other days are kept: what was given then cannot be calculated now. A repeat after a
    kill begins anew and ends right. Pages are not written.
    Raises: RunfixError before anything is emptied, when the catalogue or runners.csv is wrong.
    """
    parts = night.parts(store.root)
    done = total(night.reread_part(store.root, part) for part in parts) if facts else Done()
    store.make_missing_tables()
    store.renew(RECALCULATED)
    forget_cohort(store)
    return done + night.night(store.root, as_of, each, _STAGES)
