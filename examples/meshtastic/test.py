#!/usr/bin/env python3
"""The driver without a radio: meshtastic's own classes build and read every packet, and only the air is made up.

Where ulp-radio is on the PATH, two of them talk through two drivers. Ends with status 77 where meshtastic is missing.
"""

import io
import json
import shutil
import sys
import time
import unittest

try:
    from meshtastic.mesh_interface import MeshInterface
    from meshtastic.protobuf import mesh_pb2, portnums_pb2
except ImportError:
    print("meshtastic is not installed: make deps")
    sys.exit(77)

import driver

ECHO = [sys.executable, "-u", "-c", "import sys\nfor line in sys.stdin: print(line, end='', flush=True)"]


class Air:
    """What one radio sends, all others hear, as the bytes that firmware and app exchange."""

    def __init__(self):
        self.radios, self.sent = [], []

    def carry(self, sender, to_radio):
        packet = mesh_pb2.ToRadio.FromString(to_radio.SerializeToString()).packet
        self.sent.append(packet)
        for radio in self.radios:
            if radio is not sender:
                heard = mesh_pb2.FromRadio()
                heard.packet.CopyFrom(packet)
                setattr(heard.packet, "from", sender.number)
                heard.packet.rx_snr, heard.packet.rx_rssi = 5.5, -90
                radio._handleFromRadio(heard.SerializeToString())


class Radio(MeshInterface):
    """A radio that is not there: the rest of it is meshtastic's."""

    def __init__(self, air, number):
        super().__init__()
        self.nodes, self.nodesByNum = {}, {}
        self.air, self.number = air, number
        air.radios.append(self)

    def _sendToRadioImpl(self, to_radio):
        if to_radio.HasField("packet"):
            self.air.carry(self, to_radio)


def wait_for(what, seconds=20):
    end = time.monotonic() + seconds
    while not what() and time.monotonic() < end:
        time.sleep(0.01)
    return what()


class Lines(unittest.TestCase):
    def test_lines_and_packets(self):
        packet = {"decoded": {"payload": b"\xa1\x30\xff"}, "fromId": "!00000001", "rxSnr": 5.5}
        self.assertEqual(json.loads(driver.line_of(packet)), {"packet": "oTD_", "from": "!00000001", "snr": 5.5})
        self.assertEqual(driver.packet_of('{"packet":"oTD_","after_ms":7,"airtime_ms":9}'), (b"\xa1\x30\xff", 7))
        self.assertIsNone(driver.line_of({"decoded": {}}))
        for other in ["", "{}", "[]", "7", '{"packet":7}', '{"packet":"*"}', '{"peer":"a","knows":[]}']:
            self.assertIsNone(driver.packet_of(other), other)


class Loop(unittest.TestCase):
    def setUp(self):
        self.air = Air()
        self.here, self.there = Radio(self.air, 1), Radio(self.air, 2)

    def test_what_is_said_is_sent_and_what_is_heard_is_told(self):
        out = io.StringIO()
        echo = driver.Driver(self.here, ECHO, out, channel=2)
        self.there.sendData(b"\xa1\x30\xff", portNum=portnums_pb2.PortNum.PRIVATE_APP)
        self.assertTrue(wait_for(lambda: len(self.air.sent) == 2), "the echo is on air")
        echo.tell('{"peer":"someone","knows":[]}\n')
        echo.tell(json.dumps({"packet": "oTA"}) + "\n")
        echo.tell(json.dumps({"packet": "A" * 312}) + "\n")
        self.assertEqual(echo.end(), 0)
        self.assertEqual(out.getvalue(), '{"peer":"someone","knows":[]}\n')
        payloads = [packet.decoded.payload for packet in self.air.sent]
        self.assertEqual(payloads, [b"\xa1\x30\xff", b"\xa1\x30\xff", b"\xa1\x30"], "and none that is too long")
        echoed = self.air.sent[1]
        self.assertEqual((echoed.channel, echoed.decoded.portnum), (2, portnums_pb2.PortNum.PRIVATE_APP))
        self.assertEqual(echoed.priority, mesh_pb2.MeshPacket.Priority.BACKGROUND)

    def test_what_others_write_is_not_told(self):
        echo = driver.Driver(self.here, ECHO, io.StringIO())
        self.there.sendText("good morning")
        self.there.sendData(b"\xa1", portNum=portnums_pb2.PortNum.PRIVATE_APP)
        self.assertTrue(wait_for(lambda: len(self.air.sent) == 3))
        echo.end()
        self.assertEqual(self.air.sent[2].decoded.payload, b"\xa1")

    def test_packets_wait_for_their_time(self):
        echo = driver.Driver(self.here, ECHO, io.StringIO())
        start = time.monotonic()
        for packet, after in [("oTA", 300), ("oTB", 200)]:
            echo.tell(json.dumps({"packet": packet, "after_ms": after}) + "\n")
        echo.end()
        self.assertGreaterEqual(time.monotonic() - start, 0.5)
        self.assertEqual(len(self.air.sent), 2)

    @unittest.skipUnless(shutil.which("ulp-radio"), "ulp-radio is not on the PATH")
    def test_two_tools_talk(self):
        line = '{"actor_id":"node:a","operation":"sensor_reading","sensor":"water_level","tile":"z0/x1/y2","value":1.5}'
        radio = ["ulp-radio", "--hops", "0", "--log", "errors"]
        outs = [io.StringIO(), io.StringIO()]
        near, far = driver.Driver(self.here, radio, outs[0]), driver.Driver(self.there, radio, outs[1])
        near.tell(line + "\n")
        self.assertEqual(near.end(), 0)
        self.assertTrue(wait_for(lambda: outs[1].getvalue()), "the line comes out")
        self.assertEqual(far.end(), 0)
        self.assertEqual(json.loads(outs[1].getvalue()), json.loads(line))


if __name__ == "__main__":
    unittest.main()
