"""The order of equal elements, as Go's `sort.Sort` leaves them."""

import random

from course_lib.kubectl.go_sort import go_sorted_by


def places(keys):
    """Where the elements of a list of keys come from, once they are sorted."""
    return go_sorted_by(range(len(keys)), key=keys.__getitem__)


def test_few_elements_keep_their_order_when_they_are_equal():
    assert places([2, 1, 2, 1, 1]) == [1, 3, 4, 0, 2]
    assert places([0] * 12) == list(range(12))


def test_many_equal_elements_end_where_go_leaves_them():
    keys = [4, 4, 3, 3, 3, 3, 2, 2, 2, 2, 1, 1, 1, 1, 0, 0, 0]
    assert places(keys) == [16, 15, 14, 10, 13, 12, 11, 8, 9, 7, 6, 5, 4, 3, 2, 0, 1]
    keys = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
    assert places(keys) == [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13]
    keys = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1]
    assert places(keys) == [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]


def test_elements_are_sorted_whatever_their_pattern():
    rng = random.Random(1)
    for size in (13, 49, 50, 200, 1000):
        for most in (1, 3, 1000):
            keys = [rng.randrange(most) for _ in range(size)]
            assert [keys[place] for place in places(keys)] == sorted(keys)
        assert places(list(range(size))) == list(range(size))
        assert places(list(range(size, 0, -1))) == list(range(size - 1, -1, -1))
