internal import Glibc

/// Checks that a finished file's pages are what LMDB takes them for, before LMDB trusts them.
///
/// LMDB follows page numbers and offsets without looking: one flipped bit in a branch page ends the process. This walks
/// over the same pages once (branches and leaves; of long values only the place is looked at, as LMDB does) and refuses
/// what would lead outside of the file or to a page twice. The numbers are those of LMDB 0.9's data format, version 1, on 64 bits: page
/// and node headers, `MDB_meta` and `MDB_db` in mdb.c.
struct FileStructure {
  /// `P_BRANCH`, `P_LEAF`, `P_META` of a page's flags.
  private enum PageFlags {
    static let branch: UInt16 = 1
    static let leaf: UInt16 = 2
    static let meta: UInt16 = 8
  }

  /// `F_BIGDATA`, `F_SUBDATA` of a node's flags.
  private enum NodeFlags {
    static let long: UInt16 = 1
    static let tree: UInt16 = 2
  }

  private static let pageHeader = 16
  private static let nodeHeader = 8
  private static let treeRecord = 48
  private static let noPage = UInt64.max
  /// `CURSOR_STACK`: LMDB goes no deeper.
  private static let maximumDepth = 32

  private let bytes: UnsafeRawBufferPointer
  private let path: String
  private let pageSize: Int
  private let pageCount: Int
  /// For each page the tree that it was found in, by its place in `names`; 0 where none was.
  private var owners: [UInt8]
  private var names = ["", "the tree of tables"]

  /// Checks a file.
  ///
  /// - Complexity: O(branch and leaf pages).
  static func check(path: String, size: Int) throws(LMDBError) {
    try map(path: path, size: size) { (bytes) throws(LMDBError) in
      var structure = try FileStructure(bytes, path)
      try structure.walk()
    }
  }

  /// Says what stands in a part of a file: the names of tables, as far as the file's pages can be followed.
  static func contents(path: String, size: Int, range: Range<Int>) throws(LMDBError) -> [String] {
    try map(path: path, size: size) { (bytes) throws(LMDBError) in
      var structure = try FileStructure(bytes, path)
      // What is damaged leads no further; what was found before still has its name.
      try? structure.walk()
      let pages = range.clamped(to: 0..<size)
      let first = pages.lowerBound / structure.pageSize
      let end = min((pages.upperBound + structure.pageSize - 1) / structure.pageSize, structure.pageCount)
      guard first < end else { return [] }
      let numbers = Set(structure.owners[first..<end]).sorted().filter { $0 > 0 }
      return (first < 2 ? ["the file's head"] : []) + numbers.map { structure.names[Int($0)] }
    }
  }

  private static func map<Value>(
    path: String, size: Int, _ body: (UnsafeRawBufferPointer) throws(LMDBError) -> Value
  ) throws(LMDBError) -> Value {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw LMDBError(number: errno, action: "open “\(path)”") }
    defer { close(file) }
    guard let address = mmap(nil, size, PROT_READ, MAP_SHARED, file, 0), address != MAP_FAILED else {
      throw LMDBError(number: errno, action: "map “\(path)”")
    }
    defer { munmap(address, size) }
    return try body(UnsafeRawBufferPointer(start: address, count: size))
  }

  private init(_ bytes: UnsafeRawBufferPointer, _ path: String) throws(LMDBError) {
    self.bytes = bytes
    self.path = path
    // The page size stands in the record of the tree of free pages.
    pageSize = Int(bytes.loadUnaligned(fromByteOffset: 40, as: UInt32.self))
    guard [4096, 8192, 16_384, 32_768].contains(pageSize), bytes.count >= 2 * pageSize else {
      throw LMDBError(notADatabase: path)
    }
    pageCount = bytes.count / pageSize
    owners = [UInt8](repeating: 0, count: pageCount)
  }

  private func number<Number: FixedWidthInteger & BitwiseCopyable>(_ offset: Int, as: Number.Type) -> Number {
    Number(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: Number.self))
  }

  private func damaged(_ reason: String) -> LMDBError {
    LMDBError(damaged: path, reason: reason)
  }

  private mutating func walk() throws(LMDBError) {
    // LMDB takes the meta page of the later transaction; either must be sound.
    for page in 0..<2 {
      let start = page * pageSize
      guard number(start + 10, as: UInt16.self) & PageFlags.meta != 0,
        number(start + 16, as: UInt32.self) == 0xBEEF_C0DE
      else { throw LMDBError(notADatabase: path) }
      // Bit 0 of the environment's flags, MDB_FIXEDMAP, would let the file choose its address.
      guard number(start + 40, as: UInt32.self) == UInt32(pageSize), number(start + 44, as: UInt16.self) & 1 == 0,
        number(start + 136, as: UInt64.self) < UInt64(pageCount)
      else { throw damaged("meta page \(page) does not fit a file of \(pageCount) pages") }
    }
    let first = number(144, as: UInt64.self)
    let second = number(pageSize + 144, as: UInt64.self)
    // A file written once has had one transaction; where both are alike, LMDB's choice is not ours to guess.
    guard first != second else { throw damaged("its meta pages are of one transaction") }
    let meta = first > second ? 0 : pageSize
    try tree(meta + 88, holdsTrees: true, owner: 1)
  }

  /// A tree by its `MDB_db` record.
  private mutating func tree(_ record: Int, holdsTrees: Bool, owner: UInt8) throws(LMDBError) {
    guard number(record + 4, as: UInt16.self) == 0 else {
      throw damaged("a tree has other flags than ours")
    }
    let root = number(record + 40, as: UInt64.self)
    guard root != Self.noPage else { return }
    var pages = [(page: root, depth: 1)]
    while let (page, depth) = pages.popLast() {
      guard depth <= Self.maximumDepth, page >= 2, page < UInt64(pageCount), owners[Int(page)] == 0 else {
        throw damaged("a tree leads to page \(page) of \(pageCount), or there twice")
      }
      owners[Int(page)] = owner
      let start = Int(page) * pageSize
      let flags = number(start + 10, as: UInt16.self)
      guard flags == PageFlags.branch || flags == PageFlags.leaf, number(start, as: UInt64.self) == page else {
        throw damaged("page \(page) is neither branch nor leaf")
      }
      for node in try nodes(page) {
        if flags == PageFlags.branch {
          let low = UInt64(number(node, as: UInt32.self))
          pages.append((low | UInt64(number(node + 4, as: UInt16.self)) << 32, depth + 1))
        } else {
          try leaf(node, end: start + pageSize, holdsTrees: holdsTrees, owner: owner)
        }
      }
    }
  }

  /// Where the nodes of a page begin, header and key being inside of it.
  private func nodes(_ page: UInt64) throws(LMDBError) -> [Int] {
    let start = Int(page) * pageSize
    let lower = Int(number(start + 12, as: UInt16.self))
    let upper = Int(number(start + 14, as: UInt16.self))
    let isBranch = number(start + 10, as: UInt16.self) == PageFlags.branch
    let count = (lower - Self.pageHeader) / 2
    guard lower >= Self.pageHeader, lower.isMultiple(of: 2), lower <= upper, upper <= pageSize,
      count >= (isBranch ? 2 : 1)
    else { throw damaged("page \(page) has no sound header") }
    var nodes: [Int] = []
    nodes.reserveCapacity(count)
    for index in 0..<count {
      let offset = Int(number(start + Self.pageHeader + 2 * index, as: UInt16.self))
      guard offset >= upper, offset + Self.nodeHeader <= pageSize,
        case let key = Int(number(start + offset + 6, as: UInt16.self)), key <= Environment.maximumKeyLength,
        offset + Self.nodeHeader + key <= pageSize
      else { throw damaged("node \(index) of page \(page) lies outside of it") }
      nodes.append(start + offset)
    }
    return nodes
  }

  private mutating func leaf(_ node: Int, end: Int, holdsTrees: Bool, owner: UInt8) throws(LMDBError) {
    let size = Int(number(node, as: UInt32.self))
    let flags = number(node + 4, as: UInt16.self)
    let data = node + Self.nodeHeader + Int(number(node + 6, as: UInt16.self))
    switch flags {
    case 0:
      guard data + size <= end else { throw damaged("a value leaves its page") }
    case NodeFlags.long:
      guard data + 8 <= end else { throw damaged("a long value's place leaves its page") }
      let first = number(data, as: UInt64.self)
      let pages = (Self.pageHeader + size + pageSize - 1) / pageSize
      guard first >= 2, first < UInt64(pageCount), Int(first) + pages <= pageCount else {
        throw damaged("a long value leaves the file")
      }
      for page in Int(first)..<Int(first) + pages {
        guard owners[page] == 0 else { throw damaged("a long value shares page \(page) with another one") }
        owners[page] = owner
      }
    case NodeFlags.tree:
      guard holdsTrees, size == Self.treeRecord, data + size <= end else {
        throw damaged("a tree stands where none can")
      }
      guard names.count <= Int(UInt8.max) else { throw damaged("it has more than \(UInt8.max - 2) tables") }
      let key = UnsafeRawBufferPointer(rebasing: bytes[node + Self.nodeHeader..<data])
      names.append(String(decoding: key, as: UTF8.self))
      try tree(data, holdsTrees: false, owner: UInt8(names.count - 1))
    default: throw damaged("a value is of a kind that we do not write")
    }
  }
}
