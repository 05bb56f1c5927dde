import Cleaning
import Corpus
import Testing

@Suite struct TableTests {
  @Test func `rows repeat the header`() throws {
    let html = """
      <table><caption>Disks</caption><thead><tr><th>Name<th>Size:</thead><tr><td>disk<td>20 GB<tr><td>tape<td></table>
      """
    #expect(try blocks(html) == ["caption: Disks", "row: Name: disk; Size: 20 GB", "row: Name: tape"])
  }

  @Test func `a first column of headers names the row`() throws {
    let html = "<table><tr><th>CPU<td>8<tr><th>RAM:<td>32 GB</table>"
    #expect(try blocks(html) == ["row: CPU: 8", "row: RAM: 32 GB"])
  }

  @Test func `spans are filled`() throws {
    let html = """
      <table><tr><th rowspan=2>Plan<th colspan=2>Price<tr><th>Month<th>Year
      <tr><td rowspan=2>Pro<td>1<td>10<tr><td>2<td>20<tr><td colspan=3>All prices in euro</table>
      """
    #expect(
      try blocks(html) == [
        "row: Plan: Pro; Price Month: 1; Price Year: 10", "row: Plan: Pro; Price Month: 2; Price Year: 20",
        "row: All prices in euro",
      ])
  }

  @Test func `spans of a million cost nothing`() throws {
    let cell = "<td rowspan=1000000 colspan=1000000>x"
    let html = "<table><tr><th>H<th>I" + String(repeating: "<tr>\(cell)\(cell)", count: 2000) + "</table>"
    #expect(try blocks(html).count <= 2001)
  }

  @Test func `a huge header is not repeated for ever`() throws {
    let header = String(repeating: "word ", count: 20_000)
    let html = "<table><tr><th>\(header)<th>b" + String(repeating: "<tr><td>1<td>2", count: 5000) + "</table>"
    #expect(try blocks(html).reduce(0) { $0 + $1.utf8.count } < 1_000_000)
  }

  @Test func `a table that lays out the page is read as if it were not there`() throws {
    let layout = """
      <table><tr><td><ul><li>menu</ul><td><h2>Head</h2><p>Body</p><table><tr><th>A<th>B<tr><td>1<td>2</table></table>
      """
    #expect(try blocks(layout) == ["li0: - menu", "h2: Head", "p: Body", "row: A: 1; B: 2"])
    #expect(
      try blocks("<table role=presentation><tr><td>a<td>b<tr><td>c<td>d</table>").allSatisfy { $0.hasPrefix("p") })
    #expect(try blocks("<table><tr><td>only</table>") == ["p: only"])
  }

  @Test func `cells keep the words of lists, breaks and nested tables, and their links`() throws {
    let html = """
      <table><tr><th>K<th>V<tr><td>a<br>b<td><ul><li>x<li><a href=/y>y</a></ul><table><tr><td>n<td>m</table></table>
      """
    #expect(try blocks(html) == ["row: K: a b; V: x y n m"])
    let clean = try Cleaner().clean(
      Document(source: "t", url: "https://h.example/", mediaType: .html, body: Array(html.utf8)))
    let links = clean.blocks.flatMap(\.links)
    #expect(links.map { clean.text.slice($0.range).map(String.init) } == ["y"])
  }
}
