#!/usr/bin/env python3
"""Sample algorithm that fails: says what is wrong on standard error and exits with status 3."""

import sys

print("looking for the column named weight", flush=True)
print("broken.py: the dataset has no column named weight", file=sys.stderr, flush=True)
sys.exit(3)
