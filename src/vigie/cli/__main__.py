"""``python -m vigie.cli``, the same as ``vigie``."""

from vigie.cli.entry import main

if __name__ == "__main__":
    main()
