# SPDX-License-Identifier: GPL-2.0
"""Makes images of containers for tests, good ones and others.

usage: image.py KIND FILE

The frame of the records is made here from what the documentation says, not by the
code that reads it; only where the fields of a record are is asked of
"containerctl show --format".
"""

import struct
import subprocess
import sys

OPTIONAL = 1


def crc_table():
    """For CRC32C, bit by bit."""
    table = []
    for value in range(256):
        for _ in range(8):
            value = (value >> 1) ^ (0x82F63B78 if value & 1 else 0)
        table.append(value)
    return table


TABLE = crc_table()


def crc32c(data):
    """CRC32C of some bytes."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc = (crc >> 8) ^ TABLE[(crc ^ byte) & 255]
    return crc ^ 0xFFFFFFFF


def layout():
    """{letters: (size, {field: (offset, size)})} of all records."""
    records = {}
    text = subprocess.run(("containerctl", "show", "--format"), check=True,
                          stdout=subprocess.PIPE).stdout.decode()
    for line in text.splitlines():
        words = line.split(" ", 5)
        if words[0] == "record":
            fields = {}
            records[words[1]] = (int(words[2]), fields)
        elif words[0] == "field":
            fields[words[4]] = (int(words[1]), int(words[2]))
    return records


LAYOUT = layout()


class Image:
    """An image, record by record."""

    def __init__(self):
        self.data = b""
        self.records = 0

    def add(self, letters, number, payload=b"", flags=0):
        """A record with these bytes."""
        kind = letters.ljust(4).encode()
        head = struct.pack("<4sIIIQ", kind, flags, number, 0, len(payload))
        head = struct.pack("<4sIIIQ", kind, flags, number, crc32c(head), len(payload))
        payload += bytes(-len(payload) % 8)
        self.data += head + payload + struct.pack("<II", crc32c(payload), self.records)
        self.records += 1

    def add_fields(self, letters, number, behind=b"", **values):
        """A record with these fields, zeros elsewhere, and some bytes behind."""
        size, fields = LAYOUT[letters]
        payload = bytearray(size)
        for name, value in values.items():
            offset, length = fields[name]
            if isinstance(value, str):
                value = value.encode().ljust(length, b"\0")
            else:
                value = value.to_bytes(length, "little", signed=value < 0)
            payload[offset:offset + length] = value
        self.add(letters, number, bytes(payload) + behind)

    def header(self, **values):
        """The first record."""
        fields = {"version": 1, "page_size": 4096, "name": "made", "release": "6.1.0-test",
                  "realtime": 1700000000 * 10**9}
        fields.update(values)
        self.add_fields("CTIM", 0, **fields)

    def process(self, pid, parent, comm, **values):
        """A process with one thread."""
        fields = {"parent": parent, "pgrp": pid, "session": 1, "threads": 1}
        fields.update(values)
        self.add_fields("PROC", pid, **fields)
        if fields["threads"]:
            self.add_fields("THRD", pid, process=pid, comm=comm)
        else:
            self.add_fields("COMM", pid, comm=comm)

    def end(self, pages=0):
        """The last one."""
        self.add_fields("END", 0, records=self.records, pages=pages)


def good():
    """Three processes and two pages of memory."""
    image = Image()
    image.header()
    image.process(1, 0, "bash")
    image.process(7, 1, 'a "b"\\\x1b[31m')
    image.process(8, 7, "gone", flags=1, threads=0)
    image.add("WHAT", 3, b"nobody knows this", OPTIONAL)
    image.add("MEM", 0)
    addresses = struct.pack("<QQ", 0x400000, 0x401000)
    image.add_fields("PAGE", 1, addresses + b"x" * 8192, count=2)
    image.end(2)
    return image


def made(kind):
    """The bytes of an image of that kind."""
    image = Image()
    if kind == "version":
        image.header(version=2)
    elif kind == "unknown":
        image.header()
        image.add("WHAT", 3, b"nobody knows this")
    elif kind == "orphan":
        image.header()
        image.process(1, 0, "bash")
        image.process(7, 6, "sh")
    elif kind == "threads":
        image.header()
        image.process(1, 0, "bash", threads=2)
        image.add("MEM", 0)
        image.end()
    elif kind == "pages":
        image.header()
        image.process(1, 0, "bash")
        image.add("MEM", 0)
        image.add_fields("PAGE", 1, b"x" * 4104, count=2)
        image.end(2)
    elif kind == "escape":
        image.header(name="a\x1b]0;b\x07\u009bc d")
        image.process(1, 0, "x\u009by")
        image.add("MEM", 0)
        image.end()
    elif kind == "many":
        image.header()
        image.process(1, 0, "bash")
        for pid in range(2, 3000):
            image.process(pid, 1, "gone", flags=1, threads=0)
        image.add("MEM", 0)
        image.end()
    elif kind == "empty":
        image.header()
        image.add("MEM", 0)
        image.end()
    else:
        image = good()
        if kind == "behind":
            image.data += b"more"
        elif kind == "cut":
            image.data = image.data[:-9]
        elif kind == "flipped":
            image.data = bytearray(image.data)
            image.data[235] ^= 4
        elif kind != "good":
            sys.exit("unknown kind")
    return image.data


with open(sys.argv[2], "wb") as out:
    out.write(made(sys.argv[1]))
