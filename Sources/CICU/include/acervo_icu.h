#pragma once
#include <stdint.h>

// No ICU header is imported into Swift: Foundation brings ICU headers of its own (_FoundationICU), and a module that
// sees both fails to build under the sanitizers, where types of one name and different definitions are compared.

/// The converter of Unicode Technical Standard 46 with the options of the URL standard.
typedef struct acervo_idna acervo_idna;

/// Opens a converter that any thread may use and that is never closed; NULL where ICU cannot.
const acervo_idna *acervo_idna_open(void);

/// Writes the ASCII form of a UTF-8 name. Gives its length, or -1 where the name has none or it does not fit.
int32_t acervo_idna_to_ascii(
    const acervo_idna *idna, const char *name, int32_t length, char *out, int32_t capacity);
