import Connectors
import Testing

@Suite struct ConfluenceAddressTests {
  private static let page = "https://acme.example/wiki/pages/viewpage.action?pageId=12"

  @Test(arguments: [
    ("https://acme.example/wiki/spaces/SUP/pages/12/Some+title#part", page),
    ("https://acme.example/wiki/spaces/SUP/pages/12", page),
    ("https://acme.example/wiki/spaces/SUP/pages/12/T?atlOrigin=x", page),
    ("https://acme.example/wiki/spaces/~ana/blog/2026/02/03/12/News", page),
    ("https://acme.example/wiki/pages/viewpage.action?src=x&pageId=12&focus=1", page), (page, page),
    ("https://acme.example/wiki/spaces/SUP/pages/edit-v2/12", nil),
    ("https://acme.example/wiki/spaces/SUP/overview", nil),
    ("https://acme.example/wiki/display/SUP/Title", nil), ("https://acme.example/wiki/spaces/SUP/blog/2026/02", nil),
    ("https://acme.example/pages/viewpage.action?pageId=", nil), ("", nil),
  ])
  func `The address that people see leads to the one that stays`(address: String, indexed: String?) {
    #expect(ConfluenceAddress.indexed(address) == indexed)
  }
}
