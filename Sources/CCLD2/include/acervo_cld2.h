#pragma once
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// What CLD2 says of a text.
typedef struct {
  /// The language's code, `es` or `zh-Hant`, NUL-terminated; empty when unknown.
  char code[16];
  /// How much of the text is in that language, in percent.
  int32_t percent;
  /// Whether CLD2 calls its answer reliable.
  int32_t reliable;
} acervo_cld2_result;

/// Detects the language of plain UTF-8 text; invalid UTF-8 gives the empty code. Any thread may call it.
acervo_cld2_result acervo_cld2_detect(const char *text, int32_t length);

#ifdef __cplusplus
}
#endif
