public import Corpus

/// Something that stands in a file, or in the environment itself.
public enum FileOrSecret: Sendable, Equatable {
  /// The file, absolute.
  case file(String)
  /// The content, from the environment.
  case content(Secret)
}

extension SettingType where Value == FileOrSecret {
  /// A path, or a variable that holds a path or the content.
  ///
  /// - Parameter isContent: whether a text is the content and no path.
  /// - Returns: the type.
  public static func fileOrSecret(_ isContent: @escaping @Sendable (String) -> Bool) -> SettingType {
    let needs = "the path of a file, or a variable such as ${NAME}"
    return SettingType(
      schema: SettingType<String>.path.schema,
      read: { node, reader in
        if case .scalar(let text, _) = node.content, isContent(text) {
          reader.hide(node)
          reader.report(
            at: node, "\(reader.label) is a secret and must not stand in the file",
            mend: "put it into a file of its own and write its path, or write ${NAME}")
          return nil
        }
        guard let text = reader.string(node, needs: needs) else { return nil }
        guard !text.isEmpty else {
          reader.report(at: node, "\(reader.label) is empty", mend: "write \(needs)")
          return nil
        }
        if isContent(text) { return .content(Secret(text)) }
        return reader.resolve(text, at: node).map { .file($0) }
      }, write: { _ in nil })
  }
}
