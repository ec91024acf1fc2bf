"""The mailbox behind the emulator's SES: receives raw messages by SMTP, and lists them by HTTP in the local stack's format."""

import email
import email.policy
import http.server
import json
import socketserver
import threading
import urllib.parse


class Mailbox:
    """All mails, oldest first, served on free ports."""

    def __init__(self):
        self.mails = []
        self.smtp_port = serve(session_of(self))
        self.http_port = serve(pages_of(self))

    def keep(self, raw):
        message = email.message_from_bytes(raw, policy=email.policy.default)
        text = message.get_body(("plain",))
        self.mails.append({
            "mailId": f"{len(self.mails):08}",
            "to": ", ".join(address.addr_spec for address in message["To"].addresses),
            "subject": message["Subject"],
            "text": text.get_content() if text else "",
            "raw": raw,
        })


def serve(handler):
    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_address[1]


def session_of(mailbox):
    class Session(socketserver.StreamRequestHandler):
        def say(self, line):
            self.wfile.write(line + b"\r\n")

        def handle(self):
            self.say(b"220 mailbox")
            while line := self.rfile.readline():
                match line[:4].strip().upper():
                    case b"DATA":
                        self.say(b"354 go on")
                        lines = iter(self.rfile.readline, b".\r\n")
                        mailbox.keep(b"".join(line[line.startswith(b"."):] for line in lines))
                        self.say(b"250 kept")
                    case b"QUIT":
                        return self.say(b"221 bye")
                    case _:
                        self.say(b"250 ok")

    return Session


def pages_of(mailbox):
    class Page(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            url = urllib.parse.urlsplit(self.path)
            to = urllib.parse.parse_qs(url.query).get("to", [None])[0]
            for mail in mailbox.mails:
                if url.path == f"/_local/mails/{mail['mailId']}":
                    return self.answer("message/rfc822", mail["raw"])
            told = [mail | {"raw": None} for mail in mailbox.mails if to in (None, mail["to"])]
            self.answer("application/json", json.dumps(told).encode())

        def answer(self, media_type, body):
            self.send_response(200)
            self.send_header("Content-Type", media_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            """Suppresses the request log."""

    return Page
