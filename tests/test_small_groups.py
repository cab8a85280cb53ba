"""What stays unprinted because it would tell of a few runners: by hand, and against every sum there is."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from logs import CATALOGUE

from runfix_analytics.small_groups import hidden_of_a_sum, is_few, printable

LEAST = CATALOGUE.days("incidence.min_runners")


def test_few_is_one_to_four():
    assert [n for n in range(8) if is_few(n, CATALOGUE)] == [1, 2, 3, 4]


def of(cells: dict[str, int], **totals: tuple[str, int]) -> set[str]:
    """What is printed of these cells, and of totals as (the cells' letters, how many runners)."""
    groups = {cell: (cell,) for cell in cells} | {name: tuple(letters) for name, (letters, _) in totals.items()}
    n_runners = cells | {name: n for name, (_, n) in totals.items()}
    return printable(groups, n_runners, CATALOGUE, groups)


def test_a_cell_of_a_few_runners_is_hidden_and_one_of_nobody_is_not():
    assert of({"a": 9, "b": 4, "c": 0}) == {"a", "c"}


def test_the_smallest_other_cell_is_hidden_where_the_total_would_tell():
    assert of({"a": 9, "b": 4, "c": 6}, all=("abc", 12)) == {"a", "all"}


def test_two_hidden_cells_of_a_few_runners_need_a_third():
    assert of({"a": 9, "b": 4, "c": 6, "d": 3}, all=("abcd", 12)) == {"a", "all"}


def test_a_total_goes_where_nothing_else_is_left_to_hide():
    assert of({"a": 2, "b": 4}, all=("ab", 4)) == set()
    assert "all" not in of({"a": 2, "b": 0}, all=("ab", 2))


def test_two_totals_that_overlap_tell_no_cell_by_their_difference():
    printed = of({"a": 4, "b": 7, "c": 8}, ab=("ab", 9), all=("abc", 12), bc=("bc", 9))
    assert not {"all", "bc"} <= printed
    assert not {"ab", "b"} <= printed


def test_only_what_may_be_printed_at_all_is_printed():
    assert printable({"a": ("a",)}, {"a": 9}, CATALOGUE, set()) == set()


cells = st.lists(st.integers(0, 9), min_size=1, max_size=5)


@given(cells, st.lists(st.sets(st.integers(0, 4), min_size=2), max_size=4))
def test_no_sum_that_follows_from_what_is_printed_is_of_a_few_runners(n_runners: list[int], totals: list[set[int]]):
    names = "abcde"[: len(n_runners)]
    groups = {name: (name,) for name in names}
    n = dict(zip(names, n_runners, strict=True))
    for total in totals:
        members = tuple(name for place, name in enumerate(names) if place in total)
        groups["".join(members) or "none"] = members
        n["".join(members) or "none"] = sum(n[name] for name in members)  # no runner has two
    printed = printable(groups, n, CATALOGUE, groups)
    matrix = np.array([[name in groups[key] for name in names] for key in printed], float).reshape(-1, len(names))
    rank = np.linalg.matrix_rank(matrix) if printed else 0
    for size in range(1, len(names) + 1):
        for some in combinations(names, size):
            one = np.array([name in some for name in names], float)
            if printed and np.linalg.matrix_rank(np.vstack([matrix, one])) == rank:
                assert not 0 < sum(n[name] for name in some) < LEAST, (printed, some)


@pytest.mark.parametrize(
    ("parts", "hidden"),
    [
        ([9, 8], [False, False]),
        ([9, 3, 8], [False, True, True]),
        ([9, 3, 2, 0], [True, True, True, False]),
        ([3], [True]),
        ([], []),
    ],
)
def test_of_a_sum_the_smallest_other_part_is_hidden_too(parts: list[int], hidden: list[bool]):
    assert hidden_of_a_sum(parts, CATALOGUE) == hidden
