import AcervoTesting
import Connectors
import Testing

@Suite struct GlobTests {
  @Test(arguments: [
    ("*.html", "a.html", true), ("*.html", "a/b.html", false), ("**/*.html", "a.html", true),
    ("**/*.html", "a/b/c.html", true), ("/docs/**", "/docs/", true), ("/docs/**", "/docs/a/b?x=1", true),
    ("/docs/**", "/docs", false), ("/docs/**", "/other/docs/a", false), ("**/print/**", "/a/print/b", true),
    ("**/print/**", "/a/sprint/b", false), ("a/**/b", "a/b", true), ("a/**/b", "a/x/y/b", true),
    ("a/**/b", "axb", false), ("a**b", "a/x/b", true), ("?.md", "é.md", true), ("?.md", "/.md", false),
    ("[a-c]x", "bx", true), ("[!a-c]x", "bx", false), ("[^a-c]x", "dx", true), ("[!a]x", "/x", false),
    ("[]]x", "]x", true), ("[a-]x", "-x", true), ("[\\]]", "]", true), ("*.{md,txt}", "a.txt", true),
    ("*.{md,txt}", "a.html", false), ("{a,b/{c,d}}/x", "b/d/x", true), ("{a,}x", "x", true), ("{**/,}x", "p/q/x", true),
    ("\\*", "*", true), ("\\*", "a", false), ("a,b", "a,b", true), ("a}", "a}", true), ("", "", true), ("", "a", false),
    ("**", "", true), ("**", "a/b", true), ("*", "", true), ("*a*", "banana", true), ("A", "a", false),
    ("https://e.org/**", "https://e.org/x/y", true), ("\\", "\\", true), ("***/x", "a/x", true),
  ])
  func `a pattern takes what it says`(pattern: String, path: String, matches: Bool) throws {
    #expect(try Glob(pattern).matches(path) == matches)
  }

  @Test(arguments: [
    ("a[b", "this [ has no ]; write \\[ for the character itself (character 2 of the pattern)"),
    ("x{a,b", "this { has no }; write \\{ for the character itself (character 2 of the pattern)"),
    ("[z-a]", "this range runs backwards; write the lower character first (character 4 of the pattern)"),
    ("[", "this [ has no ]; write \\[ for the character itself (character 1 of the pattern)"),
  ])
  func `a broken pattern is refused with its place`(pattern: String, message: String) {
    let error = #expect(throws: GlobError.self) { try Glob(pattern) }
    #expect(error?.description == message)
  }

  @Test func `a pattern beyond the limit is refused`() {
    #expect(throws: GlobError.self) { try Glob(String(repeating: "a", count: Glob.maximumLength + 1)) }
  }

  @Test(.timeLimit(.minutes(1)), arguments: ["*a", "**/", "{a,*}", "{", "?*", "[a-z]*"])
  func `no pattern takes more than bounded time`(part: String) {
    let many = String(repeating: part, count: 250 / part.utf8.count)
    guard let glob = try? Glob(many + String(repeating: "}", count: part == "{" ? many.utf8.count : 0) + "b") else {
      return
    }
    #expect(!glob.matches(String(repeating: "a", count: 400)))
  }

}

@Suite struct GlobFuzzTests {
  @Test func `no pattern stops the reader`() {
    let pieces = ["*", "**", "/", "?", "[", "]", "!", "^", "-", "{", "}", ",", "\\", "a", "é", "💩"]
    for var random in FuzzRounds(3_000, seed: 11) {
      guard let glob = try? Glob(random.text(from: pieces, upTo: 12)) else { continue }
      _ = glob.matches(random.text(from: pieces, upTo: 12))
    }
  }
}
