"""The arrays that the scheduler's plugins compute with: one place for each node.

Amounts are whole numbers kept as floats: exact up to 2**53 (8 PiB, in bytes), and NumPy divides
floats several times as fast as integers.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Amounts = NDArray[np.float64]  # or one number for all nodes, in an array without dimensions
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]

NOTHING: Amounts = np.zeros(())  # the same 0 for all nodes
