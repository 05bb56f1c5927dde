internal import Corpus

extension LabOperation {
  /// Data Center's own operations.
  static let dataCenter: [LabOperation] = []
}
