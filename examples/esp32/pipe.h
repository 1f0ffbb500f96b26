/* What stands for a radio on this machine: lines as ulp-radio writes and reads them, {"packet":"<base64url>"}. */
#ifndef PIPE_H
#define PIPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { LONGEST_LINE = 4096, LONGEST_PACKET = 1024 };

static const char pipe_digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* Prints a packet as a line, at once. */
static inline void pipe_send(const uint8_t *packet, size_t length)
{
    uint32_t bits = 0;
    unsigned count = 0;
    fputs("{\"packet\":\"", stdout);
    for (size_t at = 0; at < length; at++) {
        bits = bits << 8 | packet[at];
        for (count += 8; count >= 6; count -= 6)
            putchar(pipe_digits[bits >> (count - 6) & 63]);
    }
    if (count > 0)
        putchar(pipe_digits[bits << (6 - count) & 63]);
    puts("\"}");
    fflush(stdout);
}

/* The packet of a line: its length, or 0 where the line has none that is base64url. */
static inline size_t pipe_packet(const char *line, uint8_t packet[LONGEST_PACKET])
{
    const char *at = strstr(line, "\"packet\":\""), *digit;
    uint32_t bits = 0;
    unsigned count = 0;
    size_t length = 0;
    if (at == NULL)
        return 0;
    for (at += 10; *at != '"'; at++) {
        if (*at == '\0' || length == LONGEST_PACKET || (digit = strchr(pipe_digits, *at)) == NULL)
            return 0;
        bits = bits << 6 | (uint32_t)(digit - pipe_digits);
        count += 6;
        if (count >= 8) {
            count -= 8;
            packet[length++] = (uint8_t)(bits >> count & 0xff);
        }
    }
    return length;
}

#endif
