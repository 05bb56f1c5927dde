/// A file that people's browsers ask for: pages, scripts, styles; built into the program.
public struct Page: Sendable {
  /// Where it is served: `/`, `/search`, `/assets/style.css`.
  public let path: String
  /// Its `Content-Type`.
  public let contentType: String
  /// Its bytes.
  public let bytes: [UInt8]

  /// Every file.
  public static let all: [Page] = [
    Page(path: "/", contentType: html, bytes: PackageResources.index_html),
    Page(path: "/search", contentType: html, bytes: PackageResources.search_html),
    Page(path: "/dashboard", contentType: html, bytes: PackageResources.dashboard_html),
    Page(path: "/assets/common.js", contentType: script, bytes: PackageResources.common_js),
    Page(path: "/assets/chat.js", contentType: script, bytes: PackageResources.chat_js),
    Page(path: "/assets/search.js", contentType: script, bytes: PackageResources.search_js),
    Page(path: "/assets/dashboard.js", contentType: script, bytes: PackageResources.dashboard_js),
    Page(path: "/assets/style.css", contentType: "text/css; charset=utf-8", bytes: PackageResources.style_css),
    Page(path: "/assets/icon.svg", contentType: "image/svg+xml", bytes: PackageResources.icon_svg),
  ]

  /// What a browser may do on these pages: nothing but run and show what the service itself sends, and ask it.
  public static let contentSecurityPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; "
    + "form-action 'none'; frame-ancestors 'none'"

  private static let html = "text/html; charset=utf-8"
  private static let script = "text/javascript; charset=utf-8"
}
