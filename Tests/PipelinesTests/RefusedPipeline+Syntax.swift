/// Files that are not YAML, or more of YAML than settings need.
extension RefusedPipeline {
  static let syntax: [RefusedPipeline] = [
    RefusedPipeline(
      "a variable for a number", "size: 2000", "size: ${SIZE}",
      "11:35: “${…}” needs quotes inside braces and brackets → write \"${NAME}\""),
    RefusedPipeline(
      "a key twice", "name: handbook", "name: handbook\nname: manual",
      "3:1: the key “name” stands twice, first on line 2 → keep one of them"),
    RefusedPipeline(
      "an anchor", "name: handbook", "name: &n handbook",
      "2:7: anchors (“&name”) are not read in settings → remove it and repeat the value"),
    RefusedPipeline(
      "an alias", "name: handbook", "name: *n",
      "2:7: aliases (“*name”) are not read in settings → write the value itself, in quotes if it begins with “*”"),
    RefusedPipeline(
      "a merge key", "clean: { content: main }", "clean: { <<: { content: main } }",
      "10:14: merge keys (“<<”) are not read in settings → repeat the values"),
    RefusedPipeline(
      "a tag", "name: handbook", "name: !!str handbook",
      "2:7: tags (“!name”) are not read in settings → remove it"),
    RefusedPipeline(
      "a key that is a list", "name: handbook", "name: handbook\n? [a]\n: b",
      "3:3: a key must be a word, not a list → write “key: value”"),
    RefusedPipeline(
      "a second document", "name: handbook", "name: handbook\n---\nname: two",
      "3:1: a second document begins here → remove “---”; settings are one document"),
    RefusedPipeline(
      "a directive", "acervo: 1", "%YAML 1.1\n---\nacervo: 1",
      "1:1: “%” directives are not read in settings → remove them"),
    RefusedPipeline(
      "a tab for indentation", "  - clean", "\t- clean",
      "10:1: a tab cannot indent → indent with spaces"),
    RefusedPipeline(
      "a tab before a key", "  to: ../snapshots", "\tto: ../snapshots",
      "15:1: a tab cannot indent → indent with spaces"),
    RefusedPipeline(
      "a colon in a text", "path: ../pages }", "path: ../pages }: x",
      "7:37: a “key: value” cannot stand here → check the indentation; a value that holds “: ” needs quotes"),
    RefusedPipeline(
      "two colons on a line", "name: handbook", "name: hand: book",
      "2:11: a “key: value” cannot stand here → check the indentation; a value that holds “: ” needs quotes"),
    RefusedPipeline(
      "wrong indentation of a key", "  to: ../snapshots", "  to: ../snapshots\n keep: 5",
      "16:2: the mapping above does not go on like this → bring the key to the indentation of the keys above it; look for an open quote further up"
    ),
    RefusedPipeline(
      "wrong indentation of an entry", "  - embed", "   - embed",
      "12:4: the list above does not go on like this → begin each entry with “- ” at the same indentation"),
    RefusedPipeline(
      "an open bracket", "[es, en]", "[es, en",
      "13:33: the “[” of line 13 is not closed, or a comma is missing before this → write “]” or “,”"),
    RefusedPipeline(
      "an open brace", "{ content: main }", "{ content: main",
      "11:10: the “{” of line 10 is not closed, or a comma is missing before this → write “}” or “,”"),
    RefusedPipeline(
      "an open quote", "name: handbook", "name: \"handbook",
      "9:27: the mapping above does not go on like this → bring the key to the indentation of the keys above it; look for an open quote further up"
    ),
    RefusedPipeline(
      "a key without a colon", "name: handbook", "name",
      "2:1: “:” is missing after a key → write “key: value”, with a space after the colon"),
    RefusedPipeline(
      "a value that begins with %", "name: handbook", "name: %a",
      "2:7: no value begins with “%” → put quotes around the value"),
    RefusedPipeline(
      "a value that begins with @", "name: handbook", "name: @a",
      "2:7: no value begins with “@” → put quotes around the value"),
    RefusedPipeline(
      "an unknown escape", "path: ../pages", "path: \"..\\pages\"",
      "7:30: there is no such escape in a quoted text → write “\\\\” for a backslash, or use single quotes"),
    RefusedPipeline(
      "a list after a key", "name: handbook", "name: - handbook",
      "2:7: a list cannot begin here → put the first “- ” on a line of its own"),
    RefusedPipeline(
      "an empty file",
      "acervo: 1\nname: handbook\nstages:\n  - fetch:\n      sources:\n        - id: files\n          folder: { path: ../pages }\n        - id: docs\n          web: { start: [\"https://docs.example/\"] }\n  - clean: { content: main }\n  - chunk: { by: structure, size: 2000 }\n  - embed: { provider: local }\n  - index: { languages: [es, en] }\npublish:\n  to: ../snapshots\n",
      "",
      "0:0: the file is empty → it needs: “acervo”, “name”, “stages”, “publish”"),
    RefusedPipeline(
      "a file of comments",
      "acervo: 1\nname: handbook\nstages:\n  - fetch:\n      sources:\n        - id: files\n          folder: { path: ../pages }\n        - id: docs\n          web: { start: [\"https://docs.example/\"] }\n  - clean: { content: main }\n  - chunk: { by: structure, size: 2000 }\n  - embed: { provider: local }\n  - index: { languages: [es, en] }\npublish:\n  to: ../snapshots\n",
      "# nothing\n",
      "0:0: the file is empty → it needs: “acervo”, “name”, “stages”, “publish”"),
    RefusedPipeline(
      "a file that is a text",
      "acervo: 1\nname: handbook\nstages:\n  - fetch:\n      sources:\n        - id: files\n          folder: { path: ../pages }\n        - id: docs\n          web: { start: [\"https://docs.example/\"] }\n  - clean: { content: main }\n  - chunk: { by: structure, size: 2000 }\n  - embed: { provider: local }\n  - index: { languages: [es, en] }\npublish:\n  to: ../snapshots\n",
      "handbook\n",
      "1:1: the file needs a mapping, not “handbook” → write { key: value, … } with: “acervo”, “name”, “stages”, “publish”, “state”, “schedule”"
    ),
    RefusedPipeline(
      "a control character", "name: handbook", "name: hand\u{7}book",
      "2:11: the control character U+0007 → remove it; in a quoted string it can be written as an escape"),
    RefusedPipeline(
      "no space after a colon", "size: 2000", "size:2000",
      "11:29: unknown key “size:2000” in “chunk” → put a space after the colon: “size: …”"),
    RefusedPipeline(
      "no space after a colon in a block", "name: handbook", "name:handbook",
      "2:1: “:” is missing after a key → write “key: value”, with a space after the colon"),
  ]
}
