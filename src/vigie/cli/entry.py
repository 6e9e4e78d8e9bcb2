"""The ``vigie`` command's first lines: what it imports takes a second, in which Ctrl-C must not show a traceback."""


def main() -> None:
    """Run the command line."""
    import _signal  # type: ignore[import-not-found]  # noqa: PLC0415 - `signal` takes its time to import enums

    if _signal.getsignal(_signal.SIGINT) is not _signal.SIG_IGN:
        _signal.signal(_signal.SIGINT, _signal.SIG_DFL)
    from vigie.cli.starting import end_quietly  # noqa: PLC0415 - those enums, and more

    end_quietly()
    from vigie.memory import keep_out_the_unneeded  # noqa: PLC0415 - not before Ctrl-C is quiet

    keep_out_the_unneeded(needed=("requests", "rich"))
    from vigie.cli import app  # noqa: PLC0415 - that is the second

    app.main()
