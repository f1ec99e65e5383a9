"""A receiver of events for Python 3.9 or newer, without packages. It accepts POSTs on any path:

SIGNING_SECRET=whsec_... TOKEN=... PORT=9000 python3 receiver.py
"""
import base64
import hashlib
import hmac
import json
import os
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SIGNING_SECRET = os.environ["SIGNING_SECRET"]
TOKEN = os.environ["TOKEN"]
MAX_BODY = 192 * 1024  # bytes
TOLERANCE = 5 * 60  # seconds


def is_signed(headers, body):
    event_id = headers.get("webhook-id", "")
    timestamp = headers.get("webhook-timestamp", "")
    if not event_id or not (timestamp.isascii() and timestamp.isdigit()) or abs(time.time() - int(timestamp)) > TOLERANCE:
        return False

    key = base64.b64decode(SIGNING_SECRET.removeprefix("whsec_"))
    signed = b".".join([event_id.encode(), timestamp.encode(), body])
    expected = b"v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest())
    signatures = headers.get("webhook-signature", "").encode().split(b" ")
    return any(hmac.compare_digest(signature, expected) for signature in signatures)


# Store ids persistently, best in the transaction that stores the event, with a unique key.
seen = set()
seen_lock = threading.Lock()


def store(event_id, event):
    with seen_lock:
        repeated = event_id in seen
        seen.add(event_id)
    print(f"repeated {event_id}" if repeated else f"accepted {event_id} {event['eventName']}", flush=True)


class Receiver(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 30  # seconds without data

    def do_POST(self):
        self.send_response(self.receive())
        self.send_header("Content-Length", "0")
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()

    def receive(self):
        # An unread body must not be read as the next request.
        self.close_connection = True
        length = self.headers.get("Content-Length", "")
        if not (length.isascii() and length.isdigit()):
            return 411
        if int(length) > MAX_BODY:
            return 413
        body = self.rfile.read(int(length))
        self.close_connection = False
        if not hmac.compare_digest(self.headers.get("Authorization", "").encode(), f"Bearer {TOKEN}".encode()):
            return 401
        if not is_signed(self.headers, body):
            return 401
        store(self.headers["webhook-id"], json.loads(body))
        return 200  # Respond now, and process the event afterwards.

    def log_message(self, *args):
        pass


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", int(os.environ.get("PORT", "9000"))), Receiver)
    print(f"listening on {server.server_port}", flush=True)
    server.serve_forever()
