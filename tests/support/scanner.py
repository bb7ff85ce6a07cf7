"""A virus scanner for tests: ClamAV's daemon as far as it is asked."""

import socketserver
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class _Daemon(socketserver.BaseRequestHandler):
    """ClamAV's INSTREAM as far as we ask it."""

    def handle(self) -> None:
        stream = self.request.makefile("rb")
        if stream.read(10) != b"zINSTREAM\0":
            return
        content = b""
        while size := struct.unpack("!L", stream.read(4))[0]:
            content += stream.read(size)
        answer = b"stream: Eicar FOUND\0" if b"EICAR" in content else b"stream: OK\0"
        self.request.sendall(answer)


@contextmanager
def daemon(fixture_settings: Any) -> Iterator[None]:
    """A virus scanner that finds whatever holds EICAR; the settings lead to it, also when it has gone."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Daemon) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        fixture_settings.CLAMAV_ADDRESS = f"127.0.0.1:{server.server_address[1]}"
        yield
        server.shutdown()
        thread.join()
