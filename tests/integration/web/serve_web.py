"""The real web process for tests: ``serve_web.py '{"token": ..., "journal": ..., "link": ..., "web": {...}}'``.

``"users"`` names the file of those who may log in, ``"access"`` holds settings of the door; without them everybody may
do everything. Prints the port it listens on.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

from vigie.memory import keep_out_the_unneeded

if __name__ == "__main__":
    keep_out_the_unneeded()  # as the product's own process does

import structlog
from pydantic import TypeAdapter

from vigie.access.door import Door
from vigie.access.settings import AccessSettings
from vigie.link.hub import Hub
from vigie.link.server import LinkListener
from vigie.web.app import create_app
from vigie.web.server import serve
from vigie.web.settings import WebSettings


def main(options: dict[str, Any]) -> None:
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    settings = TypeAdapter(WebSettings).validate_python({"port": 0, **options.get("web", {})})
    hub = Hub(options["token"], Path(options["snapshot"]))
    rules = TypeAdapter(AccessSettings).validate_python(options.get("access", {}))
    door = Door(rules, Path(options["users"])) if "users" in options else None
    app = create_app(settings, hub, Path(options["journal"]), access=door)
    listener = LinkListener(Path(options["link"]), hub)
    listener.start()
    serve(app, settings, on_ready=lambda port: sys.stdout.write(f"{port}\n") and sys.stdout.flush())
    listener.close()


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
    os._exit(0)  # at once, as the product's own process leaves
