#!/usr/bin/env python3
"""Lets a Meshtastic radio speak for ulp-radio. Needs PyPI's meshtastic.

    driver.py [--port /dev/ttyUSB0 | --host meshtastic.local] [--channel N] -- ulp-radio --follow --hops 0 ...

A filter around a filter: it starts the command after `--`, gives it what comes on stdin and, as {"packet":"..."} lines,
what the radio hears; what the command answers goes to stdout, and its packets to the radio, each when its time has come
(`after_ms` after it was said, or after the one before began where that is later). A radio relays by itself, so that
packets need no hops of their own. Packets travel as data of the port PRIVATE_APP, 233 bytes at most, behind what people
write.
"""

import argparse
import base64
import binascii
import json
import queue
import subprocess
import sys
import threading
import time

from meshtastic.protobuf import mesh_pb2, portnums_pb2
from pubsub import pub

TOPIC = "meshtastic.receive.data.PRIVATE_APP"
LONGEST = mesh_pb2.Constants.DATA_PAYLOAD_LEN


def line_of(packet):
    """What a radio heard, as a line for ulp-radio: nothing where it holds no data."""
    payload = packet.get("decoded", {}).get("payload", b"")
    if not payload:
        return None
    line = {"packet": base64.urlsafe_b64encode(payload).decode().rstrip("="), "from": packet.get("fromId")}
    line.update({name: packet[key] for name, key in (("snr", "rxSnr"), ("rssi", "rxRssi")) if key in packet})
    return json.dumps(line, separators=(",", ":")) + "\n"


def packet_of(text):
    """The packet of a line and how long to wait with it, or nothing where the line is another one."""
    try:
        line = json.loads(text)
        packet = line["packet"]
        return base64.b64decode(packet + "=" * (-len(packet) % 4), altchars=b"-_", validate=True), line.get("after_ms", 0)
    except (ValueError, KeyError, TypeError, binascii.Error):
        return None


class Driver:
    """A radio, and the command that speaks through it."""

    def __init__(self, radio, command, out, channel=0):
        self.radio, self.out, self.channel = radio, out, channel
        self.child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8")
        self.writing = threading.Lock()
        self.packets = queue.Queue()
        pub.subscribe(self.hear, TOPIC)
        self.threads = [threading.Thread(target=turn, daemon=True) for turn in (self.listen, self.send)]
        for thread in self.threads:
            thread.start()

    def tell(self, line):
        """Gives the command a line. Both stdin and the radio do."""
        with self.writing:
            self.child.stdin.write(line)
            self.child.stdin.flush()

    def hear(self, packet, interface):
        """What any radio of this process heard."""
        line = line_of(packet) if interface is self.radio else None
        if line:
            try:
                self.tell(line)
            except (BrokenPipeError, ValueError):
                pass  # the command has ended: so does whoever waits for it

    def listen(self):
        """Reads what the command says: packets wait for their time, the rest is passed on at once."""
        for text in self.child.stdout:
            found = packet_of(text)
            if found:
                self.packets.put((time.monotonic(), *found))
            else:
                self.out.write(text)
                self.out.flush()
        self.packets.put(None)

    def send(self):
        """Sends the packets, one after the other."""
        began = 0.0
        while found := self.packets.get():
            said, packet, after = found
            began = max(said, began) + after / 1000
            time.sleep(max(0.0, began - time.monotonic()))
            if len(packet) > LONGEST:
                print(f"driver.py: a packet of {len(packet)} bytes, where a radio carries {LONGEST}", file=sys.stderr)
                continue
            self.radio.sendData(
                packet,
                portNum=portnums_pb2.PortNum.PRIVATE_APP,
                channelIndex=self.channel,
                priority=mesh_pb2.MeshPacket.Priority.BACKGROUND,
            )

    def end(self):
        """Lets the command finish, and sends what it still says: its exit status."""
        with self.writing:
            self.child.stdin.close()
        for thread in self.threads:
            thread.join()
        self.child.stdout.close()
        pub.unsubscribe(self.hear, TOPIC)
        return self.child.wait()


def connect(args):
    if args.host:
        from meshtastic.tcp_interface import TCPInterface

        return TCPInterface(args.host)
    from meshtastic.serial_interface import SerialInterface

    return SerialInterface(args.port)


def main():
    parser = argparse.ArgumentParser(description="Lets a Meshtastic radio speak for ulp-radio.")
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--port", help="the radio's serial port; the only one there is if it is left out")
    where.add_argument("--host", help="the radio's name or address on the network")
    parser.add_argument("--channel", type=int, default=0, help="the channel's number (0)")
    parser.add_argument("command", nargs="+", help="ulp-radio --follow --hops 0, and what else it needs")
    args = parser.parse_args()
    driver = Driver(connect(args), args.command, sys.stdout, args.channel)
    try:
        for text in sys.stdin:
            driver.tell(text)
        # The radio goes on when there is nothing more to say to it.
        status = driver.child.wait()
    except (KeyboardInterrupt, BrokenPipeError):
        status = driver.end()
    sys.exit(status)


if __name__ == "__main__":
    main()
