import AcervoTesting
import Corpus
import Foundation
import Testing

@testable import Credentials

@Suite struct KeyFileTests {
  private static let now: Int64 = 1_800_000_000

  private func made(_ name: String = "support", expires: Int64? = nil) throws -> (record: KeyRecord, key: String) {
    let principals = try [#require(Principal("group:staff"))]
    return try KeyRecord.make(
      name: name, scopes: ["metrics", "ask"], principals: principals, expires: expires, now: Self.now)
  }

  @Test func `a key is random, known by its id, and kept as a hash alone`() throws {
    let (record, key) = try made()
    #expect(key.hasPrefix("acv_\(record.id)_"))
    #expect(key.utf8.count == 4 + 10 + 1 + 43)
    #expect(KeyRecord.id(of: key) == record.id)
    #expect(record.isShown(as: key))
    #expect(!record.isShown(as: String(key.dropLast())))
    #expect(record.scopes == ["ask", "metrics"])
    let text = KeyFile(keys: [record]).text
    let secret = try #require(key.split(separator: "_", maxSplits: 2).last)
    #expect(!text.contains(secret))
    #expect(try made().key != key)
  }

  @Test(arguments: ["", "acv_", "acv_abcdefghij", "acv_abcdefghijX", "acv_abcdefghi0_x", "other_abcdefghij_x"])
  func `what is no key of ours has no id`(text: String) { #expect(KeyRecord.id(of: text) == nil) }

  @Test func `a key is refused when it is over or taken back`() throws {
    var (record, _) = try made(expires: Self.now + 10)
    #expect(record.isValid(at: Self.now + 9))
    #expect(!record.isValid(at: Self.now + 10))
    record.expires = nil
    #expect(record.isValid(at: .max))
    record.revoked = Self.now
    #expect(!record.isValid(at: Self.now))
  }

  @Test func `a file is read as it was written`() throws {
    var (second, _) = try made("«two» \"2\"", expires: Self.now + 1)
    second.revoked = Self.now + 2
    let file = KeyFile(keys: [try made().record, second])
    #expect(try KeyFile(parsing: Array(file.text.utf8), path: "keys") == file)
    #expect(try KeyFile(parsing: Array(KeyFile().text.utf8), path: "keys") == KeyFile())
  }

  @Test(arguments: [
    ("", "the text ends where a value should stand at byte 0"), ("{}", "it is not of version 1 (“acervo_keys”: 1)"),
    (#"{"acervo_keys": 1}"#, "“keys” has to be a list of at most 10000"),
    (#"{"acervo_keys": 1, "keys": [{}]}"#, "entry 1 of “keys” is not a key"),
    (
      #"{"acervo_keys":1,"keys":[{"id":"abcdefghij","name":"x","sha256":"00","scopes":["ask"],"principals":[],"#
        + #""created":"2026-01-01T00:00:00Z"}]}"#, "entry 1 of “keys” is not a key"
    ),
  ])
  func `a file that is not right is refused`(text: String, reason: String) {
    let error = #expect(throws: CredentialsError.self) { try KeyFile(parsing: Array(text.utf8), path: "k.json") }
    #expect(
      error?.description
        == "the keys' file “k.json” cannot be used: \(reason); restore it, or make another with “acervo keys new”")
  }

  @Test func `two keys of one id are refused`() throws {
    let record = try made().record
    #expect(throws: CredentialsError.self) {
      try KeyFile(parsing: Array(KeyFile(keys: [record, record]).text.utf8), path: "k")
    }
  }

  @Test func `changes are written for the owner alone, and a failed one leaves the file`() throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/keys.json"
    let record = try made().record
    try KeyFile.update(path) { $0.keys.append(record) }
    let attributes = try FileManager.default.attributesOfItem(atPath: path)
    #expect(attributes[.posixPermissions] as? Int == 0o600)
    #expect(throws: POSIXError.self) {
      try KeyFile.update(path) { file in
        file.keys = []
        throw POSIXError(.EIO)
      }
    }
    #expect(try KeyFile.read(path).keys == [record])
  }

  @Test func `writers at the same time lose no key`() async throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/keys.json"
    try await withThrowingTaskGroup(of: Void.self) { group in
      for number in 0..<16 {
        group.addTask {
          let record = try KeyRecord.make(name: "key \(number)", scopes: ["ask"], now: Self.now).record
          try KeyFile.update(path) { $0.keys.append(record) }
        }
      }
      for try await _ in group {}
    }
    #expect(try KeyFile.read(path).keys.count == 16)
  }

  @Test func `a missing file is told as such`() {
    let error = #expect(throws: CredentialsError.self) { try KeyFile.read("/nowhere/keys.json") }
    #expect(error?.code == .missing)
  }

  @Test(arguments: [("", ["ask"]), ("x", []), ("x", ["open"]), ("a\nb", ["ask"])])
  func `a key needs a name and a scope`(name: String, scopes: [String]) {
    #expect(throws: CredentialsError.self) { try KeyRecord.make(name: name, scopes: scopes, now: 0) }
  }
}
