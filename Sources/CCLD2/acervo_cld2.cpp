#include "acervo_cld2.h"
