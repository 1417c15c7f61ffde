from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib.errors import CourseError
from course_lib.objects.quantity import MAX_INT64, Quantity

SUFFIXES = ["n", "u", "m", "", "k", "M", "G", "T", "P", "E", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"]


@pytest.mark.parametrize(
    ("written", "canonical"),
    # k8s.io/apimachinery pkg/api/resource/quantity_test.go: inputs and what they print as
    [
        ("0", "0"),
        ("0n", "0"),
        ("0Ki", "0"),
        ("100m", "100m"),
        ("0.1", "100m"),
        (".5", "500m"),
        ("5.", "5"),
        ("+3", "3"),
        ("1.5Gi", "1536Mi"),
        ("1024Ki", "1Mi"),
        ("1023Ki", "1023Ki"),
        ("0.5Ki", "512"),
        ("0.1Ki", "102400m"),
        ("1.1Ki", "1127"),
        ("-1.1Ki", "-1127"),
        ("1e3", "1e3"),
        ("100e3", "100e3"),
        ("1E3", "1e3"),
        ("1e-3", "1e-3"),
        ("12E", "12E"),
        ("1000m", "1"),
        ("1000k", "1M"),
        ("1500", "1500"),
        ("2000", "2k"),
        ("-3Mi", "-3Mi"),
        ("0.0000000001", "1n"),
        ("-0.0000000001", "-1n"),
        ("1.1E", "1100P"),
    ],
)
def test_canonical_form_is_the_api_servers(written: str, canonical: str):
    assert str(Quantity(written)) == canonical


@pytest.mark.parametrize(
    "text", ["", "1x", "1 Gi", "Gi", "1Gii", "1e", "--1", "1.2.3", "1mi", "0x1"]
)
def test_what_is_not_a_quantity_is_refused(text: str):
    with pytest.raises(CourseError, match="not a quantity"):
        Quantity(text)


numbers = st.decimals(
    allow_nan=False, allow_infinity=False, min_value=-(10**6), max_value=10**6, places=3
)


@given(numbers, st.sampled_from(SUFFIXES))
def test_canonical_form_round_trips(number, suffix):
    quantity = Quantity(f"{number}{suffix}")
    again = Quantity(str(quantity))
    if suffix.endswith("i") and abs(quantity.nano) >= 1024 * 10**9 and quantity.nano % 10**9:
        # Upstream prints whole bytes: "fractional parts will be rounded up".
        assert abs(again.nano) == -(-abs(quantity.nano) // 10**9) * 10**9
    else:
        assert again == quantity
        assert str(again) == str(quantity)


@given(st.integers(-(10**12), 10**12), st.integers(-9, 18))
def test_decimal_exponents_round_trip(number, exponent):
    quantity = Quantity(f"{number}e{exponent}")
    assert Quantity(str(quantity)) == quantity
    assert Fraction(quantity.nano, 10**9) == number * Fraction(10) ** exponent


@given(st.integers(0, 10**9), st.integers(0, 10**9))
def test_sums_are_exact(left, right):
    assert Quantity(f"{left}m") + Quantity(f"{right}m") == Quantity(f"{left + right}m")
    assert (Quantity(f"{left}n") - Quantity(f"{right}n")).nano == left - right


def test_binary_amounts_stop_at_64_bits_and_decimal_ones_do_not():
    assert Quantity("8Ei").value == MAX_INT64
    assert Quantity("12E").value == 12 * 10**18


def test_rounding_is_up_as_the_scheduler_reads_amounts():
    assert Quantity("1n").milli == 1
    assert Quantity("1.5").value == 2
    assert Quantity("100m").milli == 100
