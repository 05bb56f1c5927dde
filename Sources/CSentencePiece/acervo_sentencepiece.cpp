#include "acervo_sentencepiece.h"

#include <sentencepiece_processor.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <memory>
#include <string>
#include <vector>

struct acervo_sentencepiece {
  sentencepiece::SentencePieceProcessor processor;
};

namespace {
void say(char *error, size_t size, const char *what) {
  if (error && size) std::snprintf(error, size, "%s", what);
}
}  // namespace

extern "C" {

acervo_sentencepiece *acervo_sentencepiece_create(const void *bytes, size_t count, char *error, size_t error_size) {
  try {
    auto model = std::make_unique<acervo_sentencepiece>();
    auto status = model->processor.LoadFromSerializedProto(
      std::string(static_cast<const char *>(bytes), count));
    if (!status.ok()) {
      say(error, error_size, status.error_message());
      return nullptr;
    }
    return model.release();
  } catch (const std::exception &exception) {
    say(error, error_size, exception.what());
  } catch (...) {
    say(error, error_size, "unknown exception");
  }
  return nullptr;
}

void acervo_sentencepiece_destroy(acervo_sentencepiece *model) { delete model; }

int32_t acervo_sentencepiece_pieces(const acervo_sentencepiece *model) { return model->processor.GetPieceSize(); }

int64_t acervo_sentencepiece_encode(
  const acervo_sentencepiece *model, const char *text, size_t count, int32_t **ids) {
  *ids = nullptr;
  try {
    std::vector<int> found;
    if (!model->processor.Encode(absl::string_view(text, count), &found).ok()) return -1;
    if (found.empty()) return 0;
    auto *copy = static_cast<int32_t *>(std::malloc(found.size() * sizeof(int32_t)));
    if (!copy) return -1;
    std::memcpy(copy, found.data(), found.size() * sizeof(int32_t));
    *ids = copy;
    return static_cast<int64_t>(found.size());
  } catch (...) {
    return -1;
  }
}

void acervo_sentencepiece_free(int32_t *ids) { std::free(ids); }

}  // extern "C"
