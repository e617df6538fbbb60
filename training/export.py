"""Turns what a training run left into a checkpoint folder in Hugging Face's layout, bfloat16 (needs NumPy only).

python3 training/export.py RUN_FOLDER CHECKPOINT_FOLDER
"""

from __future__ import annotations

import argparse

from hymba.checkpoint import export


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", help="the FOLDER of train.py")
    parser.add_argument("checkpoint")
    args = parser.parse_args()
    export(args.run, args.checkpoint)


if __name__ == "__main__":
    main()
