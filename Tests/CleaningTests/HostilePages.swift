import AcervoTesting
import Cleaning
import Corpus
import Testing

/// Makes broken pages out of small whole ones.
struct PageMutator {
  private var numbers: SeededGenerator

  init(_ numbers: SeededGenerator) { self.numbers = numbers }

  private static let seeds = [
    "<title>T</title><h1 id=a>H<a class=headerlink href='#a'>¶</a></h1><p>a <b>b</b>&nbsp;c<br><br>d</p>",
    "<table><caption>C</caption><tr><th rowspan=2>A<th colspan=3>B<tr><td>1<td>2<tr><td><table><tr><td>x</table></table>",
    "<ul><li>a<ol start=4 reversed><li value=7>b</ol><li><p>c<p>d</ul><dl><dt>t<dd>d<p>e</dl><blockquote>q</blockquote>",
    "<pre class=language-c><code>x\n<span class=linenos>1</span>\r\n\ty</code></pre><figure><img alt=z><figcaption>f</figure>",
    "<main><article><nav>n</nav><p>text of the article, and more of it</p><aside>s</aside></article></main><footer>f</footer>",
    "<!DOCTYPE html><meta charset=utf-8><base href='//x/y/'><a href='../z?q#f'>ñ e\u{301} 漢字 \u{200B}</a><noscript>n</noscript>",
    "<svg><title>t</title></svg><math alttext='a'>b</math><ruby>c<rt>d</ruby><abbr title=e>f</abbr><q>g</q>x<sup>2</sup>",
    "# H\n\n- a\n  1. b\n\n| a | b |\n|---|---|\n| c | d |\n\n```c\nx\n```\n> q\n\n---\ntitle: x\n---\n[a](b)",
  ]

  private static let pieces = [
    "<", ">", "</", "/>", "\"", "'", "=", "&", "&#", "&#x110000;", "&#0;", "<!--", "-->", "<![CDATA[", "]]>", "<?",
    "<!DOCTYPE",
    "<table>", "<tr>", "<td colspan=99999999999 rowspan=-1>", "</table>", "<script>", "</script>", "<style>", "<pre>",
    "<a href='",
    "<ul><li>", "</body>", "</html>", "<frameset>", "<head>", "<select>", "<plaintext>", "<textarea>",
    "<base href='::'>",
    "<div hidden>", "<template>", "<noscript>", "<meta charset='", "\0", "\u{FFFD}", "\u{1F468}\u{200D}\u{1F469}",
    "\u{301}\u{301}",
    "<ol start=-9223372036854775808>", "<li value=9223372036854775807>", "<h7>", "<x:y z:w=1>", "\r", "\t",
  ].map { Array($0.utf8) }

  mutating func next() -> [UInt8] {
    var page: [UInt8] = []
    for _ in 0..<Int.random(in: 1...4, using: &numbers) {
      page += Array((Self.seeds.randomElement(using: &numbers) ?? "").utf8)
    }
    for _ in 0..<Int.random(in: 1...24, using: &numbers) { numbers.mutate(&page, with: Self.pieces) }
    return page
  }
}

/// What must hold of every clean document; nil where it does.
func fault(of clean: CleanDocument) -> String? {
  let bytes = Array(clean.text.utf8)
  var position = 0
  for block in clean.blocks {
    if block.range.start < position || block.range.isEmpty { return "block \(block.range) after \(position)" }
    if clean.text.slice(block.range) == nil { return "block \(block.range) outside \(bytes.count)" }
    let gap = bytes[position..<block.range.start]
    if position > 0, Array(gap) != [0x0A], Array(gap) != [0x0A, 0x0A] { return "no separator at \(position)" }
    for link in block.links {
      if link.range.start < block.range.start || link.range.end > block.range.end || link.range.isEmpty
        || clean.text.slice(link.range) == nil
      {
        return "link \(link.range) outside \(block.range)"
      }
    }
    position = block.range.end
  }
  if position != bytes.count { return "text after the last block" }
  if bytes.contains(where: { $0 < 0x20 && $0 != 0x0A && $0 != 0x09 || $0 == 0x7F }) { return "control character" }
  return nil
}
