/* Says what ulp_radio.h makes of things: a question a line in, an answer a line out. Vectors are questions with their
 * answers, and the Rust tools are asked the same, so that both are compared over pipes.
 *
 *     sha256 HEX                        its hash
 *     peer HEX, space HEX               the tag of a name
 *     packet HEX                        its frames, or "refused"
 *     message HEX                       what is signed of a frame
 *     print HEX                         the frame again, written from what was read
 *     cut MTU PEER SEQ HOPS HEX         the parts of a line, or "long"
 *     airtime BYTES SF BW CR PREAMBLE   milliseconds
 *     sensor ACTOR TILE BOOTS           begins a sensor
 *     believe PEER                      it takes any signature of this peer from now on
 *     hear NOW HEX                      whether it was told a time
 *     seq NOW, boots                    the next seq, the starts to be kept
 *     reading NOW NAME VALUE            its line, or "none"
 *     count HEX, key HEX                frames of a packet; the key of the row of a one-tip frame
 *     long MTU BYTES                    parts of a line that long, or "long"
 *     bounds                            rows of a node's table, bytes of its longest packet
 *     node OWN SEQ HOPS MTU SF BW CR PREAMBLE HEADER HOURLY TOTAL EPOCH SKEW
 *                                       begins a node; "-" is no limit, or unknown
 *     keep NOW SPACE                    it keeps a space
 *     arrive NOW SPACE                  it is among others than before
 *     air NOW HEX                       what it makes of a packet, or "refused": how a frame stands is seen in its bytes
 *     offer NOW CLASS HEX               it takes a frame, or "no"
 *     poll NOW                          the packet that it sends, or "-"
 *     due                               when to poll next, or "never"
 *     table SPACE                       how many rows of a space, and their digest
 *     sums                              rows, floor, frames that were dropped, milliseconds on air
 *     assembly BYTES                    begins to put messages together, with so much memory for each
 *     part NOW HEX                      what a frame comes to: "none", "line" and it, "broken" or "long"
 *     ring BLOCK BLOCKS                 begins a ring in erased memory
 *     power BYTES                       power is lost when so many more bytes were written; it is back with "open"
 *     store HEX, open                   keeps a line; opens the ring anew: whether it could
 *     lines, lines SPACE TILE           all lines, newest first, or those of a tile (its bytes)
 *     ferry NOW MOST HEX                how many lines the node is handed for a frame of wants
 */
#include "words.h"

#include <inttypes.h>

#define ULP_RADIO_IMPLEMENTATION
#include "../ulp_radio.h"

static ulp_sensor sensor;
static char actor[64], tile[64];
static ulp_key believed;
static ulp_node node;

/* A copy as long as what is heard, so that a sanitizer sees who reads past the end. */
static uint8_t *heard(word_list *in, size_t *length)
{
    uint8_t *bytes = words_bytes(in, length);
    uint8_t *copy = malloc(*length > 0 ? *length : 1);
    if (copy == NULL)
        exit(EXIT_FAILURE);
    memcpy(copy, bytes, *length);
    return copy;
}

static void answer_sha256(word_list *in)
{
    size_t length;
    uint8_t digest[32], *bytes = heard(in, &length);
    ulp_sha256 hash;
    ulp_sha256_begin(&hash);
    ulp_sha256_add(&hash, bytes, length / 3);
    ulp_sha256_add(&hash, bytes + length / 3, length - length / 3);
    ulp_sha256_end(&hash, digest);
    print_bytes(digest, sizeof digest);
    free(bytes);
}

/* A name as C has it. */
static char *named(word_list *in)
{
    size_t length;
    uint8_t *bytes = words_bytes(in, &length);
    char *name = calloc(1, length + 1);
    if (name == NULL)
        exit(EXIT_FAILURE);
    memcpy(name, bytes, length);
    return name;
}

static void answer_peer(word_list *in)
{
    char *name = named(in);
    printf("%08" PRIx32, ulp_peer_tag(name));
    free(name);
}

static void answer_space(word_list *in)
{
    char *name = named(in);
    printf("%08" PRIx32, ulp_space_tag(name));
    free(name);
}

static void print_entry(const ulp_frame *frame, size_t at)
{
    ulp_tip tip;
    ulp_range range;
    if (!ulp_frame_entry(frame, at, &tip, &range)) {
        printf(" range:%" PRIu64 ":%" PRIu64 ":%u:%08" PRIx32, range.from, range.to, range.rows, range.digest);
        return;
    }
    if (tip.z == ULP_SPACE)
        printf(" space");
    else
        printf(" z%u/x%" PRId32 "/y%" PRId32, tip.z, tip.x, tip.y);
    printf(":%" PRIu32 ":", tip.events);
    print_bytes(tip.head, sizeof tip.head);
}

static void print_frame(const ulp_frame *frame)
{
    static const char *const kinds[] = {"", "tips", "wants", "part"};
    printf("%s hops %u peer %08" PRIx32 " seq %" PRIu32, kinds[frame->kind], frame->hops, frame->peer, frame->seq);
    if (frame->kind == ULP_PART) {
        printf(" %u/%u ", frame->index, frame->total);
        print_bytes(frame->body, frame->body_length);
        return;
    }
    printf(" space %08" PRIx32, frame->space);
    for (size_t at = 0; at < frame->count; at++)
        print_entry(frame, at);
    if (frame->is_signed) {
        printf(" signed ");
        print_bytes(frame->bytes + frame->length - ULP_SIGNATURE_BYTES, ULP_SIGNATURE_BYTES);
    }
}

static void answer_packet(word_list *in)
{
    size_t length;
    uint8_t *bytes = heard(in, &length);
    ulp_frame frame;
    if (!ulp_packet_is_whole(bytes, length))
        printf("refused");
    else
        for (size_t at = 0; at < length; at += frame.length) {
            (void)ulp_frame_read(&frame, bytes + at, length - at);
            printf("%s", at > 0 ? "; " : "");
            print_frame(&frame);
        }
    free(bytes);
}

/* A signature that is what is signed, shortened: good enough to see that both sides sign the same. */
static bool sign(void *context, const uint8_t *message, size_t length, uint8_t signature[64])
{
    (void)context;
    if (message != NULL)
        print_bytes(message, length);
    memset(signature, 0x5a, 64);
    return true;
}

static bool verify(void *context, const uint8_t key[32], const uint8_t *message, size_t length,
                   const uint8_t signature[64])
{
    (void)key;
    (void)signature;
    if (context != NULL)
        print_bytes(message, length);
    return true;
}

static void answer_message(word_list *in)
{
    size_t length;
    uint8_t key[32] = {0}, out[ULP_FRAME_MOST_BYTES], *bytes = heard(in, &length);
    ulp_frame frame;
    if (ulp_frame_read(&frame, bytes, length) != length || frame.kind == ULP_PART) {
        printf("none");
    } else if (frame.is_signed) {
        (void)ulp_frame_verify(&frame, key, verify, key);
    } else {
        memcpy(out, bytes, length);
        if (ulp_frame_sign(out, sign, NULL) != length + ULP_SIGNATURE_BYTES)
            printf("unsigned");
    }
    free(bytes);
}

/* Writes the entries of a frame anew. */
static size_t written(const ulp_frame *frame, uint8_t *out)
{
    ulp_tip tip;
    ulp_range range;
    size_t length = ULP_HEAD_BYTES;
    ulp_write_head(out, frame->kind, frame->hops, frame->peer, frame->seq, frame->space);
    for (size_t at = 0; at < frame->count; at++)
        length = ulp_frame_entry(frame, at, &tip, &range) ? ulp_write_tip(out, &tip) : ulp_write_range(out, &range);
    return length;
}

static void answer_print(word_list *in)
{
    size_t length;
    uint8_t out[ULP_FRAME_MOST_BYTES], *bytes = heard(in, &length);
    ulp_frame frame;
    if (ulp_frame_read(&frame, bytes, length) != length || frame.kind == ULP_PART)
        printf("none");
    else
        print_bytes(out, written(&frame, out));
    free(bytes);
}

static void answer_cut(word_list *in)
{
    size_t mtu = (size_t)words_number(in), length, written_bytes;
    uint32_t peer = words_tag(in), seq = words_small(in);
    uint8_t hops = (uint8_t)words_number(in), *line = heard(in, &length), *packet = malloc(mtu + 1);
    ulp_parts parts;
    if (packet == NULL || !ulp_parts_begin(&parts, peer, seq, hops, line, length, mtu)) {
        printf("long");
    } else {
        for (const char *gap = ""; (written_bytes = ulp_parts_next(&parts, packet)) > 0; gap = " ") {
            printf("%s", gap);
            print_bytes(packet, written_bytes);
        }
    }
    free(packet);
    free(line);
}

static void answer_airtime(word_list *in)
{
    size_t bytes = (size_t)words_number(in);
    ulp_lora lora;
    lora.spreading = (uint8_t)words_number(in);
    lora.bandwidth = words_small(in);
    lora.coding = (uint8_t)words_number(in);
    lora.preamble = (uint16_t)words_number(in);
    printf("%" PRIu32, ulp_airtime_ms(&lora, bytes));
}

static void answer_sensor(word_list *in)
{
    snprintf(actor, sizeof actor, "%s", words_next(in));
    snprintf(tile, sizeof tile, "%s", words_next(in));
    ulp_sensor_begin(&sensor, actor, tile, words_small(in));
    printf("%08" PRIx32, sensor.own);
}

static void answer_believe(word_list *in)
{
    believed.peer = words_tag(in);
    ulp_sensor_believe(&sensor, &believed, 1, verify, NULL);
    printf("yes");
}

static void answer_hear(word_list *in)
{
    uint64_t now = words_number(in);
    size_t length;
    uint8_t *packet = heard(in, &length);
    bool told = ulp_sensor_hear(&sensor, packet, length, now);
    printf("%s %" PRIu32, told ? "yes" : "no", ulp_sensor_time(&sensor, now));
    free(packet);
}

static void answer_seq(word_list *in)
{
    printf("%" PRIu32, ulp_sensor_seq(&sensor, words_number(in)));
}

static void answer_boots(word_list *in)
{
    (void)in;
    printf("%" PRIu32, ulp_sensor_boots(&sensor));
}

static void answer_reading(word_list *in)
{
    char line[256];
    uint64_t now = words_number(in);
    const char *name = words_next(in), *value = words_next(in);
    size_t length = ulp_sensor_line(&sensor, line, sizeof line, name, value, now);
    printf("%s", length > 0 ? line : "none");
}

static void answer_count(word_list *in)
{
    size_t length, count = 0;
    uint8_t *bytes = heard(in, &length);
    ulp_frame frame;
    for (size_t at = 0, read; (read = ulp_frame_read(&frame, bytes + at, length - at)) > 0; at += read)
        count++;
    printf("%zu", count);
    free(bytes);
}

/* What the header keeps to itself is looked at as well: a row's key is what ranges are told apart by. */
static void answer_key(word_list *in)
{
    size_t length;
    uint8_t *bytes = heard(in, &length);
    ulp_node *one = calloc(1, sizeof *one);
    ulp_settings settings = {0};
    ulp_frame frame;
    if (one == NULL || ulp_frame_read(&frame, bytes, length) != ULP_ROW_BYTES)
        exit(EXIT_FAILURE);
    settings.epoch_ms = ULP_NO_TIME;
    ulp_node_begin(one, &settings);
    (void)ulp_node_hear(one, 0, bytes, length, NULL, NULL, NULL);
    printf("%" PRIu64, one->row_count == 1 ? ulp_row_key(&one->rows[0]) : 0);
    free(one);
    free(bytes);
}

static void answer_long(word_list *in)
{
    size_t mtu = (size_t)words_number(in), length = (size_t)words_number(in);
    uint8_t *line = calloc(1, length + 1);
    ulp_parts parts;
    if (line != NULL && ulp_parts_begin(&parts, 0, 0, 0, line, length, mtu))
        printf("%u", parts.total);
    else
        printf("long");
    free(line);
}

static void answer_bounds(word_list *in)
{
    (void)in;
    printf("%u %u", (unsigned)ULP_ROWS, (unsigned)ULP_PACKET_MOST_BYTES);
}

static uint32_t limit(word_list *in)
{
    const char *word = words_next(in);
    return *word == '-' ? ULP_NO_LIMIT : (uint32_t)strtoull(word, NULL, 10);
}

static void answer_node(word_list *in)
{
    ulp_settings settings;
    const char *epoch;
    settings.own = words_tag(in);
    settings.seq = words_small(in);
    settings.hops = (uint8_t)words_number(in);
    settings.mtu = (uint16_t)words_number(in);
    settings.lora.spreading = (uint8_t)words_number(in);
    settings.lora.bandwidth = words_small(in);
    settings.lora.coding = (uint8_t)words_number(in);
    settings.lora.preamble = (uint16_t)words_number(in);
    settings.header = (uint8_t)words_number(in);
    settings.hourly_ms = limit(in);
    settings.total_ms = limit(in);
    epoch = words_next(in);
    settings.epoch_ms = *epoch == '-' ? ULP_NO_TIME : strtoull(epoch, NULL, 10);
    settings.skew = words_small(in);
    ulp_node_begin(&node, &settings);
    printf("ready");
}

static void answer_keep(word_list *in)
{
    uint64_t now = words_number(in);
    ulp_node_space(&node, now, words_tag(in));
    printf("yes");
}

static void answer_arrive(word_list *in)
{
    uint64_t now = words_number(in);
    ulp_node_arrive(&node, now, words_tag(in));
    printf("yes");
}

/* Every fourth tag is unknown; of signatures those that end in zero are forged. */
static uint8_t judge(void *context, const ulp_frame *frame)
{
    (void)context;
    if (frame->is_signed && frame->bytes[frame->length - 1] == 0)
        return ULP_FORGED;
    if ((frame->peer & 3) == 3)
        return ULP_BY_UNKNOWN;
    return frame->is_signed ? ULP_BY_KEY : ULP_BY_KNOWN;
}

static void say_what(void *context, const ulp_frame *frame, uint8_t what)
{
    static const char *const names[] = {"news", "known", "presence", "question", "future", "forged"};
    const char **gap = context;
    (void)frame;
    printf("%s%s", *gap, names[what]);
    *gap = " ";
}

static void answer_air(word_list *in)
{
    uint64_t now = words_number(in);
    const char *gap = "";
    size_t length;
    uint8_t *packet = heard(in, &length);
    if (!ulp_node_hear(&node, now, packet, length, judge, say_what, &gap))
        printf("refused");
    free(packet);
}

static void answer_offer(word_list *in)
{
    uint64_t now = words_number(in);
    uint8_t class_of = (uint8_t)words_number(in);
    size_t length;
    uint8_t *frame = heard(in, &length);
    printf("%s", ulp_node_offer(&node, now, frame, length, class_of) ? "yes" : "no");
    free(frame);
}

static void answer_poll(word_list *in)
{
    uint8_t *packet = malloc(node.settings.mtu);
    size_t length;
    if (packet == NULL)
        exit(EXIT_FAILURE);
    length = ulp_node_poll(&node, words_number(in), packet);
    if (length == 0)
        printf("-");
    print_bytes(packet, length);
    free(packet);
}

static void answer_due(word_list *in)
{
    uint64_t due = ulp_node_due(&node);
    (void)in;
    if (due == ULP_NO_TIME)
        printf("never");
    else
        printf("%" PRIu64, due);
}

static void answer_table(word_list *in)
{
    ulp_range all = ulp_node_digest(&node, words_tag(in));
    printf("%u %08" PRIx32, all.rows, all.digest);
}

static void answer_sums(word_list *in)
{
    (void)in;
    printf("%zu %" PRIu64 " %" PRIu64 " %" PRIu64, node.row_count, node.floor, node.dropped, node.all.ever);
}

static ulp_assembly assembly;
static uint8_t *slots, *whole;

static void answer_assembly(word_list *in)
{
    size_t each = (size_t)words_number(in);
    free(slots);
    free(whole);
    slots = malloc(each * ULP_MESSAGES);
    whole = malloc(each);
    ulp_assembly_begin(&assembly, slots, each);
    printf("%s", slots != NULL && whole != NULL ? "ready" : "no memory");
}

static void answer_part(word_list *in)
{
    static const char *const names[] = {"none", "line ", "broken", "long"};
    uint64_t now = words_number(in);
    size_t length, line_length = 0;
    uint8_t *bytes = heard(in, &length), what = ULP_NO_LINE;
    ulp_frame frame;
    if (ulp_frame_read(&frame, bytes, length) > 0)
        what = ulp_assembly_hear(&assembly, now, &frame, whole, &line_length);
    printf("%s", names[what]);
    if (what == ULP_LINE)
        print_bytes(whole, line_length);
    free(bytes);
}

/* Flash as it is: erased to ones, written by clearing bits, gone when there is no power. */
static uint8_t *flash;
static size_t flash_bytes;
static uint64_t power;
static ulp_ring ring;

static bool flash_read(void *context, uint32_t at, void *into, size_t length)
{
    (void)context;
    if (at + length > flash_bytes)
        abort();
    memcpy(into, flash + at, length);
    return true;
}

static bool flash_write(void *context, uint32_t at, const void *from, size_t length)
{
    const uint8_t *next = from;
    (void)context;
    if (at + length > flash_bytes)
        abort();
    for (; length > 0 && power > 0; length--, power--) {
        if ((flash[at] & *next) != *next)
            abort(); /* it was written there before */
        flash[at++] &= *next++;
    }
    return length == 0;
}

static bool flash_erase(void *context, uint32_t at)
{
    const ulp_ring *of = context;
    if (power == 0)
        return false;
    memset(flash + at, 0xff, of->memory.block);
    return true;
}

static void open_ring(uint32_t block, uint32_t blocks)
{
    ulp_memory memory = {flash_read, flash_write, flash_erase, &ring, 0, 0};
    memory.block = block;
    memory.blocks = blocks;
    power = UINT64_MAX;
    printf("%s", ulp_ring_open(&ring, &memory) ? "yes" : "no");
}

static void answer_ring(word_list *in)
{
    uint32_t block = words_small(in), blocks = words_small(in);
    flash_bytes = (size_t)block * blocks;
    free(flash);
    flash = malloc(flash_bytes + 1);
    if (flash == NULL)
        exit(EXIT_FAILURE);
    memset(flash, 0xff, flash_bytes);
    open_ring(block, blocks);
}

static void answer_open(word_list *in)
{
    (void)in;
    open_ring(ring.memory.block, ring.memory.blocks);
}

static void answer_power(word_list *in)
{
    power = words_number(in);
    printf("yes");
}

static void answer_store(word_list *in)
{
    size_t length;
    uint8_t *line = heard(in, &length);
    printf("%s", ulp_ring_keep(&ring, line, length) ? "yes" : "no");
    free(line);
}

static void answer_lines(word_list *in)
{
    uint8_t tile_bytes[7], *line = malloc(ring.memory.block);
    const char *space = words_next(in), *gap = "";
    size_t length = 0;
    uint8_t *of = words_bytes(in, &length);
    ulp_cursor cursor;
    if (line == NULL)
        exit(EXIT_FAILURE);
    if (length == sizeof tile_bytes)
        memcpy(tile_bytes, of, sizeof tile_bytes);
    ulp_ring_newest(&ring, &cursor);
    while ((length = ulp_ring_older(&ring, &cursor, (uint32_t)strtoul(space, NULL, 16),
                                    *space != '\0' ? tile_bytes : NULL, line, ring.memory.block))
           > 0) {
        printf("%s", gap);
        print_bytes(line, length);
        gap = " ";
    }
    free(line);
}

static void answer_ferry(word_list *in)
{
    uint64_t now = words_number(in);
    size_t most = (size_t)words_number(in), length;
    uint8_t line[1024], *bytes = heard(in, &length);
    ulp_frame frame;
    if (ulp_frame_read(&frame, bytes, length) > 0)
        printf("%zu", ulp_ferry_answer(&ring, &node, now, &frame, most, line, sizeof line));
    free(bytes);
}

static const struct {
    const char *word;
    void (*answer)(word_list *in);
} questions[] = {
    {"sha256", answer_sha256},   {"peer", answer_peer},   {"space", answer_space},     {"packet", answer_packet},
    {"message", answer_message}, {"print", answer_print}, {"cut", answer_cut},         {"airtime", answer_airtime},
    {"sensor", answer_sensor},   {"hear", answer_hear},   {"believe", answer_believe}, {"seq", answer_seq},
    {"boots", answer_boots},     {"reading", answer_reading}, {"count", answer_count},   {"key", answer_key},
    {"long", answer_long},       {"bounds", answer_bounds},   {"node", answer_node},     {"keep", answer_keep},
    {"air", answer_air},         {"offer", answer_offer},     {"poll", answer_poll},     {"due", answer_due},
    {"table", answer_table},     {"sums", answer_sums},       {"assembly", answer_assembly}, {"part", answer_part},
    {"ring", answer_ring},       {"open", answer_open},       {"power", answer_power},   {"store", answer_store},
    {"lines", answer_lines},     {"ferry", answer_ferry},     {"arrive", answer_arrive},
};

static void answer(word_list *in)
{
    const char *word = words_next(in);
    for (size_t at = 0; at < sizeof questions / sizeof *questions; at++)
        if (strcmp(word, questions[at].word) == 0) {
            questions[at].answer(in);
            return;
        }
    printf("no such question");
}

int main(void)
{
    static word_list in;
    while (words_read(&in, stdin)) {
        answer(&in);
        printf("\n");
    }
    return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
