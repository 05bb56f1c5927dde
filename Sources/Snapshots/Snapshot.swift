public import Corpus

/// A published snapshot, mapped read-only; safe to read from any number of threads.
public final class Snapshot: Sendable {
  /// What it is.
  public let manifest: SnapshotManifest

  /// Opens a snapshot folder and checks that manifest and file belong together.
  ///
  /// - Parameters:
  ///   - folder: the snapshot's folder.
  ///   - verifiesContent: also recomputes the hash of the whole file.
  /// - Throws: `SnapshotError` naming the folder, what is wrong and the mend.
  public init(folder: String, verifiesContent: Bool = false) throws {
    preconditionFailure("under construction")
  }

  /// A document by number, from 0 in the order of URLs.
  public func document(_ number: Int) throws -> DocumentRecord {
    preconditionFailure("under construction")
  }

  /// The number of the document with a URL.
  public func documentNumber(url: String) throws -> Int? {
    preconditionFailure("under construction")
  }

  /// A chunk by number, from 0 in the order of documents.
  public func chunk(_ number: Int) throws -> Chunk {
    preconditionFailure("under construction")
  }

  /// The number of the document that a chunk belongs to.
  public func document(ofChunk number: Int) throws -> Int {
    preconditionFailure("under construction")
  }

  /// One value of a search index, read in place; nil when there is none.
  ///
  /// The bytes stay valid while the snapshot lives.
  public func section(_ name: String, part: UInt32) throws -> UnsafeRawBufferPointer? {
    preconditionFailure("under construction")
  }
}
