public import Corpus

/// A project: a collection, with the models that are asked side by side about it.
public struct ProjectSettings: Sendable, Equatable {
  /// What requests call it.
  public var id: String
  /// The collection that its evidence comes from.
  public var collection: String
  /// The models that are asked, by name or provider; nil: all of the service.
  public var models: [String]?
  /// Who makes one answer of theirs, by name or provider; nil: the first model of the service.
  public var moderator: String?
  /// Who may ask; nil: whoever may ask the service.
  ///
  /// What they find is a matter of the pages' own readers.
  public var readers: [Principal]?

  /// Makes a project that whoever may ask the service may ask, and that all models answer.
  public init(id: String, collection: String) {
    self.id = id
    self.collection = collection
  }
}
