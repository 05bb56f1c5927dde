@testable import Connectors
import HTTPClient
import Testing

@Suite struct PageLinksTests {
  private func read(_ page: String, at url: String = "https://docs.example/a/b.html") throws -> PageLinks {
    PageLinks(page: Array(page.utf8), url: try #require(WebURL(url)), charset: nil, agent: "acervo")
  }

  private func links(_ page: String) throws -> [String] {
    try read(page).links.map(\.description)
  }

  @Test func `Links are resolved, without fragments, each once`() throws {
    let page = """
      <a href="c.html#one">1</a><a class=x href='c.html#two'>2</a><A HREF=/d?x=1&amp;y=2>3</A>
      <area href="//other.example/"><a href=" \n ../e ">4</a><a>5</a><a href="mailto:a@b.example">6</a>
      """
    #expect(
      try links(page) == [
        "https://docs.example/a/c.html", "https://docs.example/d?x=1&y=2", "https://other.example/",
        "https://docs.example/e",
      ])
  }

  @Test func `A base counts for all links, the first one only`() throws {
    #expect(
      try links("<a href=x></a><base href='/deep/er/'><base href=/no/><a href=y></a>")
        == ["https://docs.example/deep/er/x", "https://docs.example/deep/er/y"])
  }

  @Test func `Links with rel=nofollow are left out`() throws {
    #expect(
      try links("<a rel='noopener NoFollow' href=x></a><a rel=nofollowed href=y></a>")
        == ["https://docs.example/a/y"])
  }

  @Test(arguments: [
    "<!-- <a href=no></a> -->", "<!--><a href=yes></a>-->", "<!-- > <a href=no></a> --!>",
    "<script>document.write('<a href=no>')</script>", "<style>/*<a href=no>*/</style>", "<title><a href=no></title>",
    "<textarea><a href=no></textarea>", "<SCRIPT><a href=no></scripts></SCRIPT >", "<img alt='<a href=no>'>",
    "<p title=\"a > b <a href=no>\">", "<!doctype html><a href=yes>", "<?php <a href=no>", "<a href=no",
    "<a <b href=yes>",
    "</a href=no>", "< a href=no>", "<a/href=yes>", "<a href = yes>", "<ahref=no>", "<a data-href=no>", "<!", "<", "</",
    "<!--", "<!-- <a href=no>", "<script><a href=no>",
  ]) func `Only real tags count`(page: String) throws {
    #expect(try links(page) == (page.contains("yes") ? ["https://docs.example/a/yes"] : []))
  }

  @Test(arguments: [
    ("&amp;", "?&"), ("&#38;", "?&"), ("&#x26;", "?&"), ("&copy=1", "?&copy=1"), ("&amp", "?&"), ("&amp=1", "?&amp=1"),
    ("&ampere", "?&ampere"), ("a=1&b=2", "?a=1&b=2"),
    ("&#xZ;", "?&"), ("&#1114112;", "?&"), ("&", "?&"),
  ]) func `Character references in addresses are replaced`(value: String, expected: String) throws {
    #expect(try links("<a href='?\(value)'>").first?.hasPrefix("https://docs.example/a/b.html\(expected)") == true)
  }

  @Test func `A canonical address counts in the head only`() throws {
    #expect(
      try read("<head><link rel=canonical href=/c><body><a href=x>").canonical?.description == "https://docs.example/c")
    #expect(try read("<body><link rel=canonical href=/c>").canonical == nil)
  }

  @Test func `What is said to robots is collected, for all and for this one`() throws {
    let page = "<meta name=ROBOTS content=noindex><meta name=acervo content='nofollow'><meta name=other content=none>"
    #expect(try read(page).robots == ["noindex", "nofollow"])
  }

  @Test(arguments: [("0; url=next", "next"), ("5;URL='n x'", "n x"), ("0,next", "next"), ("3", nil), ("3;", nil)])
  func `A refresh is a link`(content: String, target: String?) {
    #expect(PageLinks.refreshTarget(content) == target)
  }

  @Test func `UTF-16 and Latin-1 pages are read`() throws {
    let url = try #require(WebURL("https://docs.example/"))
    let wide: [UInt8] = "\u{FEFF}<a href=ñ>".utf16.flatMap { unit in [UInt8(unit & 0xFF), UInt8(unit >> 8)] }
    #expect(
      PageLinks(page: wide, url: url, charset: nil, agent: "").links.map(\.description) == [
        "https://docs.example/%C3%B1"
      ])
    let narrow = Array("<a href=".utf8) + [0xF1] + Array(">".utf8)
    #expect(
      PageLinks(page: narrow, url: url, charset: nil, agent: "").links.map(\.description) == [
        "https://docs.example/%C3%B1"
      ])
  }

  @Test func `A page of nothing but links and one of nothing but brackets end`() throws {
    let many = (0..<(PageLinks.maximumLinks + 10)).map { "<a href=\($0)>" }.joined()
    #expect(try links(many).count == PageLinks.maximumLinks)
    #expect(try links(String(repeating: "<", count: 200_000)) == [])
    #expect(try links(String(repeating: "<!--", count: 50_000)) == [])
  }
}
