public import Corpus

/// Somewhere documents come from.
///
/// A source pushes what it finds through `emit`, which suspends while the stages behind are busy: that is the
/// back-pressure. The order of events may depend on timing; the set of documents must not.
public protocol Source: Sendable {
  /// The `id` of the pipeline file.
  var id: String { get }

  /// Lists and fetches everything, or what `memory.only` names.
  ///
  /// Of every page that `memory.pages` names the source says what became of it: a page of which it says nothing stays
  /// in the index as it is.
  ///
  /// - Parameters:
  ///   - memory: what earlier runs saw.
  ///   - emit: called for each event, from several tasks at once.
  /// - Returns: whether the listing ran to its end: only then may absence mean anything.
  /// - Throws: `SourceError` when the source cannot be read at all; what `emit` and `memory` throw;
  ///   `CancellationError`.
  func fetch(
    _ memory: SourceMemory, _ emit: @escaping @Sendable (SourceEvent) async throws -> Void
  ) async throws -> SourceListing
}

/// What a source found.
public enum SourceEvent: Sendable {
  /// A document, and how it came, to be handed back by `SourceMemory.visit` in the next run.
  case document(Document, PageVisit?)
  /// A document whose bytes are as they were when it was last fetched, and what the source knows of it now beside
  /// them; nil where that, too, is as it was.
  case unchanged(url: String, DocumentFacts?)
  /// A group with all its members as they are now: users, and groups whose members it takes in.
  ///
  /// A group of which the source cannot tell all members is not told. A group that a page's rule names and of which a
  /// run is told nothing has nobody; one that no page names in a listing that was cut short stays as it was known.
  case group(Principal, members: Set<Principal>)
  /// What is known now of an address that is no document of its own, or is unchanged.
  case visited(url: String, PageVisit)
  /// An address that should have given a document and did not.
  case failed(SourceFailure)
  /// An address left out by a rule: counted and shown, not an error.
  ///
  /// With an absence, the source vouches that the address has no document any more; without one, a document that
  /// the index has of it stays.
  case skipped(url: String, reason: String, Absence?)
}

/// Why an address has no document of its own: the proof without which a page does not leave the index.
public enum Absence: Sendable, Equatable {
  /// The address itself says so: 404, 410, no such file.
  case gone
  /// The settings, robots.txt or the page itself keep it out.
  case outOfScope
  /// The page redirects there for good, or calls that address its own.
  case moved(to: String)
  /// The page has the same bytes as another one.
  case duplicate(of: String)
}

/// An address that should have given a document and did not.
public struct SourceFailure: Error, Sendable, Equatable {
  /// The address.
  public var url: String
  /// What happened and, where there is one, the way to mend it.
  public var reason: String

  /// Makes a failure.
  public init(url: String, reason: String) {
    self.url = url
    self.reason = reason
  }
}

/// How a listing ended.
public struct SourceListing: Sendable, Equatable {
  /// Nil when the listing ran to its declared end; otherwise what cut it short (a limit, an outage).
  public var cutShort: String?
  /// How many requests were made.
  public var requests: Int
  /// How many bytes of bodies came in, decoded.
  public var bytes: Int
  /// What the requests cost in points of the site's quota; nil where the source counts none.
  public var points: Int?
  /// What operators should know though it cut nothing short.
  public var notes: [String]

  /// Makes a listing's summary.
  public init(cutShort: String? = nil, requests: Int = 0, bytes: Int = 0, points: Int? = nil, notes: [String] = []) {
    self.cutShort = cutShort
    self.requests = requests
    self.bytes = bytes
    self.points = points
    self.notes = notes
  }
}

/// Why a source cannot be read at all.
public struct SourceError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The source's id.
  public var source: String
  /// What happened, where and how to mend it.
  public var description: String

  /// Makes an error.
  public init(source: String, _ description: String) {
    self.source = source
    self.description = description
  }
}

/// How far a source is, for people who watch.
public struct SourceProgress: Sendable, Equatable {
  /// How many addresses are known so far.
  public var known: Int
  /// How many of them are decided: documents, skipped and failed ones.
  public var done: Int
  /// How many of them gave a document.
  public var kept: Int

  /// Makes a count.
  public init(known: Int, done: Int, kept: Int) {
    self.known = known
    self.done = done
    self.kept = kept
  }
}
