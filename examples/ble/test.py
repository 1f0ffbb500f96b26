#!/usr/bin/env python3
"""Advertisements without a radio: there and back, at the limits, and whatever else is on air."""

import random
import unittest

import ble

PRESENCE = bytes.fromhex("a13001a39abc6b0013183daa0efa")
INTENT = bytes.fromhex("a23001a39abc6b0013183daa0efa")


class Advertisements(unittest.TestCase):
    def test_presence_and_intent_are_these_bytes(self):
        flags_and_company = "02010611ffffff"
        self.assertEqual(ble.advertise(PRESENCE).hex(), flags_and_company + PRESENCE.hex())
        self.assertEqual(ble.advertise(INTENT).hex(), flags_and_company + INTENT.hex())

    def test_there_and_back(self):
        for length in range(1, ble.ROOM + 1):
            packet = (PRESENCE + INTENT)[:length]
            advertisement = ble.advertise(packet)
            self.assertEqual(len(advertisement), length + 7)
            self.assertEqual(ble.packets(advertisement), [packet])
            self.assertEqual(ble.decode(ble.encode(ble.line(packet))[0]), [ble.line(packet)])

    def test_limits(self):
        self.assertEqual(ble.ROOM, 24)
        self.assertEqual(len(ble.advertise(PRESENCE + bytes(10))), ble.LONGEST)
        for packet in [b"", PRESENCE + bytes(11), b"\xa3" + PRESENCE[1:], b"\xa0" + PRESENCE[1:]]:
            self.assertRaises(ble.Refused, ble.advertise, packet)
        self.assertRaises(ble.Refused, ble.decode, "00" * 32)
        for text in ["{}", "[]", "x", '{"packet":7}', '{"packet":"oTA*"}', '{"packet":"oTA="}', '{"packet":"oTABo"}']:
            self.assertRaises(ble.Refused, ble.encode, text)
        self.assertRaises(ble.Refused, ble.decode, "0xa1")

    def test_other_advertisements_are_not_ours(self):
        for other in [
            "",
            "00" * 31,
            "020106",
            "0201061aff4c000215" + "11" * 21,  # a beacon of Apple
            "020106" + "03ffffff",  # nobody's company, and nothing
            "020106" + "05ffffff0102",  # nobody's company, and something else
            "020106" + "0816" + "0a18" + "a130010203",  # service data
        ]:
            self.assertEqual(ble.decode(other), [], other)

    def test_ours_is_found_beside_a_name(self):
        named = bytes.fromhex("0409756c70") + ble.advertise(PRESENCE)
        self.assertEqual(ble.packets(named), [PRESENCE])
        self.assertEqual(ble.packets(named + bytes(31 - len(named))), [PRESENCE])

    def test_what_is_cut_off_is_refused(self):
        whole = ble.advertise(PRESENCE)
        for length in range(len(whole)):
            if length in (0, 3):  # nothing, or flags alone
                self.assertEqual(ble.packets(whole[:length]), [])
            else:
                self.assertRaises(ble.Refused, ble.packets, whole[:length])

    def test_noise_is_refused_or_nothing(self):
        draw = random.Random(1)
        for _ in range(20_000):
            noise = draw.randbytes(draw.randrange(40))
            try:
                for packet in ble.packets(noise):
                    self.assertIn(packet[0], ble.KINDS)
            except ble.Refused:
                pass


if __name__ == "__main__":
    unittest.main()
