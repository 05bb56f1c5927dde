/// Why a change cannot be made on a site.
public struct LabEditError: Error, CustomStringConvertible {
  /// What is wrong.
  public var description: String
}

extension LabSite {
  private mutating func change(_ id: Int64, _ edit: (inout Content) throws -> Void) throws {
    guard var content = contents[id] else { throw LabEditError(description: "no content \(id)") }
    noticeLater(id)
    try edit(&content)
    contents[id] = content
    generation += 1
  }

  /// Remembers what the search index goes on seeing for a while.
  private mutating func noticeLater(_ id: Int64) {
    guard indexLag > 0 else { return }
    let now = now
    if let waiting = unindexed[id], waiting.until > now { return }
    unindexed[id] = (now + indexLag, contents[id])
  }

  /// Puts a page, blog post, folder … on the site.
  ///
  /// - Parameters:
  ///   - kind: what it is.
  ///   - title: its title.
  ///   - key: the space's key.
  ///   - parent: what it hangs below; nil is the top.
  ///   - status: where it stands in its life.
  ///   - text: the storage-format body; nil is one made up from the seed.
  ///   - labels: its labels.
  ///   - time: when it was made, in milliseconds since 1970; nil is now.
  ///   - author: who made it; nil is the indexer's account.
  ///   - seed: decides the made-up body.
  /// - Returns: its id.
  /// - Throws: `LabEditError` when there is no such space or parent.
  @discardableResult
  public mutating func add(
    _ kind: Kind = .page, title: String, space key: String, below parent: Int64? = nil, status: Status = .current,
    text: String? = nil, labels: [String] = [], at time: Int64? = nil, by author: String? = nil, seed: UInt64 = 0
  ) throws -> Int64 {
    guard let space = space(key) else { throw LabEditError(description: "no space “\(key)”") }
    if let parent, contents[parent]?.space != space.id {
      throw LabEditError(description: "no content \(parent) in the space “\(key)”")
    }
    let id = takeID()
    let created = time ?? now
    let author = author ?? indexer
    noticeLater(id)
    contents[id] = Content(
      id: id, kind: kind, status: status, title: title, space: space.id, parent: parent, position: Int(id % 100_000),
      author: author, createdAt: created, version: Version(number: 1, createdAt: created, author: author),
      labels: labels, text: text, seed: seed == 0 ? UInt64(id) &* 0x9E37_79B9_7F4A_7C15 : seed)
    order.append(id)
    generation += 1
    return id
  }

  mutating func takeID() -> Int64 {
    nextID += 3
    return nextID
  }

  /// Publishes a new version of a page.
  ///
  /// - Parameters:
  ///   - id: the page.
  ///   - text: its body; nil makes up the rest as before, with the sentence that names the version.
  ///   - title: a new title, if any.
  ///   - isMinor: whether nobody is to be told.
  /// - Throws: `LabEditError` when there is no such page.
  public mutating func edit(_ id: Int64, text: String? = nil, title: String? = nil, isMinor: Bool = false) throws {
    let now = now
    let author = indexer
    try change(id) { content in
      content.version = Version(
        number: content.version.number + 1, createdAt: now, author: author, isMinor: isMinor)
      if let text { content.text = text }
      if let title { content.title = title }
    }
  }

  /// Renames a content: a new version with the same body.
  public mutating func rename(_ id: Int64, to title: String) throws {
    // The made-up body names the version, so what it says now is kept as it is.
    let text = contents[id].map(body)
    try edit(id, text: text, title: title)
  }

  /// Hangs a content below another, or at the top of a space; what is below it comes along.
  ///
  /// No new version.
  public mutating func move(_ id: Int64, below parent: Int64?, space key: String? = nil) throws {
    if let parent {
      guard contents[parent] != nil else { throw LabEditError(description: "no content \(parent)") }
      guard parent != id, !ancestors(parent).contains(id) else {
        throw LabEditError(description: "\(parent) hangs below \(id)")
      }
    }
    guard let target = parent.flatMap({ contents[$0]?.space }) ?? key.map({ space($0)?.id }) ?? contents[id]?.space
    else { throw LabEditError(description: "no space “\(key ?? "")”") }
    let from = contents[id]?.space
    try change(id) { content in
      content.parent = parent
      content.position += 7
    }
    guard target != from else { return }
    var moved = [id]
    while let next = moved.popLast() {
      moved += children(next).map(\.id)
      try change(next) { $0.space = target }
    }
  }

  /// Puts labels on a content in the place of those it has.
  ///
  /// No new version.
  public mutating func label(_ id: Int64, _ labels: [String]) throws {
    try change(id) { $0.labels = labels }
  }

  /// Archives a content and what is below it.
  ///
  /// No new version.
  public mutating func archive(_ id: Int64) throws {
    var all = [id]
    while let next = all.popLast() {
      all += children(next).filter { $0.status == .current }.map(\.id)
      try change(next) { $0.status = .archived }
    }
  }

  /// Moves a content to the trash; what hangs below it goes to its parent, as on Confluence.
  public mutating func trash(_ id: Int64) throws {
    let parent = contents[id]?.parent
    try change(id) { $0.status = .trashed }
    for child in children(id) where child.status != .trashed {
      try change(child.id) { $0.parent = parent }
    }
  }

  /// Takes a content out of the trash or the archive; without its old parent it stands at the top.
  public mutating func restore(_ id: Int64) throws {
    let parent = contents[id]?.parent
    let hasParent = parent.flatMap { contents[$0]?.status } == .current
    try change(id) { content in
      content.status = .current
      if !hasParent { content.parent = nil }
    }
  }

  /// Removes a content for good.
  public mutating func purge(_ id: Int64) throws {
    try trash(id)
    // Trashed things may still hang below it.
    for child in children(id) { try change(child.id) { $0.parent = nil } }
    noticeLater(id)
    contents[id] = nil
    order.removeAll { $0 == id }
    comments.removeAll { $0.content == id }
    attachments.removeAll { $0.content == id }
    generation += 1
  }

  /// Restricts who may read a content; nil lifts its own restriction.
  ///
  /// No new version.
  public mutating func restrict(_ id: Int64, to readers: Subjects?) throws {
    try change(id) { $0.readers = readers.flatMap { $0.isEmpty ? nil : $0 } }
  }

  /// Says who may read a space.
  public mutating func permit(space key: String, to readers: Subjects) throws {
    guard let index = spaces.firstIndex(where: { $0.key == key }) else {
      throw LabEditError(description: "no space “\(key)”")
    }
    spaces[index].readers = readers
    generation += 1
  }

  /// Archives a space, or takes it back.
  public mutating func archive(space key: String, _ isArchived: Bool = true) throws {
    guard let index = spaces.firstIndex(where: { $0.key == key }) else {
      throw LabEditError(description: "no space “\(key)”")
    }
    spaces[index].isArchived = isArchived
    generation += 1
  }

  /// Removes a space with everything in it.
  public mutating func delete(space key: String) throws {
    guard let space = space(key) else { throw LabEditError(description: "no space “\(key)”") }
    let gone = Set(order.filter { contents[$0]?.space == space.id })
    for id in gone {
      noticeLater(id)
      contents[id] = nil
    }
    order.removeAll(where: gone.contains)
    comments.removeAll { gone.contains($0.content) }
    attachments.removeAll { gone.contains($0.content) }
    spaces.removeAll { $0.id == space.id }
    generation += 1
  }

  /// Says who is in a group.
  public mutating func members(of group: String, _ members: Set<String>) throws {
    guard let index = groups.firstIndex(where: { $0.id == group || $0.name == group }) else {
      throw LabEditError(description: "no group “\(group)”")
    }
    groups[index].members = members
    generation += 1
  }

  /// Makes a space.
  ///
  /// - Returns: its id.
  @discardableResult
  public mutating func addSpace(
    _ key: String, name: String, type: String = "global", readers: Subjects? = nil, at time: Int64? = nil
  ) -> Int64 {
    let id = takeID()
    spaces.append(
      Space(
        id: id, key: key, name: name, type: type, author: indexer, createdAt: time ?? now,
        readers: readers ?? Subjects(groups: [everybody])))
    generation += 1
    return id
  }

  /// Makes an account; it is in the group of all.
  public mutating func addUser(_ name: String, accountID: String) {
    let login = name.lowercased().split(whereSeparator: { !$0.isLetter && !$0.isNumber }).joined(separator: ".")
    let number = users.count + 1
    users[accountID] = User(
      accountID: accountID, userKey: "4028b2818a0" + String(number + 0x10000, radix: 16).padded(to: 21),
      username: login, displayName: name, email: login + "@acme.example")
    if let index = groups.firstIndex(where: { $0.id == everybody }) { groups[index].members.insert(accountID) }
    generation += 1
  }

  /// Gives an account another name.
  public mutating func rename(user account: String, to name: String) throws {
    guard users[account] != nil else { throw LabEditError(description: "no user “\(account)”") }
    users[account]?.displayName = name
    generation += 1
  }

  /// Makes a group.
  public mutating func addGroup(_ name: String, id: String, members: Set<String> = []) {
    groups.append(Group(id: id, name: name, members: members))
    generation += 1
  }

  /// Puts a comment on a page or blog post.
  ///
  /// The page's version stays as it is.
  ///
  /// - Returns: its id.
  @discardableResult
  public mutating func comment(
    on content: Int64, _ text: String, about selection: String? = nil, answering parent: Int64? = nil,
    by author: String? = nil, at time: Int64? = nil
  ) -> Int64 {
    let id = takeID()
    // An answer stands where its question does.
    let selection = selection ?? parent.flatMap { id in comments.first { $0.id == id }?.selection }
    comments.append(
      Comment(
        id: id, content: content, parent: parent, selection: selection,
        version: Version(number: 1, createdAt: time ?? now, author: author ?? indexer), text: text))
    generation += 1
    return id
  }

  private mutating func change(comment id: Int64, _ edit: (inout Comment) -> Void) throws {
    guard let index = comments.firstIndex(where: { $0.id == id }) else {
      throw LabEditError(description: "no comment \(id)")
    }
    edit(&comments[index])
    generation += 1
  }

  /// Writes a comment anew: its version, not the page's.
  public mutating func edit(comment id: Int64, _ text: String) throws {
    let now = now
    try change(comment: id) { comment in
      comment.text = text
      comment.version.number += 1
      comment.version.createdAt = now
    }
  }

  /// Settles an inline comment, or opens it again.
  public mutating func resolve(comment id: Int64, _ isResolved: Bool = true) throws {
    guard comments.contains(where: { $0.id == id && $0.selection != nil }) else {
      throw LabEditError(description: "\(id) is no inline comment")
    }
    try change(comment: id) { $0.resolution = isResolved ? "resolved" : "reopened" }
  }

  /// Removes a comment with its answers.
  public mutating func remove(comment id: Int64) throws {
    try change(comment: id) { _ in }
    var gone: Set<Int64> = [id]
    for comment in comments where comment.parent.map(gone.contains) == true { gone.insert(comment.id) }
    comments.removeAll { gone.contains($0.id) }
  }

  /// Attaches a file to a page or blog post.
  ///
  /// - Returns: its id.
  @discardableResult
  public mutating func attach(
    _ name: String, _ bytes: [UInt8], type: String, to content: Int64, by author: String? = nil, at time: Int64? = nil
  ) -> Int64 {
    let id = takeID()
    attachments.append(
      Attachment(
        id: id, content: content, name: name, mediaType: type, bytes: bytes,
        version: Version(number: 1, createdAt: time ?? now, author: author ?? indexer)))
    generation += 1
    return id
  }

  private mutating func change(file id: Int64, _ edit: (inout Attachment) -> Void) throws {
    guard let index = attachments.firstIndex(where: { $0.id == id }) else {
      throw LabEditError(description: "no attachment \(id)")
    }
    edit(&attachments[index])
    generation += 1
  }

  /// Uploads a new version of a file.
  public mutating func upload(file id: Int64, _ bytes: [UInt8]) throws {
    let now = now
    try change(file: id) { file in
      file.bytes = bytes
      file.version.number += 1
      file.version.createdAt = now
    }
  }

  /// Puts a file into the trash.
  public mutating func trash(file id: Int64) throws { try change(file: id) { $0.status = .trashed } }
}

extension String {
  /// The text with zeros before it, up to a length.
  func padded(to length: Int) -> String { String(repeating: "0", count: max(0, length - utf8.count)) + self }
}
