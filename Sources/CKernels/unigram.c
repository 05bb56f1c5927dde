#include "unigram.h"

#include <stdlib.h>
#include <string.h>

#include "piece_trie.h"

struct acervo_unigram {
  acervo_piece_trie *trie;
  float *scores;
  int32_t pieces;
  int32_t unknown;
  double unknown_score;
  uint8_t *map;  // the normalizer's double array and replacements
  const uint8_t *units;
  size_t unit_count;
  const uint8_t *replacements;
  size_t replacement_size;
  int dummy_prefix, remove_spaces, escape_spaces;
};

// --- the file: protocol buffers, https://protobuf.dev/programming-guides/encoding

struct reader {
  const uint8_t *at, *end;
};

struct field {
  uint64_t number, value;  // value: of a varint, or of four bytes
  const uint8_t *bytes;    // of a length-delimited field
  size_t count;
};

static int varint(struct reader *reader, uint64_t *value) {
  *value = 0;
  for (int shift = 0; shift < 64 && reader->at < reader->end; shift += 7) {
    const uint8_t byte = *reader->at++;
    *value |= (uint64_t)(byte & 0x7F) << shift;
    if (byte < 0x80) return 1;
  }
  return 0;
}

// 1: a field was read; 0: the end; -1: damaged.
static int next_field(struct reader *reader, struct field *field) {
  if (reader->at == reader->end) return 0;
  uint64_t key;
  if (!varint(reader, &key)) return -1;
  field->number = key >> 3;
  field->bytes = NULL;
  field->count = 0;
  const size_t left = (size_t)(reader->end - reader->at);
  switch (key & 7) {
  case 0: return varint(reader, &field->value) ? 1 : -1;
  case 1:
    if (left < 8) return -1;
    reader->at += 8;
    return 1;
  case 2: {
    uint64_t count;
    if (!varint(reader, &count) || count > (uint64_t)(reader->end - reader->at)) return -1;
    field->bytes = reader->at;
    field->count = (size_t)count;
    reader->at += count;
    return 1;
  }
  case 5: {
    if (left < 4) return -1;
    uint32_t value;
    memcpy(&value, reader->at, 4);
    field->value = value;
    reader->at += 4;
    return 1;
  }
  default: return -1;
  }
}

enum { NORMAL = 1, UNKNOWN = 2, CONTROL = 3, USER_DEFINED = 4, MAXIMUM_PIECES = 1 << 22, MAXIMUM_PIECE = 4096 };

static const char *read_piece(acervo_unigram *model, struct field *piece, int32_t id, float *lowest) {
  struct reader reader = {piece->bytes, piece->bytes + piece->count};
  struct field field;
  const uint8_t *text = NULL;
  size_t count = 0;
  uint64_t type = NORMAL;
  float score = 0;
  int more;
  while ((more = next_field(&reader, &field)) == 1) {
    if (field.number == 1) {
      text = field.bytes;
      count = field.count;
    } else if (field.number == 2) {
      const uint32_t bits = (uint32_t)field.value;
      memcpy(&score, &bits, 4);
    } else if (field.number == 3) {
      type = field.value;
    }
  }
  if (more < 0 || !text) return "a piece is damaged";
  // libsentencepiece's lowest score is over normal pieces only.
  model->scores[id] = score;
  switch (type) {
  case USER_DEFINED:  // three placeholders in the default model; pieces like others, as its own package has it
  case NORMAL:
    if (!(score <= 0 && score > -1e6f)) return "a piece's score is no logarithm of a probability";
    if (count == 0 || count > MAXIMUM_PIECE) return "a piece is empty or too long";
    if (type == NORMAL && score < *lowest) *lowest = score;
    if (acervo_piece_trie_add(model->trie, text, count, id) != 0) return "it has too many pieces";
    return NULL;
  case UNKNOWN: model->unknown = id; return NULL;
  case CONTROL: return NULL;
  default: return "it has unused or byte pieces, which are not supported";
  }
}

static const char *read_normalizer(acervo_unigram *model, const struct field *spec) {
  struct reader reader = {spec->bytes, spec->bytes + spec->count};
  struct field field;
  int more;
  while ((more = next_field(&reader, &field)) == 1) {
    if (field.number == 2 && field.count >= 4) {
      uint32_t size;
      memcpy(&size, field.bytes, 4);
      if (size > field.count - 4 || size % 4 != 0 || size == 0) return "its normalizer is damaged";
      free(model->map);
      model->map = malloc(field.count);
      if (!model->map) return "memory is exhausted";
      memcpy(model->map, field.bytes, field.count);
      model->units = model->map + 4;
      model->unit_count = size / 4;
      model->replacements = model->units + size;
      model->replacement_size = field.count - 4 - size;
      if (model->replacement_size && model->replacements[model->replacement_size - 1] != 0)
        return "its normalizer is damaged";
    } else if (field.number == 3) {
      model->dummy_prefix = field.value != 0;
    } else if (field.number == 4) {
      model->remove_spaces = field.value != 0;
    } else if (field.number == 5) {
      model->escape_spaces = field.value != 0;
    }
  }
  return more < 0 ? "its normalizer is damaged" : NULL;
}

static const char *read_trainer(const struct field *spec) {
  struct reader reader = {spec->bytes, spec->bytes + spec->count};
  struct field field;
  int more;
  while ((more = next_field(&reader, &field)) == 1) {
    if (field.number == 3 && field.value != 1) return "it is no unigram model";
    if (field.number == 24 && field.value != 0) return "it treats white space as a suffix, which is not supported";
    if (field.number == 35 && field.value != 0) return "it falls back to bytes, which is not supported";
  }
  return more < 0 ? "its trainer specification is damaged" : NULL;
}

static const char *read_model(acervo_unigram *model, const uint8_t *bytes, size_t count) {
  struct reader reader = {bytes, bytes + count};
  struct field field;
  int more;
  size_t pieces = 0;
  while ((more = next_field(&reader, &field)) == 1)
    if (field.number == 1 && field.bytes) pieces++;
  if (more < 0) return "it is damaged";
  if (pieces == 0 || pieces > MAXIMUM_PIECES) return "it has no pieces, or too many";
  model->scores = calloc(pieces, sizeof(float));
  model->trie = acervo_piece_trie_create(count / 2);
  if (!model->scores || !model->trie) return "memory is exhausted";
  model->unknown = -1;
  model->dummy_prefix = model->remove_spaces = model->escape_spaces = 1;
  float lowest = 0;
  reader.at = bytes;
  while (next_field(&reader, &field) == 1) {
    const char *error = NULL;
    if (!field.bytes) continue;
    if (field.number == 1) error = read_piece(model, &field, model->pieces++, &lowest);
    if (field.number == 2) error = read_trainer(&field);
    if (field.number == 3) error = read_normalizer(model, &field);
    if (error) return error;
  }
  if (model->unknown < 0) return "it has no unknown piece";
  if (acervo_piece_trie_finish(model->trie) != 0) return "memory is exhausted";
  model->unknown_score = (double)lowest - 10.0;
  return NULL;
}

acervo_unigram *acervo_unigram_create(const uint8_t *bytes, size_t count, const char **error) {
  acervo_unigram *model = calloc(1, sizeof(*model));
  *error = model ? read_model(model, bytes, count) : "memory is exhausted";
  if (*error) {
    acervo_unigram_destroy(model);
    return NULL;
  }
  return model;
}

void acervo_unigram_destroy(acervo_unigram *model) {
  if (!model) return;
  acervo_piece_trie_destroy(model->trie);
  free(model->scores);
  free(model->map);
  free(model);
}

int32_t acervo_unigram_pieces(const acervo_unigram *model) { return model->pieces; }

// --- normalisation

struct text {
  uint8_t *bytes;
  size_t count, room;
};

static int append(struct text *text, const uint8_t *bytes, size_t count) {
  if (text->room - text->count < count) {
    const size_t room = (text->room + count) * 2;
    uint8_t *grown = realloc(text->bytes, room);
    if (!grown) return 0;
    text->bytes = grown;
    text->room = room;
  }
  memcpy(text->bytes + text->count, bytes, count);
  text->count += count;
  return 1;
}

static size_t character(uint8_t first) { return first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4; }

static inline uint32_t unit(const acervo_unigram *model, size_t at) {
  uint32_t value;
  memcpy(&value, model->units + at * 4, 4);
  return value;
}

// What the longest key at `text` is replaced by; returns the key's length. The double array is darts-clone's
// (https://github.com/s-yata/darts-clone): offset in bits 10 to 30, its extension in bit 9, a leaf below in bit 8.
static size_t replacement(
  const acervo_unigram *model, const uint8_t *text, size_t count, const uint8_t **result, size_t *size) {
  size_t length = 0, value = 0;
  if (model->unit_count) {
    uint32_t found = unit(model, 0);
    size_t at = (size_t)(found >> 10) << ((found & 0x200) >> 6);
    for (size_t i = 0; i < count; i++) {
      at ^= text[i];
      if (at >= model->unit_count) break;
      found = unit(model, at);
      if ((found & 0x800000FF) != text[i]) break;
      at ^= (size_t)(found >> 10) << ((found & 0x200) >> 6);
      if (found & 0x100) {
        if (at >= model->unit_count) break;
        length = i + 1;
        value = unit(model, at) & 0x7FFFFFFF;
      }
    }
  }
  if (length == 0 || value >= model->replacement_size) {
    length = character(text[0]);
    if (length > count) length = count;
    *result = text;
    *size = length;
  } else {
    *result = model->replacements + value;
    *size = strlen((const char *)*result);
  }
  return length;
}

static int normalize(const acervo_unigram *model, const uint8_t *text, size_t count, struct text *output) {
  static const uint8_t escaped[] = {0xE2, 0x96, 0x81}, plain[] = {' '};
  const uint8_t *space = model->escape_spaces ? escaped : plain;
  const size_t space_size = model->escape_spaces ? 3 : 1;
  const uint8_t *part;
  size_t size, at = 0;
  if (model->remove_spaces) {
    while (at < count) {
      const size_t length = replacement(model, text + at, count - at, &part, &size);
      if (size != 1 || part[0] != ' ') break;
      at += length;
    }
  }
  if (at == count) return 1;
  if (model->dummy_prefix && !append(output, space, space_size)) return 0;
  int after_space = model->remove_spaces;
  while (at < count) {
    at += replacement(model, text + at, count - at, &part, &size);
    if (after_space) {
      while (size > 0 && part[0] == ' ') {
        part++;
        size--;
      }
    }
    if (size == 0) continue;
    for (size_t from = 0; from < size;) {
      size_t to = from;
      while (to < size && part[to] != ' ') to++;
      if (to > from && !append(output, part + from, to - from)) return 0;
      if (to < size && !append(output, space, space_size)) return 0;
      from = to + 1;
    }
    after_space = model->remove_spaces && part[size - 1] == ' ';
  }
  if (model->remove_spaces) {
    while (output->count >= space_size && memcmp(output->bytes + output->count - space_size, space, space_size) == 0)
      output->count -= space_size;
  }
  return 1;
}

// --- the most probable pieces

struct cell {
  double score;  // of the best way here; in double, so that the last pieces of a megabyte are weighed as the first
  uint32_t start;
  int32_t id;
};

static int64_t segment(const acervo_unigram *model, const struct text *text, int join_unknown, int32_t **ids) {
  const size_t count = text->count;
  if (count == 0) return 0;
  if (count > UINT32_MAX - 1) return -1;
  struct cell *cells = malloc((count + 1) * sizeof(*cells));
  if (!cells) return -1;
  for (size_t i = 0; i <= count; i++) cells[i].id = -1;
  cells[0].score = 0;
  for (size_t i = 0; i < count;) {
    size_t length = character(text->bytes[i]);
    if (length > count - i) length = count - i;
    const double score = cells[i].score;
    int single = 0;
    uint32_t node = 0;
    for (size_t j = i; j < count;) {
      node = acervo_piece_trie_step(model->trie, node, text->bytes[j]);
      if (node == 0) break;
      j++;
      const int32_t id = acervo_piece_trie_id(model->trie, node);
      if (id < 0) continue;
      const double candidate = score + (double)model->scores[id];
      if (cells[j].id < 0 || candidate > cells[j].score) cells[j] = (struct cell){candidate, (uint32_t)i, id};
      if (j - i == length) single = 1;
    }
    if (!single) {
      struct cell *cell = &cells[i + length];
      const double candidate = score + model->unknown_score;
      if (cell->id < 0 || candidate > cell->score) *cell = (struct cell){candidate, (uint32_t)i, model->unknown};
    }
    i += length;
  }
  size_t pieces = 0;
  for (size_t at = count; at > 0; at = cells[at].start) pieces++;
  int32_t *found = malloc(pieces * sizeof(int32_t));
  if (!found) {
    free(cells);
    return -1;
  }
  size_t place = pieces;
  for (size_t at = count; at > 0; at = cells[at].start) {
    if (join_unknown && place < pieces && cells[at].id == model->unknown && found[place] == model->unknown) continue;
    found[--place] = cells[at].id;
  }
  free(cells);
  memmove(found, found + place, (pieces - place) * sizeof(int32_t));
  *ids = found;
  return (int64_t)(pieces - place);
}

int64_t acervo_unigram_encode(
  const acervo_unigram *model, const uint8_t *text, size_t count, int join_unknown, int32_t **ids) {
  *ids = NULL;
  struct text normalized = {malloc(count * 2 + 16), 0, count * 2 + 16};
  int64_t result = -1;
  if (normalized.bytes && normalize(model, text, count, &normalized))
    result = segment(model, &normalized, join_unknown, ids);
  free(normalized.bytes);
  return result;
}
