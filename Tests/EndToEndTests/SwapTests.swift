import AcervoTesting
import Foundation
import Testing

/// Publishing under load; `Tests/oracles/swap_load.py` says what it looks at.
@Suite(.enabled(if: Project.isThere(Project.models + "/use-multilingual-v3") && Project.isThere("/usr/bin/wrk")))
struct SwapTests {
  @Test func `Snapshots are exchanged under load without a failed request and without leftovers`() throws {
    let load = try run(
      "/usr/bin/env", "python3", Project.root + "/Tests/oracles/swap_load.py", "--publishes", "15", "--within",
      "\(20 * Patience.factor)",
      "--bin", Project.programs)
    #expect(load.status == 0, "\(load.output)\(load.errors)")
  }
}
