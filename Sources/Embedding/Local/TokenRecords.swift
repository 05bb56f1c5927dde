internal import CKernels
internal import Glibc

/// What tokens add to the first convolutions, remembered: of a text's tokens, most were seen shortly before.
///
/// A record's numbers depend on its token alone, so that forgetting one changes no result.
final class TokenRecords {
  /// Records that a thread keeps (13 KB each) for calls with few tokens and with many, to index.
  static let indexing = (few: 256, many: 2048)
  /// The same for a service, whose threads share out some 18 MB.
  ///
  /// A long question adds nothing that stays.
  static var answering: (few: Int, many: Int) {
    let each = min(max(1_400 / max(sysconf(Int32(_SC_NPROCESSORS_ONLN)), 1), 256), 1_024)
    return (each, each)
  }
  private static let chunk = 128

  /// How many records are kept; more when one batch needs them.
  var limit = TokenRecords.indexing.few

  private var chunks: [UnsafeMutablePointer<Float>] = []
  private var count = 0
  private var tokenOfSlot: [Int32] = []
  private var usedInBatch: [UInt32] = []
  private var usedLately: [Bool] = []
  private var batch: UInt32 = 0
  private var hand = 0
  /// Slot + 1 of each token; pages of tokens that never occur stay untouched.
  private let slotOfToken: UnsafeMutablePointer<Int32>

  init(tokens: Int) {
    guard let memory = calloc(tokens, MemoryLayout<Int32>.stride) else {
      preconditionFailure("out of memory: \(tokens * MemoryLayout<Int32>.stride) bytes of scratch")
    }
    slotOfToken = memory.bindMemory(to: Int32.self, capacity: tokens)
  }

  deinit {
    free(slotOfToken)
    for chunk in chunks { free(chunk) }
  }

  /// The record of each token, computed for those that are not remembered.
  func records(
    for ids: [Int32], with model: UniversalSentenceEncoder, _ scratch: UniversalSentenceEncoder.Scratch
  ) -> [UnsafePointer<Float>?] {
    let floats = model.recordFloats
    batch &+= 1
    var missing: [Int32] = []
    var slots: [Int] = []
    slots.reserveCapacity(ids.count)
    // First those that are there, so that making room for the others takes none of them.
    for id in ids {
      let slot = Int(slotOfToken[Int(id)]) - 1
      if slot >= 0 {
        usedInBatch[slot] = batch
        usedLately[slot] = true
      }
    }
    for id in ids {
      var slot = Int(slotOfToken[Int(id)]) - 1
      if slot < 0 {
        slot = freeSlot(floats)
        if tokenOfSlot[slot] >= 0 { slotOfToken[Int(tokenOfSlot[slot])] = 0 }
        tokenOfSlot[slot] = id
        slotOfToken[Int(id)] = Int32(slot + 1)
        usedInBatch[slot] = batch
        usedLately[slot] = false
        missing.append(id)
      }
      slots.append(slot)
    }
    compute(missing, with: model, scratch)
    return slots.map { UnsafePointer(record($0, floats)) }
  }

  private func record(_ slot: Int, _ floats: Int) -> UnsafeMutablePointer<Float> {
    chunks[slot / Self.chunk] + slot % Self.chunk * floats
  }

  /// A slot that this batch does not use: a new one below the limit, then one that was not used lately.
  private func freeSlot(_ floats: Int) -> Int {
    if count >= limit {
      // Twice round: the first time takes back the marks of lately used ones.
      for _ in 0..<2 * count {
        hand = hand + 1 < count ? hand + 1 : 0
        if usedInBatch[hand] == batch { continue }
        if usedLately[hand] {
          usedLately[hand] = false
          continue
        }
        return hand
      }
    }
    if count == chunks.count * Self.chunk {
      var memory: UnsafeMutableRawPointer?
      guard posix_memalign(&memory, 64, Self.chunk * floats * MemoryLayout<Float>.stride) == 0, let memory else {
        preconditionFailure("out of memory: \(Self.chunk * floats * MemoryLayout<Float>.stride) bytes of scratch")
      }
      chunks.append(memory.bindMemory(to: Float.self, capacity: Self.chunk * floats))
    }
    tokenOfSlot.append(-1)
    usedInBatch.append(0)
    usedLately.append(false)
    count += 1
    return count - 1
  }

  private func compute(
    _ ids: [Int32], with model: UniversalSentenceEncoder, _ scratch: UniversalSentenceEncoder.Scratch
  ) {
    guard !ids.isEmpty else { return }
    let floats = model.recordFloats
    let weights = model.weights
    let inner = model.windows.count * model.channels
    let linear = Int32(ACERVO_LINEAR)
    // A row's length that is no power of two, so that a tile's rows fall into different sets of the first cache.
    let stride = model.width + 16
    let group = 128
    let embedded = scratch.embedded.reserve(min(group, ids.count) * stride)
    let rows = scratch.rows.reserve(min(group, ids.count) * floats)
    var from = 0
    while from < ids.count {
      let count = min(group, ids.count - from)
      ids.withUnsafeBufferPointer { ids in
        acervo_dequantize_rows(
          model.table, model.width, ids.baseAddress.map { $0 + from }, count, weights.scale.base, weights.offset.base,
          model.chunks, embedded, stride)
      }
      acervo_matrix_product(
        count, inner, model.width, embedded, stride, nil, weights.projection.base, weights.projectionBias.base, linear,
        rows, floats)
      acervo_layer_norm(
        rows, nil, count, inner, floats, weights.projectionNorm.base, weights.projectionNormBias.base, model.epsilon)
      var column = inner
      for (index, window) in model.windows.enumerated() {
        let columns = Int(window.length) * model.channels
        acervo_matrix_product(
          count, columns, model.channels, rows + index * model.channels, floats, nil, weights.first[index].base, nil,
          linear, rows + column, floats)
        column += columns
      }
      for row in 0..<count {
        let slot = Int(slotOfToken[Int(ids[from + row])]) - 1
        record(slot, floats).update(from: rows + row * floats, count: floats)
      }
      from += count
    }
  }
}
