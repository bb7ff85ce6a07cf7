"""The virus scanner: ClamAV's daemon, asked over its socket. Without a configured address nothing is scanned."""

import logging
import socket
import struct

from django.conf import settings

from files.refusals import FileRefused, NotChecked

CHUNK = 1 << 16
TIMEOUT_SECONDS = 30
log = logging.getLogger(__name__)


def scan(content: bytes) -> None:
    """Let the scanner look at a file. Raises FileRefused when it finds something, NotChecked without an answer."""
    address = settings.CLAMAV_ADDRESS
    if not address:
        return
    try:
        answer = _ask(address, content)
    except OSError as silent:
        log.error("virus scanner does not answer: %s", type(silent).__name__)  # noqa: TRY400 - no content in the log
        raise NotChecked("scanner_silent") from silent
    if answer.endswith(b"FOUND"):
        log.warning("virus scanner found something in an upload")
        raise FileRefused("infected")
    if not answer.endswith(b"OK"):
        log.error("virus scanner answered something else than OK")
        raise NotChecked("scanner_silent")


def _connect(address: str) -> socket.socket:
    if address.startswith("/"):
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.settimeout(TIMEOUT_SECONDS)
        try:
            connection.connect(address)
        except OSError:
            connection.close()
            raise
        return connection
    host, _, port = address.rpartition(":")
    return socket.create_connection((host, int(port)), TIMEOUT_SECONDS)


def _ask(address: str, content: bytes) -> bytes:
    with _connect(address) as connection:
        connection.sendall(b"zINSTREAM\0")
        for start in range(0, len(content), CHUNK):
            part = content[start : start + CHUNK]
            connection.sendall(struct.pack("!L", len(part)) + part)
        connection.sendall(struct.pack("!L", 0))
        answer = b""
        while not answer.endswith(b"\0"):
            received = connection.recv(4096)
            if not received:
                break
            answer += received
    return answer.strip(b"\0 \n")
