/* ulp_radio.h: discovery over LoRa, BLE or any other air, for devices with kilobytes. Public interface in the first
 * half, definitions in the second.
 *
 *     #define ULP_RADIO_IMPLEMENTATION    in exactly one file of the program
 *     #include "ulp_radio.h"
 *
 * One file holds the definitions, so that tables and code lie in flash once; whoever compiles with -ffunction-sections
 * and links with --gc-sections pays for nothing that is not called.
 *
 * C99, freestanding: stdbool.h, stddef.h and stdint.h are all that is included. No malloc, no stdio, no floating
 * point, no global variables, no clock: time, radio, memory and keys come in as arguments. A compiler may call memcpy,
 * memmove, memset and memcmp, which every C runtime for a microcontroller has.
 *
 * It follows page "11. Discovery, sync, receipts", part C, and gives the same bytes as the Rust tools: ulp-radio(1).
 * Integers on air are big-endian, hashes are SHA-256. Times are milliseconds of a clock that only has to rise,
 * lengths are bytes.
 */
#ifndef ULP_RADIO_H
#define ULP_RADIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- hashes and tags ---------------------------------------------------------------------------------------- */

/* SHA-256 (FIPS 180-4). */
typedef struct {
    uint32_t state[8];
    uint64_t length; /* so far, in bytes */
    uint8_t block[64];
} ulp_sha256;

void ulp_sha256_begin(ulp_sha256 *hash);
void ulp_sha256_add(ulp_sha256 *hash, const void *bytes, size_t length);
void ulp_sha256_end(ulp_sha256 *hash, uint8_t digest[32]);

/* The first four bytes of the hash of some bytes. */
uint32_t ulp_tag(const void *bytes, size_t length);
/* The tag of a peer's name: a DID, or a name as node:esp32_A12. */
uint32_t ulp_peer_tag(const char *name);
/* The tag of a space: of "m/world/" and its name, spelt as a store names its directory. */
uint32_t ulp_space_tag(const char *space);

/* ---- frames ------------------------------------------------------------------------------------------------- */

enum {
    ULP_TIPS = 1,  /* "I hold these"; without entries: presence */
    ULP_WANTS = 2, /* "I would have these"; without entries: intent, "sync with me" */
    ULP_PART = 3   /* a piece of a line */
};

enum {
    ULP_RANGE = 254, /* in the place of z: the entry is a range of rows */
    ULP_SPACE = 255, /* in the place of z: the tip is of a whole space */
    ULP_DEEPEST_TILE = 30
};

enum {
    ULP_ENTRY_BYTES = 17,
    ULP_HEAD_BYTES = 14, /* of kinds 1 and 2 */
    ULP_PART_HEAD_BYTES = 12,
    ULP_SIGNATURE_BYTES = 64,
    ULP_MOST_ENTRIES = 15,
    ULP_MOST_PARTS = 64,
    ULP_FRAME_MOST_BYTES = 14 + 15 * 17 + 64, /* of kinds 1 and 2 */
    ULP_MESSAGE_MOST_BYTES = 12 + 14 + 15 * 17 /* that is signed */
};

/* Hops at which a frame goes on for as long as it is news. */
#define ULP_HOPS_WHILE_NEWS 7u

/* A frame that was read. Its pointers lead into the packet. */
typedef struct {
    uint32_t peer;  /* tag of the peer */
    uint32_t seq;   /* seconds since 1970; below 2^24 it is no time */
    uint32_t space; /* tag of the space; kinds 1 and 2 */
    uint8_t kind;
    uint8_t hops;
    uint8_t count;        /* of entries; kinds 1 and 2 */
    uint8_t index, total; /* kind 3 */
    bool is_signed;
    const uint8_t *body; /* entries, or a part's data */
    size_t body_length;
    const uint8_t *bytes; /* the whole frame */
    size_t length;
} ulp_frame;

/* What is known of a tile, or where z is ULP_SPACE of a space. */
typedef struct {
    int32_t x, y; /* within 24 bits */
    uint32_t events;
    uint8_t z;
    uint8_t head[6]; /* the history root's first bytes; zeros: none */
} ulp_tip;

/* Rows whose keys are at least `from` and below `to`, where 0 is no end. */
typedef struct {
    uint64_t from, to; /* 40 bits */
    uint32_t digest;
    uint16_t rows;
} ulp_range;

/* Reads the frame at the start of some bytes: its length, or 0 where none is. */
size_t ulp_frame_read(ulp_frame *frame, const uint8_t *bytes, size_t length);
/* Whether a packet is frames back to back to its last byte: anything else is passed over whole. */
bool ulp_packet_is_whole(const uint8_t *packet, size_t length);
/* The entry at a place of a frame of kinds 1 and 2: true where it is a tip, false where it is a range. */
bool ulp_frame_entry(const ulp_frame *frame, size_t at, ulp_tip *tip, ulp_range *range);

/* Writes 14 bytes: a frame without entries. */
void ulp_write_head(uint8_t *frame, uint8_t kind, uint8_t hops, uint32_t peer, uint32_t seq, uint32_t space);
/* Adds an entry to a frame that has fewer than 15 and no signature: its new length. */
size_t ulp_write_tip(uint8_t *frame, const ulp_tip *tip);
size_t ulp_write_range(uint8_t *frame, const ulp_range *range);

/* Signs and verifies Ed25519; a device without them gives hints, and believes nobody's time. */
typedef bool (*ulp_sign)(void *context, const uint8_t *message, size_t length, uint8_t signature[64]);
typedef bool (*ulp_verify)(void *context, const uint8_t key[32], const uint8_t *message, size_t length,
                           const uint8_t signature[64]);

/* Signs a frame of kinds 1 and 2 and appends the signature: its new length, or 0 where the callback does not sign.
 * There must be room for 64 bytes more. */
size_t ulp_frame_sign(uint8_t *frame, ulp_sign sign, void *context);
/* Whether a frame is signed with this key. */
bool ulp_frame_verify(const ulp_frame *frame, const uint8_t key[32], ulp_verify verify, void *context);

/* ---- parts of lines ----------------------------------------------------------------------------------------- */

/* A line that is being cut. */
typedef struct {
    const uint8_t *line;
    size_t length, room; /* of the line; of a part's data */
    uint32_t hash, peer, seq;
    uint8_t hops, index, total;
} ulp_parts;

/* Begins to cut a line for packets of at most `mtu` bytes: false where it takes more than 64, or nothing fits in. */
bool ulp_parts_begin(ulp_parts *parts, uint32_t peer, uint32_t seq, uint8_t hops, const void *line, size_t length,
                     size_t mtu);
/* Writes the next part, at most `mtu` bytes: its length, or 0 where there is none. */
size_t ulp_parts_next(ulp_parts *parts, uint8_t *packet);

/* ---- airtime ------------------------------------------------------------------------------------------------ */

/* How a LoRa radio is set. */
typedef struct {
    uint32_t bandwidth; /* Hz */
    uint16_t preamble;  /* symbols */
    uint8_t spreading;  /* 5 to 12 */
    uint8_t coding;     /* 5 to 8: 4/5 to 4/8 */
} ulp_lora;

/* Milliseconds on air, rounded up (Semtech AN1200.13: explicit header, CRC, low data rate from symbols of 16 ms on). */
uint32_t ulp_airtime_ms(const ulp_lora *lora, size_t bytes);

/* ---- a sensor, or whatever else emits events: under 1 KiB of RAM -------------------------------------------- */

/* A key whose owner is believed the time. */
typedef struct {
    uint32_t peer; /* ulp_peer_tag() of its DID */
    uint8_t key[32];
} ulp_key;

/* What a sensor keeps between readings. Names and keys stay the caller's, in flash. */
typedef struct {
    const char *actor; /* node:esp32_A12 */
    const char *tile;  /* z0/x12/y7 */
    const ulp_key *keys;
    ulp_verify verify;
    void *context;
    size_t key_count;
    uint64_t told_at;   /* when the time was told */
    uint32_t told;      /* the time, or 0 while nobody told it */
    uint32_t last, own; /* the seq that was given last; the tag of the actor */
} ulp_sensor;

/* Begins without a time: `boots` counts the starts, and the first seq is boots x 4096 (modulo 2^24). A device that
 * sends more than 4,096 messages without a time goes on in the next start's numbers: it keeps ulp_sensor_boots(). */
void ulp_sensor_begin(ulp_sensor *sensor, const char *actor, const char *tile, uint32_t boots);
/* From now on these keys are believed. */
void ulp_sensor_believe(ulp_sensor *sensor, const ulp_key *keys, size_t count, ulp_verify verify, void *context);
/* Hears a packet: true where it told a later time than was known, in a frame signed with one of the keys. Time never
 * goes back, so a frame that is sent again tells nothing. */
bool ulp_sensor_hear(ulp_sensor *sensor, const uint8_t *packet, size_t length, uint64_t now);
/* Seconds since 1970, or 0 where nobody told. */
uint32_t ulp_sensor_time(const ulp_sensor *sensor, uint64_t now);
/* The seq of the next message. */
uint32_t ulp_sensor_seq(ulp_sensor *sensor, uint64_t now);
/* The count of starts that a device keeps, and gives to the next one, plus one. */
uint32_t ulp_sensor_boots(const ulp_sensor *sensor);
/* Writes a reading as a line without its end: its length, or 0 where there is no room for it and a zero byte, where the
 * value is no JSON number, string, true, false or null. Names are UTF-8. With a time the line has a timestamp: then
 * all gates that complete it alike make one event of it. */
size_t ulp_sensor_line(const ulp_sensor *sensor, char *line, size_t room, const char *name, const char *value,
                       uint64_t now);

/* ---- a node on air: discovery broker ------------------------------------------------------------------------ */

/* Bounds of a node; a program that has less room, or more, sets them before it includes the header. RAM follows
 * ULP_ROWS, 32 bytes each. Nodes with other bounds get on with each other: all keep the newest rows they have room for. */
#ifndef ULP_ROWS
#define ULP_ROWS 2048 /* 512 tiles, 4 rows each */
#endif
#ifndef ULP_PACKET_MOST_BYTES
#define ULP_PACKET_MOST_BYTES 255 /* what LoRa carries; longer frames are heard and not relayed */
#endif

enum {
    ULP_SPACES = 64,      /* at most 128 */
    ULP_WAITING = 32,     /* frames, answers and introductions that wait */
    ULP_ANSWERED = 64,    /* questions that are remembered to be answered */
    ULP_PARTS_HEARD = 256 /* parts that are known again */
};

#define ULP_NO_LIMIT UINT32_MAX
#define ULP_NO_TIME UINT64_MAX

/* What a node is told once. */
typedef struct {
    ulp_lora lora;
    uint64_t epoch_ms;  /* milliseconds from 1970 to the node's time 0; ULP_NO_TIME where that is not known */
    uint32_t own;       /* the tag of its name */
    uint32_t seq;       /* the last seq of its own */
    uint32_t hourly_ms; /* on air in any hour, or ULP_NO_LIMIT */
    uint32_t total_ms;  /* on air in all, or ULP_NO_LIMIT */
    uint32_t skew;      /* seconds by which a clock may be ahead */
    uint16_t mtu;       /* the longest packet, up to ULP_PACKET_MOST_BYTES */
    uint8_t header;     /* bytes that the radio's own protocol puts before a packet */
    uint8_t hops;       /* of rows that are told again */
} ulp_settings;

/* A tip, with whose it is and when it was said. */
typedef struct {
    uint32_t peer, seq;
    uint32_t on_air_low; /* when it was on air last: 40 bits of milliseconds */
    uint8_t on_air_high;
    uint8_t spice; /* the first byte of the hash of its frame */
    uint8_t space; /* its place among the spaces; bit 7: its peer was unknown when it came */
    uint8_t tip[ULP_ENTRY_BYTES];
} ulp_row;

/* A space, and its timer. */
typedef struct {
    uint64_t start, moment; /* of the interval; when to speak, or ULP_NO_TIME once that passed */
    uint32_t tag, length, begun;
    uint8_t heard;   /* who said the same in this interval */
    bool is_strange; /* nobody but unknown tags spoke of it */
} ulp_space;

/* Something that waits to be sent. */
typedef struct {
    uint64_t due, asked; /* not before; when a question was heard */
    ulp_range range;     /* a question's */
    uint32_t space;
    uint16_t length;
    uint8_t sort, class_of, heard;
    bool is_strange; /* on behalf of an unknown tag */
    bool is_told;    /* someone said of a question's ranges what is to be said */
    uint8_t bytes[ULP_PACKET_MOST_BYTES]; /* the frame; the entry of a want */
} ulp_item;

typedef struct {
    uint64_t at;
    uint32_t space;
    uint8_t question[11]; /* what its entry starts with: the range, or the tile */
    bool is_strange;
    bool is_ranges; /* it is answered with ranges alone, which make further questions */
} ulp_answered;

enum { ULP_MINUTES = 61 };

/* Milliseconds on air, by the minute. */
typedef struct {
    uint64_t ever;
    uint32_t minutes[ULP_MINUTES];
    uint32_t hour;
} ulp_spent;

/* A node: nothing of it is anybody's business but its functions'. */
typedef struct {
    ulp_settings settings;
    uint64_t floor, busy, minute, dropped;
    uint32_t offset; /* what is added to a time, so that not all nodes get air back at the same moment */
    ulp_spent all, strangers;
    size_t row_count, unknown_count, space_count, waiting_count, answered_count, part_count, part_next;
    ulp_space spaces[ULP_SPACES];
    ulp_answered answered[ULP_ANSWERED];
    ulp_item waiting[ULP_WAITING + 1];
    uint8_t parts[ULP_PARTS_HEARD][8];
    ulp_row rows[ULP_ROWS + 1];
} ulp_node;

/* Who asks for air: own news; ranges; others' news that are signed; everything else. */
enum { ULP_OWN, ULP_RANGES, ULP_SIGNED, ULP_REST };

/* How a frame stands with its hearer. */
enum {
    ULP_BY_KEY,     /* its signature holds, of a peer who is known */
    ULP_BY_KNOWN,   /* its tag is that of a peer who is known */
    ULP_BY_UNKNOWN, /* it is not */
    ULP_FORGED      /* its signature does not hold: it is as if it was not heard */
};

/* What a frame was. */
enum {
    ULP_WAS_NEWS,     /* it changed the table, or is a part that was not heard before */
    ULP_WAS_KNOWN,    /* nothing of it is new */
    ULP_WAS_PRESENCE, /* or intent */
    ULP_WAS_QUESTION, /* ranges and wants */
    ULP_WAS_FUTURE,   /* from further ahead than clocks may be */
    ULP_WAS_FORGED
};

/* Says how a frame stands; without it everyone is known. */
typedef uint8_t (*ulp_judge)(void *context, const ulp_frame *frame);
/* Is told what a frame was. */
typedef void (*ulp_heard)(void *context, const ulp_frame *frame, uint8_t what);

void ulp_node_begin(ulp_node *node, const ulp_settings *settings);
/* Keeps a space, though nothing was heard of it yet. */
void ulp_node_space(ulp_node *node, uint64_t now, uint32_t tag);
/* It is among others than before: who they are and what they have is to be found out soon. */
void ulp_node_arrive(ulp_node *node, uint64_t now, uint32_t tag);
/* Hears a packet: false where it does not parse to its last byte, and nothing of it was heard. */
bool ulp_node_hear(ulp_node *node, uint64_t now, const uint8_t *packet, size_t length, ulp_judge judge,
                   ulp_heard heard, void *context);
/* Takes a frame of one's own, to be sent as soon as the airtime allows: false where it is none, or too long. */
bool ulp_node_offer(ulp_node *node, uint64_t now, const uint8_t *frame, size_t length, uint8_t class_of);
/* Writes the packet to send now, at most `mtu` bytes: its length, or 0 where there is none. Until it is over, no other
 * is given. */
size_t ulp_node_poll(ulp_node *node, uint64_t now, uint8_t *packet);
/* When polling is next worth it; later calls do no harm. */
uint64_t ulp_node_due(const ulp_node *node);
/* How much waits to be sent. */
size_t ulp_node_waiting(const ulp_node *node);
/* How many rows of a space there are, and the first bytes of the hash over their frames in order: equal tables have
 * equal ones. */
ulp_range ulp_node_digest(const ulp_node *node, uint32_t tag);

/* ---- lines out of parts -------------------------------------------------------------------------------------- */

enum {
    ULP_MESSAGES = 4,         /* that are put together at a time */
    ULP_MESSAGES_KNOWN = 256, /* whole ones that are known again */
    ULP_PATIENCE_MS = 60000   /* from a message's first part on */
};

/* A message that is being put together. */
typedef struct {
    uint64_t since;
    uint32_t peer, seq, number, used;
    uint16_t starts[ULP_MOST_PARTS], lengths[ULP_MOST_PARTS]; /* of parts, as they came; no length: it did not */
    uint8_t total;                                            /* 0: nothing is being put together here */
} ulp_message;

typedef struct {
    uint8_t *memory;
    size_t each;
    ulp_message messages[ULP_MESSAGES];
    uint32_t known_peers[ULP_MESSAGES_KNOWN], known_seqs[ULP_MESSAGES_KNOWN];
    size_t known_count, known_next;
    uint32_t begun;
} ulp_assembly;

/* What a part came to. */
enum {
    ULP_NO_LINE,     /* others lack, or it is of a message that was whole */
    ULP_LINE,        /* it was the last that lacked */
    ULP_BROKEN_LINE, /* the parts do not make what the message's hash says: they are forgotten */
    ULP_LONG_LINE    /* they come to more than there is memory for: they are forgotten */
};

/* Begins with memory for four messages: `each` bytes for one, at most 65,535; a line has 4 less. Who sends in packets
 * of 233 bytes sends up to 14,140 bytes, in packets of 51 up to 2,492. */
void ulp_assembly_begin(ulp_assembly *assembly, uint8_t *memory, size_t each);
/* Hears a frame. Where that makes a line, it stands in `line`, of `each` bytes, without an end. */
uint8_t ulp_assembly_hear(ulp_assembly *assembly, uint64_t now, const ulp_frame *frame, uint8_t *line, size_t *length);

/* ---- data ferry: a ring of lines ----------------------------------------------------------------------------- */

/* Memory that keeps lines: RAM, flash or a card. It is written in blocks, and only where it was erased; erased bytes
 * are 0xff. What fails answers false. */
typedef struct {
    bool (*read)(void *context, uint32_t at, void *bytes, size_t length);
    bool (*write)(void *context, uint32_t at, const void *bytes, size_t length);
    bool (*erase)(void *context, uint32_t at); /* the block that begins there */
    void *context;
    uint32_t block;  /* bytes of a block: flash has 4,096; a line takes 25 less at most */
    uint32_t blocks; /* how many: at least 2 */
} ulp_memory;

/* A ring of lines, the oldest block of which goes when there is no room. It outlives a loss of power: what was written
 * in part is passed over. */
typedef struct {
    ulp_memory memory;
    uint32_t number; /* of the block that is written, 0 where there is none; the one before has one less */
    uint32_t end;    /* of what is written in it */
} ulp_ring;

/* Where a reader of a ring has come to. */
typedef struct {
    uint32_t number, end;
} ulp_cursor;

/* Opens what lies in the memory: false where it does not answer, or blocks are too few or too small. */
bool ulp_ring_open(ulp_ring *ring, const ulp_memory *memory);
/* Keeps a line, without an end, that it has not: false where it does not fit or the memory does not answer. */
bool ulp_ring_keep(ulp_ring *ring, const uint8_t *line, size_t length);
/* Begins at the newest line. */
void ulp_ring_newest(const ulp_ring *ring, ulp_cursor *cursor);
/* Reads the next older line of a tile of a space, or where the tile is NULL of any: its length, or 0 where there is
 * none. A line that is longer than the room is passed over. Lines that spell their space or tile with escapes are of
 * no tile. */
size_t ulp_ring_older(const ulp_ring *ring, ulp_cursor *cursor, uint32_t space, const uint8_t tile[7], uint8_t *line,
                      size_t room);
/* Answers the wants of a frame: hands a node the parts of the newest `most` lines of each tile, where airtime is left.
 * How many lines that were. */
size_t ulp_ferry_answer(const ulp_ring *ring, ulp_node *node, uint64_t now, const ulp_frame *wants, size_t most,
                        uint8_t *line, size_t room);

#ifdef __cplusplus
}
#endif
#endif /* ULP_RADIO_H */

/* ---- definitions ============================================================================================ */
#ifdef ULP_RADIO_IMPLEMENTATION

/* ---- bytes -------------------------------------------------------------------------------------------------- */

static void ulp_copy(void *to, const void *from, size_t length)
{
    uint8_t *target = (uint8_t *)to;
    const uint8_t *source = (const uint8_t *)from;
    while (length-- > 0)
        *target++ = *source++;
}

static int ulp_compare(const void *one, const void *other, size_t length)
{
    const uint8_t *a = (const uint8_t *)one, *b = (const uint8_t *)other;
    for (size_t at = 0; at < length; at++)
        if (a[at] != b[at])
            return a[at] < b[at] ? -1 : 1;
    return 0;
}

static size_t ulp_text_length(const char *text)
{
    size_t length = 0;
    while (text[length] != '\0')
        length++;
    return length;
}

/* Big-endian numbers of up to eight bytes. */
static void ulp_put(uint8_t *bytes, uint64_t value, size_t count)
{
    while (count-- > 0) {
        bytes[count] = (uint8_t)(value & 0xff);
        value >>= 8;
    }
}

static uint64_t ulp_get(const uint8_t *bytes, size_t count)
{
    uint64_t value = 0;
    for (size_t at = 0; at < count; at++)
        value = value << 8 | bytes[at];
    return value;
}

static uint32_t ulp_get32(const uint8_t *bytes)
{
    return (uint32_t)ulp_get(bytes, 4);
}

/* A signed number of 24 bits. */
static int32_t ulp_get_signed24(const uint8_t *bytes)
{
    int32_t value = (int32_t)ulp_get(bytes, 3);
    return value < 0x800000 ? value : value - 0x1000000;
}

/* ---- SHA-256 ------------------------------------------------------------------------------------------------ */

static const uint32_t ulp_sha256_rounds[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

static uint32_t ulp_rotated(uint32_t word, unsigned bits)
{
    return word >> bits | word << (32 - bits);
}

/* The message schedule's next word, in a window of sixteen: a device has no room for all 64. */
static uint32_t ulp_sha256_schedule(uint32_t window[16], size_t round)
{
    uint32_t early = window[(round + 1) & 15], late = window[(round + 14) & 15];
    uint32_t s0 = ulp_rotated(early, 7) ^ ulp_rotated(early, 18) ^ early >> 3;
    uint32_t s1 = ulp_rotated(late, 17) ^ ulp_rotated(late, 19) ^ late >> 10;
    return window[round & 15] += s0 + window[(round + 9) & 15] + s1;
}

static void ulp_sha256_block(uint32_t state[8], const uint8_t *block)
{
    uint32_t window[16], v[8];
    for (size_t at = 0; at < 8; at++)
        v[at] = state[at];
    for (size_t round = 0; round < 64; round++) {
        uint32_t word = round < 16 ? (window[round] = ulp_get32(block + 4 * round))
                                   : ulp_sha256_schedule(window, round);
        uint32_t s1 = ulp_rotated(v[4], 6) ^ ulp_rotated(v[4], 11) ^ ulp_rotated(v[4], 25);
        uint32_t first = v[7] + s1 + ((v[4] & v[5]) ^ (~v[4] & v[6])) + ulp_sha256_rounds[round] + word;
        uint32_t s0 = ulp_rotated(v[0], 2) ^ ulp_rotated(v[0], 13) ^ ulp_rotated(v[0], 22);
        uint32_t second = s0 + ((v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]));
        for (size_t at = 7; at > 0; at--)
            v[at] = v[at - 1];
        v[4] += first;
        v[0] = first + second;
    }
    for (size_t at = 0; at < 8; at++)
        state[at] += v[at];
}

void ulp_sha256_begin(ulp_sha256 *hash)
{
    static const uint32_t initial[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                        0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    for (size_t at = 0; at < 8; at++)
        hash->state[at] = initial[at];
    hash->length = 0;
}

void ulp_sha256_add(ulp_sha256 *hash, const void *bytes, size_t length)
{
    const uint8_t *next = (const uint8_t *)bytes;
    for (; length > 0; length--) {
        hash->block[hash->length++ & 63] = *next++;
        if ((hash->length & 63) == 0)
            ulp_sha256_block(hash->state, hash->block);
    }
}

void ulp_sha256_end(ulp_sha256 *hash, uint8_t digest[32])
{
    uint8_t bits[8];
    uint8_t padding = 0x80;
    ulp_put(bits, hash->length * 8, 8);
    do {
        ulp_sha256_add(hash, &padding, 1);
        padding = 0;
    } while ((hash->length & 63) != 56);
    ulp_sha256_add(hash, bits, 8);
    for (size_t at = 0; at < 8; at++)
        ulp_put(digest + 4 * at, hash->state[at], 4);
}

static uint32_t ulp_sha256_tag(ulp_sha256 *hash)
{
    uint8_t digest[32];
    ulp_sha256_end(hash, digest);
    return ulp_get32(digest);
}

uint32_t ulp_tag(const void *bytes, size_t length)
{
    ulp_sha256 hash;
    ulp_sha256_begin(&hash);
    ulp_sha256_add(&hash, bytes, length);
    return ulp_sha256_tag(&hash);
}

uint32_t ulp_peer_tag(const char *name)
{
    return ulp_tag(name, ulp_text_length(name));
}

static bool ulp_is_plain(uint8_t byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') || byte == '_' || byte == '-' || byte == '.';
}

/* Whether what stands before the first dot of a name is a device to DOS: con, prn, aux, nul, com1, lpt1 and so on. */
static bool ulp_is_device(const uint8_t *name, size_t length)
{
    static const char devices[6][4] = {"con", "prn", "aux", "nul", "com", "lpt"};
    size_t stem = 0;
    while (stem < length && name[stem] != '.')
        stem++;
    for (size_t at = 0; at < 6; at++) {
        size_t digits = at < 4 ? 0 : 1;
        if (stem == 3 + digits && ulp_compare(name, devices[at], 3) == 0
            && (digits == 0 || (name[3] >= '0' && name[3] <= '9')))
            return true;
    }
    return false;
}

/* The tag of a space, whose name is spelt as a store names its directory: what is not plain as ~xx. */
static uint32_t ulp_space_tag_of(const uint8_t *name, size_t length)
{
    static const char digits[] = "0123456789abcdef";
    ulp_sha256 hash;
    ulp_sha256_begin(&hash);
    ulp_sha256_add(&hash, "m/world/", 8);
    for (size_t at = 0; at < length; at++) {
        bool is_end = at == 0 || at + 1 == length;
        uint8_t spelt[3] = {'~', (uint8_t)digits[name[at] >> 4], (uint8_t)digits[name[at] & 15]};
        if (!ulp_is_plain(name[at]) || (name[at] == '.' && is_end) || (at == 0 && ulp_is_device(name, length)))
            ulp_sha256_add(&hash, spelt, 3);
        else
            ulp_sha256_add(&hash, &name[at], 1);
    }
    return ulp_sha256_tag(&hash);
}

uint32_t ulp_space_tag(const char *space)
{
    return ulp_space_tag_of((const uint8_t *)space, ulp_text_length(space));
}

/* ---- frames ------------------------------------------------------------------------------------------------- */

static bool ulp_entry_is_good(const uint8_t *entry, uint8_t kind)
{
    if (entry[0] == ULP_SPACE)
        return ulp_get(entry + 1, 6) == 0;
    return entry[0] <= ULP_DEEPEST_TILE || (entry[0] == ULP_RANGE && kind == ULP_WANTS);
}

/* A part goes on to its packet's end, and is not signed. */
static size_t ulp_part_read(ulp_frame *frame, const uint8_t *bytes, size_t length)
{
    if (length <= ULP_PART_HEAD_BYTES || frame->is_signed || frame->count != 0)
        return 0;
    frame->space = 0;
    frame->index = bytes[10];
    frame->total = bytes[11];
    frame->body = bytes + ULP_PART_HEAD_BYTES;
    frame->body_length = length - ULP_PART_HEAD_BYTES;
    frame->length = length;
    return frame->index < frame->total && frame->total <= ULP_MOST_PARTS ? length : 0;
}

static size_t ulp_entries_read(ulp_frame *frame, const uint8_t *bytes, size_t length)
{
    size_t entries = (size_t)frame->count * ULP_ENTRY_BYTES;
    size_t whole = ULP_HEAD_BYTES + entries + (frame->is_signed ? ULP_SIGNATURE_BYTES : 0);
    if (length < whole)
        return 0;
    for (size_t at = 0; at < entries; at += ULP_ENTRY_BYTES)
        if (!ulp_entry_is_good(bytes + ULP_HEAD_BYTES + at, frame->kind))
            return 0;
    frame->space = ulp_get32(bytes + 10);
    frame->index = frame->total = 0;
    frame->body = bytes + ULP_HEAD_BYTES;
    frame->body_length = entries;
    frame->length = whole;
    return whole;
}

size_t ulp_frame_read(ulp_frame *frame, const uint8_t *bytes, size_t length)
{
    if (length < ULP_PART_HEAD_BYTES || bytes[0] <= 0xa0 || bytes[0] > 0xa0 + ULP_PART)
        return 0;
    frame->bytes = bytes;
    frame->kind = bytes[0] & 0x0f;
    frame->is_signed = bytes[1] >> 7;
    frame->hops = bytes[1] >> 4 & 7;
    frame->count = bytes[1] & 0x0f;
    frame->peer = ulp_get32(bytes + 2);
    frame->seq = ulp_get32(bytes + 6);
    return frame->kind == ULP_PART ? ulp_part_read(frame, bytes, length) : ulp_entries_read(frame, bytes, length);
}

bool ulp_packet_is_whole(const uint8_t *packet, size_t length)
{
    ulp_frame frame;
    size_t at = 0;
    while (at < length) {
        size_t read = ulp_frame_read(&frame, packet + at, length - at);
        if (read == 0)
            return false;
        at += read;
    }
    return length > 0;
}

static void ulp_tip_read(ulp_tip *tip, const uint8_t *entry)
{
    tip->z = entry[0];
    tip->x = ulp_get_signed24(entry + 1);
    tip->y = ulp_get_signed24(entry + 4);
    tip->events = ulp_get32(entry + 7);
    ulp_copy(tip->head, entry + 11, 6);
}

bool ulp_frame_entry(const ulp_frame *frame, size_t at, ulp_tip *tip, ulp_range *range)
{
    const uint8_t *entry = frame->body + at * ULP_ENTRY_BYTES;
    if (entry[0] != ULP_RANGE) {
        ulp_tip_read(tip, entry);
        return true;
    }
    range->from = ulp_get(entry + 1, 5);
    range->to = ulp_get(entry + 6, 5);
    range->rows = (uint16_t)ulp_get(entry + 11, 2);
    range->digest = ulp_get32(entry + 13);
    return false;
}

/* What all kinds begin with: ten bytes. */
static void ulp_write_start(uint8_t *frame, uint8_t kind, uint8_t hops, uint32_t peer, uint32_t seq)
{
    frame[0] = (uint8_t)(0xa0 + kind);
    frame[1] = (uint8_t)((hops & 7) << 4);
    ulp_put(frame + 2, peer, 4);
    ulp_put(frame + 6, seq, 4);
}

void ulp_write_head(uint8_t *frame, uint8_t kind, uint8_t hops, uint32_t peer, uint32_t seq, uint32_t space)
{
    ulp_write_start(frame, kind, hops, peer, seq);
    ulp_put(frame + 10, space, 4);
}

/* Where the next entry of a frame goes. */
static uint8_t *ulp_next_entry(uint8_t *frame)
{
    return frame + ULP_HEAD_BYTES + (size_t)(frame[1]++ & 0x0f) * ULP_ENTRY_BYTES;
}

size_t ulp_write_tip(uint8_t *frame, const ulp_tip *tip)
{
    uint8_t *entry = ulp_next_entry(frame);
    entry[0] = tip->z;
    ulp_put(entry + 1, (uint32_t)tip->x & 0xffffff, 3);
    ulp_put(entry + 4, (uint32_t)tip->y & 0xffffff, 3);
    ulp_put(entry + 7, tip->events, 4);
    ulp_copy(entry + 11, tip->head, 6);
    return (size_t)(entry - frame) + ULP_ENTRY_BYTES;
}

size_t ulp_write_range(uint8_t *frame, const ulp_range *range)
{
    uint8_t *entry = ulp_next_entry(frame);
    entry[0] = ULP_RANGE;
    ulp_put(entry + 1, range->from, 5);
    ulp_put(entry + 6, range->to, 5);
    ulp_put(entry + 11, range->rows, 2);
    ulp_put(entry + 13, range->digest, 4);
    return (size_t)(entry - frame) + ULP_ENTRY_BYTES;
}

/* What is signed: a domain and the frame before its signature, with the hop bits zero. */
static size_t ulp_frame_message(uint8_t message[ULP_MESSAGE_MOST_BYTES], const uint8_t *frame, size_t length)
{
    ulp_copy(message, "ulp-radio/1\n", 12);
    ulp_copy(message + 12, frame, length);
    message[13] &= 0x8f;
    return 12 + length;
}

size_t ulp_frame_sign(uint8_t *frame, ulp_sign sign, void *context)
{
    uint8_t message[ULP_MESSAGE_MOST_BYTES];
    size_t length = ULP_HEAD_BYTES + (size_t)(frame[1] & 0x0f) * ULP_ENTRY_BYTES;
    frame[1] |= 0x80;
    if (sign != NULL && sign(context, message, ulp_frame_message(message, frame, length), frame + length))
        return length + ULP_SIGNATURE_BYTES;
    frame[1] &= 0x7f;
    return 0;
}

bool ulp_frame_verify(const ulp_frame *frame, const uint8_t key[32], ulp_verify verify, void *context)
{
    uint8_t message[ULP_MESSAGE_MOST_BYTES];
    if (!frame->is_signed || verify == NULL)
        return false;
    size_t length = ULP_HEAD_BYTES + frame->body_length;
    size_t signed_bytes = ulp_frame_message(message, frame->bytes, length);
    return verify(context, key, message, signed_bytes, frame->bytes + length);
}

/* ---- parts -------------------------------------------------------------------------------------------------- */

bool ulp_parts_begin(ulp_parts *parts, uint32_t peer, uint32_t seq, uint8_t hops, const void *line, size_t length,
                     size_t mtu)
{
    if (mtu <= ULP_PART_HEAD_BYTES)
        return false;
    parts->room = mtu - ULP_PART_HEAD_BYTES;
    if (length + 4 > ULP_MOST_PARTS * parts->room)
        return false;
    parts->line = (const uint8_t *)line;
    parts->length = length;
    parts->hash = ulp_tag(line, length);
    parts->peer = peer;
    parts->seq = seq;
    parts->hops = hops;
    parts->index = 0;
    parts->total = (uint8_t)((length + 4 + parts->room - 1) / parts->room);
    return true;
}

size_t ulp_parts_next(ulp_parts *parts, uint8_t *packet)
{
    uint8_t hash[4];
    size_t at = parts->index * parts->room, end = at + parts->room, whole = parts->length + 4;
    size_t length = ULP_PART_HEAD_BYTES;
    if (parts->index == parts->total)
        return 0;
    ulp_write_start(packet, ULP_PART, parts->hops, parts->peer, parts->seq);
    packet[10] = parts->index++;
    packet[11] = parts->total;
    ulp_put(hash, parts->hash, 4);
    for (; at < end && at < whole; at++)
        packet[length++] = at < 4 ? hash[at] : parts->line[at - 4];
    return length;
}

/* ---- airtime ------------------------------------------------------------------------------------------------ */

uint32_t ulp_airtime_ms(const ulp_lora *lora, size_t bytes)
{
    uint32_t spread = lora->spreading;
    bool is_slow = (UINT32_C(1) << spread) * UINT32_C(1000) >= 16 * lora->bandwidth;
    /* Bits beyond the first eight symbols: payload, CRC and header, less what those symbols carry. */
    int64_t bits = 8 * (int64_t)bytes - 4 * (int64_t)spread + 28 + 16;
    int64_t block = 4 * ((int64_t)spread - (is_slow ? 2 : 0));
    int64_t blocks = bits > 0 ? (bits + block - 1) / block : 0;
    /* In quarters of a symbol, as a preamble ends in 4.25 symbols. */
    uint64_t quarters = 4 * (uint64_t)lora->preamble + 17 + 4 * (8 + (uint64_t)blocks * lora->coding);
    return (uint32_t)((quarters * 250 * (UINT64_C(1) << spread) + lora->bandwidth - 1) / lora->bandwidth);
}

/* ---- sensor ------------------------------------------------------------------------------------------------- */

/* A seq below this is no time. */
#define ULP_FIRST_TIME (UINT32_C(1) << 24)
#define ULP_SEQS_OF_A_START 4096u

void ulp_sensor_begin(ulp_sensor *sensor, const char *actor, const char *tile, uint32_t boots)
{
    sensor->actor = actor;
    sensor->tile = tile;
    sensor->own = ulp_peer_tag(actor);
    sensor->told_at = 0;
    sensor->told = 0;
    sensor->last = (boots * ULP_SEQS_OF_A_START - 1) % ULP_FIRST_TIME;
    ulp_sensor_believe(sensor, NULL, 0, NULL, NULL);
}

void ulp_sensor_believe(ulp_sensor *sensor, const ulp_key *keys, size_t count, ulp_verify verify, void *context)
{
    sensor->keys = keys;
    sensor->key_count = count;
    sensor->verify = verify;
    sensor->context = context;
}

static bool ulp_sensor_believes(const ulp_sensor *sensor, const ulp_frame *frame)
{
    for (size_t at = 0; at < sensor->key_count; at++)
        if (sensor->keys[at].peer == frame->peer
            && ulp_frame_verify(frame, sensor->keys[at].key, sensor->verify, sensor->context))
            return true;
    return false;
}

bool ulp_sensor_hear(ulp_sensor *sensor, const uint8_t *packet, size_t length, uint64_t now)
{
    ulp_frame frame;
    bool told = false;
    if (!ulp_packet_is_whole(packet, length))
        return false;
    for (size_t at = 0; at < length; at += frame.length) {
        (void)ulp_frame_read(&frame, packet + at, length - at);
        /* What is no news is not verified: that is what costs. */
        if (!frame.is_signed || frame.seq < ULP_FIRST_TIME || frame.seq <= ulp_sensor_time(sensor, now)
            || !ulp_sensor_believes(sensor, &frame))
            continue;
        sensor->told = frame.seq;
        sensor->told_at = now;
        told = true;
    }
    return told;
}

uint32_t ulp_sensor_time(const ulp_sensor *sensor, uint64_t now)
{
    uint64_t time = sensor->told + (now - sensor->told_at) / 1000;
    if (sensor->told == 0)
        return 0;
    return time < UINT32_MAX ? (uint32_t)time : UINT32_MAX;
}

uint32_t ulp_sensor_seq(ulp_sensor *sensor, uint64_t now)
{
    uint32_t time = ulp_sensor_time(sensor, now), next = sensor->last < UINT32_MAX ? sensor->last + 1 : UINT32_MAX;
    /* Without a time the numbers of clockless devices go round, and never look like one. */
    if (time == 0)
        next %= ULP_FIRST_TIME;
    sensor->last = time > next ? time : next;
    return sensor->last;
}

uint32_t ulp_sensor_boots(const ulp_sensor *sensor)
{
    return sensor->last < ULP_FIRST_TIME ? sensor->last / ULP_SEQS_OF_A_START : 0;
}

/* Text that is being written, while there is room. */
typedef struct {
    char *text;
    size_t length, room;
} ulp_writer;

static void ulp_write_byte(ulp_writer *out, char byte)
{
    if (out->length < out->room)
        out->text[out->length] = byte;
    out->length++;
}

static void ulp_write(ulp_writer *out, const char *text)
{
    while (*text != '\0')
        ulp_write_byte(out, *text++);
}

/* A JSON string; the line is UTF-8 where its names are. */
static void ulp_write_string(ulp_writer *out, const char *text)
{
    static const char digits[] = "0123456789abcdef";
    static const char shorter[] = "btn\0fr"; /* of \b to \r */
    ulp_write_byte(out, '"');
    for (; *text != '\0'; text++) {
        unsigned char byte = (unsigned char)*text;
        if (byte == '"' || byte == '\\') {
            ulp_write_byte(out, '\\');
            ulp_write_byte(out, *text);
        } else if (byte >= 0x20) {
            ulp_write_byte(out, *text);
        } else if (byte >= '\b' && byte <= '\r' && byte != '\v') {
            ulp_write_byte(out, '\\');
            ulp_write_byte(out, shorter[byte - '\b']);
        } else {
            ulp_write(out, "\\u00");
            ulp_write_byte(out, digits[byte >> 4]);
            ulp_write_byte(out, digits[byte & 15]);
        }
    }
    ulp_write_byte(out, '"');
}

static void ulp_write_number(ulp_writer *out, uint32_t number)
{
    char digits[11];
    size_t at = sizeof digits - 1;
    digits[at] = '\0';
    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    ulp_write(out, digits + at);
}

static const char *ulp_past_digits(const char *text)
{
    while (*text >= '0' && *text <= '9')
        text++;
    return text;
}

/* The end of a JSON number, or its start where there is none. */
static const char *ulp_past_number(const char *text)
{
    const char *whole = text + (*text == '-');
    const char *end = *whole == '0' ? whole + 1 : ulp_past_digits(whole);
    if (end == whole)
        return text;
    if (*end == '.') {
        const char *fraction = end + 1;
        end = ulp_past_digits(fraction);
        if (end == fraction)
            return text;
    }
    if (*end == 'e' || *end == 'E') {
        const char *exponent = end + 1 + (end[1] == '+' || end[1] == '-');
        end = ulp_past_digits(exponent);
        if (end == exponent)
            return text;
    }
    return end;
}

static bool ulp_is_hex(char digit)
{
    return (digit >= '0' && digit <= '9') || (digit >= 'a' && digit <= 'f') || (digit >= 'A' && digit <= 'F');
}

/* Past what follows a backslash, or nothing where that is no escape. */
static const char *ulp_past_escape(const char *text)
{
    static const char known[] = "\"\\/bfnrt";
    for (size_t at = 0; at < sizeof known - 1; at++)
        if (*text == known[at])
            return text + 1;
    if (*text != 'u')
        return NULL;
    for (size_t at = 1; at <= 4; at++)
        if (!ulp_is_hex(text[at]))
            return NULL;
    return text + 5;
}

/* The end of a JSON string, or its start where there is none. */
static const char *ulp_past_string(const char *text)
{
    const char *at = text + 1;
    if (*text != '"')
        return text;
    while (at != NULL && *at != '"') {
        if ((unsigned char)*at < 0x20)
            return text;
        at = *at == '\\' ? ulp_past_escape(at + 1) : at + 1;
    }
    return at == NULL ? text : at + 1;
}

static bool ulp_is_value(const char *text)
{
    static const char literals[3][6] = {"true", "false", "null"};
    size_t length = ulp_text_length(text);
    for (size_t at = 0; at < 3; at++)
        if (length == ulp_text_length(literals[at]) && ulp_compare(text, literals[at], length) == 0)
            return true;
    return length > 0 && (*text == '"' ? ulp_past_string(text) : ulp_past_number(text)) == text + length;
}

size_t ulp_sensor_line(const ulp_sensor *sensor, char *line, size_t room, const char *name, const char *value,
                       uint64_t now)
{
    ulp_writer out = {line, 0, room};
    uint32_t time = ulp_sensor_time(sensor, now);
    if (!ulp_is_value(value))
        return 0;
    ulp_write(&out, "{\"operation\":\"sensor_reading\",\"sensor\":");
    ulp_write_string(&out, name);
    ulp_write(&out, ",\"value\":");
    ulp_write(&out, value);
    ulp_write(&out, ",\"tile\":");
    ulp_write_string(&out, sensor->tile);
    ulp_write(&out, ",\"actor_id\":");
    ulp_write_string(&out, sensor->actor);
    if (time != 0) {
        ulp_write(&out, ",\"timestamp\":");
        ulp_write_number(&out, time);
    }
    ulp_write_byte(&out, '}');
    ulp_write_byte(&out, '\0');
    return out.length <= room ? out.length - 1 : 0;
}

/* ---- table: what was heard last of each head of each tile, as a join ---------------------------------------- */

enum {
    ULP_ROW_BYTES = 31, /* of a row's frame: one unsigned tip, hops 0 */
    ULP_ROWS_OF_A_TILE = 4,
    ULP_TILE_BYTES = 7, /* of a tip: z, x, y */
    ULP_TIP_HEAD = 11,  /* where the head stands in a tip */
    ULP_TIP_HEAD_BYTES = 6,
    ULP_UNKNOWN_SHARE = 4,
    ULP_UNKNOWN = 0x80
};

/* The greatest key. */
#define ULP_LAST_KEY ((UINT64_C(1) << 40) - 1)

static uint64_t ulp_row_key(const ulp_row *row)
{
    return (uint64_t)row->seq << 8 | row->spice;
}

static uint8_t ulp_row_space(const ulp_row *row)
{
    return row->space & 0x7f;
}

static void ulp_row_frame(const ulp_row *row, uint32_t space, uint8_t frame[ULP_ROW_BYTES])
{
    ulp_write_head(frame, ULP_TIPS, 0, row->peer, row->seq, space);
    frame[1] = 1;
    ulp_copy(frame + ULP_HEAD_BYTES, row->tip, ULP_ENTRY_BYTES);
}

static int ulp_order(uint64_t one, uint64_t other)
{
    return one < other ? -1 : one > other;
}

/* Rows lie in order of their spaces, and of their frames in these. */
static int ulp_row_place(const ulp_row *one, const ulp_row *other)
{
    int order = ulp_order(ulp_row_space(one), ulp_row_space(other));
    order = order != 0 ? order : ulp_order(one->peer, other->peer);
    order = order != 0 ? order : ulp_order(one->seq, other->seq);
    return order != 0 ? order : ulp_compare(one->tip, other->tip, ULP_ENTRY_BYTES);
}

/* Which of two rows is the greater, and stays. */
static int ulp_row_rank(const ulp_node *node, const ulp_row *one, const ulp_row *other)
{
    int order = ulp_order(one->seq, other->seq);
    order = order != 0 ? order : ulp_order(one->peer, other->peer);
    order = order != 0 ? order
                       : ulp_order(node->spaces[ulp_row_space(one)].tag, node->spaces[ulp_row_space(other)].tag);
    order = order != 0 ? order : ulp_compare(one->tip, other->tip, ULP_TILE_BYTES);
    order = order != 0 ? order : ulp_compare(one->tip + ULP_TIP_HEAD, other->tip + ULP_TIP_HEAD, ULP_TIP_HEAD_BYTES);
    return order != 0 ? order : ulp_compare(one->tip + ULP_TILE_BYTES, other->tip + ULP_TILE_BYTES, 4);
}

/* Where a row is, or would be. */
static size_t ulp_table_find(const ulp_node *node, const ulp_row *row, bool *found)
{
    size_t from = 0, to = node->row_count;
    *found = false;
    while (from < to && !*found) {
        size_t middle = from + (to - from) / 2;
        int order = ulp_row_place(&node->rows[middle], row);
        *found = order == 0;
        if (order < 0)
            from = middle + 1;
        else
            to = middle;
    }
    return to;
}

static void ulp_table_take(ulp_node *node, size_t at)
{
    node->unknown_count -= node->rows[at].space >> 7;
    for (node->row_count--; at < node->row_count; at++)
        node->rows[at] = node->rows[at + 1];
}

static void ulp_table_put(ulp_node *node, const ulp_row *row)
{
    bool found;
    size_t place = ulp_table_find(node, row, &found);
    for (size_t at = node->row_count++; at > place; at--)
        node->rows[at] = node->rows[at - 1];
    node->rows[place] = *row;
    node->unknown_count += row->space >> 7;
}

/* Whether a row is among the newest of its tile. What it takes the place of goes. */
static bool ulp_table_beats(ulp_node *node, const ulp_row *row)
{
    size_t least = 0, rival = ULP_ROWS, count = 0;
    for (size_t at = 0; at < node->row_count; at++) {
        const ulp_row *other = &node->rows[at];
        if (ulp_row_space(other) != ulp_row_space(row) || ulp_compare(other->tip, row->tip, ULP_TILE_BYTES) != 0)
            continue;
        if (ulp_compare(other->tip + ULP_TIP_HEAD, row->tip + ULP_TIP_HEAD, ULP_TIP_HEAD_BYTES) == 0)
            rival = at;
        if (count++ == 0 || ulp_row_rank(node, other, &node->rows[least]) < 0)
            least = at;
    }
    if (rival == ULP_ROWS && count == ULP_ROWS_OF_A_TILE)
        rival = least;
    if (rival == ULP_ROWS)
        return true;
    if (ulp_row_rank(node, &node->rows[rival], row) >= 0)
        return false;
    ulp_table_take(node, rival);
    return true;
}

/* Lets the least row go where there are more than there may be, and remembers from where on none went. */
static void ulp_table_shrink(ulp_node *node)
{
    bool strangers = node->unknown_count > ULP_ROWS / ULP_UNKNOWN_SHARE;
    size_t least = node->row_count;
    uint64_t floor;
    if (!strangers && node->row_count <= ULP_ROWS)
        return;
    for (size_t at = 0; at < node->row_count; at++) {
        if (strangers && (node->rows[at].space & ULP_UNKNOWN) == 0)
            continue;
        if (least == node->row_count || ulp_row_rank(node, &node->rows[at], &node->rows[least]) < 0)
            least = at;
    }
    floor = ((uint64_t)node->rows[least].seq + 1) << 8;
    floor = floor < ULP_LAST_KEY ? floor : ULP_LAST_KEY;
    node->floor = node->floor > floor ? node->floor : floor;
    ulp_table_take(node, least);
}

static uint64_t ulp_row_on_air(const ulp_row *row)
{
    return (uint64_t)row->on_air_high << 32 | row->on_air_low;
}

static void ulp_row_touch(ulp_row *row, uint64_t now)
{
    row->on_air_low = (uint32_t)(now & 0xffffffff);
    row->on_air_high = (uint8_t)(now >> 32 & 0xff);
}

/* Takes a row in, if it is one of the newest. Whether it is there now and was not before. */
static bool ulp_table_join(ulp_node *node, const ulp_row *row)
{
    bool found;
    if (!ulp_table_beats(node, row))
        return false;
    ulp_table_put(node, row);
    ulp_table_shrink(node);
    (void)ulp_table_find(node, row, &found);
    return found;
}

/* The place of a space, or ULP_SPACES. */
static size_t ulp_space_find(const ulp_node *node, uint32_t tag)
{
    for (size_t at = 0; at < node->space_count; at++)
        if (node->spaces[at].tag == tag)
            return at;
    return ULP_SPACES;
}

/* ---- draws: numbers that differ from node to node, and are the same whenever a run is repeated --------------- */

static uint64_t ulp_draw(ulp_sha256 *hash, uint64_t range)
{
    uint64_t most = UINT64_C(1) << 31;
    return ulp_sha256_tag(hash) * (range < most ? range : most) >> 32;
}

static void ulp_add_number(ulp_sha256 *hash, uint32_t number)
{
    uint8_t bytes[4];
    ulp_put(bytes, number, 4);
    ulp_sha256_add(hash, bytes, 4);
}

/* ---- Trickle: when a node says what it has (RFC 6206) -------------------------------------------------------- */

#define ULP_SHORTEST_MS UINT64_C(60000)
#define ULP_LONGEST_MS UINT64_C(3600000)
/* So many who said the same are enough. */
#define ULP_ENOUGH 2

static void ulp_trickle_begin(ulp_node *node, ulp_space *timer, uint64_t start, uint64_t length)
{
    ulp_sha256 hash;
    ulp_sha256_begin(&hash);
    ulp_add_number(&hash, node->settings.own);
    ulp_add_number(&hash, timer->tag);
    ulp_add_number(&hash, timer->begun++);
    timer->start = start;
    timer->length = (uint32_t)length;
    timer->heard = 0;
    timer->moment = start + length / 2 + ulp_draw(&hash, length / 2);
}

static uint64_t ulp_trickle_due(const ulp_space *timer)
{
    return timer->moment != ULP_NO_TIME ? timer->moment : timer->start + timer->length;
}

/* Whether to speak now. */
static bool ulp_trickle_tick(ulp_node *node, ulp_space *timer, uint64_t now)
{
    uint64_t end = timer->start + timer->length;
    bool speaks;
    if (now >= end) {
        uint64_t length = 2 * (uint64_t)timer->length;
        length = length < ULP_LONGEST_MS ? length : ULP_LONGEST_MS;
        ulp_trickle_begin(node, timer, now < end + length ? end : now, length);
    }
    speaks = timer->moment <= now && timer->heard < ULP_ENOUGH;
    if (timer->moment <= now)
        timer->moment = ULP_NO_TIME;
    return speaks;
}

/* Another said the same. */
static void ulp_trickle_agree(ulp_space *timer)
{
    if (timer->heard < UINT8_MAX)
        timer->heard++;
}

/* Another said otherwise, or something is new: the interval is to be no longer than this. */
static void ulp_trickle_reset(ulp_node *node, ulp_space *timer, uint64_t now, uint64_t length)
{
    if (timer->length > length)
        ulp_trickle_begin(node, timer, now, length);
}

/* ---- budget: how much air there is yet ---------------------------------------------------------------------- */

#define ULP_MINUTE_MS 60000u
/* What unknown tags may take, as a divisor. */
#define ULP_STRANGERS_SHARE 10u

static void ulp_spent_free(ulp_spent *spent, uint64_t minute)
{
    uint32_t *counter = &spent->minutes[minute % ULP_MINUTES];
    spent->hour -= *counter;
    *counter = 0;
}

static void ulp_spent_add(ulp_spent *spent, uint64_t minute, uint32_t air)
{
    spent->minutes[minute % ULP_MINUTES] += air;
    spent->hour += air;
    spent->ever += air;
}

static void ulp_budget_advance(ulp_node *node, uint64_t now)
{
    uint64_t to = (now + node->offset) / ULP_MINUTE_MS;
    uint64_t from = node->minute + 1;
    to = to > node->minute ? to : node->minute;
    for (uint64_t minute = from; minute <= to && minute < from + ULP_MINUTES; minute++) {
        ulp_spent_free(&node->all, minute);
        ulp_spent_free(&node->strangers, minute);
    }
    node->minute = to;
}

/* The part of the air that has to stay free for what is more urgent. */
static uint32_t ulp_reserve(uint8_t class_of, uint32_t whole)
{
    static const uint8_t shares[] = {0, 8, 16, 8};
    return class_of == ULP_OWN ? 0 : whole / shares[class_of];
}

static bool ulp_budget_allows(const ulp_node *node, uint8_t class_of, uint32_t air)
{
    const ulp_settings *may = &node->settings;
    if (may->hourly_ms != ULP_NO_LIMIT
        && (uint64_t)node->all.hour + air + ulp_reserve(class_of, may->hourly_ms) > may->hourly_ms)
        return false;
    return may->total_ms == ULP_NO_LIMIT
           || node->all.ever + air + ulp_reserve(class_of, may->total_ms) <= may->total_ms;
}

static bool ulp_budget_allows_strangers(const ulp_node *node, uint32_t air)
{
    const ulp_settings *may = &node->settings;
    if (may->hourly_ms != ULP_NO_LIMIT
        && (uint64_t)node->strangers.hour + air > may->hourly_ms / ULP_STRANGERS_SHARE)
        return false;
    return may->total_ms == ULP_NO_LIMIT || node->strangers.ever + air <= may->total_ms / ULP_STRANGERS_SHARE;
}

/* Counts a packet that starts now, in the minute in which it ends. */
static void ulp_budget_spend(ulp_node *node, uint64_t now, uint32_t air, uint32_t strangers)
{
    ulp_budget_advance(node, now + air);
    ulp_spent_add(&node->all, node->minute, air);
    ulp_spent_add(&node->strangers, node->minute, strangers);
}

/* When some of what was spent comes back next. */
static uint64_t ulp_budget_relief(const ulp_node *node)
{
    if (node->settings.hourly_ms == ULP_NO_LIMIT)
        return ULP_NO_TIME;
    for (uint64_t minute = node->minute + 1; minute <= node->minute + ULP_MINUTES; minute++)
        if (node->all.minutes[minute % ULP_MINUTES] > 0)
            return minute * ULP_MINUTE_MS - node->offset;
    return ULP_NO_TIME;
}

/* How many quarters of some air were spent. */
static uint64_t ulp_quarters(uint32_t whole, uint64_t spent)
{
    return whole == ULP_NO_LIMIT ? 0 : 4 * spent / (whole > 0 ? whole : 1);
}

/* No shorter interval is begun than this: the longer, the less air is left. */
static uint64_t ulp_haste(ulp_node *node, uint64_t now)
{
    uint64_t hour, ever;
    ulp_budget_advance(node, now);
    hour = ulp_quarters(node->settings.hourly_ms, node->all.hour);
    ever = ulp_quarters(node->settings.total_ms, node->all.ever);
    hour = hour > ever ? hour : ever;
    return ULP_SHORTEST_MS * (hour < 2 ? 1 : hour < 3 ? 2 : 8);
}

/* ---- ranges of keys, by which two tables find what they lack of each other ----------------------------------- */

enum {
    ULP_NEWEST = 8,        /* rows that an introduction tells apart from the others */
    ULP_TO_NEWCOMERS = 16, /* rows that are sent to one who has none */
    ULP_KEY_BITS = 40
};

static bool ulp_row_is_in(const ulp_row *row, size_t space, const ulp_range *range)
{
    uint64_t key = ulp_row_key(row);
    return ulp_row_space(row) == space && key >= range->from && (range->to == 0 || key < range->to);
}

static size_t ulp_rows_below(const ulp_node *node, size_t space, const ulp_range *range, uint64_t key)
{
    size_t count = 0;
    for (size_t at = 0; at < node->row_count; at++)
        count += ulp_row_is_in(&node->rows[at], space, range) && ulp_row_key(&node->rows[at]) < key;
    return count;
}

/* The key of a row by its number in order of keys, found bit by bit: nothing is sorted, nothing is copied. */
static uint64_t ulp_key_at(const ulp_node *node, size_t space, const ulp_range *range, size_t number)
{
    uint64_t key = 0;
    for (unsigned bit = ULP_KEY_BITS; bit-- > 0;) {
        uint64_t next = key | UINT64_C(1) << bit;
        if (ulp_rows_below(node, space, range, next) <= number)
            key = next;
    }
    return key;
}

/* Fills in how many rows a range has, and what they are. */
static size_t ulp_measure(const ulp_node *node, size_t space, ulp_range *range)
{
    uint8_t frame[ULP_ROW_BYTES];
    size_t count = 0;
    ulp_sha256 hash;
    ulp_sha256_begin(&hash);
    for (size_t at = 0; at < node->row_count; at++) {
        if (!ulp_row_is_in(&node->rows[at], space, range))
            continue;
        count++;
        ulp_row_frame(&node->rows[at], node->spaces[space].tag, frame);
        ulp_sha256_add(&hash, frame, sizeof frame);
    }
    range->rows = count < UINT16_MAX ? (uint16_t)count : UINT16_MAX;
    range->digest = ulp_sha256_tag(&hash);
    return count;
}

static ulp_range ulp_range_of(const ulp_node *node, size_t space, uint64_t from, uint64_t to)
{
    ulp_range range = {from, to, 0, 0};
    (void)ulp_measure(node, space, &range);
    return range;
}

/* What a node says of a space unasked: one or two ranges. */
static size_t ulp_introduction(const ulp_node *node, size_t space, ulp_range ranges[2])
{
    size_t count;
    uint64_t eighth;
    ranges[0] = ulp_range_of(node, space, node->floor, 0);
    count = ranges[0].rows;
    if (count < ULP_NEWEST)
        return 1;
    eighth = ulp_key_at(node, space, &ranges[0], count - ULP_NEWEST);
    if (eighth <= node->floor)
        return 1;
    ranges[0] = ulp_range_of(node, space, eighth, 0);
    ranges[1] = ulp_range_of(node, space, node->floor, eighth);
    return 2;
}

/* The smallest key of a range beyond its first one; where there is none, the number after that. */
static uint64_t ulp_key_after(const ulp_node *node, size_t space, const ulp_range *range)
{
    uint64_t next = 0;
    for (size_t at = 0; at < node->row_count; at++) {
        uint64_t key = ulp_row_key(&node->rows[at]);
        if (ulp_row_is_in(&node->rows[at], space, range) && key > range->from && (next == 0 || key < next))
            next = key;
    }
    return next != 0 ? next : range->from + 1;
}

/* A range cut in two at the middle of the rows that are here. */
static void ulp_halves(const ulp_node *node, size_t space, const ulp_range *range, size_t count, ulp_range halves[2])
{
    uint64_t cut = ulp_key_at(node, space, range, count / 2);
    cut = cut > range->from ? cut : ulp_key_after(node, space, range);
    halves[0] = ulp_range_of(node, space, range->from, cut);
    halves[1] = ulp_range_of(node, space, cut, range->to);
}

static bool ulp_range_is(const ulp_range *ours, const ulp_range *theirs)
{
    return ours->rows == theirs->rows && ours->digest == theirs->digest;
}

/* Whether the ranges of a frame speak of a whole space. */
static bool ulp_is_introduction(const ulp_range *ranges, size_t count)
{
    if (count == 1)
        return ranges[0].from == 0 && ranges[0].to == 0;
    return count == 2 && ranges[0].to == 0 && ranges[1].to == ranges[0].from;
}

/* The part of another's range of which something can be said, where rows went for want of room: if there is one. */
static bool ulp_above_floor(const ulp_node *node, ulp_range *range)
{
    if ((range->to != 0 && range->to <= range->from) || (range->from < node->floor && range->rows > 0))
        return false;
    range->from = range->from > node->floor ? range->from : node->floor;
    return range->to == 0 || range->from < range->to;
}

/* ---- what is to be said to a question ------------------------------------------------------------------------ */

enum { ULP_DONE, ULP_FRAME, ULP_RELAY, ULP_INTRODUCTION, ULP_ANSWER, ULP_ANSWER_TO_WANT };

/* Among so many rows it is tried which ones another lacks. */
#define ULP_MOST_TRIED 16

/* Rows in order of their frames, and then ranges. */
typedef struct {
    const ulp_item *item;
    size_t space, skip, range_count;
    uint64_t least; /* no row has a smaller key, and of those that have it so many are left out */
    uint32_t only;  /* of the rows of the range the numbers of those that are said, if it is not all; a bit each */
    ulp_range ranges[2];
    bool has_rows, is_lacked;
} ulp_reply;

/* Of so many rows of a range the newest alone. */
static void ulp_reply_newest(const ulp_node *node, ulp_reply *reply, size_t count)
{
    const ulp_range *range = &reply->item->range;
    reply->has_rows = true;
    if (count <= ULP_TO_NEWCOMERS)
        return;
    reply->least = ulp_key_at(node, reply->space, range, count - ULP_TO_NEWCOMERS);
    reply->skip = count - ULP_TO_NEWCOMERS - ulp_rows_below(node, reply->space, range, reply->least);
}

/* Whether of the rows of a range, without two of them (or one twice), the digest is this. */
static bool ulp_is_without(const ulp_node *node, const ulp_reply *reply, size_t one, size_t other)
{
    uint8_t frame[ULP_ROW_BYTES];
    const ulp_range *theirs = &reply->item->range;
    size_t number = 0;
    ulp_sha256 hash;
    ulp_sha256_begin(&hash);
    for (size_t at = 0; at < node->row_count; at++) {
        if (!ulp_row_is_in(&node->rows[at], reply->space, theirs))
            continue;
        if (number != one && number != other) {
            ulp_row_frame(&node->rows[at], reply->item->space, frame);
            ulp_sha256_add(&hash, frame, sizeof frame);
        }
        number++;
    }
    return ulp_sha256_tag(&hash) == theirs->digest;
}

/* The one or two rows that another lacks of so many, if its digest shows that it has all others. */
static bool ulp_reply_lacked(const ulp_node *node, ulp_reply *reply, size_t count)
{
    size_t lacked = count - reply->item->range.rows;
    if (count > ULP_MOST_TRIED || count <= reply->item->range.rows || lacked > 2)
        return false;
    for (size_t one = 0; one < count; one++)
        for (size_t other = lacked == 1 ? one : one + 1; other < (lacked == 1 ? one + 1 : count); other++)
            if (ulp_is_without(node, reply, one, other)) {
                reply->has_rows = reply->is_lacked = true;
                reply->only = UINT32_C(1) << one | UINT32_C(1) << other;
                return true;
            }
    return false;
}

static void ulp_reply_range(ulp_reply *reply, const ulp_range *range)
{
    reply->ranges[0] = *range;
    reply->range_count = 1;
}

/* To a range that differs, by the rows that are here now. */
static void ulp_reply_differing(const ulp_node *node, ulp_reply *reply, const ulp_range *ours)
{
    const ulp_range *theirs = &reply->item->range;
    bool is_one_key = theirs->to == theirs->from + 1 || theirs->from == ULP_LAST_KEY;
    if (ulp_reply_lacked(node, reply, ours->rows))
        return;
    if (theirs->rows == 0) {
        ulp_reply_newest(node, reply, ours->rows);
    } else if (ours->rows == 0) {
        ulp_reply_range(reply, ours);
    } else if (!is_one_key && (ours->rows > ULP_NEWEST || theirs->rows > ULP_NEWEST)) {
        ulp_halves(node, reply->space, theirs, ours->rows, reply->ranges);
        reply->range_count = 2;
    } else {
        reply->has_rows = is_one_key || ours->rows >= theirs->rows;
        if (ours->rows <= theirs->rows)
            ulp_reply_range(reply, ours);
    }
}

static void ulp_reply_begin(const ulp_node *node, ulp_reply *reply, const ulp_item *item)
{
    reply->item = item;
    reply->space = ulp_space_find(node, item->space);
    reply->skip = reply->range_count = 0;
    reply->least = 0;
    reply->only = 0;
    reply->is_lacked = false;
    reply->has_rows = item->sort == ULP_ANSWER_TO_WANT;
    if (item->sort == ULP_ANSWER) {
        ulp_range ours = ulp_range_of(node, reply->space, item->range.from, item->range.to);
        if (!ulp_range_is(&ours, &item->range))
            ulp_reply_differing(node, reply, &ours);
    }
    if (item->is_told)
        reply->range_count = 0;
}

static bool ulp_reply_has(ulp_reply *reply, const ulp_row *row)
{
    const ulp_item *item = reply->item;
    if (item->sort == ULP_ANSWER_TO_WANT)
        return ulp_row_space(row) == reply->space && ulp_compare(row->tip, item->bytes, ULP_TILE_BYTES) == 0
               && ulp_compare(row->tip + ULP_TIP_HEAD, item->bytes + ULP_TIP_HEAD, ULP_TIP_HEAD_BYTES) != 0;
    if (!ulp_row_is_in(row, reply->space, &item->range) || ulp_row_key(row) < reply->least)
        return false;
    if (reply->is_lacked) {
        /* The bits pass by as the rows do. */
        bool is_one = reply->only & 1;
        reply->only >>= 1;
        return is_one;
    }
    if (ulp_row_key(row) > reply->least || reply->skip == 0)
        return true;
    reply->skip--;
    return false;
}

/* The next row from a place on, or as many as there are. Each row is looked at once. */
static size_t ulp_reply_next(const ulp_node *node, ulp_reply *reply, size_t at)
{
    if (!reply->has_rows)
        return node->row_count;
    for (; at < node->row_count; at++)
        if (ulp_reply_has(reply, &node->rows[at]) && ulp_row_on_air(&node->rows[at]) < reply->item->asked)
            return at;
    return at;
}

/* ---- what waits for its turn --------------------------------------------------------------------------------- */

enum { ULP_HEARD_ENOUGH = 3, ULP_NO_HOPS = 0x8f };

static void ulp_waiting_take(ulp_node *node, size_t at)
{
    for (node->waiting_count--; at < node->waiting_count; at++)
        node->waiting[at] = node->waiting[at + 1];
}

/* The place of one more; ulp_waiting_bound() has to be asked when it is filled. */
static ulp_item *ulp_waiting_add(ulp_node *node, uint8_t sort, uint8_t class_of, bool is_strange, uint64_t due)
{
    ulp_item *item = &node->waiting[node->waiting_count++];
    item->sort = sort;
    /* What unknown tags make a node do is never urgent. */
    item->class_of = is_strange ? (uint8_t)ULP_REST : class_of;
    item->is_strange = is_strange;
    item->is_told = false;
    item->heard = 0;
    item->length = 0;
    item->due = due;
    return item;
}

/* Where too much waits, the oldest of the lowest class goes. */
static void ulp_waiting_bound(ulp_node *node)
{
    size_t oldest = 0;
    if (node->waiting_count <= ULP_WAITING)
        return;
    for (size_t at = 1; at < node->waiting_count; at++)
        if (node->waiting[at].class_of > node->waiting[oldest].class_of)
            oldest = at;
    ulp_waiting_take(node, oldest);
    node->dropped++;
}

static bool ulp_is_same(const ulp_item *item, const ulp_frame *frame)
{
    return item->length == frame->length && item->bytes[0] == frame->bytes[0]
           && (item->bytes[1] & ULP_NO_HOPS) == (frame->bytes[1] & ULP_NO_HOPS)
           && ulp_compare(item->bytes + 2, frame->bytes + 2, frame->length - 2) == 0;
}

/* A frame was heard: whoever waits to relay it may not need to. */
static void ulp_waiting_count(ulp_node *node, const ulp_frame *frame)
{
    for (size_t at = 0; at < node->waiting_count;) {
        ulp_item *item = &node->waiting[at];
        if (item->sort == ULP_RELAY && ulp_is_same(item, frame) && ++item->heard == ULP_HEARD_ENOUGH)
            ulp_waiting_take(node, at);
        else
            at++;
    }
}

/* ---- what is heard ------------------------------------------------------------------------------------------- */

enum { ULP_STRANGE_SHARE = 4, ULP_AIRTIMES = 12 };
#define ULP_ANSWERED_FOR_MS 60000u

/* A frame that is being heard. */
typedef struct {
    const ulp_frame *frame;
    uint64_t now;
    uint8_t standing;
} ulp_hearing;

static bool ulp_is_strange(const ulp_hearing *heard)
{
    return heard->standing == ULP_BY_UNKNOWN;
}

static uint32_t ulp_node_airtime(const ulp_node *node, size_t bytes)
{
    return ulp_airtime_ms(&node->settings.lora, node->settings.header + bytes);
}

/* Whether a space is kept, for which there may not be room. */
static bool ulp_space_keep(ulp_node *node, uint64_t now, uint32_t tag, bool is_strange)
{
    size_t at = ulp_space_find(node, tag), strangers = 0;
    ulp_space *space = &node->spaces[at < ULP_SPACES ? at : node->space_count % ULP_SPACES];
    if (at < ULP_SPACES) {
        space->is_strange = space->is_strange && is_strange;
        return true;
    }
    for (at = 0; at < node->space_count; at++)
        strangers += node->spaces[at].is_strange;
    if (node->space_count == ULP_SPACES || (is_strange && strangers == ULP_SPACES / ULP_STRANGE_SHARE))
        return false;
    node->space_count++;
    space->tag = tag;
    space->is_strange = is_strange;
    space->begun = 0;
    ulp_trickle_begin(node, space, now, ULP_SHORTEST_MS);
    return true;
}

/* The row of an entry, which is on air now. */
static void ulp_row_of(const ulp_node *node, ulp_row *row, size_t space, const ulp_hearing *heard, size_t entry)
{
    uint8_t frame[ULP_ROW_BYTES];
    row->peer = heard->frame->peer;
    row->seq = heard->frame->seq;
    row->space = (uint8_t)(space | (ulp_is_strange(heard) ? (size_t)ULP_UNKNOWN : 0));
    ulp_copy(row->tip, heard->frame->body + entry * ULP_ENTRY_BYTES, ULP_ENTRY_BYTES);
    ulp_row_frame(row, node->spaces[space].tag, frame);
    row->spice = (uint8_t)(ulp_tag(frame, sizeof frame) >> 24);
    ulp_row_touch(row, heard->now);
}

/* Takes the rows of a frame in. Whether the table has one of them now and had not before. */
static bool ulp_learn(ulp_node *node, const ulp_hearing *heard)
{
    uint32_t came = 0;
    bool found, is_changed = false;
    uint64_t haste;
    ulp_row row;
    size_t space;
    if (!ulp_space_keep(node, heard->now, heard->frame->space, ulp_is_strange(heard)))
        return false;
    space = ulp_space_find(node, heard->frame->space);
    for (size_t at = 0; at < heard->frame->count; at++) {
        size_t place;
        ulp_row_of(node, &row, space, heard, at);
        place = ulp_table_find(node, &row, &found);
        if (found)
            ulp_row_touch(&node->rows[place], heard->now);
        else if (ulp_table_join(node, &row))
            came |= UINT32_C(1) << at;
    }
    for (size_t at = 0; at < heard->frame->count && !is_changed; at++) {
        if ((came >> at & 1) == 0)
            continue;
        ulp_row_of(node, &row, space, heard, at);
        (void)ulp_table_find(node, &row, &is_changed);
    }
    haste = ulp_haste(node, heard->now);
    if (is_changed)
        ulp_trickle_reset(node, &node->spaces[space], heard->now, haste);
    return is_changed;
}

/* Adds a frame to a hash, hops zero. */
static void ulp_add_frame(ulp_sha256 *hash, const ulp_frame *frame)
{
    uint8_t bits = frame->bytes[1] & ULP_NO_HOPS;
    ulp_sha256_add(hash, frame->bytes, 1);
    ulp_sha256_add(hash, &bits, 1);
    ulp_sha256_add(hash, frame->bytes + 2, frame->length - 2);
}

/* Lets news wait for their turn. */
static void ulp_relay(ulp_node *node, const ulp_hearing *heard)
{
    const ulp_frame *frame = heard->frame;
    uint8_t class_of = heard->standing == ULP_BY_KEY ? ULP_SIGNED : ULP_REST, hops = frame->hops;
    ulp_sha256 hash;
    ulp_item *item;
    uint64_t due = heard->now;
    if (hops == 0 || frame->length > node->settings.mtu)
        return;
    if (hops != ULP_HOPS_WHILE_NEWS)
        hops--;
    ulp_sha256_begin(&hash);
    ulp_add_frame(&hash, frame);
    ulp_add_number(&hash, node->settings.own);
    due += ulp_draw(&hash, ULP_AIRTIMES * (uint64_t)ulp_node_airtime(node, frame->length));
    item = ulp_waiting_add(node, ULP_RELAY, class_of, ulp_is_strange(heard), due);
    item->heard = 1;
    item->length = (uint16_t)frame->length;
    ulp_copy(item->bytes, frame->bytes, frame->length);
    item->bytes[1] = (uint8_t)((frame->bytes[1] & ULP_NO_HOPS) | hops << 4);
    ulp_waiting_bound(node);
}

/* Whether a part was not heard, and it is from now on. */
static bool ulp_part_is_new(ulp_node *node, const ulp_frame *frame)
{
    uint8_t digest[32];
    ulp_sha256 hash;
    ulp_sha256_begin(&hash);
    ulp_add_frame(&hash, frame);
    ulp_sha256_end(&hash, digest);
    for (size_t at = 0; at < node->part_count; at++)
        if (ulp_compare(node->parts[at], digest, 8) == 0)
            return false;
    ulp_copy(node->parts[node->part_next], digest, 8);
    node->part_next = (node->part_next + 1) % ULP_PARTS_HEARD;
    node->part_count += node->part_count < ULP_PARTS_HEARD;
    return true;
}

/* Forgets what was answered long enough ago. */
static void ulp_answered_forget(ulp_node *node, uint64_t now)
{
    size_t kept = 0;
    for (size_t at = 0; at < node->answered_count; at++)
        if (node->answered[at].at + ULP_ANSWERED_FOR_MS > now)
            node->answered[kept++] = node->answered[at];
    node->answered_count = kept;
}

/* Whether a question is remembered already, or there is no room to remember it. */
static bool ulp_answered_has(const ulp_node *node, const ulp_answered *question)
{
    size_t ranges = 0, strangers = 0;
    for (size_t at = 0; at < node->answered_count; at++) {
        const ulp_answered *past = &node->answered[at];
        ranges += past->is_ranges;
        strangers += past->is_strange;
        if (past->space == question->space && ulp_compare(past->question, question->question, 11) == 0)
            return true;
    }
    return node->answered_count == ULP_ANSWERED || (question->is_ranges && ranges == ULP_ANSWERED / 2)
           || (question->is_strange && strangers == ULP_ANSWERED / ULP_STRANGE_SHARE);
}

/* How urgent an answer is: ranges are a node's own, rows are others'. */
static uint8_t ulp_answer_class(const ulp_node *node, const ulp_item *item)
{
    ulp_reply reply;
    ulp_reply_begin(node, &reply, item);
    return ulp_reply_next(node, &reply, 0) == node->row_count ? ULP_RANGES : ULP_REST;
}

/* When an answer to an entry is due. */
static uint64_t ulp_answer_due(const ulp_node *node, const ulp_hearing *heard, const uint8_t *entry)
{
    ulp_sha256 hash;
    ulp_sha256_begin(&hash);
    ulp_sha256_add(&hash, entry, ULP_ENTRY_BYTES);
    ulp_add_number(&hash, heard->frame->space);
    ulp_add_number(&hash, node->settings.own);
    return heard->now + ulp_draw(&hash, ULP_AIRTIMES * (uint64_t)ulp_node_airtime(node, ULP_ROW_BYTES));
}

/* Remembers to answer a question, unless that was done just now: an entry as it was heard, and what of its range is
 * asked here; of a want there is none. */
static void ulp_ask(ulp_node *node, const ulp_hearing *heard, const uint8_t *entry, const ulp_range *range)
{
    ulp_answered question = {heard->now, heard->frame->space, {0}, ulp_is_strange(heard), false};
    ulp_item *item;
    ulp_answered_forget(node, heard->now);
    /* It waits before it is clear whether it may: there is always room for one more. */
    item = ulp_waiting_add(node, range != NULL ? ULP_ANSWER : ULP_ANSWER_TO_WANT, ULP_REST, ulp_is_strange(heard),
                           ulp_answer_due(node, heard, entry));
    item->asked = heard->now;
    item->space = heard->frame->space;
    ulp_copy(item->bytes, entry, ULP_ENTRY_BYTES);
    if (range != NULL)
        item->range = *range;
    ulp_copy(question.question, entry, range != NULL ? sizeof question.question : ULP_TILE_BYTES);
    question.is_ranges = ulp_answer_class(node, item) == ULP_RANGES;
    if (ulp_answered_has(node, &question)) {
        node->waiting_count--;
        return;
    }
    node->answered[node->answered_count++] = question;
    if (question.is_ranges && !item->is_strange)
        item->class_of = ULP_RANGES;
    ulp_waiting_bound(node);
}

/* A range was heard to be the same here: whoever waits to say it need not. */
static void ulp_hear_told(ulp_node *node, uint32_t space, const ulp_range *range)
{
    /* As no end is 0, one less is beyond all others. */
    for (size_t at = 0; at < node->waiting_count; at++) {
        ulp_item *item = &node->waiting[at];
        if (item->sort == ULP_ANSWER && item->space == space && range->from >= item->range.from
            && range->to - 1 <= item->range.to - 1)
            item->is_told = true;
    }
}

/* Hears a range: whether it says something, and whether it is the same here. If it is not, it will be answered. */
static void ulp_hear_range(ulp_node *node, const ulp_hearing *heard, const uint8_t *entry, ulp_range theirs,
                           bool *agrees, bool *differs)
{
    ulp_range ours;
    if (!ulp_above_floor(node, &theirs)) {
        *agrees = false;
        return;
    }
    ours = ulp_range_of(node, ulp_space_find(node, heard->frame->space), theirs.from, theirs.to);
    if (ulp_range_is(&ours, &theirs)) {
        ulp_hear_told(node, heard->frame->space, &theirs);
        return;
    }
    *agrees = false;
    *differs = true;
    ulp_ask(node, heard, entry, &theirs);
}

static uint8_t ulp_hear_questions(ulp_node *node, const ulp_hearing *heard)
{
    const ulp_frame *frame = heard->frame;
    bool agrees = true, differs = false;
    ulp_range ranges[2], range;
    ulp_tip tip;
    size_t count = 0;
    ulp_space *space;
    if (!ulp_space_keep(node, heard->now, frame->space, ulp_is_strange(heard)))
        return ULP_WAS_QUESTION;
    for (size_t at = 0; at < frame->count; at++) {
        const uint8_t *entry = frame->body + at * ULP_ENTRY_BYTES;
        if (ulp_frame_entry(frame, at, &tip, &range)) {
            ulp_ask(node, heard, entry, NULL);
            continue;
        }
        if (count < 2)
            ranges[count] = range;
        count++;
        ulp_hear_range(node, heard, entry, range, &agrees, &differs);
    }
    space = &node->spaces[ulp_space_find(node, frame->space)];
    if (differs && !ulp_is_strange(heard))
        ulp_trickle_reset(node, space, heard->now, ulp_haste(node, heard->now));
    else if (agrees && !ulp_is_strange(heard) && ulp_is_introduction(ranges, count))
        ulp_trickle_agree(space);
    return ULP_WAS_QUESTION;
}

static bool ulp_is_ahead(const ulp_node *node, uint64_t now, uint32_t seq)
{
    uint64_t epoch = node->settings.epoch_ms;
    return seq >= ULP_FIRST_TIME && epoch != ULP_NO_TIME && seq > (epoch + now) / 1000 + node->settings.skew;
}

static uint8_t ulp_hear_news(ulp_node *node, const ulp_hearing *heard)
{
    bool is_part = heard->frame->kind == ULP_PART;
    ulp_waiting_count(node, heard->frame);
    if (is_part ? !ulp_part_is_new(node, heard->frame) : !ulp_learn(node, heard))
        return ULP_WAS_KNOWN;
    ulp_relay(node, heard);
    return ULP_WAS_NEWS;
}

static uint8_t ulp_hear_frame(ulp_node *node, const ulp_hearing *heard)
{
    const ulp_frame *frame = heard->frame;
    if (heard->standing == ULP_FORGED)
        return ULP_WAS_FORGED;
    if (frame->kind == ULP_PART)
        return ulp_hear_news(node, heard);
    if (frame->count == 0)
        return ULP_WAS_PRESENCE;
    if (frame->kind == ULP_WANTS)
        return ulp_hear_questions(node, heard);
    return ulp_is_ahead(node, heard->now, frame->seq) ? (uint8_t)ULP_WAS_FUTURE : ulp_hear_news(node, heard);
}

/* ---- a node's turn to speak ---------------------------------------------------------------------------------- */

/* A packet that is being filled. */
typedef struct {
    uint64_t now;
    uint8_t *bytes;
    size_t length;
    uint32_t strangers; /* milliseconds on air that are counted for unknown tags */
    bool is_closed;     /* a part goes to the end of its packet */
} ulp_load;

/* What became of something that waited: it is sent, or waits for the next packet, or until there is airtime again. */
enum { ULP_SENT, ULP_STAYS, ULP_BROKE };

/* Adds a frame to a packet, if it fits and there is air for it. */
static uint8_t ulp_load_add(const ulp_node *node, ulp_load *load, const uint8_t *frame, size_t length,
                            uint8_t class_of, bool is_strange)
{
    size_t whole = load->length + length;
    uint32_t strangers;
    if (length > node->settings.mtu)
        return ULP_SENT; /* no packet will ever have room for it */
    if (load->is_closed || whole > node->settings.mtu)
        return ULP_STAYS;
    strangers = load->strangers + (is_strange ? ulp_node_airtime(node, length) : 0);
    if ((is_strange && !ulp_budget_allows_strangers(node, strangers))
        || !ulp_budget_allows(node, class_of, ulp_node_airtime(node, whole)))
        return ULP_BROKE;
    ulp_copy(load->bytes + load->length, frame, length);
    load->length = whole;
    load->strangers = strangers;
    load->is_closed = frame[0] == 0xa0 + ULP_PART;
    return ULP_SENT;
}

/* Ranges as a frame of the node's own. */
static uint8_t ulp_load_ranges(const ulp_node *node, ulp_load *load, const ulp_item *item, const ulp_range *ranges,
                               size_t count)
{
    uint8_t frame[ULP_HEAD_BYTES + 2 * ULP_ENTRY_BYTES];
    size_t length = ULP_HEAD_BYTES;
    ulp_write_head(frame, ULP_WANTS, 0, node->settings.own, node->settings.seq, item->space);
    for (size_t at = 0; at < count; at++)
        length = ulp_write_range(frame, &ranges[at]);
    return ulp_load_add(node, load, frame, length, item->class_of, item->is_strange);
}

static bool ulp_is_one_frame(const ulp_row *one, const ulp_row *other)
{
    return one->peer == other->peer && one->seq == other->seq && one->space == other->space;
}

/* As many rows as fit of those of one peer and one seq that come next, as a frame: where the next one is. */
static size_t ulp_tell(const ulp_node *node, ulp_reply *reply, size_t at, size_t room, uint8_t *frame, size_t *length)
{
    const ulp_row *first = &node->rows[at];
    size_t most = room / ULP_ENTRY_BYTES, count = 0;
    most = most < 1 ? 1 : most < ULP_MOST_ENTRIES ? most : ULP_MOST_ENTRIES;
    ulp_write_head(frame, ULP_TIPS, node->settings.hops, first->peer, first->seq, reply->item->space);
    while (at < node->row_count && count < most && ulp_is_one_frame(first, &node->rows[at])) {
        ulp_copy(ulp_next_entry(frame), node->rows[at].tip, ULP_ENTRY_BYTES);
        count++;
        at = ulp_reply_next(node, reply, at + 1);
    }
    *length = ULP_HEAD_BYTES + count * ULP_ENTRY_BYTES;
    return at;
}

static uint8_t ulp_load_answer(const ulp_node *node, ulp_load *load, const ulp_item *item)
{
    uint8_t frame[ULP_HEAD_BYTES + ULP_MOST_ENTRIES * ULP_ENTRY_BYTES];
    ulp_reply reply;
    size_t at, length;
    ulp_reply_begin(node, &reply, item);
    for (at = ulp_reply_next(node, &reply, 0); at < node->row_count;) {
        bool is_unknown = (node->rows[at].space & ULP_UNKNOWN) != 0;
        size_t taken = load->length + ULP_HEAD_BYTES, mtu = node->settings.mtu;
        uint8_t fate;
        at = ulp_tell(node, &reply, at, mtu > taken ? mtu - taken : 0, frame, &length);
        fate = ulp_load_add(node, load, frame, length, item->class_of, item->is_strange || is_unknown);
        /* Others have a tenth for themselves, and what does not fit now may be the last of them. */
        if (fate == ULP_STAYS || (fate == ULP_BROKE && (item->is_strange || !is_unknown)))
            return fate;
    }
    return reply.range_count == 0 ? (uint8_t)ULP_SENT
                                  : ulp_load_ranges(node, load, item, reply.ranges, reply.range_count);
}

/* Whether the table has something of a frame yet. */
static bool ulp_is_news(const ulp_node *node, const ulp_item *item)
{
    ulp_frame frame;
    ulp_row row;
    bool found = false;
    (void)ulp_frame_read(&frame, item->bytes, item->length);
    if (frame.kind == ULP_PART)
        return true;
    row.space = (uint8_t)ulp_space_find(node, frame.space);
    row.peer = frame.peer;
    row.seq = frame.seq;
    for (size_t at = 0; at < frame.count && !found; at++) {
        ulp_copy(row.tip, frame.body + at * ULP_ENTRY_BYTES, ULP_ENTRY_BYTES);
        (void)ulp_table_find(node, &row, &found);
    }
    return found;
}

static uint8_t ulp_load_item(const ulp_node *node, ulp_load *load, const ulp_item *item)
{
    ulp_range ranges[2];
    size_t count;
    switch (item->sort) {
    case ULP_RELAY:
        if (!ulp_is_news(node, item))
            return ULP_SENT;
        return ulp_load_add(node, load, item->bytes, item->length, item->class_of, item->is_strange);
    case ULP_FRAME:
        return ulp_load_add(node, load, item->bytes, item->length, item->class_of, item->is_strange);
    case ULP_INTRODUCTION:
        count = ulp_introduction(node, ulp_space_find(node, item->space), ranges);
        return ulp_load_ranges(node, load, item, ranges, count);
    default:
        /* Who asked long ago will ask again. */
        return load->now >= item->asked + ULP_ANSWERED_FOR_MS ? (uint8_t)ULP_SENT : ulp_load_answer(node, load, item);
    }
}

/* Whether an item is to be relayed later, and before another one of its class, if there is any. */
static bool ulp_is_next_relay(const ulp_item *item, uint64_t now, const ulp_item *other)
{
    return item->sort == ULP_RELAY && item->due > now && (other == NULL || item->due < other->due);
}

/* Fills a packet up with news that are to be relayed soon: they cost least beside something else. */
static void ulp_load_relays(ulp_node *node, ulp_load *load, bool *tried)
{
    for (uint8_t class_of = ULP_OWN; class_of <= ULP_REST; class_of++)
        for (;;) {
            ulp_item *next = NULL;
            for (size_t at = 0; at < node->waiting_count; at++) {
                ulp_item *item = &node->waiting[at];
                if (item->class_of == class_of && !tried[at] && ulp_is_next_relay(item, load->now, next))
                    next = item;
            }
            if (next == NULL)
                break;
            tried[next - node->waiting] = true;
            if (ulp_load_item(node, load, next) == ULP_SENT)
                next->sort = ULP_DONE;
        }
}

/* Fills a packet with what is due, the most urgent first, and of that the oldest. */
static void ulp_load_due(ulp_node *node, ulp_load *load)
{
    bool broke[ULP_WAITING + 1] = {false}, tried[ULP_WAITING + 1];
    uint64_t relief = ulp_budget_relief(node);
    relief = relief > load->now ? relief : load->now + 1;
    for (uint8_t class_of = ULP_OWN; class_of <= ULP_REST; class_of++)
        for (size_t at = 0; at < node->waiting_count; at++) {
            ulp_item *item = &node->waiting[at];
            uint8_t fate;
            if (item->class_of != class_of || item->due > load->now)
                continue;
            fate = ulp_load_item(node, load, item);
            if (fate == ULP_SENT)
                item->sort = ULP_DONE;
            broke[at] = fate == ULP_BROKE;
        }
    for (size_t at = 0; at < node->waiting_count; at++)
        tried[at] = broke[at];
    if (load->length > 0)
        ulp_load_relays(node, load, tried);
    for (size_t at = 0; at < node->waiting_count; at++)
        if (broke[at])
            node->waiting[at].due = relief;
    for (size_t at = node->waiting_count; at-- > 0;)
        if (node->waiting[at].sort == ULP_DONE)
            ulp_waiting_take(node, at);
}

/* Lets the timers run. */
static void ulp_tick(ulp_node *node, uint64_t now)
{
    for (size_t at = 0; at < node->space_count; at++) {
        ulp_space *space = &node->spaces[at];
        bool waits = false;
        if (!ulp_trickle_tick(node, space, now))
            continue;
        for (size_t other = 0; other < node->waiting_count; other++)
            waits |= node->waiting[other].sort == ULP_INTRODUCTION && node->waiting[other].space == space->tag;
        if (waits)
            continue;
        ulp_waiting_add(node, ULP_INTRODUCTION, ULP_RANGES, space->is_strange, now)->space = space->tag;
        ulp_waiting_bound(node);
    }
}

/* Says of the rows of a frame that they were on air. */
static void ulp_touch(ulp_node *node, const ulp_frame *frame, uint64_t now)
{
    ulp_row row;
    bool found;
    if (frame->kind != ULP_TIPS)
        return;
    row.space = (uint8_t)ulp_space_find(node, frame->space);
    row.peer = frame->peer;
    row.seq = frame->seq;
    for (size_t at = 0; at < frame->count; at++) {
        size_t place;
        ulp_copy(row.tip, frame->body + at * ULP_ENTRY_BYTES, ULP_ENTRY_BYTES);
        place = ulp_table_find(node, &row, &found);
        if (found)
            ulp_row_touch(&node->rows[place], now);
    }
}

void ulp_node_begin(ulp_node *node, const ulp_settings *settings)
{
    static const ulp_spent nothing = {0, {0}, 0};
    ulp_sha256 hash;
    ulp_sha256_begin(&hash);
    ulp_add_number(&hash, settings->own);
    node->offset = (uint32_t)ulp_draw(&hash, ULP_MINUTE_MS);
    node->settings = *settings;
    if (node->settings.mtu > ULP_PACKET_MOST_BYTES)
        node->settings.mtu = ULP_PACKET_MOST_BYTES;
    node->floor = node->busy = node->minute = node->dropped = 0;
    node->all = node->strangers = nothing;
    node->row_count = node->unknown_count = node->space_count = node->waiting_count = 0;
    node->answered_count = node->part_count = node->part_next = 0;
}

void ulp_node_space(ulp_node *node, uint64_t now, uint32_t tag)
{
    (void)ulp_space_keep(node, now, tag, false);
}

void ulp_node_arrive(ulp_node *node, uint64_t now, uint32_t tag)
{
    size_t at = ulp_space_find(node, tag);
    if (at < ULP_SPACES)
        ulp_trickle_reset(node, &node->spaces[at], now, ULP_SHORTEST_MS);
}

bool ulp_node_hear(ulp_node *node, uint64_t now, const uint8_t *packet, size_t length, ulp_judge judge,
                   ulp_heard heard, void *context)
{
    ulp_frame frame;
    if (!ulp_packet_is_whole(packet, length))
        return false;
    for (size_t at = 0; at < length; at += frame.length) {
        ulp_hearing hearing = {&frame, now, ULP_BY_KNOWN};
        uint8_t what;
        (void)ulp_frame_read(&frame, packet + at, length - at);
        if (judge != NULL)
            hearing.standing = judge(context, &frame);
        what = ulp_hear_frame(node, &hearing);
        if (heard != NULL)
            heard(context, &frame, what);
    }
    return true;
}

bool ulp_node_offer(ulp_node *node, uint64_t now, const uint8_t *frame, size_t length, uint8_t class_of)
{
    ulp_frame read;
    ulp_hearing hearing = {&read, now, ULP_BY_KNOWN};
    ulp_item *item;
    if (ulp_frame_read(&read, frame, length) != length || length > node->settings.mtu)
        return false;
    if (read.seq > node->settings.seq)
        node->settings.seq = read.seq;
    if (read.kind == ULP_PART)
        (void)ulp_part_is_new(node, &read);
    else if (read.kind == ULP_TIPS)
        (void)ulp_learn(node, &hearing);
    item = ulp_waiting_add(node, ULP_FRAME, class_of, false, now);
    item->length = (uint16_t)length;
    ulp_copy(item->bytes, frame, length);
    ulp_waiting_bound(node);
    return true;
}

size_t ulp_node_poll(ulp_node *node, uint64_t now, uint8_t *packet)
{
    ulp_load load = {now, packet, 0, 0, false};
    ulp_frame frame;
    uint32_t air;
    if (now < node->busy)
        return 0;
    ulp_tick(node, now);
    ulp_budget_advance(node, now);
    ulp_load_due(node, &load);
    if (load.length == 0)
        return 0;
    air = ulp_node_airtime(node, load.length);
    ulp_budget_spend(node, now, air, load.strangers);
    node->busy = now + air;
    for (size_t at = 0; at < load.length; at += frame.length) {
        (void)ulp_frame_read(&frame, packet + at, load.length - at);
        ulp_touch(node, &frame, now);
    }
    return load.length;
}

uint64_t ulp_node_due(const ulp_node *node)
{
    uint64_t due = ULP_NO_TIME;
    for (size_t at = 0; at < node->space_count; at++) {
        uint64_t next = ulp_trickle_due(&node->spaces[at]);
        due = next < due ? next : due;
    }
    for (size_t at = 0; at < node->waiting_count; at++)
        due = node->waiting[at].due < due ? node->waiting[at].due : due;
    return due > node->busy ? due : node->busy;
}

size_t ulp_node_waiting(const ulp_node *node)
{
    return node->waiting_count;
}

ulp_range ulp_node_digest(const ulp_node *node, uint32_t tag)
{
    return ulp_range_of(node, ulp_space_find(node, tag), 0, 0);
}

/* ---- assembly ------------------------------------------------------------------------------------------------ */

void ulp_assembly_begin(ulp_assembly *assembly, uint8_t *memory, size_t each)
{
    assembly->memory = memory;
    assembly->each = each < UINT16_MAX ? each : UINT16_MAX;
    for (size_t at = 0; at < ULP_MESSAGES; at++) {
        assembly->messages[at].total = 0;
        assembly->messages[at].since = 0;
    }
    assembly->known_count = assembly->known_next = 0;
    assembly->begun = 0;
}

static bool ulp_assembly_knows(const ulp_assembly *assembly, const ulp_frame *frame)
{
    for (size_t at = 0; at < assembly->known_count; at++)
        if (assembly->known_peers[at] == frame->peer && assembly->known_seqs[at] == frame->seq)
            return true;
    return false;
}

static void ulp_assembly_remember(ulp_assembly *assembly, const ulp_message *message)
{
    assembly->known_peers[assembly->known_next] = message->peer;
    assembly->known_seqs[assembly->known_next] = message->seq;
    assembly->known_next = (assembly->known_next + 1) % ULP_MESSAGES_KNOWN;
    assembly->known_count += assembly->known_count < ULP_MESSAGES_KNOWN;
}

/* Where a message is put together: begun now if it was not, in the place of the oldest where there are too many. Who
 * says of it that it has another number of parts speaks of another message. */
static size_t ulp_assembly_find(ulp_assembly *assembly, uint64_t now, const ulp_frame *frame)
{
    size_t place = 0;
    ulp_message *message;
    for (size_t at = 0; at < ULP_MESSAGES; at++) {
        message = &assembly->messages[at];
        if (message->total == frame->total && message->peer == frame->peer && message->seq == frame->seq)
            return at;
    }
    for (size_t at = 1; at < ULP_MESSAGES; at++) {
        const ulp_message *best = &assembly->messages[place];
        message = &assembly->messages[at];
        if (best->total != 0 && (message->total == 0 || message->number < best->number))
            place = at;
    }
    message = &assembly->messages[place];
    message->since = now;
    message->peer = frame->peer;
    message->seq = frame->seq;
    message->total = frame->total;
    message->number = assembly->begun++;
    message->used = 0;
    for (size_t at = 0; at < ULP_MOST_PARTS; at++)
        message->lengths[at] = 0;
    return place;
}

/* Puts a part where there is room. Whether there was. */
static bool ulp_message_take(ulp_message *message, const ulp_frame *frame, uint8_t *memory, size_t each)
{
    if (message->lengths[frame->index] != 0)
        return true;
    if (frame->body_length > each - message->used)
        return false;
    message->starts[frame->index] = (uint16_t)message->used;
    message->lengths[frame->index] = (uint16_t)frame->body_length;
    ulp_copy(memory + message->used, frame->body, frame->body_length);
    message->used += (uint32_t)frame->body_length;
    return true;
}

static bool ulp_message_is_whole(const ulp_message *message)
{
    for (size_t at = 0; at < message->total; at++)
        if (message->lengths[at] == 0)
            return false;
    return true;
}

/* The parts in their order: whether they are what the hash before them says. */
static bool ulp_message_line(const ulp_message *message, const uint8_t *memory, uint8_t *line, size_t *length)
{
    uint8_t hash[4] = {0};
    size_t done = 0;
    for (size_t at = 0; at < message->total; at++)
        for (size_t byte = 0; byte < message->lengths[at]; byte++, done++)
            *(done < 4 ? &hash[done] : &line[done - 4]) = memory[message->starts[at] + byte];
    *length = done < 4 ? 0 : done - 4;
    return done >= 4 && ulp_get32(hash) == ulp_tag(line, *length);
}

uint8_t ulp_assembly_hear(ulp_assembly *assembly, uint64_t now, const ulp_frame *frame, uint8_t *line, size_t *length)
{
    ulp_message *message;
    uint8_t *memory;
    size_t at;
    if (frame->kind != ULP_PART)
        return ULP_NO_LINE;
    for (at = 0; at < ULP_MESSAGES; at++)
        if (now > assembly->messages[at].since + ULP_PATIENCE_MS)
            assembly->messages[at].total = 0;
    if (ulp_assembly_knows(assembly, frame))
        return ULP_NO_LINE;
    at = ulp_assembly_find(assembly, now, frame);
    message = &assembly->messages[at];
    memory = assembly->memory + at * assembly->each;
    if (!ulp_message_take(message, frame, memory, assembly->each)) {
        message->total = 0;
        return ULP_LONG_LINE;
    }
    if (!ulp_message_is_whole(message))
        return ULP_NO_LINE;
    bool is_line = ulp_message_line(message, memory, line, length);
    if (is_line)
        ulp_assembly_remember(assembly, message);
    message->total = 0;
    return is_line ? ULP_LINE : ULP_BROKEN_LINE;
}

/* ---- ring ---------------------------------------------------------------------------------------------------- */

/* A block: its number (4), the first bytes of the hash of "ulp1" and that (4), and records until erased bytes. A record: the line's length (2), the first bytes of its
 * hash (4), the tag of its space (4), its tile (7), the line. */
enum { ULP_BLOCK_HEAD = 8, ULP_RECORD_HEAD = 17, ULP_NO_RECORD = 0xffff };

/* The start of a record. */
typedef struct {
    size_t length;
    uint32_t hash, space;
    uint8_t tile[ULP_TILE_BYTES];
} ulp_record;

static uint32_t ulp_block_at(const ulp_ring *ring, uint32_t number)
{
    return number % ring->memory.blocks * ring->memory.block;
}

static void ulp_block_head(uint8_t head[ULP_BLOCK_HEAD], uint32_t number)
{
    uint8_t named[8] = {'u', 'l', 'p', '1'};
    ulp_put(named + 4, number, 4);
    ulp_put(head, number, 4);
    ulp_put(head + 4, ulp_tag(named, sizeof named), 4);
}

/* Whether the block of a number lies where it would. */
static bool ulp_block_is(const ulp_ring *ring, uint32_t number)
{
    uint8_t head[ULP_BLOCK_HEAD], wanted[ULP_BLOCK_HEAD];
    ulp_block_head(wanted, number);
    return number != 0 && ring->memory.read(ring->memory.context, ulp_block_at(ring, number), head, sizeof head)
           && ulp_compare(head, wanted, sizeof head) == 0;
}

/* Reads the head of the record at a place in a block: whether there is one, and where the next would be. */
static bool ulp_record_read(const ulp_ring *ring, uint32_t number, uint32_t at, ulp_record *record, uint32_t *next)
{
    uint8_t head[ULP_RECORD_HEAD];
    if (at + ULP_RECORD_HEAD > ring->memory.block
        || !ring->memory.read(ring->memory.context, ulp_block_at(ring, number) + at, head, sizeof head))
        return false;
    record->length = (size_t)ulp_get(head, 2);
    record->hash = ulp_get32(head + 2);
    record->space = ulp_get32(head + 6);
    ulp_copy(record->tile, head + 10, ULP_TILE_BYTES);
    *next = at + ULP_RECORD_HEAD + (uint32_t)record->length;
    return record->length != ULP_NO_RECORD && *next <= ring->memory.block;
}

/* Whether the line of a record is what its hash says: one that was cut off is not. */
static bool ulp_record_holds(const ulp_ring *ring, uint32_t number, uint32_t at, const ulp_record *record)
{
    uint8_t bytes[32];
    uint32_t place = ulp_block_at(ring, number) + at + ULP_RECORD_HEAD;
    ulp_sha256 hash;
    ulp_sha256_begin(&hash);
    for (size_t done = 0, part; done < record->length; done += part) {
        part = record->length - done < sizeof bytes ? record->length - done : sizeof bytes;
        if (!ring->memory.read(ring->memory.context, place + (uint32_t)done, bytes, part))
            return false;
        ulp_sha256_add(&hash, bytes, part);
    }
    return ulp_sha256_tag(&hash) == record->hash;
}

/* The end of what is written in a block. Where a record was cut off, or something else follows, that is its end. */
static uint32_t ulp_block_end(const ulp_ring *ring, uint32_t number)
{
    uint32_t at = ULP_BLOCK_HEAD, next;
    uint8_t byte = 0xff;
    ulp_record record;
    while (ulp_record_read(ring, number, at, &record, &next)) {
        if (!ulp_record_holds(ring, number, at, &record))
            return ring->memory.block;
        at = next;
    }
    for (uint32_t rest = at; rest < at + ULP_RECORD_HEAD && rest < ring->memory.block && byte == 0xff; rest++)
        if (!ring->memory.read(ring->memory.context, ulp_block_at(ring, number) + rest, &byte, 1))
            byte = 0;
    return byte == 0xff ? at : ring->memory.block;
}

bool ulp_ring_open(ulp_ring *ring, const ulp_memory *memory)
{
    uint8_t head[ULP_BLOCK_HEAD];
    ring->memory = *memory;
    ring->number = 0;
    ring->end = 0;
    if (memory->blocks < 2 || memory->block <= ULP_BLOCK_HEAD + ULP_RECORD_HEAD)
        return false;
    for (uint32_t at = 0; at < memory->blocks; at++) {
        uint32_t number;
        if (!memory->read(memory->context, at * memory->block, head, sizeof head))
            return false;
        number = ulp_get32(head);
        if (number > ring->number && number % memory->blocks == at && ulp_block_is(ring, number))
            ring->number = number;
    }
    ring->end = ring->number == 0 ? memory->block : ulp_block_end(ring, ring->number);
    return true;
}

/* Begins the next block, and with it forgets the oldest. */
static bool ulp_ring_turn(ulp_ring *ring)
{
    uint32_t number = ring->number + 1, at = ulp_block_at(ring, number);
    uint8_t head[ULP_BLOCK_HEAD];
    ulp_block_head(head, number);
    if (!ring->memory.erase(ring->memory.context, at)
        || !ring->memory.write(ring->memory.context, at, head, sizeof head))
        return false;
    ring->number = number;
    ring->end = ULP_BLOCK_HEAD;
    return true;
}

/* Whether a line lies there: one of its hash and length. */
static bool ulp_ring_has(const ulp_ring *ring, uint32_t hash, size_t length)
{
    for (uint32_t number = ring->number; ulp_block_is(ring, number); number--) {
        uint32_t end = number == ring->number ? ring->end : ring->memory.block, at = ULP_BLOCK_HEAD, next;
        ulp_record record;
        for (; at < end && ulp_record_read(ring, number, at, &record, &next); at = next)
            if (record.hash == hash && record.length == length && ulp_record_holds(ring, number, at, &record))
                return true;
    }
    return false;
}

/* ---- where a line belongs ------------------------------------------------------------------------------------ */

/* The end of a JSON value that is no string, or of the string that begins there. */
static size_t ulp_past(const uint8_t *line, size_t length, size_t at)
{
    size_t depth = 0;
    bool is_text = false;
    for (; at < length; at++) {
        uint8_t byte = line[at];
        if (is_text && byte == '\\')
            at++;
        else if (byte == '"')
            is_text = !is_text;
        else if (!is_text && (byte == '{' || byte == '['))
            depth++;
        else if (!is_text && (byte == '}' || byte == ']' || byte == ',') && depth == 0)
            return at;
        else if (!is_text && (byte == '}' || byte == ']'))
            depth--;
        else if (!is_text && byte == ':' && depth == 0)
            return at;
    }
    return length;
}

static bool ulp_is_space(uint8_t byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

/* What stands in quotes between two places, with white space around it: NULL where nothing does, or it has escapes. */
static const uint8_t *ulp_quoted(const uint8_t *line, size_t from, size_t to, size_t *length)
{
    while (from < to && ulp_is_space(line[from]))
        from++;
    while (to > from && ulp_is_space(line[to - 1]))
        to--;
    if (to - from < 2 || line[from] != '"' || line[to - 1] != '"')
        return NULL;
    *length = to - from - 2;
    for (size_t at = from + 1; at < to - 1; at++)
        if (line[at] == '\\')
            return NULL;
    return line + from + 1;
}

/* A member of a line's object. Whether it has it; the text is NULL where that is no plain string. */
static bool ulp_member(const uint8_t *line, size_t length, const char *name, const uint8_t **text, size_t *text_length)
{
    size_t at = 0, name_length = ulp_text_length(name);
    while (at < length && line[at] != '{')
        at++;
    while (at < length && line[at] != '}') {
        size_t key_length, colon = ulp_past(line, length, at + 1), end;
        const uint8_t *key = ulp_quoted(line, at + 1, colon, &key_length);
        if (colon >= length || line[colon] != ':')
            return false;
        end = ulp_past(line, length, colon + 1);
        if (key != NULL && key_length == name_length && ulp_compare(key, name, name_length) == 0) {
            *text = ulp_quoted(line, colon + 1, end, text_length);
            return true;
        }
        at = end;
    }
    return false;
}

/* Reads a whole number with its sign, and what has to follow it. */
static bool ulp_tile_number(const uint8_t **at, const uint8_t *end, uint8_t after, int32_t *number)
{
    bool is_negative = *at < end && **at == '-';
    int32_t value = 0;
    const uint8_t *digits = *at += is_negative;
    for (; *at < end && **at >= '0' && **at <= '9' && value < 0x1000000; (*at)++)
        value = 10 * value + (**at - '0');
    *number = is_negative ? -value : value;
    return *at > digits && (after == 0 ? *at == end : *at < end && *(*at)++ == after);
}

/* The seven bytes of a tile, as z8/x-8/y256. Whether frames can tell of it. */
static bool ulp_tile_read(const uint8_t *text, size_t length, uint8_t tile[ULP_TILE_BYTES])
{
    const uint8_t *end = text + length;
    int32_t z, x, y;
    if (length == 0 || *text++ != 'z' || !ulp_tile_number(&text, end, '/', &z) || text == end || *text++ != 'x'
        || !ulp_tile_number(&text, end, '/', &x) || text == end || *text++ != 'y'
        || !ulp_tile_number(&text, end, 0, &y))
        return false;
    tile[0] = (uint8_t)z;
    ulp_put(tile + 1, (uint32_t)x & 0xffffff, 3);
    ulp_put(tile + 4, (uint32_t)y & 0xffffff, 3);
    return z >= 0 && z <= ULP_DEEPEST_TILE && x >= -0x800000 && x < 0x800000 && y >= -0x800000 && y < 0x800000;
}

/* The space and the tile of a line: those of the page where it names none. */
static bool ulp_line_place(const uint8_t *line, size_t length, uint32_t *space, uint8_t tile[ULP_TILE_BYTES])
{
    const uint8_t *text = NULL;
    size_t text_length = 0;
    *space = ulp_space_tag("default");
    for (size_t at = 0; at < ULP_TILE_BYTES; at++)
        tile[at] = 0;
    if (ulp_member(line, length, "space_id", &text, &text_length)) {
        if (text == NULL)
            return false;
        *space = ulp_space_tag_of(text, text_length);
    }
    if (!ulp_member(line, length, "tile", &text, &text_length))
        return true;
    return text != NULL && ulp_tile_read(text, text_length, tile);
}

/* A tile that no frame has. */
#define ULP_NO_TILE ULP_SPACE

bool ulp_ring_keep(ulp_ring *ring, const uint8_t *line, size_t length)
{
    uint8_t head[ULP_RECORD_HEAD];
    uint32_t hash = ulp_tag(line, length), space, at;
    size_t whole = ULP_RECORD_HEAD + length;
    if (length >= ULP_NO_RECORD || ULP_BLOCK_HEAD + whole > ring->memory.block)
        return false;
    if (ulp_ring_has(ring, hash, length))
        return true;
    if (ring->end + whole > ring->memory.block && !ulp_ring_turn(ring))
        return false;
    if (!ulp_line_place(line, length, &space, head + 10))
        head[10] = ULP_NO_TILE;
    ulp_put(head, length, 2);
    ulp_put(head + 2, hash, 4);
    ulp_put(head + 6, space, 4);
    at = ulp_block_at(ring, ring->number) + ring->end;
    /* Whatever becomes of it, nothing is written there again. */
    ring->end += (uint32_t)whole;
    return ring->memory.write(ring->memory.context, at, head, sizeof head)
           && ring->memory.write(ring->memory.context, at + ULP_RECORD_HEAD, line, length);
}

void ulp_ring_newest(const ulp_ring *ring, ulp_cursor *cursor)
{
    cursor->number = ring->number;
    cursor->end = ring->end;
}

/* The last record of a block that matches and begins before a place: where it is, or 0. */
static uint32_t ulp_record_before(const ulp_ring *ring, const ulp_cursor *cursor, uint32_t space, const uint8_t *tile,
                                  ulp_record *found)
{
    uint32_t at = ULP_BLOCK_HEAD, next, last = 0;
    ulp_record record;
    for (; at < cursor->end && ulp_record_read(ring, cursor->number, at, &record, &next); at = next) {
        if (tile != NULL && (record.space != space || ulp_compare(record.tile, tile, ULP_TILE_BYTES) != 0))
            continue;
        last = at;
        *found = record;
    }
    return last;
}

size_t ulp_ring_older(const ulp_ring *ring, ulp_cursor *cursor, uint32_t space, const uint8_t tile[7], uint8_t *line,
                      size_t room)
{
    ulp_record record = {0, 0, 0, {0}};
    while (ulp_block_is(ring, cursor->number)) {
        uint32_t at = ulp_record_before(ring, cursor, space, tile, &record);
        if (at == 0) {
            cursor->number--;
            cursor->end = ring->memory.block;
            continue;
        }
        cursor->end = at;
        if (record.length > 0 && record.length <= room && ulp_record_holds(ring, cursor->number, at, &record)
            && ring->memory.read(ring->memory.context, ulp_block_at(ring, cursor->number) + at + ULP_RECORD_HEAD, line,
                                 record.length))
            return record.length;
    }
    return 0;
}

/* ---- ferry --------------------------------------------------------------------------------------------------- */

/* Hands a node the parts of a line, under its own name. */
static bool ulp_ferry_tell(ulp_node *node, uint64_t now, const uint8_t *line, size_t length)
{
    uint8_t packet[ULP_PACKET_MOST_BYTES];
    ulp_parts parts;
    size_t part;
    if (!ulp_parts_begin(&parts, node->settings.own, node->settings.seq + 1, node->settings.hops, line, length,
                         node->settings.mtu))
        return false;
    while ((part = ulp_parts_next(&parts, packet)) > 0)
        (void)ulp_node_offer(node, now, packet, part, ULP_REST);
    return true;
}

size_t ulp_ferry_answer(const ulp_ring *ring, ulp_node *node, uint64_t now, const ulp_frame *wants, size_t most,
                        uint8_t *line, size_t room)
{
    size_t told = 0;
    if (wants->kind != ULP_WANTS)
        return 0;
    for (size_t at = 0; at < wants->count; at++) {
        const uint8_t *tile = wants->body + at * ULP_ENTRY_BYTES;
        ulp_cursor cursor;
        if (tile[0] > ULP_DEEPEST_TILE)
            continue;
        ulp_ring_newest(ring, &cursor);
        for (size_t left = most, length; left > 0; left--) {
            length = ulp_ring_older(ring, &cursor, wants->space, tile, line, room);
            if (length == 0)
                break;
            told += ulp_ferry_tell(node, now, line, length);
        }
    }
    return told;
}

#endif /* ULP_RADIO_IMPLEMENTATION */
