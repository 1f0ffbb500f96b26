/* Questions as words: a line that is split at its spaces, numbers and bytes out of words. */
#ifndef ULP_WORDS_H
#define ULP_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LONGEST_LINE = 1 << 17, MOST_WORDS = 32 };

/* The words of a line, and the next of them that is read. */
typedef struct {
    char line[LONGEST_LINE];
    char *words[MOST_WORDS];
    size_t count, next;
} word_list;

static inline bool words_read(word_list *in, FILE *from)
{
    if (fgets(in->line, sizeof in->line, from) == NULL)
        return false;
    in->line[strcspn(in->line, "\n")] = '\0';
    in->count = in->next = 0;
    for (char *word = strtok(in->line, " "); word != NULL && in->count < MOST_WORDS; word = strtok(NULL, " "))
        in->words[in->count++] = word;
    return true;
}

/* The next word; there is none after the last but the empty one. */
static inline char *words_next(word_list *in)
{
    static char none[1];
    return in->next < in->count ? in->words[in->next++] : none;
}

static inline uint64_t words_number(word_list *in)
{
    return strtoull(words_next(in), NULL, 10);
}

static inline uint32_t words_small(word_list *in)
{
    return (uint32_t)words_number(in);
}

static inline uint32_t words_tag(word_list *in)
{
    return (uint32_t)strtoull(words_next(in), NULL, 16);
}

static inline uint8_t digit_of(char digit)
{
    return (uint8_t)(digit <= '9' ? digit - '0' : digit - 'a' + 10);
}

/* The next word, of hexadecimal digits, as bytes where it stands: "-" is none of them. */
static inline uint8_t *words_bytes(word_list *in, size_t *length)
{
    char *word = words_next(in);
    uint8_t *bytes = (uint8_t *)word;
    size_t digits = *word == '-' ? 0 : strlen(word);
    *length = digits / 2;
    for (size_t at = 0; at < *length; at++)
        bytes[at] = (uint8_t)(digit_of(word[2 * at]) << 4 | digit_of(word[2 * at + 1]));
    return bytes;
}

static inline void print_bytes(const uint8_t *bytes, size_t length)
{
    for (size_t at = 0; at < length; at++)
        printf("%02x", bytes[at]);
}

#endif
