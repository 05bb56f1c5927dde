extension Command {
  /// The help of the command as `path` names it.
  func help(path: String) -> String {
    var sections = [summary, "Usage: " + usage(path: path)]
    if !subcommands.isEmpty {
      sections.append(section("Commands", subcommands.map { ($0.name, $0.firstSentence) }))
    }
    if !positionals.isEmpty {
      sections.append(section("Arguments", positionals.map { ($0.placeholder, $0.help) }))
    }
    let standard = [("-h, --help", "Print this help."), ("--version", "Print the version.")]
    sections.append(section("Options", options.map { ($0.signature, $0.help) } + standard))
    if !examples.isEmpty { sections.append("Examples:\n" + examples.map { "  " + $0 }.joined(separator: "\n")) }
    return sections.joined(separator: "\n\n") + "\n"
  }

  private var firstSentence: String {
    // Not the full stop within `publish.to` or `index.mdb`.
    guard let end = summary.firstRange(of: ". ") else { return summary }
    return String(summary[...end.lowerBound])
  }

  private func usage(path: String) -> String {
    if !subcommands.isEmpty { return path + " COMMAND" }
    let required = options.filter(\.isRequired).map(\.signature)
    let optional = options.count > required.count ? ["[OPTIONS]"] : []
    let arguments = positionals.map { positional in
      switch positional.count {
      case .one: positional.placeholder
      case .optional: "[\(positional.placeholder)]"
      case .several: positional.placeholder + "…"
      }
    }
    return ([path] + required + optional + arguments).joined(separator: " ")
  }

  private func section(_ title: String, _ rows: [(String, String)]) -> String {
    let width = min(30, rows.map(\.0.count).max() ?? 0)
    let lines = rows.flatMap { name, help -> [String] in
      var lines = wrap(help, to: 96 - width)
      let gap = String(repeating: " ", count: max(0, width - name.count))
      let first = name.count <= width ? ["  " + name + gap + "  " + lines.removeFirst()] : ["  " + name]
      return first + lines.map { String(repeating: " ", count: width + 4) + $0 }
    }
    return title + ":\n" + lines.joined(separator: "\n")
  }

  private func wrap(_ text: String, to width: Int) -> [String] {
    var lines = [""]
    for word in text.split(separator: " ") {
      let last = lines[lines.count - 1]
      if last.isEmpty {
        lines[lines.count - 1] = String(word)
      } else if last.count + 1 + word.count <= width {
        lines[lines.count - 1] = last + " " + word
      } else {
        lines.append(String(word))
      }
    }
    return lines
  }
}

extension AnyOption {
  fileprivate var signature: String {
    let long = "--" + name + (placeholder.map { " " + $0 } ?? "")
    return short.map { "-\($0), " + long } ?? long
  }
}
