"""Single values as Go's types read and store them."""

from __future__ import annotations

import pytest

from course_lib.objects.api_types import leaves
from course_lib.objects.api_types.leaves import LEAF, Unfit


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("1", "1"), ("100m", "100m"), ("0.1", "100m"), ("1000m", "1"), ("1000", "1k"),
        ("+1", "+1"), ("1.", "1."), ("00", "0"), (" 2 ", "2"), (2, "2"), (0.5, "500m"),
        ("1024Mi", "1Gi"), ("7Mi", "7Mi"), ("1.5Gi", "1536Mi"), ("0.5Gi", "512Mi"),
        ("1e3", "1e3"), ("12E6", "12E6"), ("1500u", "1500u"), ("0.1n", "1n"), (None, "0"),
    ],
)  # fmt: skip
def test_an_amount_is_stored_as_written_where_that_is_canonical(written, stored):
    assert leaves.quantity(written) == stored


@pytest.mark.parametrize(
    ("written", "stored"), [("1500u", "2m"), ("0.1m", "1m"), ("1m", "1m"), ("1n", "1m")]
)
def test_an_amount_of_a_resource_is_rounded_up_to_thousandths(written, stored):
    assert leaves.rounded_quantity(written) == stored


@pytest.mark.parametrize(
    ("written", "said"),
    [("", leaves.FORMAT), ("x", leaves.FORMAT), ("1 Gi", leaves.FORMAT), (True, leaves.FORMAT),
     ("64mi", leaves.SUFFIX), ("1KiB", leaves.FORMAT), ("1Kim", leaves.SUFFIX)],
)  # fmt: skip
def test_what_is_no_amount_is_told_in_the_decoders_words(written, said):
    with pytest.raises(Unfit) as refusal:
        leaves.quantity(written)
    assert str(refusal.value) == said


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z"),
        ("2026-01-01T02:00:00+02:00", "2026-01-01T00:00:00Z"),
        ("2026-01-01T00:00:00.75Z", "2026-01-01T00:00:00Z"),
        (None, None),
    ],
)
def test_a_time_is_stored_in_utc_and_whole_seconds(written, stored):
    assert leaves.time(written) == stored


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("noon", f'parsing time "noon" as "{leaves.LAYOUT}": cannot parse "noon" as "2006"'),
        ("2026-13-01T00:00:00Z", 'parsing time "2026-13-01T00:00:00Z": month out of range'),
        ("2026-02-30T00:00:00Z", 'parsing time "2026-02-30T00:00:00Z": day out of range'),
    ],
)  # fmt: skip
def test_what_is_no_time_is_told_as_go_tells_it(written, said):
    with pytest.raises(Unfit) as refusal:
        leaves.time(written)
    assert str(refusal.value) == said


def test_a_time_with_microseconds_wants_six_digits():
    assert leaves.micro_time("2026-01-01T00:00:00.000001Z") == "2026-01-01T00:00:00.000001Z"
    with pytest.raises(Unfit, match=r'cannot parse "Z" as "\.000000"'):
        leaves.micro_time("2026-01-01T00:00:00Z")


@pytest.mark.parametrize(
    ("written", "byte"), [("AAE", 0), ("not base64!", 3), ("MTIzNA", 4), ("1234!", 4)]
)
def test_data_that_is_not_base64_is_refused_at_its_byte(written, byte):
    with pytest.raises(Unfit, match=f"illegal base64 data at input byte {byte}"):
        leaves.data(written)


def test_data_is_stored_without_line_breaks():
    assert leaves.data("MTIz\nNA==") == "MTIzNA=="


@pytest.mark.parametrize("value", [2**31, -(2**31) - 1, 1.0, "1", True])
def test_a_number_of_32_bits_has_its_bounds(value):
    with pytest.raises(Unfit):
        LEAF["int32"](value)


@pytest.mark.parametrize("value", [2**31 - 1, -(2**31), 0])
def test_a_number_of_32_bits_is_stored_as_it_is(value):
    assert LEAF["int32"](value) == value
