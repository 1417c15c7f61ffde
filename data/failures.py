"""Compute `failures.csv` anew: every single and double failure of the four configurations."""

from pathlib import Path

import pandas as pd

from course_lib.experiments.failures import failure_table

if __name__ == "__main__":
    both = pd.concat([failure_table(), failure_table(double=True)])
    both.to_csv(Path(__file__).with_suffix(".csv"), index=False)
