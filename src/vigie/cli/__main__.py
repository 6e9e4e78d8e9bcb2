"""``python -m vigie.cli``, the same as ``vigie``."""

from vigie.cli.app import main

if __name__ == "__main__":
    main()
