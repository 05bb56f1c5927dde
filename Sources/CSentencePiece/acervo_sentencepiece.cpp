#include "acervo_sentencepiece.h"
