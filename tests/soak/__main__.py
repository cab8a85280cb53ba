"""python -m tests.soak [N], or a part: mutations|kills|nights [N], mutation I, hostile; --seed S → build/soak.json."""

import os

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "POLARS_MAX_THREADS"):
    os.environ.setdefault(_name, "1")  # one process a core; must stand before numpy and polars are imported

if __name__ == "__main__":
    from tests.soak.running import main

    main()
