internal import Corpus
internal import Embedding
internal import FoundationEssentials
internal import Terminal

/// `acervo doctor`: what this machine has and lacks.
enum DoctorCommand {
  private static let models = ["use-multilingual-v3", "all-MiniLM-L6-v2"]

  static let entry = Acervo.Entry(
    command: Command(
      "doctor", "Checks that models are found and whole, and that they compute what they should.",
      examples: ["acervo doctor"]),
    run: run)

  private static func run(_ arguments: Arguments) async throws -> ExitCode {
    let output = Output.results
    output.line("acervo \(Acervo.version), \(ProcessInfo.processInfo.activeProcessorCount) cores")
    var isWell = true
    for (index, model) in models.enumerated() {
      do {
        let folder = try ModelFinder.folder(
          of: model, startingAt: Inputs.workingFolder, environment: Inputs.environment)
        try LocalEmbedder.verify(folder: folder)
        let embedder = try LocalEmbedder(folder: folder)
        let matrix = try embedder.encode(["La factura", "The invoice", "A volcano"], as: .document)
        let near = cosine(matrix, 0, 1, embedder.fingerprint.dimensions)
        let far = cosine(matrix, 0, 2, embedder.fingerprint.dimensions)
        output.line("ok    model \(model): \(folder), \(embedder.fingerprint.dimensions) dimensions, files whole")
        // Only the default model knows that both words mean the same.
        if index == 0, near <= far {
          isWell = false
          output.line("FAULT model \(model): “La factura” is no nearer to “The invoice” than to “A volcano”")
        }
      } catch {
        if index == 0 { isWell = false }
        output.line("\(index == 0 ? "FAULT" : "note ") model \(model): \(error)")
      }
    }
    return isWell ? .success : .unavailable
  }

  private static func cosine(_ matrix: [Float], _ first: Int, _ second: Int, _ dimensions: Int) -> Float {
    (0..<dimensions).reduce(0) { $0 + matrix[first * dimensions + $1] * matrix[second * dimensions + $1] }
  }
}
