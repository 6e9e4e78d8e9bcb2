"""Says what to do while the settings do not fit yet; ends with 0 when an installation may run on them."""

import os
import sys
from pathlib import Path

from vigie.config import load
from vigie.errors import SettingsError

WHAT_TO_DO = """
Commission the installation: this finds out how it is wired and writes the settings.
  docker compose run --rm controller vigie commission
Then: docker compose up -d
(Only to try Vigie out, without boards: docker compose --profile demo up -d)"""

if __name__ == "__main__":
    try:
        load(Path(os.environ["VIGIE_CONFIG"]))
    except SettingsError as error:
        sys.stdout.write(f"{error}\n{WHAT_TO_DO}\n")
        sys.exit(3)
    sys.stdout.write("The settings fit.\n")
