"""What of a page that leaves the coach's desk would tell of a few runners: which figures stay unprinted.

Not only those of one to four runners, but also others, until no figure of so few can be worked out by adding and
subtracting the printed ones of the same kind. Not looked at: the same figure of an earlier day, figures of different
kinds, and what somebody knows of the squad from elsewhere.
Source: suppression of small cells, and of others beside them, as in Hundepool 2012 (Statistical Disclosure Control).
"""

from collections.abc import Collection, Hashable, Mapping, Sequence
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from runfix_analytics.catalogue import Catalogue

_EXACT = 1e-9

Floats = npt.NDArray[np.float64]

K = TypeVar("K", bound=Hashable)


def is_few(n_runners: int, catalogue: Catalogue) -> bool:
    """Whether a figure of so many runners tells of persons; one of nobody does not."""
    return 0 < n_runners < catalogue.days("incidence.min_runners")


def printable(
    groups: Mapping[K, Collection[str]], n_runners: Mapping[K, int], catalogue: Catalogue, among: Collection[K]
) -> set[K]:
    """Those of the groups in `among` whose figures may be printed together.

    A group is a set of cells, and its figure the sum of theirs; each cell is a group of its own too. `n_runners`: how
    many runners a group's figure is of. No sum of cells that follows from the printed figures is of a few runners; of a
    sum that is no group, it counts as known that it is of as many as its largest cell.
    """
    alone = {next(iter(members)): n_runners[key] for key, members in groups.items() if len(members) == 1}
    cells = [cell for cell, n in alone.items() if n]
    if not cells:
        return set(among)
    rows = {key: np.array([cell in members for cell in cells], float) for key, members in groups.items()}
    exact = {tuple(rows[key]): n_runners[key] for key in groups}
    sums = np.array(np.meshgrid(*[(0.0, 1.0)] * len(cells))).reshape(len(cells), -1).T[1:]
    largest = [max(alone[cell] for cell, is_in in zip(cells, one, strict=True) if is_in) for one in sums]
    of_few = sums[[is_few(exact.get(tuple(one), n), catalogue) for one, n in zip(sums, largest, strict=True)]]
    kept = {key for key in among if not is_few(n_runners[key], catalogue)}
    while (told := _first_told(of_few, [rows[key] for key in kept])) is not None:
        kept.remove(_to_hide(told, kept, groups, n_runners, rows))
    return kept


def _first_told(sums: Floats, printed: Sequence[Floats]) -> Floats | None:
    """The first of these sums that follows from what is printed."""
    if not len(sums) or not printed:
        return None
    _, sizes, basis = np.linalg.svd(np.array(printed), full_matrices=False)
    spanned = basis[sizes > _EXACT]
    rest = np.abs(sums - sums @ spanned.T @ spanned).max(axis=1)
    found = np.flatnonzero(rest < _EXACT)
    return sums[found[0]] if found.size else None


def _to_hide(
    told: Floats,
    kept: Collection[K],
    groups: Mapping[K, Collection[str]],
    n_runners: Mapping[K, int],
    rows: Mapping[K, Floats],
) -> K:
    """The printed group of the fewest cells and runners without which this sum does not follow; else of all printed."""
    order = sorted(
        (key for key in kept if rows[key].any()), key=lambda key: (len(groups[key]), n_runners[key], str(key))
    )
    for key in order:
        if _first_told(told[np.newaxis], [rows[other] for other in kept if other != key]) is None:
            return key
    return order[0]


def hidden_of_a_sum(n_runners: Sequence[int], catalogue: Catalogue) -> list[bool]:
    """For each part of a sum that may be known from elsewhere whether it stays unprinted, with its number of runners.

    Those of a few runners; where only such would be missing, the smallest other one as well.
    """
    hidden = [is_few(n, catalogue) for n in n_runners]
    others = [place for place, n in enumerate(n_runners) if n and not hidden[place]]
    if any(hidden) and others:
        hidden[min(others, key=lambda place: n_runners[place])] = True
    return hidden
