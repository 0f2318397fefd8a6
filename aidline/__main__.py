"""``python -m aidline``: the command line."""

from __future__ import annotations

from aidline.cli import main

if __name__ == "__main__":
    main()
