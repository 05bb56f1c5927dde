internal import COpenSSL

/// Bytes that nobody can guess.
public enum Randomness {
  /// So many bytes of OpenSSL's generator, which the kernel seeds.
  ///
  /// - Throws: `CredentialsError` where the machine has no randomness to give.
  public static func bytes(_ count: Int) throws(CredentialsError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    guard RAND_bytes(&bytes, Int32(clamping: count)) == 1 else {
      throw CredentialsError(.system, "OpenSSL has no random bytes", mend: "check that /dev/urandom is there")
    }
    return bytes
  }
}
