import AcervoTesting
import Foundation
import Testing

/// `acervo access` on the sample snapshot of format 2: an open, a closed and a restricted page.
@Suite struct AccessCommandTests {
  private static let snapshots = Project.root + "/fixtures/snapshots/v2"

  private func access(_ arguments: String...) throws -> Ended {
    try run("acervo", ["access"] + arguments + ["--snapshots", Self.snapshots])
  }

  @Test func `The exit code says whether somebody may read a page`() throws {
    let page = "https://help.example/passwords"
    let member = try access("explain", page, "--as", "user:bo")
    #expect(member.status == 0)
    #expect(member.output.contains("in        group:support\n"))
    #expect(member.output.contains("yes       space OPS: group:support\nso        may read it\n"))
    let stranger = try access("explain", page, "--as", "user:eva", "--as", "group:sales")
    #expect(stranger.status == 6)
    #expect(stranger.output.contains("no        space OPS: needs group:support (1 member) or user:ana\n"))
    #expect(try access("explain", page).status == 6)
    #expect(try access("explain", "https://help.example/backups").status == 0)
    #expect(try access("explain", "https://help.example/unknown", "--as", "user:bo").output.contains("closed"))
    let missing = try access("explain", "https://help.example/nowhere", "--as", "user:bo")
    #expect(missing.status == 66 && missing.errors.contains("mend:"))
    #expect(try access("explain", page, "--as", "bo").status == 64)
  }

  @Test func `It is told as JSON, too`() throws {
    let result = try access("explain", "https://help.example/passwords", "--as", "user:bo", "--json")
    let json = try #require(try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any])
    #expect(json["allowed"] as? Bool == true && json["groups"] as? [String] == ["group:support"])
    let list = try access("list", "--as", "user:bo", "--json")
    let counts = try #require(try JSONSerialization.jsonObject(with: Data(list.output.utf8)) as? [String: Any])
    #expect(["open", "restricted", "closed", "readable"].map { counts[$0] as? Int } == [2, 1, 1, 3])
    let text = try access("list")
    #expect(text.status == 0 && text.output.contains("closed      1 document: nobody may read it\n"))
  }
}
