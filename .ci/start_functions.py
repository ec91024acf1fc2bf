"""Serves Lambda's Invoke API for the output of `sam build`, as `sam local start-lambda` does, on a machine without Docker: each
function runs under AWS's Runtime Interface Emulator, which comes with SAM, and starts with its first event.

    start_functions.py PORT VARIABLES

Runs in SAM's Python, in the directory that contains `.aws-sam`. VARIABLES is a file in the format of `sam local --env-vars`; it
is read at the first event. As there, it sets only variables that the template declares.
"""

import json
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import samcli
from samtranslator.yaml_helper import yaml_parse

EMULATOR = Path(samcli.__file__).parent / "local/rapid/aws-lambda-rie-x86_64"
BUILT = Path(".aws-sam/build")
START_SECONDS = 10


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


class Function:
    """One function, which handles one event at a time."""

    def __init__(self, name, variables):
        self.turn = threading.Lock()
        self.port = free_port()
        self.runs = subprocess.Popen(
            [
                *(EMULATOR, "--log-level", "error"),
                *("--runtime-interface-emulator-address", f"127.0.0.1:{self.port}"),
                *("--runtime-api-address", f"127.0.0.1:{free_port()}"),
                str((BUILT / name / "bootstrap").resolve()),
            ],
            env=variables | {"AWS_LAMBDA_FUNCTION_NAME": name},
            stdout=sys.stderr,
        )

    def invoke(self, event):
        url = f"http://127.0.0.1:{self.port}/2015-03-31/functions/function/invocations"
        deadline = time.monotonic() + START_SECONDS
        with self.turn:
            while True:
                try:
                    return urllib.request.urlopen(urllib.request.Request(url, data=event)).read()
                except urllib.error.URLError as error:
                    refused = isinstance(error.reason, ConnectionRefusedError)
                    if not refused or time.monotonic() > deadline:
                        raise
                    time.sleep(0.02)


class Functions:
    """All functions; each starts with its first event."""

    def __init__(self, variables):
        template = yaml_parse((BUILT / "template.yaml").read_text())
        self.common = template["Globals"]["Function"]["Environment"]["Variables"]
        self.resources = template["Resources"]
        self.variables = variables
        self.running = {}
        self.lock = threading.Lock()

    def __getitem__(self, name):
        with self.lock:
            if name not in self.running:
                self.running[name] = Function(name, self.environment(name))
            return self.running[name]

    def environment(self, name):
        """The template's literal values, with the declared variables of VARIABLES overriding them."""
        declared = self.common | self.resources[name]["Properties"].get("Environment", {}).get("Variables", {})
        told = json.loads(Path(self.variables).read_text().replace("host.docker.internal", "localhost"))["Parameters"]
        known = {key: value for key, value in declared.items() if isinstance(value, str)}
        known |= {key: told[key] for key in declared.keys() & told.keys()}
        credentials = {"AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local"}
        return credentials | known


def handler(functions):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            event = self.rfile.read(int(self.headers["Content-Length"]))
            try:
                status, answer = 200, functions[self.path.split("/")[3]].invoke(event)
            except (KeyError, OSError) as error:
                status, answer = 502, json.dumps({"message": repr(error)}).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_):
            pass

    return Handler


def main(port, variables):
    functions = Functions(variables)
    try:
        ThreadingHTTPServer(("127.0.0.1", int(port)), handler(functions)).serve_forever()
    finally:
        for function in functions.running.values():
            function.runs.kill()


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    main(*sys.argv[1:])
