#!/usr/bin/env python3
"""Sample algorithm that takes its time, to be watched or stopped: one line a second.

The first argument is how many seconds (120).
"""

import pathlib
import sys
import time

seconds = int(sys.argv[1]) if len(sys.argv) > 1 else 120
for second in range(seconds):
    print(f"step {second + 1} of {seconds}", flush=True)
    time.sleep(1)
pathlib.Path("results").mkdir(exist_ok=True)
pathlib.Path("results/steps.txt").write_text(f"{seconds}\n", encoding="utf-8")
