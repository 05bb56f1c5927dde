internal import Corpus
internal import Markup

/// Tables: each row becomes a block that can be understood alone, with its columns' headers.
extension ContentWalk {
  /// Whether a table holds data; otherwise it only lays out the page, and its content is read as if it were not there.
  func isDataTable(_ facts: PageAnalysis.TableFacts) -> Bool {
    guard options.keepsTables || facts.headerCells > 0 else { return false }
    if facts.isPresentation || facts.rows < 1 { return false }
    let isMarked = facts.headerCells > 0 || facts.hasHead || facts.hasCaption
    if facts.hasTable, !isMarked { return false }
    // One column, or one row, says nothing that paragraphs do not say.
    if facts.cells <= facts.rows { return false }
    if facts.rows == 1, facts.headerCells != 1 { return false }
    return isMarked ? facts.structures <= facts.cells / 4 + 1 : facts.structures == 0
  }

  private struct Cell {
    var words: InlineText
    var isHeader: Bool
    var columns: Int
    var rows: Int
  }

  /// A place of the grid: which cell covers it, and whether the cell begins here.
  private struct Place {
    var cell: Int
    var isOrigin: Bool
  }

  mutating func table(_ node: MarkupNode) {
    guard options.keepsTables else { return }
    let group = newGroup()
    var cells: [Cell] = []
    var rows: [[Int]] = []
    var headRows = 0
    var headEnd = 0
    var inner = node + 1
    let end = page.end(of: node)
    while inner < end {
      guard !page.isText(inner) else {
        inner += 1
        continue
      }
      let next = page.end(of: inner)
      if analysis.verdicts[inner] == .dropped {
        inner = next
        continue
      }
      switch page.tag(of: inner) {
      case .caption:
        write(.caption, flat(from: inner + 1, to: next), group: group)
        inner = next
      case .thead:
        headEnd = next
        inner += 1
      case .tr:
        rows.append([])
        if inner < headEnd { headRows = rows.count }
        inner += 1
      case .td, .th:
        if rows.isEmpty { rows.append([]) }
        rows[rows.count - 1].append(cells.count)
        cells.append(cell(inner, next))
        inner = next
      case .tbody, .tfoot, .form, .colgroup: inner += 1
      default: inner = page.tag(of: inner) == .table ? next : inner + 1
      }
    }
    write(rows, cells, headRows: headRows, group: group)
  }

  private mutating func cell(_ node: MarkupNode, _ next: MarkupNode) -> Cell {
    func span(_ attribute: MarkupAttribute, _ most: Int) -> Int {
      let value = page.value(of: attribute, in: node).flatMap { Int($0) } ?? 1
      return min(max(value, 1), most)
    }
    let columns = span(.colspan, 1000)
    let rows = span(.rowspan, 65_534)
    return Cell(
      words: flat(from: node + 1, to: next), isHeader: page.tag(of: node) == .th, columns: columns, rows: rows)
  }

  /// Lays cells out in a grid, spans filled; the grid never grows beyond a small multiple of the cells.
  private func grid(_ rows: [[Int]], _ cells: [Cell]) -> [[Place]] {
    var budget = cells.count * 8 + 4096
    var grid: [[Place]] = []
    var hanging: [(column: Int, cell: Int, left: Int)] = []
    for row in rows {
      var places: [Place] = []
      var pending = hanging[...]
      hanging = []
      func hang() {
        while let next = pending.first, next.column <= places.count {
          pending.removeFirst()
          places.append(Place(cell: next.cell, isOrigin: false))
          budget -= 1
          if next.left > 1, budget > 0 { hanging.append((places.count - 1, next.cell, next.left - 1)) }
        }
      }
      for index in row {
        hang()
        for offset in 0..<cells[index].columns {
          if offset > 0, budget <= 0 { break }
          if cells[index].rows > 1, budget > 0 { hanging.append((places.count, index, cells[index].rows - 1)) }
          places.append(Place(cell: index, isOrigin: offset == 0))
          budget -= 1
        }
      }
      hang()
      grid.append(places)
    }
    return grid
  }

  private mutating func write(_ rows: [[Int]], _ cells: [Cell], headRows: Int, group: Int) {
    let grid = grid(rows, cells)
    var first = max(0, min(headRows, grid.count))
    if first == 0 {
      while first < grid.count, isHeaderRow(grid[first], cells) { first += 1 }
    }
    let isHeaderOnly = first >= grid.count
    if isHeaderOnly { first = 0 }
    let headers = isHeaderOnly ? [] : self.headers(grid[..<first], cells)
    for places in grid[first...] {
      let row = self.row(places, cells, headers)
      if !row.isEmpty { write(.tableRow, row, group: group) }
    }
  }

  private func isHeaderRow(_ places: [Place], _ cells: [Cell]) -> Bool {
    let origins = places.filter(\.isOrigin)
    return origins.count > 1 && origins.allSatisfy { cells[$0.cell].isHeader || cells[$0.cell].words.isEmpty }
      && origins.contains { !cells[$0.cell].words.isEmpty }
  }

  private func headers(_ rows: ArraySlice<[Place]>, _ cells: [Cell]) -> [InlineText] {
    var headers: [InlineText] = []
    var last: [Int] = []
    for places in rows {
      // A title across the whole table heads no column.
      if places.count > 1, Set(places.map(\.cell)).count == 1 { continue }
      for (column, place) in places.enumerated() where !cells[place.cell].words.isEmpty {
        while headers.count <= column {
          headers.append(InlineText())
          last.append(-1)
        }
        guard last[column] != place.cell, headers[column].bytes.count < 200 else { continue }
        last[column] = place.cell
        if !headers[column].isEmpty { headers[column].space() }
        var words = cells[place.cell].words
        words.links = []
        if words.bytes.count <= 200 { headers[column].append(words) }
      }
    }
    for column in headers.indices {
      headers[column].finish()
      if headers[column].bytes.last == UInt8(ascii: ":") { headers[column] = headers[column].withoutLast() }
    }
    return headers
  }

  private mutating func row(_ places: [Place], _ cells: [Cell], _ headers: [InlineText]) -> InlineText {
    var row = InlineText()
    var afterRowHeader = false
    let isWhole = places.count > 1 && Set(places.map(\.cell)).count == 1
    for (column, place) in places.enumerated() {
      let cell = cells[place.cell]
      guard !cell.words.isEmpty, !isWhole || column == 0 else { continue }
      let header = column < headers.count && !isWhole ? headers[column] : InlineText()
      let repeated = header.bytes.count + (place.isOrigin ? 0 : cell.words.bytes.count)
      if !place.isOrigin {
        // The same cell again beside itself adds a header at most; below itself it completes the row.
        let isBeside = column > 0 && places[column - 1].cell == place.cell
        if repeated > repetitionBudget || (isBeside && header.isEmpty) { continue }
      }
      if !row.isEmpty {
        if !afterRowHeader { row.append(";") } else if row.bytes.last != UInt8(ascii: ":") { row.append(":") }
        row.space()
      }
      afterRowHeader = cell.isHeader && header.isEmpty
      if !header.isEmpty, repeated <= repetitionBudget {
        row.append(header)
        row.append(":")
        row.space()
      }
      repetitionBudget -= min(repeated, repetitionBudget)
      row.append(cell.words)
    }
    return row
  }
}

extension InlineText {
  fileprivate func withoutLast() -> InlineText {
    InlineText.of(String(decoding: bytes.dropLast(), as: UTF8.self))
  }
}
