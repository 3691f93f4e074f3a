"""An SSH server that asks what OpenSSH's never does, on loopback, for one test.

    asking_server.py KIND FILE

KIND says how it lets in.  FILE gets its line of known_hosts, FILE.answers the answers that came, one
JSON array a line.  The port is the first line of the output; it serves until it is killed.
"""

import json
import os
import socket
import sys
import threading

import paramiko

PASSWORD_CHANGE_REQUEST = 60  # RFC 4252 section 8
CHANNEL_FAILURE = 100  # RFC 4254 section 9
SECRET = "open sesame"


class Server(paramiko.ServerInterface):
    def __init__(self, kind, transport, path):
        self.kind, self.transport, self.path = kind, transport, path
        self.round = 0

    def get_allowed_auths(self, username):
        return "password" if self.kind == "expired" else "keyboard-interactive"

    def check_channel_request(self, kind, chanid):
        return paramiko.OPEN_SUCCEEDED

    def check_channel_subsystem_request(self, channel, name):
        """A file server that hangs: at once, or after its greeting (SSH_FXP_VERSION 3)."""
        if self.kind == "greets":
            threading.Timer(0.05, channel.sendall, [b"\0\0\0\5\2\0\0\0\3"]).start()
        return self.kind in ("hangs", "greets")

    def check_auth_password(self, username, password):
        message = paramiko.Message()
        message.add_byte(bytes([PASSWORD_CHANGE_REQUEST]))
        message.add_string("Your password has expired")
        message.add_string("")
        self.transport._send_message(message)
        threading.Event().wait()  # for ever: a refusal behind it is not what the RFC means

    def question(self):
        if self.kind == "notice" and self.round == 0:
            return paramiko.InteractiveQuery("", "Nothing is asked here")
        if self.kind == "many":
            return paramiko.InteractiveQuery("", "", *[(f"Part {i}: ", False) for i in range(12)])
        return paramiko.InteractiveQuery(
            "Two\x1b[2J", "Both are needed", ("Password: ", False), ("Code \x07: ", True)
        )

    def check_auth_interactive(self, username, submethods):
        while self.kind == "flood":
            self.stray()
        if self.kind == "leaves":
            threading.Timer(0.1, self.stray).start()
            threading.Timer(0.4, self.transport.close).start()
        return self.question()

    def stray(self):
        """What answers nothing that was asked: libraries keep it for later."""
        message = paramiko.Message()
        message.add_byte(bytes([CHANNEL_FAILURE]))
        message.add_bytes(bytes(30000))
        self.transport._send_message(message)

    def check_auth_interactive_response(self, responses):
        with open(self.path, "a", encoding="utf-8") as file:
            file.write(json.dumps(responses) + "\n")
        self.round += 1
        if self.kind == "notice" and self.round == 1:
            return self.question()
        return paramiko.AUTH_SUCCESSFUL if SECRET in responses else paramiko.AUTH_FAILED


def main():
    kind, path = sys.argv[1:]
    key = paramiko.ECDSAKey.generate()
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    with open(path + ".new", "w", encoding="utf-8") as file:
        file.write(f"[127.0.0.1]:{port} {key.get_name()} {key.get_base64()}\n")
    os.rename(path + ".new", path)
    print(port, flush=True)
    transports = []
    while True:
        transport = paramiko.Transport(listener.accept()[0])
        transports.append(transport)
        transport.add_server_key(key)
        transport.start_server(threading.Event(), Server(kind, transport, path + ".answers"))


main()
