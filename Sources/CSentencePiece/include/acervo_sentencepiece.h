#pragma once
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// libsentencepiece is C++; these functions are what Swift can call, and no exception passes them.

typedef struct acervo_sentencepiece acervo_sentencepiece;

/// Reads a model from its bytes (a `ModelProto`); NULL with a message in `error` when they are not one.
acervo_sentencepiece *acervo_sentencepiece_create(const void *bytes, size_t count, char *error, size_t error_size);
void acervo_sentencepiece_destroy(acervo_sentencepiece *model);

/// How many pieces the model has.
int32_t acervo_sentencepiece_pieces(const acervo_sentencepiece *model);

/// The ids of a UTF-8 text, in memory that `acervo_sentencepiece_free` frees; their count, or -1 when it failed.
/// Safe from several threads at once: encoding is a const function of libsentencepiece's processor.
int64_t acervo_sentencepiece_encode(
  const acervo_sentencepiece *model, const char *text, size_t count, int32_t **ids);
void acervo_sentencepiece_free(int32_t *ids);

#ifdef __cplusplus
}
#endif
