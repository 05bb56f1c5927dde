/// Reads passages beside a question and says how well each answers it: slower than vectors, and better.
public protocol Reranker: Sendable {
  /// Scores passages.
  ///
  /// - Parameters:
  ///   - passages: what may answer.
  ///   - question: the question.
  /// - Returns: one number a passage, in order; higher is better, comparable within one call.
  /// - Throws: what keeps it from reading them.
  func scores(of passages: [String], for question: String) async throws -> [Float]
}
