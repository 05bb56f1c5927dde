#pragma once
#include <libxml/HTMLparser.h>
#include <libxml/HTMLtree.h>
#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <libxml/tree.h>
#include <libxml/xpath.h>
#include <libxml/xpathInternals.h>

// XML_SAX2_MAGIC is a macro that Swift does not import. Without it in `initialized`, libxml2 ignores `serror` and
// prints every error to the standard error stream.
static inline void acervo_xml_empty_sax(xmlSAXHandler *sax) {
  memset(sax, 0, sizeof *sax);
  sax->initialized = XML_SAX2_MAGIC;
}

// What libxml2 allocates must be freed by its own allocator; `xmlFree` is a mutable global, which Swift refuses to read.
static inline void acervo_xml_free(void *memory) { xmlFree(memory); }

// How many elements are open on the parser's stack, and whether the second of them is `body` or `head`: libxml2 looks
// for these two from the bottom of the stack at every start tag.
static inline int acervo_html_open_elements(const xmlParserCtxt *context) { return context->nameNr; }
static inline int acervo_html_has_body_near(const xmlParserCtxt *context) {
  return context->nameNr < 3 || xmlStrEqual(context->nameTab[1], BAD_CAST "body") ||
         xmlStrEqual(context->nameTab[1], BAD_CAST "head") || xmlStrEqual(context->nameTab[2], BAD_CAST "body");
}
