internal import Corpus

/// A comment as a list of all of them shows it: without its words.
struct CommentMark: Sendable, Equatable {
  var id: String
  /// The page or blog post; nil where a list names only the comment that it answers.
  var content: String?
  /// The comment that it answers; nil for one that begins a thread.
  var parent: String?
  /// The number of its newest version.
  var version: Int
  /// Whether somebody settled the question: inline comments only.
  var isResolved = false

  /// What of it changes when it changes.
  var text: String { "\(id) \(version) \(isResolved)" }
}

/// A comment with its words.
struct ConfluenceComment: Sendable, Equatable {
  var mark: CommentMark
  /// The account that wrote its newest version.
  var author: String?
  /// When that was, in seconds since 1970.
  var modified: Int64?
  /// The words on the page that it is about; nil for a comment below the page.
  var selection: String?
  /// Storage format.
  var storage: String
}

/// All comments of a site, without their words: what is asked for when one came, went or changed.
///
/// A comment moves no version of its page.
struct CommentInventory: Sendable {
  /// By page, in the order of their ids.
  private var marks: [String: [CommentMark]] = [:]
  /// Comments that are answered; nil where the lists show no answers at all, and so do not tell.
  private(set) var answered: Set<String>?

  init(_ all: some Sequence<CommentMark>) {
    let byID = Dictionary(all.map { ($0.id, $0) }, uniquingKeysWith: { $1 })
    for mark in byID.values {
      guard let content = Self.content(of: mark, in: byID) else { continue }
      marks[content, default: []].append(mark)
    }
    for content in marks.keys { marks[content]?.sort { ($0.id.utf8.count, $0.id) < ($1.id.utf8.count, $1.id) } }
    let parents = Set(byID.values.compactMap(\.parent))
    answered = parents.isEmpty ? nil : parents
  }

  /// Answers may name their page or only what they answer.
  private static func content(of mark: CommentMark, in all: [String: CommentMark]) -> String? {
    var mark = mark
    for _ in 0..<100 {
      if let content = mark.content { return content }
      guard let parent = mark.parent.flatMap({ all[$0] }) else { return nil }
      mark = parent
    }
    return nil
  }

  /// Whether a page has any.
  func hasComments(on id: String) -> Bool { marks[id] != nil }

  /// Whether a comment stands in the list as it is now.
  func holds(_ mark: CommentMark, on id: String) -> Bool {
    marks[id]?.contains { $0.text == mark.text } ?? false
  }

  /// What stands for a page's comments: the same as long as they are; `0` for none.
  func digest(of id: String) -> String {
    guard let marks = marks[id] else { return "0" }
    var hasher = ContentHasher()
    for mark in marks { hasher.update(mark.text) }
    return String(hasher.finish().description.prefix(16))
  }
}

extension [ConfluenceComment] {
  /// Threads in the order in which they were begun, each comment before its answers; those that are settled left out.
  ///
  /// An answer whose question is not there stands by itself.
  var threads: [(comment: ConfluenceComment, isAnswer: Bool)] {
    let order = sorted { ($0.mark.id.utf8.count, $0.mark.id) < ($1.mark.id.utf8.count, $1.mark.id) }
    let ids = Set(order.map(\.mark.id))
    var answers: [String: [ConfluenceComment]] = [:]
    var waiting: [(ConfluenceComment, Bool)] = []
    for comment in order {
      if let parent = comment.mark.parent, ids.contains(parent), parent != comment.mark.id {
        answers[parent, default: []].append(comment)
      } else {
        waiting.append((comment, comment.mark.parent != nil))
      }
    }
    waiting.reverse()
    var threads: [(comment: ConfluenceComment, isAnswer: Bool)] = []
    while let (comment, isAnswer) = waiting.popLast() {
      guard !comment.mark.isResolved else { continue }
      threads.append((comment, isAnswer))
      waiting += (answers.removeValue(forKey: comment.mark.id) ?? []).reversed().map { ($0, true) }
    }
    return threads
  }
}
