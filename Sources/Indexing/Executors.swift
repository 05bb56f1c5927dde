internal import Dispatch

/// Runs the tasks that compute (parse, chunk, embed) on threads of their own, so that they never hold back the
/// cooperative pool, on which requests are sent and answered.
final class ComputeExecutor: TaskExecutor {
  private let queue = DispatchQueue(label: "acervo.compute", attributes: .concurrent)

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    queue.async { @Sendable in job.runSynchronously(on: self.asUnownedTaskExecutor()) }
  }
}

/// One thread for whoever writes the state: LMDB's commits wait for the disk.
final class WriterExecutor: SerialExecutor {
  private let queue = DispatchQueue(label: "acervo.state")

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    queue.async { @Sendable in job.runSynchronously(on: self.asUnownedSerialExecutor()) }
  }
}
