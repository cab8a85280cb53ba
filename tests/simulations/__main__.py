"""python -m tests.simulations [REPS]; see running.py."""

import os

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "POLARS_MAX_THREADS"):
    os.environ.setdefault(_name, "1")  # one process a core; must stand before numpy and polars are imported

from tests.simulations.running import main

main()
