#include "acervo_icu.h"

#include <unicode/uidna.h>

// The URL standard's «domain to ASCII» with beStrict false: non-transitional, CheckBidi, CheckJoiners.
static const uint32_t options =
    UIDNA_CHECK_BIDI | UIDNA_CHECK_CONTEXTJ | UIDNA_NONTRANSITIONAL_TO_ASCII | UIDNA_NONTRANSITIONAL_TO_UNICODE;

// What ICU reports and the standard passes over: VerifyDnsLength and CheckHyphens are false.
static const uint32_t tolerated =
    UIDNA_ERROR_EMPTY_LABEL | UIDNA_ERROR_LABEL_TOO_LONG | UIDNA_ERROR_DOMAIN_NAME_TOO_LONG |
    UIDNA_ERROR_LEADING_HYPHEN | UIDNA_ERROR_TRAILING_HYPHEN | UIDNA_ERROR_HYPHEN_3_4;

const acervo_idna *acervo_idna_open(void) {
  UErrorCode code = U_ZERO_ERROR;
  const UIDNA *idna = uidna_openUTS46(options, &code);
  return U_SUCCESS(code) ? (const acervo_idna *)idna : 0;
}

int32_t acervo_idna_to_ascii(
    const acervo_idna *idna, const char *name, int32_t length, char *out, int32_t capacity) {
  UErrorCode code = U_ZERO_ERROR;
  UIDNAInfo info = UIDNA_INFO_INITIALIZER;
  int32_t written = uidna_nameToASCII_UTF8((const UIDNA *)idna, name, length, out, capacity, &info, &code);
  return U_SUCCESS(code) && written <= capacity && (info.errors & ~tolerated) == 0 ? written : -1;
}
