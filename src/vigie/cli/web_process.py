"""The web process: ``python -m vigie.cli.web_process``."""

import sys

from vigie.cli.starting import end_quietly
from vigie.memory import keep_out_the_unneeded

if __name__ == "__main__":
    end_quietly()
    keep_out_the_unneeded()

from vigie.assembly.setup import serve_setup
from vigie.assembly.web import serve
from vigie.cli import process
from vigie.config import Config


def body(config: Config) -> None:
    """Serve the web application until a signal stops it."""
    serve(config)


if __name__ == "__main__":
    process.end(process.run(body, sys.argv[1:], wait=serve_setup))
