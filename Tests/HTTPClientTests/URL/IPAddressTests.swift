import HTTPClient
import Testing

@Suite struct IPAddressTests {
  @Test(arguments: [
    "0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.100.100.200", "100.127.255.255", "127.0.0.1",
    "127.9.9.9", "169.254.169.254", "168.63.129.16", "172.16.0.1", "172.31.255.255", "192.168.1.1", "192.0.0.192",
    "198.18.0.1", "224.0.0.1", "239.255.255.255", "255.255.255.255", "::", "::1", "[::1]", "::ffff:10.0.0.1",
    "::ffff:7f00:1", "::127.0.0.1", "64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::", "2001::1", "fc00::1", "fd00:ec2::254",
    "fe80::1", "fe80::1%eth0", "febf::1", "fec0::1", "ff02::1", "2001:db8::1",
  ])
  func `addresses of private and local networks are recognised`(text: String) {
    #expect(IPAddress.isPrivateOrLocal(text))
  }

  @Test(arguments: [
    "1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255",
    "128.0.0.1", "169.253.255.255", "172.15.255.255", "172.32.0.0", "192.167.255.255", "192.169.0.0",
    "223.255.255.255", "::ffff:8.8.8.8", "2606:4700::1111", "2a00:1450:4001::1", "64:ff9b::808:808", "2002:808:808::",
  ])
  func `public addresses are not`(text: String) {
    #expect(!IPAddress.isPrivateOrLocal(text))
  }

  @Test(arguments: [
    "", "1.2.3", "1.2.3.4.5", "01.2.3.4", "1.2.3.256", "1.2.3.", "a", "1::2::3", ":1", "1:", "::g", "12345::",
    "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7:8::", "::1.2.3", "1:2:3:4:5:6:7:1.2.3.4", "[", "[]",
  ])
  func `what is no address counts as private`(text: String) {
    #expect(IPAddress(text) == nil)
    #expect(IPAddress.isPrivateOrLocal(text))
  }

  @Test(arguments: [
    ("2001:DB8:0:0:1:0:0:1", "2001:db8::1:0:0:1"), ("0:0:0:0:0:0:0:0", "::"), ("1::", "1::"),
    ("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"), ("::ffff:1.2.3.4", "::ffff:102:304"), ("1:0:0:2:0:0:0:3", "1:0:0:2::3"),
    ("192.0.2.1", "192.0.2.1"),
  ])
  func `an address is written in its one form`(text: String, expected: String) {
    #expect(IPAddress(text)?.description == expected)
  }
}
