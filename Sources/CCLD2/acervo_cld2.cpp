#include "acervo_cld2.h"

// CLD2's header leans on these without including them.
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include <cld2/public/compact_lang_det.h>
#include <cld2/public/encodings.h>

extern "C" acervo_cld2_result acervo_cld2_detect(const char *text, int32_t length) {
  acervo_cld2_result result = {};
  if (text == nullptr || length <= 0) return result;
  CLD2::CLDHints hints = {nullptr, nullptr, CLD2::UNKNOWN_ENCODING, CLD2::UNKNOWN_LANGUAGE};
  CLD2::Language languages[3] = {CLD2::UNKNOWN_LANGUAGE, CLD2::UNKNOWN_LANGUAGE, CLD2::UNKNOWN_LANGUAGE};
  int percents[3] = {0, 0, 0};
  double scores[3] = {0, 0, 0};
  int textBytes = 0;
  int validPrefix = 0;
  bool reliable = false;
  CLD2::ExtDetectLanguageSummaryCheckUTF8(
      text, length, true, &hints, 0, languages, percents, scores, nullptr, &textBytes, &reliable, &validPrefix);
  if (validPrefix < length || languages[0] == CLD2::UNKNOWN_LANGUAGE) return result;
  const char *code = CLD2::LanguageCode(languages[0]);
  if (code == nullptr || std::strcmp(code, "un") == 0) return result;
  std::strncpy(result.code, code, sizeof(result.code) - 1);
  result.percent = percents[0];
  result.reliable = reliable ? 1 : 0;
  return result;
}
