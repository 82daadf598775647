#include "CSimdjson.h"

#include <cstring>
#include <memory>
#include <new>
#include <vector>

#include <simdjson.h>

namespace {
// Foundation's decoder gives up at the same depth.
constexpr size_t deepest = 512;
// What a thread keeps of a parser's memory.
constexpr size_t largest_kept = 1 << 20;
}  // namespace

struct ong_json_parser {
  simdjson::dom::parser parser;
  // simdjson reads some bytes past the end.
  std::vector<uint8_t> padded;
};

namespace {
thread_local std::unique_ptr<ong_json_parser> idle;
}

ong_json_parser *ong_json_take_parser(void) {
  if (idle) return idle.release();
  return new (std::nothrow) ong_json_parser;
}

void ong_json_return_parser(ong_json_parser *parser) {
  if (parser->padded.size() > largest_kept) {
    delete parser;
  } else {
    idle.reset(parser);
  }
}

bool ong_json_parse(ong_json_parser *parser, const uint8_t *bytes, size_t length) {
  if (length == 0) return false;
  try {
    if (parser->padded.size() < length + simdjson::SIMDJSON_PADDING) {
      const size_t room = length + length / 2 + simdjson::SIMDJSON_PADDING;
      parser->padded.resize(room);
      if (parser->parser.allocate(room, deepest) != simdjson::SUCCESS) return false;
    }
    std::memcpy(parser->padded.data(), bytes, length);
    return parser->parser.parse(parser->padded.data(), length, false).error() == simdjson::SUCCESS;
  } catch (const std::bad_alloc &) {
    return false;
  }
}

const uint64_t *ong_json_tape(const ong_json_parser *parser) {
  return parser->parser.doc.tape.get();
}

const uint8_t *ong_json_strings(const ong_json_parser *parser) {
  return parser->parser.doc.string_buf.get();
}
