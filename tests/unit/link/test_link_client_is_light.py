import subprocess
import sys


def test_controller_side_of_the_link_imports_nothing_of_the_web() -> None:
    program = "import sys, vigie.link.client; print(sorted({name.partition('.')[0] for name in sys.modules}))"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    for heavy in ("flask", "werkzeug", "apiflask", "gunicorn", "numpy", "simple_websocket", "vigie.web"):
        assert f"'{heavy}'" not in loaded
