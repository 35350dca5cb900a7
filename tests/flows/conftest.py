"""The load client of the benchmarks is also the citizen of these flows."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[2] / "benchmarks"))
