#!/usr/bin/env python3
"""Presence and intent as Bluetooth LE advertisements: 31 bytes that phones and microcontrollers send and hear all day.

    ble.py encode    lines of ulp-radio, which have `packet`, to advertisements in hexadecimal, one a line
    ble.py decode    such advertisements to lines that ulp-radio reads
    ble.py scan      what a Bluetooth adapter hears, as lines for ulp-radio (needs `pip install bleak`)

An advertisement is structures of a length, a type and data (Bluetooth Core Specification, volume 3, part C, 11). Ours
is flags, and manufacturer data of the company 0xFFFF, which is nobody's: 31 - 3 - 4 bytes are left for a packet. A
presence or intent frame takes 14 of them. Others use that company's number too; what does not start as a frame of
kind 1 or 2 is not ours, and whatever looks so is for ulp-radio to judge.
"""

import base64
import binascii
import json
import sys

LONGEST = 31
FLAGS = bytes([2, 0x01, 0x06])  # generally discoverable, no classic Bluetooth
MANUFACTURER = 0xFF
COMPANY = 0xFFFF
ROOM = LONGEST - len(FLAGS) - 4
KINDS = (0xA1, 0xA2)  # tips and presence; wants and intent


class Refused(Exception):
    """Why something is neither packet nor advertisement."""


def advertise(packet):
    """A packet as the bytes of an advertisement."""
    if not packet or packet[0] not in KINDS:
        raise Refused("an advertisement carries frames of kinds 1 and 2")
    if len(packet) > ROOM:
        raise Refused(f"a packet of {len(packet)} bytes, where an advertisement carries {ROOM}")
    return FLAGS + bytes([len(packet) + 3, MANUFACTURER]) + COMPANY.to_bytes(2, "little") + packet


def structures(advertisement):
    """The structures of an advertisement: type and data. Zeros at the end are padding."""
    if len(advertisement) > LONGEST:
        raise Refused(f"{len(advertisement)} bytes, where an advertisement has {LONGEST}")
    at = 0
    while at < len(advertisement) and advertisement[at]:
        end = at + 1 + advertisement[at]
        if end > len(advertisement):
            raise Refused("a structure goes on past the end")
        yield advertisement[at + 1], advertisement[at + 2 : end]
        at = end


def packets(advertisement):
    """The packets that an advertisement carries: none, for nearly all that are on air."""
    ours = COMPANY.to_bytes(2, "little")
    found = [data[2:] for kind, data in structures(advertisement) if kind == MANUFACTURER and data[:2] == ours]
    return [packet for packet in found if packet and packet[0] in KINDS]


def line(packet):
    """A packet as a line for ulp-radio."""
    return json.dumps({"packet": base64.urlsafe_b64encode(packet).decode().rstrip("=")}, separators=(",", ":"))


def packet_of(text):
    """The packet of a line of ulp-radio."""
    try:
        packet = json.loads(text)["packet"]
        if "=" in packet:
            raise Refused("base64url is written without padding")
        return base64.b64decode(packet + "=" * (-len(packet) % 4), altchars=b"-_", validate=True)
    except (ValueError, KeyError, TypeError) as reason:
        raise Refused("not a line with a packet") from reason


def encode(text):
    return [advertise(packet_of(text)).hex()]


def decode(text):
    try:
        advertisement = binascii.unhexlify(text.strip())
    except (ValueError, binascii.Error) as reason:
        raise Refused("not hexadecimal") from reason
    return [line(packet) for packet in packets(advertisement)]


def each_line(turn):
    """Turns each line of stdin; says of those that cannot be turned why, and goes on."""
    status = 0
    for number, text in enumerate(sys.stdin, 1):
        try:
            for answer in turn(text):
                print(answer, flush=True)
        except Refused as reason:
            print(f"ble.py: line {number}: {reason}", file=sys.stderr)
            status = 1
    return status


def scan():
    """Prints what an adapter hears, until it is interrupted. The adapter's driver has taken the structures apart."""
    import asyncio

    from bleak import BleakScanner

    def heard(_device, advertisement):
        packet = advertisement.manufacturer_data.get(COMPANY, b"")
        if packet[:1] and packet[0] in KINDS:
            print(line(packet), flush=True)

    async def listen():
        async with BleakScanner(heard):
            await asyncio.Event().wait()

    asyncio.run(listen())


def main():
    turns = {"encode": lambda: each_line(encode), "decode": lambda: each_line(decode), "scan": scan}
    if len(sys.argv) != 2 or sys.argv[1] not in turns:
        sys.exit("usage: ble.py encode|decode|scan")
    try:
        sys.exit(turns[sys.argv[1]]())
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)


if __name__ == "__main__":
    main()
