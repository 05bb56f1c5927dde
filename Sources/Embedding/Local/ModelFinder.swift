internal import Glibc

/// Finds model folders by name.
public enum ModelFinder {
  /// The folder of a model.
  ///
  /// A name with a slash is a path. Otherwise, in this order: `$ACERVO_MODELS`, a `models` folder beside or above
  /// `start`, the user's data folder (`$XDG_DATA_HOME/acervo/models`, `~/.local/share/acervo/models`).
  ///
  /// - Throws: `EmbeddingError` that lists where it looked and the command that gets the model.
  public static func folder(of model: String, startingAt start: String, environment: [String: String]) throws
    -> String
  {
    guard !model.isEmpty, model != ".", model != ".." else {
      throw EmbeddingError(message: "no model is called “\(model)”")
    }
    if model.contains("/") {
      guard isModel(model) else {
        throw EmbeddingError(path: model, message: "is no model folder: it holds no config.json")
      }
      return model
    }
    let places = places(startingAt: start, environment: environment)
    for place in places where isModel(place + "/" + model) { return place + "/" + model }
    throw EmbeddingError(
      message: """
        model \(model) is not there; looked in \(places.joined(separator: ", ")). \
        Get it with: scripts/models \(model) (or set ACERVO_MODELS to the folder that holds it)
        """)
  }

  private static func places(startingAt start: String, environment: [String: String]) -> [String] {
    var places: [String] = []
    if let folder = environment["ACERVO_MODELS"], !folder.isEmpty { places.append(folder) }
    // `realpath` so that `..` and links in `start` lead to the folders that are truly above it.
    var folder = start
    if let resolved = realpath(start.isEmpty ? "." : start, nil) {
      folder = String(cString: resolved)
      free(resolved)
    }
    while true {
      places.append((folder == "/" ? "" : folder) + "/models")
      guard let slash = folder.lastIndex(of: "/"), folder != "/" else { break }
      folder = slash == folder.startIndex ? "/" : String(folder[..<slash])
    }
    if let data = environment["XDG_DATA_HOME"], !data.isEmpty {
      places.append(data + "/acervo/models")
    } else if let home = environment["HOME"], !home.isEmpty {
      places.append(home + "/.local/share/acervo/models")
    }
    return places
  }

  private static func isModel(_ folder: String) -> Bool {
    access(folder + "/config.json", R_OK) == 0
  }
}
