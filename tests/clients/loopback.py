"""Runs a command in an empty network namespace with its loopback up: ``loopback.py COMMAND…``.

Programs and the stand-ins for their models talk over 127.0.0.1, which is down in a fresh namespace.
"""

import fcntl
import os
import socket
import struct
import sys

GET, SET, UP = 0x8913, 0x8914, 0x1

with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
    name = struct.pack("16sH14s", b"lo", 0, b"")
    flags = struct.unpack("16sH14s", fcntl.ioctl(sock, GET, name))[1]
    fcntl.ioctl(sock, SET, struct.pack("16sH14s", b"lo", flags | UP, b""))
os.execvp(sys.argv[1], sys.argv[1:])
