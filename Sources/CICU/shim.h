#pragma once
// Only the C interface: without this, C++ helpers would be declared for C++ clients.
#define U_SHOW_CPLUSPLUS_API 0
#include <unicode/uidna.h>
#include <stdint.h>

// ICU renames every function after its release (uidna_openUTS46_72) by macros, which Swift does not see; these
// functions keep the sources independent of the release.

static inline const UIDNA *acervo_idna_open(uint32_t options, int32_t *status) {
  UErrorCode code = U_ZERO_ERROR;
  const UIDNA *idna = uidna_openUTS46(options, &code);
  *status = (int32_t)code;
  return U_SUCCESS(code) ? idna : 0;
}

// Writes the ASCII form of a UTF-8 name. Gives its length, or -1 where ICU itself fails (buffer too small,
// no memory); what is wrong with the name comes back in `errors`, as UIDNA_ERROR_* bits.
static inline int32_t acervo_idna_to_ascii(
    const UIDNA *idna, const char *name, int32_t length, char *out, int32_t capacity, uint32_t *errors) {
  UErrorCode code = U_ZERO_ERROR;
  UIDNAInfo info = UIDNA_INFO_INITIALIZER;
  int32_t written = uidna_nameToASCII_UTF8(idna, name, length, out, capacity, &info, &code);
  *errors = info.errors;
  return U_SUCCESS(code) && written <= capacity ? written : -1;
}
