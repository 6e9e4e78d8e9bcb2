"""What server and script both write: one table of vectors for ``formats.py`` and ``static/js/format.js``."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from flask_babel import force_locale, gettext

from vigie.web import formats, static_files
from vigie.web.i18n import init_i18n
from vigie.web.texts import script_texts
from vigie.wording.languages import day_mark, languages
from vigie.wording.words import vocabulary

HERE = Path(__file__).parent
SCRIPTS = Path(static_files.__file__).parent / "static" / "js"
VECTORS: list[dict[str, Any]] = json.loads((HERE / "format_vectors.json").read_text(encoding="utf-8"))
ZONE = "Europe/Zurich"
NODE = shutil.which("node")


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch) -> Flask:
    monkeypatch.setattr(formats, "LOCALTZ", ZoneInfo(ZONE))
    made = Flask(__name__)
    init_i18n(made)
    return made


@pytest.mark.parametrize("language", languages())
def test_the_server_writes_the_vectors(app: Flask, language: str) -> None:
    with app.test_request_context(), force_locale(language):
        for vector in VECTORS:
            assert formats.write(vector["value"], vector["form"], vector["now"]) == vector[language], vector


@pytest.mark.skipif(NODE is None, reason="needs node")
@pytest.mark.parametrize("language", languages())
def test_the_script_writes_the_vectors(app: Flask, language: str, tmp_path: Path) -> None:
    for name in ("format.js", "page.js"):
        shutil.copy(SCRIPTS / name, tmp_path)
    (tmp_path / "package.json").write_text('{"type": "module"}')
    with app.test_request_context(), force_locale(language):
        words, texts = vocabulary(gettext), script_texts()
    page = {"language": language, "dayMark": day_mark(language), "timezone": ZONE, "words": words, "texts": texts}
    ran = subprocess.run(
        [str(NODE), str(HERE / "format_vectors.mjs"), str(tmp_path)],
        input=json.dumps({"page": page, "vectors": VECTORS}), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    for vector, text in zip(VECTORS, json.loads(ran.stdout), strict=True):
        assert text == vector[language], vector


def test_every_form_there_is_has_a_vector() -> None:
    forms = {vector["form"].partition(":")[0].rstrip("0123") for vector in VECTORS}
    assert forms == {*formats._PLAIN, "n", "word", "of", "since", "instant", "remaining"}
