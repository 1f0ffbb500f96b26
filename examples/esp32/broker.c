/* A discovery broker that is a ferry too: it relays what is news, asks for what it lacks, and keeps the last lines for
 * whoever wants them.
 *
 * Usage: broker NAME SPACE MTU. Stands for a device with a radio: lines of packets in, lines of packets out, as
 * ulp-radio --follow reads and writes them. At the end of its input it sends what still waits, and ends.
 */
#define _POSIX_C_SOURCE 200809L
#define ULP_RADIO_IMPLEMENTATION
#include "ulp_radio.h"

#include "pipe.h"

#include <poll.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { LINE = 2496, BLOCK = 4096, BLOCKS = 16, LINES_FOR_A_WANT = 3 };

/* All that it keeps: on a device the ring lies in flash. */
static ulp_node node;
static ulp_assembly assembly;
static ulp_ring ring;
static uint8_t slots[ULP_MESSAGES * LINE], line[LINE], flash[BLOCK * BLOCKS];

static bool flash_read(void *context, uint32_t at, void *bytes, size_t length)
{
    (void)context;
    memcpy(bytes, flash + at, length);
    return true;
}

static bool flash_write(void *context, uint32_t at, const void *bytes, size_t length)
{
    (void)context;
    memcpy(flash + at, bytes, length);
    return true;
}

static bool flash_erase(void *context, uint32_t at)
{
    (void)context;
    memset(flash + at, 0xff, BLOCK);
    return true;
}

/* Milliseconds of a clock that only rises. */
static uint64_t clock_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void heard(void *context, const ulp_frame *frame, uint8_t what)
{
    const uint64_t *now = context;
    size_t length;
    if (what == ULP_WAS_NEWS && ulp_assembly_hear(&assembly, *now, frame, line, &length) == ULP_LINE)
        (void)ulp_ring_keep(&ring, line, length);
    if (what == ULP_WAS_QUESTION)
        (void)ulp_ferry_answer(&ring, &node, *now, frame, LINES_FOR_A_WANT, line, sizeof line);
}

static void take(const char *text)
{
    uint8_t packet[LONGEST_PACKET];
    uint64_t now = clock_ms();
    size_t length = pipe_packet(text, packet);
    if (length > 0)
        (void)ulp_node_hear(&node, now, packet, length, NULL, heard, &now);
}

/* Sends what is due. */
static void send_due(void)
{
    uint8_t packet[ULP_PACKET_MOST_BYTES];
    size_t length = ulp_node_poll(&node, clock_ms(), packet);
    if (length > 0)
        pipe_send(packet, length);
}

/* Waits for input, or until something is due: whether there may be input. */
static bool await(bool is_open)
{
    struct pollfd input = {STDIN_FILENO, POLLIN, 0};
    uint64_t due = ulp_node_due(&node), now = clock_ms();
    int timeout = due <= now ? 0 : due - now < 60000 ? (int)(due - now) : 60000;
    return poll(&input, is_open ? 1 : 0, timeout) > 0;
}

/* Takes the lines that have come: whether more may. */
static bool take_input(void)
{
    static char text[LONGEST_LINE];
    static size_t filled;
    ssize_t got = read(STDIN_FILENO, text + filled, sizeof text - 1 - filled);
    char *end, *start = text;
    if (got <= 0)
        return false;
    filled += (size_t)got;
    text[filled] = '\0';
    for (; (end = strchr(start, '\n')) != NULL; start = end + 1) {
        *end = '\0';
        take(start);
    }
    filled -= (size_t)(start - text);
    memmove(text, start, filled);
    if (filled == sizeof text - 1)
        filled = 0; /* no line is that long */
    return true;
}

int main(int count, char **words)
{
    /* A radio in the laboratory: SF7 at 500 kHz, and no limit to its airtime. */
    ulp_settings settings = {
        .lora = {.bandwidth = 500000, .preamble = 8, .spreading = 7, .coding = 5},
        .epoch_ms = ULP_NO_TIME,
        .seq = 4096,
        .hourly_ms = ULP_NO_LIMIT,
        .total_ms = ULP_NO_LIMIT,
        .header = 16,
        .hops = 3,
    };
    ulp_memory memory = {flash_read, flash_write, flash_erase, NULL, BLOCK, BLOCKS};
    bool is_open = true;
    if (count != 4) {
        fprintf(stderr, "usage: broker NAME SPACE MTU\n");
        return 2;
    }
    settings.own = ulp_peer_tag(words[1]);
    settings.mtu = (uint16_t)strtoul(words[3], NULL, 10);
    memset(flash, 0xff, sizeof flash);
    ulp_assembly_begin(&assembly, slots, LINE);
    ulp_node_begin(&node, &settings);
    ulp_node_space(&node, clock_ms(), ulp_space_tag(words[2]));
    if (!ulp_ring_open(&ring, &memory))
        return EXIT_FAILURE;
    while (is_open || ulp_node_waiting(&node) > 0) {
        if (await(is_open))
            is_open = take_input();
        send_due();
    }
    return EXIT_SUCCESS;
}
