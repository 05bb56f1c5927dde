internal import Corpus
internal import Pipelines

/// Comments stand below their page and are read by whoever may read it. They have versions of their own.
extension ConfluenceRun {
  /// Lists all comments without their words, so that pages are fetched whose comments changed.
  mutating func listComments() async throws {
    guard settings.comments else { return }
    do {
      var marks: [CommentMark] = []
      try await face.comments(in: spaces.map(\.space)) { marks += $0 }
      comments = CommentInventory(marks)
    } catch let error as ConfluenceError where !error.endsRun {
      cuts.append("comments cannot be listed, so those on pages that did not change stay as they were: \(error)")
    }
  }

  /// What stands for the comments on a page now.
  func commentsMark(of id: String) -> String {
    guard settings.comments else { return PageMark.noComments }
    return comments?.digest(of: id) ?? PageMark.unknownComments
  }

  /// Whether a page's comments are to be asked for: where there are any, where there were, and where nothing is known.
  func mayHaveComments(_ id: String, before: PageMark?) -> Bool {
    guard settings.comments else { return false }
    return comments?.hasComments(on: id) ?? true || before.map { $0.comments != "0" } ?? false
  }

  /// Whether all comments that came stand in the list: then they are older than what is known of readers.
  func areListed(_ came: [ConfluenceComment], on id: String) -> Bool {
    came.allSatisfy { comments?.holds($0.mark, on: id) ?? false }
  }

  /// The comments as they stand below a page.
  func shown(_ comments: [ConfluenceComment]) -> [StorageEnvelope.Comment] {
    comments.threads.map { comment, isAnswer in
      StorageEnvelope.Comment(
        author: comment.author.flatMap { people[$0] } ?? "",
        day: comment.modified.map { String(Moment.text($0).prefix(10)) },
        // An answer is about what its question is about.
        selection: isAnswer ? nil : comment.selection, isAnswer: isAnswer, body: comment.storage)
    }
  }
}
