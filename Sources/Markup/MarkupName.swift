/// An element's name, decided once when the page is parsed, so that code can switch over it.
///
/// The raw value is the name as HTML writes it, lower case. Everything else, also XML's prefixed names, is `other`;
/// `MarkupDocument.name(of:)` tells it.
public enum MarkupTag: String, CaseIterable, Sendable {
  /// A name outside this list.
  case other = ""
  // swift-format-ignore: AllPublicDeclarationsHaveDocumentation
  case a, abbr, acronym, address, applet, area, article, aside, audio, b, base, bdi, bdo, big, blockquote, body, br,
    button, canvas, caption, center, cite, code, col, colgroup, data, datalist, dd, del, details, dfn, dialog, dir, div,
    dl, dt, em, embed, fieldset, figcaption, figure, font, footer, form, frame, frameset, h1, h2, h3, h4, h5, h6, head,
    header, hgroup, hr, html, i, iframe, image, img, input, ins, kbd, label, legend, li, link, listing, main, map, mark,
    math, menu, meta, meter, nav, nobr, noembed, noframes, noscript, object, ol, optgroup, option, output, p, param,
    picture, plaintext, pre, progress, q, rb, rp, rt, rtc, ruby, s, samp, script, search, section, select, slot, small,
    source, span, strike, strong, style, sub, summary, sup, svg, table, tbody, td, template, textarea, tfoot, th, thead,
    time, title, tr, track, tt, u, ul, `var`, video, wbr, xmp
}

/// An attribute's name, decided once when the page is parsed.
public enum MarkupAttribute: String, CaseIterable, Sendable {
  /// A name outside this list.
  case other = ""
  // swift-format-ignore: AllPublicDeclarationsHaveDocumentation
  case id, `class`, href, src, alt, title, name, style, role, hidden, content, charset, rel, lang, type, start, value,
    colspan, rowspan, scope, property, itemprop, itemtype, width, height, open, alttext, cite, datetime, target,
    media, reversed, encoding
  // swift-format-ignore: AllPublicDeclarationsHaveDocumentation
  case httpEquiv = "http-equiv"
  // swift-format-ignore: AllPublicDeclarationsHaveDocumentation
  case xmlLang = "xml:lang"
  // swift-format-ignore: AllPublicDeclarationsHaveDocumentation
  case ariaHidden = "aria-hidden"
  // swift-format-ignore: AllPublicDeclarationsHaveDocumentation
  case ariaLabel = "aria-label"
  // swift-format-ignore: AllPublicDeclarationsHaveDocumentation
  case ariaLevel = "aria-level"
  // swift-format-ignore: AllPublicDeclarationsHaveDocumentation
  case ariaModal = "aria-modal"
  // swift-format-ignore: AllPublicDeclarationsHaveDocumentation
  case ariaControls = "aria-controls"
  // swift-format-ignore: AllPublicDeclarationsHaveDocumentation
  case dataLanguage = "data-language"
  // swift-format-ignore: AllPublicDeclarationsHaveDocumentation
  case dataLang = "data-lang"
}

extension MarkupTag {
  /// The tag of every known name.
  static let byName: [String: MarkupTag] = Dictionary(
    uniqueKeysWithValues: allCases.filter { $0 != .other }.map { ($0.rawValue, $0) })
}

extension MarkupAttribute {
  /// The attribute of every known name.
  static let byName: [String: MarkupAttribute] = Dictionary(
    uniqueKeysWithValues: allCases.filter { $0 != .other }.map { ($0.rawValue, $0) })
}
