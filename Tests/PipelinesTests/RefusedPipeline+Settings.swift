/// Files whose settings are wrong.
extension RefusedPipeline {
  static let settings: [RefusedPipeline] = [
    RefusedPipeline(
      "an unknown key with a near name", "size: 2000", "sise: 2000",
      "11:29: unknown key “sise” in “chunk” → did you mean “size”? known here: “by”, “size”, “overlap”, “unit”"),
    RefusedPipeline(
      "an unknown key without one", "size: 2000", "wombat: 2000",
      "11:29: unknown key “wombat” in “chunk” → known here: “by”, “size”, “overlap”, “unit”"),
    RefusedPipeline(
      "an unknown key at the top", "name: handbook", "name: handbook\nversion: 3",
      "3:1: unknown key “version” → known here: “acervo”, “name”, “stages”, “publish”, “state”, “schedule”"),
    RefusedPipeline(
      "a setting outside its group", "web: { ", "web: { pages: 5, ",
      "9:18: unknown key “pages” in “web” → “pages” belongs in “limits”: write limits: { pages: … }"),
    RefusedPipeline(
      "a key in the wrong case", "content: main", "Content: main",
      "10:14: unknown key “Content” in “clean” → did you mean “content”? known here: “content”, “tables”, “code”, “links”, “templates”"
    ),
    RefusedPipeline(
      "a number for a text", "name: handbook", "name: 2024",
      "2:7: “name” needs a name of 1 to 64 small letters, digits and hyphens, not the number 2024 → put it in quotes if it is meant as text: \"2024\""
    ),
    RefusedPipeline(
      "a Boolean for a text", "path: ../pages", "path: true",
      "7:27: “path” needs a path, not the Boolean true → put it in quotes if it is meant as text: \"true\""),
    RefusedPipeline(
      "a text for a number", "size: 2000", "size: large",
      "11:35: “size” needs a whole number from 1 to 1,000,000, not “large” → write a whole number from 1 to 1,000,000"),
    RefusedPipeline(
      "a quoted number for a number", "size: 2000", "size: \"2000\"",
      "11:35: “size” needs a whole number from 1 to 1,000,000, not the text “2000” → write it without quotes"),
    RefusedPipeline(
      "a fraction for a whole number", "size: 2000", "size: 2e3",
      "11:35: “size” needs a whole number from 1 to 1,000,000, not the number 2e3 → write a whole number from 1 to 1,000,000"
    ),
    RefusedPipeline(
      "a number out of bounds", "size: 2000", "size: 0",
      "11:35: “size” needs a whole number from 1 to 1,000,000, not the number 0 → write a whole number from 1 to 1,000,000"
    ),
    RefusedPipeline(
      "a number of 20 digits", "size: 2000", "size: 99999999999999999999",
      "11:35: “size” needs a whole number from 1 to 1,000,000, not the number 99999999999999999999 → write a whole number from 1 to 1,000,000"
    ),
    RefusedPipeline(
      "no value", "size: 2000", "size:",
      "11:35: “size” has no value → write a whole number from 1 to 1,000,000, or leave the key out"),
    RefusedPipeline(
      "no value for a text", "name: handbook", "name:",
      "2:6: “name” has no value → write a name of 1 to 64 small letters, digits and hyphens"),
    RefusedPipeline(
      "yes for a Boolean", "languages: [es, en]", "lexical: yes",
      "13:23: “lexical” needs true or false, not “yes” → write true"),
    RefusedPipeline(
      "a text for a Boolean", "languages: [es, en]", "lexical: sometimes",
      "13:23: “lexical” needs true or false, not “sometimes” → write true or false"),
    RefusedPipeline(
      "a word that is near another", "by: structure", "by: struct",
      "11:18: “by” cannot be “struct” → did you mean “structure”? it can be: “structure”, “recursive”"),
    RefusedPipeline(
      "a word of its own", "by: structure", "by: magic",
      "11:18: “by” cannot be “magic” → it can be: “structure”, “recursive”"),
    RefusedPipeline(
      "a list for a word", "by: structure", "by: [structure]",
      "11:18: “by” needs one of “structure”, “recursive”, not a list → write one of “structure”, “recursive”"),
    RefusedPipeline(
      "a size without a known unit", "web: { ", "web: { limits: { page_size: 5 megs }, ",
      "9:39: “page_size” needs a size from 1KiB to 1GB, not “5 megs” → write a size from 1KiB to 1GB, such as 500KiB or 5MB"
    ),
    RefusedPipeline(
      "a size out of bounds", "web: { ", "web: { limits: { page_size: 10B }, ",
      "9:39: “page_size” needs a size from 1KiB to 1GB, not “10B” → write a size from 1KiB to 1GB, such as 500KiB or 5MB"
    ),
    RefusedPipeline(
      "a time without a unit", "web: { ", "web: { polite: { delay: 5 }, ",
      "9:35: “delay” needs a span of time from 0s to 1h, not the number 5 → write a span of time from 0s to 1h, such as 250ms, 30s or 6h"
    ),
    RefusedPipeline(
      "a time out of bounds", "web: { ", "web: { limits: { time: 31d }, ",
      "9:34: “time” needs a span of time from 1s to 30d, not “31d” → write a span of time from 1s to 30d, such as 250ms, 30s or 6h"
    ),
    RefusedPipeline(
      "a share above one", "to: ../snapshots", "to: ../snapshots\n  tolerate: { failed: 2 }",
      "16:23: “failed” needs a share from 0% to 100%, not the number 2 → write 2%, or a fraction such as 0.02"),
    RefusedPipeline(
      "a share above all", "to: ../snapshots", "to: ../snapshots\n  tolerate: { failed: 120% }",
      "16:23: “failed” needs a share from 0% to 100%, not “120%” → write a share from 0% to 100%, such as 2% or 0.02"),
    RefusedPipeline(
      "a share that is none", "to: ../snapshots", "to: ../snapshots\n  tolerate: { shrink: some }",
      "16:23: “shrink” needs a share from 0% to 100%, not “some” → write a share from 0% to 100%, such as 2% or 0.02"),
    RefusedPipeline(
      "a text for a list", "languages: [es, en]", "languages: es",
      "13:25: “languages” needs a list, not “es” → write [es]"),
    RefusedPipeline(
      "an empty list", "languages: [es, en]", "languages: []",
      "13:25: “languages” is empty → write at least one entry, or leave the key out"),
    RefusedPipeline(
      "an empty include", "path: ../pages", "path: ../pages, include: []",
      "7:46: “include” is empty → write at least one entry, or leave the key out"),
    RefusedPipeline(
      "an empty glob", "path: ../pages", "path: ../pages, exclude: [\"\"]",
      "7:47: entry 1 of “exclude” needs a glob, not an empty text → write a glob"),
    RefusedPipeline(
      "a text for a mapping", "clean: { content: main }", "clean: main",
      "10:12: “clean” needs a mapping, not “main” → write { key: value, … } with: “content”, “tables”, “code”, “links”, “templates”"
    ),
    RefusedPipeline(
      "a list for a mapping", "chunk: { by: structure, size: 2000 }", "chunk: [structure]",
      "11:12: “chunk” needs a mapping, not a list → write { key: value, … } with: “by”, “size”, “overlap”, “unit”"),
    RefusedPipeline(
      "nothing for a mapping", "clean: { content: main }", "clean:",
      "10:11: “clean” has no value → write {} for its defaults"),
    RefusedPipeline(
      "nothing for a mapping with demands", "publish:\n  to: ../snapshots", "publish:",
      "14:9: “publish” has no value → it needs: “to”"),
    RefusedPipeline(
      "a missing key", "folder: { path: ../pages }", "folder: {}",
      "7:11: “path” is missing in “folder” → add “path:”. The folder."),
    RefusedPipeline(
      "a missing key at the top", "name: handbook\n", "",
      "1:1: “name” is missing → add “name:”. The collection's name, and the folder of its snapshots below “publish.to”."
    ),
    RefusedPipeline(
      "a missing id", "id: files\n          folder", "folder",
      "6:11: “id” is missing in entry 1 of “sources” → add “id:”. The name that pages carry as their source; unique in the file."
    ),
    RefusedPipeline(
      "a bad name", "name: handbook", "name: Hand Book",
      "2:7: “name” needs a name of 1 to 64 small letters, digits and hyphens, not “Hand Book” → write a name of 1 to 64 small letters, digits and hyphens"
    ),
    RefusedPipeline(
      "a bad name from the environment", "name: handbook", "name: ${BAD_NAME}",
      "2:7: “name” needs a name of 1 to 64 small letters, digits and hyphens, not “${BAD_NAME}” (its value comes from the environment) → write a name of 1 to 64 small letters, digits and hyphens"
    ),
    RefusedPipeline(
      "a bad id", "id: files", "id: my files",
      "6:15: “id” needs a name of 1 to 64 letters, digits, hyphens and underscores, not “my files” → write a name of 1 to 64 letters, digits, hyphens and underscores"
    ),
    RefusedPipeline(
      "two sources with one id", "id: docs", "id: files",
      "8:15: two sources have the id “files”, the first on line 6 → give each source an id of its own"),
    RefusedPipeline(
      "a source of two kinds", "folder: { path: ../pages }",
      "folder: { path: ../pages }\n          web: { start: [\"http://a.example/\"] }",
      "8:11: entry 1 of “sources” has both “folder” and “web” → keep one of: “folder”, “web”, “confluence”, “table”"),
    RefusedPipeline(
      "a list of sources that is none",
      "sources:\n        - id: files\n          folder: { path: ../pages }\n        - id: docs\n          web: { start: [\"https://docs.example/\"] }",
      "sources: []",
      "5:16: “sources” is empty → write at least one entry"),
    RefusedPipeline(
      "a source that is a text", "- id: files\n          folder: { path: ../pages }", "- files",
      "6:11: entry 1 of “sources” needs a mapping, not “files” → write { key: value, … } with: “id”, “folder”, “web”, “confluence”, “table”"
    ),
    RefusedPipeline(
      "a start that is not http", "https://docs.example/", "ftp://docs.example/",
      "9:26: entry 1 of “start” needs an http or https address, not “ftp://docs.example/” → write an http or https address"
    ),
    RefusedPipeline(
      "a start without a host", "https://docs.example/", "https:///docs",
      "9:26: entry 1 of “start” needs an http or https address, not “https:///docs” → write an http or https address"),
    RefusedPipeline(
      "a start with credentials", "https://docs.example/", "https://ana:hunter2@docs.example/",
      "9:26: entry 1 of “start” holds credentials → take “user:password@” out of the address"),
    RefusedPipeline(
      "a start from the environment that is not http", "https://docs.example/", "${BAD_URL}",
      "9:26: entry 1 of “start” needs an http or https address, not “${BAD_URL}” (its value comes from the environment) → write an http or https address"
    ),
    RefusedPipeline(
      "a user agent of two lines", "web: { ", "web: { polite: { user_agent: \"a\\nb\" }, ",
      "9:40: “user_agent” needs a name such as acervo or acervo/1.0 (+https://…), not “a b” → write a name such as acervo or acervo/1.0 (+https://…)"
    ),
    RefusedPipeline(
      "an overlap as large as the size", "size: 2000", "size: 400, overlap: 400",
      "11:49: “overlap” (400) must be smaller than “size” (400) → write a smaller overlap, such as 40, or leave it out"
    ),
    RefusedPipeline(
      "a language that is none", "[es, en]", "[español]",
      "13:26: entry 1 of “languages” needs a language tag such as es, en or pt-BR, not “español” → write a language tag such as es, en or pt-BR"
    ),
    RefusedPipeline(
      "a language twice", "[es, en]", "[es, en, es]",
      "13:34: the language “es” stands twice → keep one of them"),
    RefusedPipeline(
      "tokens without an embedder", "size: 2000 }\n  - embed: { provider: local }",
      "unit: tokens }\n  - embed: { provider: none }",
      "11:35: “unit” is tokens, but no embedder is there to count them → write unit: characters, or name an embedder"),
    RefusedPipeline(
      "nothing to index", "provider: local }\n  - index: { languages: [es, en] }",
      "provider: none }\n  - index: { lexical: false }",
      "13:23: nothing would be indexed: neither words nor vectors → write lexical: true, or name an embedder"),
    RefusedPipeline(
      "a path from the home folder", "path: ../pages", "path: ~/pages",
      "7:27: “~” is not read as the home folder here → write ${HOME}/pages"),
    RefusedPipeline(
      "an unset variable", "path: ../pages", "path: \"${PAGES}/a\"",
      "7:28: the environment variable PAGES is not set → set it before running, or give a default: ${PAGES:-…}"),
    RefusedPipeline(
      "a second unset variable in one text", "path: ../pages", "path: \"${HOME}/${PAGES}\"",
      "7:36: the environment variable PAGES is not set → set it before running, or give a default: ${PAGES:-…}"),
    RefusedPipeline(
      "a malformed variable", "path: ../pages", "path: \"${PAGES:?}\"",
      "7:28: “${PAGES:?}” is not a variable → write ${NAME} or ${NAME:-default}, or $${ for a “${” that is meant literally"
    ),
    RefusedPipeline(
      "an open variable", "path: ../pages", "path: \"a/${PAGES\"",
      "7:30: “${PAGES” is not a variable → write ${NAME} or ${NAME:-default}, or $${ for a “${” that is meant literally"
    ),
    RefusedPipeline(
      "a version of later", "acervo: 1", "acervo: 2",
      "1:9: the file is of version 2, and this release reads version 1 → write acervo: 1, or use the release that the file was written for"
    ),
    RefusedPipeline(
      "a version that is no number", "acervo: 1", "acervo: one",
      "1:9: “acervo” needs the number 1, not “one” → write the number 1"),
    RefusedPipeline(
      "a stage out of order", "  - clean: { content: main }\n  - chunk: { by: structure, size: 2000 }",
      "  - chunk: { by: structure, size: 2000 }\n  - clean: { content: main }",
      "11:5: the stage “clean” stands after “chunk” → the stages always stand in this order: fetch, clean, chunk, embed, index"
    ),
    RefusedPipeline(
      "a stage twice", "  - clean: { content: main }", "  - clean: { content: main }\n  - clean: { content: all }",
      "11:5: the stage “clean” stands twice, first on line 10 → keep one of them"),
    RefusedPipeline(
      "a missing stage", "  - embed: { provider: local }\n", "",
      "3:1: the stage “embed” is missing → add “- embed: …”; the stages are, in this order: fetch, clean, chunk, embed, index"
    ),
    RefusedPipeline(
      "an unknown stage", "  - clean: {", "  - clena: {",
      "10:5: unknown stage “clena” → did you mean “clean”? the stages are: “fetch”, “clean”, “chunk”, “embed”, “index”"),
    RefusedPipeline(
      "a stage without settings", "  - clean: { content: main }", "  - clean",
      "10:5: the stage “clean” has no settings → write “- clean: {}” for its defaults"),
    RefusedPipeline(
      "two stages in one entry", "  - clean: { content: main }\n  - chunk:", "  - clean: { content: main }\n    chunk:",
      "10:5: this stage has 2 names: “clean”, “chunk” → begin each stage with “- ” of its own; check the indentation of what follows it"
    ),
    RefusedPipeline(
      "stages as a mapping",
      "  - fetch:\n      sources:\n        - id: files\n          folder: { path: ../pages }\n        - id: docs\n          web: { start: [\"https://docs.example/\"] }\n  - clean: { content: main }\n  - chunk: { by: structure, size: 2000 }\n  - embed: { provider: local }\n  - index: { languages: [es, en] }\n",
      "  fetch: {}\n",
      "4:3: “stages” needs a list, not a mapping → write “- fetch: …” and so on: “fetch”, “clean”, “chunk”, “embed”, “index”"
    ),
    RefusedPipeline(
      "a confluence source without a token", "web: { start: [\"https://docs.example/\"] }",
      "confluence: { url: \"https://acme.atlassian.net\", spaces: [SUP] }",
      "9:23: “access: restrictions” needs a “token”: without an account nobody's rights can be asked → add token: \"${CONFLUENCE_API_TOKEN}\", or write access: public"
    ),
    RefusedPipeline(
      "a confluence source with a user and no token", "web: { start: [\"https://docs.example/\"] }",
      "confluence: { url: \"https://acme.atlassian.net\", user: ana, access: public }",
      "9:60: “user” stands without a “token” → add token: \"${CONFLUENCE_API_TOKEN}\", or leave “user” out"),
    RefusedPipeline(
      "a space named twice", "web: { start: [\"https://docs.example/\"] }",
      "confluence: { url: \"https://acme.atlassian.net\", access: public, spaces: [SUP, SUP] }",
      "9:76: “spaces” names a space twice → name each once"),
    RefusedPipeline(
      "an unknown deployment", "web: { start: [\"https://docs.example/\"] }",
      "confluence: { url: \"https://acme.atlassian.net\", access: public, deployment: server }",
      "9:88: “deployment” cannot be “server” → it can be: “auto”, “cloud”, “data_center”"),
    RefusedPipeline(
      "a token in the file", "web: { start: [\"https://docs.example/\"] }",
      "confluence: { url: \"https://acme.atlassian.net\", token: hunter2 }",
      "9:67: “token” is a secret and must not stand in the file → write ${NAME} and set NAME in the environment"),
    RefusedPipeline(
      "one model twice", "provider: local", "provider: local, model: mini, also: ../models/mini",
      "12:50: “also” names the model that “model” names already → name another model, such as all-MiniLM-L6-v2, or leave it out"
    ),
    RefusedPipeline(
      "a second model without a first", "provider: local", "provider: none, also: mini",
      "12:36: “also” names a second model, but provider: none asks for no first one → leave “also” out, or write provider: local"
    ),
    RefusedPipeline(
      "an embedding provider", "provider: local", "provider: openai",
      "12:24: the provider “openai” needs to know which model → add model:, such as text-embedding-3-small"),
    RefusedPipeline(
      "a provider's setting without a provider", "provider: local", "provider: local, dimensions: 3",
      "12:43: “dimensions” is a provider's, but provider: local asks none → leave it out, or name a provider"),
    RefusedPipeline(
      "a local model beside a provider's", "provider: local", "provider: openai, model: m, also: n",
      "12:48: “also” names a second local model, but the first one is not of this machine → leave “also” out, or write provider: local"
    ),
    RefusedPipeline(
      "a price that is none", "provider: local", "provider: openai, model: m, price: -1",
      "12:49: “price” needs a number from 0 to 1000000, not the number -1 → write a number from 0 to 1000000"),
    RefusedPipeline(
      "a provider's key", "provider: local", "api_key: ${OPENAI_API_KEY}",
      "12:23: “${…}” needs quotes inside braces and brackets → write \"${NAME}\""),
    RefusedPipeline(
      "a gate without questions", "to: ../snapshots", "to: ../snapshots\n  gate: { at_least: { recall@4: 0.9 } }",
      "16:3: “questions” is missing in “gate” → add “questions:”. The file of golden questions."),
    RefusedPipeline(
      "a gate that lets everything through", "to: ../snapshots", "to: ../snapshots\n  gate: { questions: q.yaml }",
      "16:9: the gate would let everything through → add at_least: { recall@4: 0.9 } or worse_by_at_most"),
    RefusedPipeline(
      "measures that are none", "to: ../snapshots",
      "to: ../snapshots\n  gate:\n    questions: q.yaml\n    at_least: { recall@0: 0.9, refusal: 0.1 }\n"
        + "    worse_by_at_most: { precision: 2%, refusal: 2% }",
      "18:17: “recall@0” is no measure → write recall@K, hit@K, mrr@K or ndcg@K with K from 1 to 1000, or containment, abstention or refusal",
      "18:32: “refusal” is better the lower it is, so it cannot have a least value → put it into worse_by_at_most",
      "19:25: “precision” is no measure → write recall@K, hit@K, mrr@K or ndcg@K with K from 1 to 1000, or containment, abstention or refusal"
    ),
    RefusedPipeline(
      "a private key in the file", "to: ../snapshots",
      "to: ../snapshots\n  sign: { key: \"-----BEGIN PRIVATE KEY-----\" }",
      "16:16: “key” is a secret and must not stand in the file → put it into a file of its own and write its path, or write ${NAME}"
    ),
    RefusedPipeline(
      "a schedule of six fields", "name: handbook", "name: handbook\nschedule: \"0 0 */6 * * *\"",
      "3:11: “0 0 */6 * * *” is no cron expression: it has 6 fields, not five → write minute, hour, day of the month, month and day of the week, such as 0 */6 * * *"
    ),
    RefusedPipeline(
      "an hour that no day has", "name: handbook", "name: handbook\nschedule: { cron: \"0 24 * * *\", jitter: 2d }",
      "3:19: “0 24 * * *” is no cron expression: the hour “24” is none from 0 to 23 → write a list such as 6,18 or a step such as */6",
      "3:41: “jitter” needs a span of time from 0s to 1d, not “2d” → write a span of time from 0s to 1d, such as 250ms, 30s or 6h"
    ),
    RefusedPipeline(
      "a zone that is none", "name: handbook",
      "name: handbook\nschedule:\n  cron: \"@daily\"\n  time_zone: Europe/Madird",
      "5:14: “Europe/Madird” is no time zone of the tz database → write one such as UTC or Europe/Madrid; the package tzdata has them"
    ),
    RefusedPipeline(
      "a source of no kind", "          folder: { path: ../pages }\n", "",
      "6:11: entry 1 of “sources” does not say what it is → add one of: “folder”, “web”, “confluence”, “table”"),
    RefusedPipeline(
      "stages as an empty list",
      "stages:\n  - fetch:\n      sources:\n        - id: files\n          folder: { path: ../pages }\n        - id: docs\n          web: { start: [\"https://docs.example/\"] }\n  - clean: { content: main }\n  - chunk: { by: structure, size: 2000 }\n  - embed: { provider: local }\n  - index: { languages: [es, en] }\n",
      "stages: []\n",
      "3:1: the stage “fetch” is missing → add “- fetch: …”; the stages are, in this order: fetch, clean, chunk, embed, index",
      "3:1: the stage “chunk” is missing → add “- chunk: …”; the stages are, in this order: fetch, clean, chunk, embed, index",
      "3:1: the stage “embed” is missing → add “- embed: …”; the stages are, in this order: fetch, clean, chunk, embed, index",
      "3:1: the stage “index” is missing → add “- index: …”; the stages are, in this order: fetch, clean, chunk, embed, index"
    ),
    RefusedPipeline(
      "a stage that is a list", "- clean: { content: main }", "- [clean]",
      "10:5: a stage needs a name and settings, not a list → write “- fetch: …”"),
    RefusedPipeline(
      "a number as a stage", "- clean: { content: main }", "- 5",
      "10:5: a stage needs a name and settings, not the number 5 → write “- fetch: …”"),
    RefusedPipeline(
      "a quoted variable in braces", "by: structure", "by: \"${BY}\"",
      "11:18: “by” needs one of “structure”, “recursive”, and variables are read only in texts → write the value itself"
    ),
    RefusedPipeline(
      "a quoted text of two lines", "name: handbook", "name: \"hand\\nbook\\e[31m\"",
      "2:7: “name” needs a name of 1 to 64 small letters, digits and hyphens, not “hand book [31m” → write a name of 1 to 64 small letters, digits and hyphens"
    ),
    RefusedPipeline(
      "a table that says nothing of where its rows are", "folder: { path: ../pages }",
      "table: { key: [sku], title: \"{sku}\", body: [sku] }",
      "7:11: “table” does not say what it is → add one of: “csv”, “jsonl”, “postgresql”"),
    RefusedPipeline(
      "a table without anything to tell rows by", "folder: { path: ../pages }",
      "table: { csv: p.csv, title: \"{sku}\", body: [sku] }",
      "7:18: nothing tells one row from another → add key: [column], or url: with a {column} in it"),
    RefusedPipeline(
      "a template without a column", "folder: { path: ../pages }",
      "table: { csv: p.csv, key: [sku], title: name, body: [sku] }",
      "7:51: “title” names no column → write a column in braces, such as {name}"),
    RefusedPipeline(
      "a template with an open brace", "folder: { path: ../pages }",
      "table: { csv: p.csv, key: [sku], title: \"{name\", body: [sku] }",
      "7:51: “title”: a “{” is not closed → write {column}, or “{{” for a brace"),
    RefusedPipeline(
      "a connection in the file", "folder: { path: ../pages }",
      "table: { postgresql: { connection: host=db, query: SELECT 1 }, key: [sku], title: \"{a}\", body: [a] }",
      "7:46: “connection” is a secret and must not stand in the file → write ${NAME} and set NAME in the environment"),
    RefusedPipeline(
      "a field of two kinds", "folder: { path: ../pages }",
      "table: { csv: p.csv, key: [a], title: \"{a}\", body: [a], fields: { date: number } }",
      "7:77: “date” is a date in every collection, not a number → write type: date, or choose another name"),
    RefusedPipeline(
      "numbers of what are none", "folder: { path: ../pages }",
      "table: { csv: p.csv, key: [a], title: \"{a}\", body: [a], fields: { b: { type: keyword, numbers: es } } }",
      "7:97: “numbers” is for numbers, and this is a keyword → leave it out, or write type: number"),
  ]
}
