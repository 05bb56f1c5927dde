internal import Connectors
internal import Corpus

/// The form in which the state keeps a visit; its source and address stand before it.
extension PageVisit {
  var bytes: [UInt8] {
    var writer = ByteWriter()
    writer.write(status)
    writer.write(fixed: UInt64(bitPattern: fetched))
    writer.write(fixed: UInt64(bitPattern: checked))
    writer.write(hash)
    writer.write(etag) { $0.write($1) }
    writer.write(lastModified) { $0.write($1) }
    writer.write(listed) { $0.write(fixed: UInt64(bitPattern: $1)) }
    writer.write(reading)
    writer.write(noIndex ? 1 : 0)
    writer.write(unavailableAfter) { $0.write(fixed: UInt64(bitPattern: $1)) }
    writer.write(canonical) { $0.write($1) }
    writer.write(list: links) { $0.write($1) }
    return writer.bytes
  }

  init(_ reader: inout ByteReader) throws(ByteCodingError) {
    func moment(_ reader: inout ByteReader) throws(ByteCodingError) -> Int64 {
      Int64(bitPattern: try reader.fixed())
    }
    self.init(
      status: try reader.int(), fetched: try moment(&reader), checked: try moment(&reader), hash: try reader.hash(),
      etag: try reader.optional { reader throws(ByteCodingError) in try reader.text() },
      lastModified: try reader.optional { reader throws(ByteCodingError) in try reader.text() },
      listed: try reader.optional { reader throws(ByteCodingError) in try moment(&reader) },
      reading: try reader.hash(), noIndex: try reader.int() == 1,
      unavailableAfter: try reader.optional { reader throws(ByteCodingError) in try moment(&reader) },
      canonical: try reader.optional { reader throws(ByteCodingError) in try reader.text() },
      links: try reader.list { reader throws(ByteCodingError) in try reader.text() })
  }
}
