import AcervoTesting
import Foundation
import Testing

private let manual = "/usr/share/doc/postgresql-doc-15/html"
private let nginx = "/usr/sbin/nginx"

/// A real site of more than a thousand pages, served by a real web server on loopback.
@Suite(.serialized, .enabled(if: Project.isThere(manual) && Project.isThere(nginx), "scripts/setup test"))
struct SiteTests {
  private let folder: TemporaryFolder
  private let server: Process
  private let port: Int

  init() throws {
    let folder = try TemporaryFolder()
    self.folder = folder
    let port = Int.random(in: 20_000..<30_000)
    self.port = port
    let places = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
      .map { "\($0)_temp_path \(folder.path)/\($0);" }.joined(separator: " ")
    let configuration = try folder.write(
      """
      daemon off; pid \(folder.path)/pid; worker_processes 1; error_log stderr crit;
      events { worker_connections 128; }
      http {
        include /etc/nginx/mime.types; access_log off; \(places)
        server { listen 127.0.0.1:\(port); root \(manual); index index.html; }
      }
      """, to: "nginx.conf")
    let process = Process()
    process.executableURL = URL(filePath: nginx)
    process.arguments = ["-c", configuration]
    process.standardError = FileHandle.nullDevice
    try process.run()
    server = process
    while try run("/usr/bin/curl", "-sf", "-o", "/dev/null", "http://127.0.0.1:\(port)/").status != 0 {
      try #require(process.isRunning, "nginx ended: is port \(port) taken?")
      Thread.sleep(forTimeInterval: 0.05)
    }
  }

  @Test func `The crawl finds every page that a reference crawler finds, none twice, and the next one changes nothing`()
    throws
  {
    defer {
      server.terminate()
      server.waitUntilExit()
    }
    let pipeline = try folder.write(
      """
      acervo: 1
      name: manual
      stages:
        - fetch:
            sources:
              - id: docs
                web: { start: ["http://127.0.0.1:\(port)/"], sitemap: off }
        - clean: {}
        - chunk: {}
        - embed: { provider: none }
        - index: { languages: [en] }
      publish: { to: snapshots }
      """, to: "manual.yaml")
    let first = try run("acervo", "index", "--quiet", "--json", pipeline)
    #expect(first.status == 0, "\(first.errors)")
    let shown = try run(
      "acervo", "snapshots", "show", "--snapshots", folder.path + "/snapshots", "--documents", "--json")
    let urls = try shown.lines.map { line in
      try #require((JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])?["url"] as? String)
    }
    let reference = try run(
      "/usr/bin/env", "python3", Project.root + "/Tests/oracles/reference_crawler.py", "http://127.0.0.1:\(port)/")
    #expect(Set(urls) == Set(reference.lines))
    #expect(Set(urls).count == urls.count)
    #expect(urls.count > 1000)

    let second = try run("acervo", "index", "--quiet", "--json", pipeline)
    #expect(second.status == 3)
    let report = try JSONSerialization.jsonObject(with: Data(second.output.utf8)) as? [String: Any]
    let counts = try #require(report?["run"] as? [String: Any])
    #expect(counts["unchanged"] as? Int == urls.count)
    #expect(counts["cleaned"] as? Int == 0)
  }
}
