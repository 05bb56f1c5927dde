import Markup
import Testing

@Suite struct TextDecoderTests {
  private func decoded(_ bytes: [UInt8], _ transport: String? = nil) -> (String, String) {
    let result = TextDecoder.decode(bytes, transportCharset: transport)
    return (String(decoding: result.utf8, as: UTF8.self), result.charset.name)
  }

  @Test(arguments: [
    ("latin1", "windows-1252"), (" ISO-8859-1 ", "windows-1252"), ("US-ASCII", "windows-1252"), ("UTF8", "utf-8"),
    ("x-sjis", "shift_jis"), ("gb2312", "gbk"), ("ks_c_5601-1987", "euc-kr"), ("l9", "iso-8859-15"),
    ("utf-16", "utf-16le"), ("tis-620", "windows-874"),
  ])
  func `a label means what the Encoding Standard says`(label: String, name: String) {
    #expect(Charset(label: label)?.name == name)
  }

  @Test func `an unknown label means nothing`() { #expect(Charset(label: "klingon") == nil) }

  @Test(
    arguments: [
      ("windows-1252", [0x93, 0x63, 0x61, 0xF1, 0x61, 0x94, 0x80], "“caña”€"),
      ("iso-8859-15", [0xA4, 0xBD, 0xE9], "€œé"),
      ("shift_jis", [0x93, 0xFA, 0x96, 0x7B, 0x8C, 0xEA], "日本語"),
      ("euc-jp", [0xC6, 0xFC, 0xCB, 0xDC, 0xB8, 0xEC], "日本語"),
      ("gb18030", [0xD6, 0xD0, 0xCE, 0xC4, 0x81, 0x30, 0x84, 0x35], "中文£"),
      ("big5", [0xA4, 0xA4, 0xA4, 0xE5], "中文"),
      ("euc-kr", [0xC7, 0xD1, 0xB1, 0xDB], "한글"),
      ("koi8-r", [0xF2, 0xD5, 0xD3], "Рус"),
      ("windows-1251", [0xD0, 0xF3, 0xF1], "Рус"),
      ("utf-16be", [0x00, 0x61, 0x00, 0xF1, 0x20, 0xAC], "añ€"),
      ("iso-2022-jp", [0x1B, 0x24, 0x42, 0x46, 0x7C, 0x1B, 0x28, 0x42], "日"),
      ("windows-1258", [0xC0, 0xFE], "À₫"),
    ] as [(String, [UInt8], String)])
  func `the transport's encoding is decoded`(charset: String, bytes: [UInt8], text: String) {
    let result = TextDecoder.decode(bytes, transportCharset: charset)
    #expect(String(decoding: result.utf8, as: UTF8.self) == text)
    #expect(result.basis == .transport && result.replacements == 0)
  }

  @Test func `a byte order mark wins over everything`() {
    #expect(decoded([0xEF, 0xBB, 0xBF, 0xC3, 0xB1], "latin1") == ("ñ", "utf-8"))
    #expect(decoded([0xFF, 0xFE, 0xF1, 0x00], "utf-8") == ("ñ", "utf-16le"))
    #expect(decoded([0xFE, 0xFF, 0x00, 0xF1], "utf-8") == ("ñ", "utf-16be"))
  }

  @Test(arguments: [
    "<meta charset=\"iso-8859-15\">", "<META CharSet = ISO-8859-15 />",
    "<!-- <meta charset=utf-8> --><meta http-equiv='Content-Type' content='text/html; charset=iso-8859-15'>",
    "<meta content=\"text/html;charset=l9\" http-equiv=content-type>",
    "<?xml version=\"1.0\" encoding=\"ISO-8859-15\"?><html>",
  ])
  func `the page's own declaration is followed`(declaration: String) {
    let (text, name) = decoded(Array(declaration.utf8) + [0xA4])
    #expect(text.last == "€" && name == "iso-8859-15")
  }

  @Test func `a declaration after the first 1,024 bytes is not looked for`() {
    let page = Array((String(repeating: " ", count: 1100) + "<meta charset=shift_jis>ñ").utf8)
    #expect(decoded(page).1 == "utf-8")
  }

  @Test(arguments: [
    "<meta content=\"", "<meta charset='", "<meta charset=", "<meta", "<meta ", "<!--", "<!-", "<", "<meta =", "<?xml",
  ])
  func `a declaration cut off by the end of the first bytes is no declaration`(start: String) {
    #expect(decoded(Array(start.utf8)).1 == "utf-8")
    let padded = Array((String(repeating: " ", count: 1024 - start.utf8.count) + start + "x").utf8)
    #expect(decoded(padded).1 == "utf-8")
  }

  @Test func `meta cannot declare UTF-16`() {
    #expect(decoded(Array("<meta charset=utf-16>ñ".utf8)).1 == "utf-8")
  }

  @Test func `undeclared bytes are detected`() {
    let spanish = "La contraseña caducó ayer; el año pasado también. ¿Cómo la restablezco? Así: pulsé el botón."
    #expect(decoded(spanish.unicodeScalars.map { UInt8($0.value) }).0 == spanish)
    #expect(decoded(Array(spanish.utf8)).1 == "utf-8")
    #expect(decoded(spanish.utf16.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }).0 == spanish)
    let japanese: [UInt8] = [
      0x82, 0xB1, 0x82, 0xF1, 0x82, 0xC9, 0x82, 0xBF, 0x82, 0xCD, 0x81, 0x41, 0x93, 0xFA, 0x96, 0x7B, 0x8C, 0xEA, 0x82,
      0xCC, 0x83, 0x65, 0x83, 0x4C, 0x83, 0x58, 0x83, 0x67, 0x82, 0xC5, 0x82, 0xB7, 0x81, 0x42,
    ]
    #expect(decoded(japanese) == ("こんにちは、日本語のテキストです。", "shift_jis"))
  }

  @Test func `UTF-8 with one fault is still UTF-8`() {
    let page = Array(String(repeating: "<p>año – “ñandú”</p>", count: 10).utf8) + [0xE2, 0x80, 0x3C]
    #expect(decoded(page).1 == "utf-8")
  }

  @Test func `UTF-8 that is declared but never there is not believed`() {
    let spanish = "La contraseña caducó ayer; el año pasado también. ¿Cómo la restablezco? Así: pulsé el botón."
    #expect(decoded(spanish.unicodeScalars.map { UInt8($0.value) }, "utf-8").0 == spanish)
  }

  @Test func `bad sequences are replaced, NUL dropped, and nothing fails`() {
    let result = TextDecoder.decode([0xC3, 0xB1, 0xFF, 0x41, 0x00, 0x42], transportCharset: "utf-8")
    #expect(String(decoding: result.utf8, as: UTF8.self) == "ñ\u{FFFD}AB")
    #expect(result.replacements == 1)
    for label in ["shift_jis", "gb18030", "utf-16le", "euc-kr", "iso-2022-jp", "big5", "macintosh"] {
      let noise = (0..<2000).map { UInt8(truncatingIfNeeded: $0 &* 167 &+ $0 / 7) }
      let noisy = TextDecoder.decode(noise, transportCharset: label)
      #expect(String(validating: noisy.utf8, as: UTF8.self) != nil)
    }
  }
}
