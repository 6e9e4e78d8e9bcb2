"""The ``vigie`` command's first lines: what it imports takes a second, in which Ctrl-C must not show a traceback."""

from vigie.cli.starting import end_quietly


def main() -> None:
    """Run the command line."""
    end_quietly()
    from vigie.cli import app  # noqa: PLC0415 - that is the second

    app.main()
