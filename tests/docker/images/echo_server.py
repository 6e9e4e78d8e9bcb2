"""Answers every request on port 3000 with its path and headers, in Grafana's place."""

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Echo(BaseHTTPRequestHandler):
    """Tells what it was asked."""

    def do_GET(self) -> None:
        body = json.dumps({"path": self.path, "headers": {name.lower(): text for name, text in self.headers.items()}})
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_: object) -> None:
        """Say nothing: the probe asks all the time."""


if __name__ == "__main__":
    ThreadingHTTPServer(("", 3000), Echo).serve_forever()
