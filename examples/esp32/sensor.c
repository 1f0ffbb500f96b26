/* A sensor: readings in, packets out, and the time from whoever it believes.
 *
 * Usage: sensor ACTOR TILE BOOTS MTU [DID KEY]. Lines on stdin are what it measures and hears:
 *
 *     water_level 1.42        a reading: it is sent
 *     {"packet":"..."}        a packet from the air: a frame signed by DID, whose key is KEY in hexadecimal, tells the time
 *     after 60000             so many milliseconds pass, as this machine's clock is not the sensor's
 *
 * On a device the loop is the same, with a pin, a radio and a timer instead of lines.
 */
#define _POSIX_C_SOURCE 200809L
#define ULP_RADIO_IMPLEMENTATION
#include "ulp_radio.h"

#include "pipe.h"
#include "verify.h"

static ulp_sensor sensor;
static ulp_key believed;

/* Reads 64 hexadecimal digits. */
static bool read_key(const char *digits, uint8_t key[32])
{
    for (size_t at = 0; at < 32; at++) {
        unsigned byte;
        if (sscanf(digits + 2 * at, "%2x", &byte) != 1)
            return false;
        key[at] = (uint8_t)byte;
    }
    return strlen(digits) == 64;
}

static bool send_reading(const char *name, const char *value, uint64_t now, size_t mtu)
{
    char line[160];
    uint8_t packet[LONGEST_PACKET];
    ulp_parts parts;
    size_t length = ulp_sensor_line(&sensor, line, sizeof line, name, value, now);
    if (length == 0)
        return false;
    if (!ulp_parts_begin(&parts, sensor.own, ulp_sensor_seq(&sensor, now), 3, line, length, mtu))
        return false;
    while ((length = ulp_parts_next(&parts, packet)) > 0)
        pipe_send(packet, length);
    return true;
}

static bool take(const char *line, uint64_t *now, size_t mtu)
{
    uint8_t packet[LONGEST_PACKET];
    char name[64], value[64];
    size_t length = pipe_packet(line, packet);
    if (length > 0) {
        (void)ulp_sensor_hear(&sensor, packet, length, *now);
        return true;
    }
    if (sscanf(line, "%63s %63s", name, value) != 2)
        return false;
    if (strcmp(name, "after") == 0) {
        *now += strtoull(value, NULL, 10);
        return true;
    }
    return send_reading(name, value, *now, mtu);
}

int main(int count, char **words)
{
    char line[LONGEST_LINE];
    uint64_t now = 0;
    size_t mtu;
    int status = EXIT_SUCCESS;
    mtu = count > 4 ? strtoul(words[4], NULL, 10) : 0;
    if ((count != 5 && count != 7) || mtu > LONGEST_PACKET) {
        fprintf(stderr, "usage: sensor ACTOR TILE BOOTS MTU [DID KEY]\n");
        return 2;
    }
    ulp_sensor_begin(&sensor, words[1], words[2], (uint32_t)strtoul(words[3], NULL, 10));
    if (count == 7) {
        if (!read_key(words[6], believed.key)) {
            fprintf(stderr, "sensor: %s: not a key of 64 hexadecimal digits\n", words[6]);
            return 2;
        }
        believed.peer = ulp_peer_tag(words[5]);
        ulp_sensor_believe(&sensor, &believed, 1, verify_by_openssl, NULL);
    }
    while (fgets(line, sizeof line, stdin) != NULL)
        if (!take(line, &now, mtu)) {
            fprintf(stderr, "sensor: neither a reading nor a packet: %s", line);
            status = EXIT_FAILURE;
        }
    return status;
}
