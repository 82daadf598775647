#ifndef ONG_CSIMDJSON_H
#define ONG_CSIMDJSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// simdjson parses a document into a tape (simdjson's doc/tape.md describes its words); what walks the
// tape is Swift, so that no value costs a call into C++.

// A parser with its memory, which serves one document after the other.
typedef struct ong_json_parser ong_json_parser;

// The thread's parser, or a new one while that is taken; null when there is no memory.
ong_json_parser *_Nullable ong_json_take_parser(void);

// Gives it back to the thread; one that a huge document has made large is freed.
void ong_json_return_parser(ong_json_parser *_Nonnull parser);

// Parses `length` bytes of UTF-8, which need no padding. False where simdjson takes them for no JSON,
// for a number that fits no 64 bits, or for nested too deep.
bool ong_json_parse(ong_json_parser *_Nonnull parser, const uint8_t *_Nullable bytes, size_t length);

// Valid until the next document.
const uint64_t *_Nonnull ong_json_tape(const ong_json_parser *_Nonnull parser);

// Where the tape's strings lie: 4 bytes of length in the machine's order, then the bytes.
const uint8_t *_Nonnull ong_json_strings(const ong_json_parser *_Nonnull parser);

#ifdef __cplusplus
}
#endif

#endif
