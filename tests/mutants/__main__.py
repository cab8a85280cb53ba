"""python -m tests.mutants [module ...] [--jobs N] → build/mutants.json: what the tests of the calculations notice."""

import os

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "POLARS_MAX_THREADS"):
    os.environ.setdefault(_name, "1")  # one process a core; must stand before numpy and polars are imported

if __name__ == "__main__":
    from tests.mutants.running import main

    main()
