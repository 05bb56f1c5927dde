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
    preconditionFailure("under construction")
  }
}
