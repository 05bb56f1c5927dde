internal import CICU

/// Domain names with letters beyond ASCII, by Unicode Technical Standard 46 through ICU.
enum InternationalDomain {
  /// A longer name is refused before it reaches ICU: no name that resolves is longer than 253 ASCII characters.
  static let maximumLength = 4_096

  /// The standard's «domain to ASCII» without strictness; nil where it says failure.
  ///
  /// A name in ASCII is only made lower case: the standard does not look into its `xn--` labels.
  static func toASCII(_ domain: [UInt8]) -> [UInt8]? {
    if domain.allSatisfy({ $0 < 0x80 }) { return domain.map(\.asciiLowercased) }
    guard domain.count <= maximumLength, String(validating: domain, as: UTF8.self) != nil,
      let converter = Converter.shared
    else { return nil }
    return converter.toASCII(domain)
  }

  /// ICU's converter with the options that the standard names.
  ///
  /// Sendable because ICU promises it (uidna.h, uidna_openUTS46): «The instance is thread-safe, that is, it can
  /// be used concurrently». It is never written to and never closed.
  private struct Converter: @unchecked Sendable {
    static let shared = Converter()

    let idna: OpaquePointer

    init?() {
      guard let idna = acervo_idna_open() else { return nil }
      self.idna = idna
    }

    func toASCII(_ domain: [UInt8]) -> [UInt8]? {
      // Punycode of one code point takes at most five digits and each label four more; NFKC expands a code point
      // to at most 18. A result beyond this buffer is no name of any host and fails.
      let capacity = 4 * InternationalDomain.maximumLength
      var length: Int32 = -1
      let output = [UInt8](unsafeUninitializedCapacity: capacity) { buffer, count in
        length = domain.withUnsafeBufferPointer { input in
          input.withMemoryRebound(to: CChar.self) { name in
            buffer.withMemoryRebound(to: CChar.self) { out in
              acervo_idna_to_ascii(idna, name.baseAddress, Int32(name.count), out.baseAddress, Int32(capacity))
            }
          }
        }
        count = max(0, Int(length))
      }
      return length >= 0 ? output : nil
    }
  }
}
