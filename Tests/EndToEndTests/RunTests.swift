import AcervoTesting
import Foundation
import Synchronization
import Testing

/// Runs as a scheduler and the person behind it see them.
@Suite struct RunTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// A start page and forty others; `trouble` answers instead of a page.
  private func site(
    _ trouble: @escaping @Sendable (LoopbackSite.Request) -> LoopbackSite.Answer? = { _ in nil }
  ) throws -> LoopbackSite {
    try LoopbackSite(fallback: { request in
      if let answer = trouble(request) { return answer }
      if request.path == "/" {
        return .html(
          "<html><body><main><p>Start here.</p>" + (10..<50).map { "<a href='/page-\($0)'>\($0)</a> " }.joined()
            + "</main>")
      }
      guard request.path.hasPrefix("/page-") else { return .status(404) }
      let tag = "\"1\""
      if request.header("if-none-match") == tag { return LoopbackSite.Answer(status: 304) }
      return .html(
        "<html><body><main><h1>About \(request.path)</h1><p>What there is to say of it.</p></main>",
        headers: [("ETag", tag)])
    })
  }

  private func pipeline(_ site: LoopbackSite) throws -> String {
    try folder.write(
      """
      acervo: 1
      name: help
      stages:
        - fetch: { sources: [{ id: docs, web: { start: ["\(site.url())"], sitemap: off } }] }
        - chunk: {}
        - embed: { provider: none }
        - index: { languages: [en] }
      publish: { to: out, tolerate: { failed: 10% } }
      """, to: "help.yaml")
  }

  private func json(_ text: String) throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
  }

  @Test(arguments: [false, true])
  func `SIGTERM and SIGINT end a run within seconds, and what it had done is kept`(isInterrupt: Bool) throws {
    let isSlow = Mutex(true)
    let site = try site { request in
      // The first pages come at once, the others in a minute.
      var waits = request.path >= "/page-30" && request.path.hasPrefix("/page") ? 1200 : 0
      while waits > 0, isSlow.withLock({ $0 }) {
        usleep(50_000)
        waits -= 1
      }
      return nil
    }
    let pipeline = try pipeline(site)
    let process = try prepared("acervo", ["index", "--quiet", pipeline], [:])
    process.standardError = FileHandle.nullDevice
    try process.run()
    while site.requests.count < 24, process.isRunning { Thread.sleep(forTimeInterval: 0.01) }
    let start = ContinuousClock.now
    if isInterrupt { process.interrupt() } else { process.terminate() }
    process.waitUntilExit()
    #expect(process.terminationStatus == (isInterrupt ? 130 : 143))
    // Far below the minute that the requests under way would have taken.
    #expect(start.duration(to: .now) < .seconds(30))
    let report = try json(String(contentsOfFile: folder.path + "/out/help/last-run.json", encoding: .utf8))
    #expect(report["outcome"] as? String == "failed")
    isSlow.withLock { $0 = false }
    let next = try run("acervo", "index", "--quiet", "--json", pipeline)
    #expect(next.status == 0)
    let counts = try #require(try json(next.output)["run"] as? [String: Any])
    #expect(try #require(counts["unchanged"] as? Int) >= 10)
    #expect(counts["seen"] as? Int == 41)
  }

  @Test func `What cannot be done is said before anything is fetched, and metrics end no run`() throws {
    let site = try site { _ in nil }
    let pipeline = try pipeline(site)
    let nowhere = try run("acervo", "index", "--metrics", folder.path + "/nowhere/run.prom", pipeline)
    #expect(nowhere.status == 73)
    #expect(nowhere.errors.contains("nowhere/run.prom cannot be written"))
    let source = try run("acervo", "failures", "retry", "--source", "typo", pipeline)
    #expect(source.status == 64)
    #expect(source.errors.contains("has no source “typo”"))
    #expect(site.requests.isEmpty)
    try FileManager.default.createDirectory(atPath: folder.path + "/run.prom", withIntermediateDirectories: false)
    let published = try run("acervo", "index", "--quiet", "--metrics", folder.path + "/run.prom", pipeline)
    #expect(published.status == 0)
    #expect(published.errors.contains("run.prom"))
  }

  @Test func `Plan, state, failures and metrics tell of the same run`() throws {
    let isBroken = Mutex(true)
    let site = try site { $0.path == "/page-17" && isBroken.withLock { $0 } ? .status(500) : nil }
    let pipeline = try pipeline(site)
    let plan = try json(try run("acervo", "plan", "--json", pipeline).output)
    #expect((plan["new"] as? [String])?.count == 40)
    #expect((plan["failed"] as? [String]) == [site.url("/page-17")])
    #expect(plan["cost_usd"] as? Double == 0)

    let metrics = folder.path + "/acervo.prom"
    let first = try run("acervo", "index", "--quiet", "--json", "--metrics", metrics, pipeline)
    #expect(first.status == 0)
    let text = try String(contentsOfFile: metrics, encoding: .utf8)
    #expect(text.contains("acervo_run_outcome{collection=\"help\",outcome=\"published\"} 1\n"))
    #expect(text.contains("acervo_run_documents{collection=\"help\",state=\"failed\"} 1\n"))
    #expect(text.contains("acervo_index_documents{collection=\"help\"} 40\n"))
    for line in text.split(separator: "\n") where !line.hasPrefix("#") {
      #expect(line.wholeMatch(of: /acervo_[a-z_]+\{[a-z_]+="[^"]*"(,[a-z_]+="[^"]*")*\} -?[0-9.]+/) != nil, "\(line)")
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted().count == 3)

    let listed = try run("acervo", "failures", "list", pipeline)
    #expect(listed.lines.first == site.url("/page-17"))
    #expect(listed.output.contains("docs, fetch, 1 attempt since 20"))
    #expect(listed.output.contains("HTTP status 500"))
    #expect(try run("acervo", "failures", "list", "--source", "nobody", pipeline).status == 64)
    #expect(try run("acervo", "failures", "show", pipeline, site.url("/page-18")).status == 66)
    let shown = try run("acervo", "failures", "show", pipeline, site.url("/page-17"))
    #expect(shown.output.contains("  error     HTTP status 500"))

    isBroken.withLock { $0 = false }
    let asked = site.requests.count
    #expect(try run("acervo", "failures", "retry", "--quiet", pipeline).status == 0)
    #expect(site.requests.count - asked == 2)
    #expect(try run("acervo", "failures", "list", pipeline).output.isEmpty)

    let state = try json(try run("acervo", "state", "--json", pipeline).output)
    #expect(state["pages"] as? Int == 41)
    #expect(state["failures"] as? Int == 0)
    let results = try #require(state["results"] as? [String: [String: Int]])
    #expect(results["clean"]?["count"] == 41)
    #expect(results["parts"]?["unused_count"] == 0)
    #expect(try run("acervo", "state", pipeline).lines.count == 7)
  }

  @Test func `A run that could not go on says so in its metrics`() throws {
    let pipeline = try folder.write(
      """
      acervo: 1
      name: gone
      stages:
        - fetch: { sources: [{ id: site, web: { start: ["http://127.0.0.1:9/"] } }] }
        - chunk: {}
        - embed: { provider: none }
        - index: {}
      publish: { to: out }
      """, to: "gone.yaml")
    let metrics = folder.path + "/acervo.prom"
    #expect(try run("acervo", "index", "-q", "--metrics", metrics, pipeline).status == 69)
    let text = try String(contentsOfFile: metrics, encoding: .utf8)
    #expect(text.contains("acervo_run_outcome{collection=\"gone\",outcome=\"failed\"} 1\n"))
    #expect(text.contains("outcome=\"published\"} 0\n"))
  }
}
