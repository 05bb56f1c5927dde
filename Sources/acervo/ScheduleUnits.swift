internal import Corpus
internal import Glibc
internal import Pipelines

/// Schedules as other schedulers read them.
enum ScheduleUnits {
  /// The units of all pipelines, one text.
  ///
  /// - Parameters:
  ///   - kind: `systemd`, `kubernetes` or `cron`.
  ///   - pipelines: what is to be run.
  ///   - image: the container image of the indexer.
  /// - Returns: the text.
  static func text(_ kind: String, _ pipelines: [ScheduledPipeline], image: String) -> String {
    switch kind {
    case "systemd": pipelines.map(systemd).joined(separator: "\n")
    case "kubernetes": pipelines.map { kubernetes($0, image: image) }.joined(separator: "---\n")
    default: cronHead + pipelines.map(cron).joined()
    }
  }

  /// This very program, for units on this machine.
  private static var program: String {
    guard let path = realpath("/proc/self/exe", nil) else { return "acervo" }
    defer { free(path) }
    return String(cString: path)
  }

  // MARK: systemd

  private static func systemd(_ pipeline: ScheduledPipeline) -> String {
    let snapshots = pipeline.file.publish.to
    return """
      # /etc/systemd/system/acervo-\(pipeline.name).service
      [Unit]
      Description=Acervo: index \(pipeline.name)
      Wants=network-online.target
      After=network-online.target

      [Service]
      Type=oneshot
      User=acervo
      Environment=ACERVO_MODELS=/usr/share/acervo/models
      EnvironmentFile=-/etc/acervo/\(pipeline.name).env
      # By root, before the sandbox is made: what ReadWritePaths names has to be there.
      ExecStartPre=+/bin/sh -c 'test -d "$$1" || install -d -o acervo "$$1"' sh \(unitWord(snapshots, ofCommand: true))
      ExecStart=\(unitWord(program, ofCommand: true)) index \(unitWord(pipeline.path, ofCommand: true))
      # Nothing changed.
      SuccessExitStatus=3
      TimeoutStopSec=30
      Nice=10
      NoNewPrivileges=yes
      PrivateDevices=yes
      PrivateTmp=yes
      ProtectSystem=strict
      ReadWritePaths=\(unitWord(snapshots))
      ProtectControlGroups=yes
      ProtectKernelModules=yes
      ProtectKernelTunables=yes
      RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
      RestrictSUIDSGID=yes
      LockPersonality=yes
      SystemCallArchitectures=native

      # /etc/systemd/system/acervo-\(pipeline.name).timer
      [Unit]
      Description=Acervo: when to index \(pipeline.name)

      [Timer]
      \(pipeline.schedule.cron.systemdCalendars.map { "OnCalendar=\($0) \(pipeline.schedule.timeZone)" }
        .joined(separator: "\n"))
      RandomizedDelaySec=\(Int(pipeline.schedule.jitter))
      FixedRandomDelay=yes
      Persistent=\(pipeline.schedule.catchesUp ? "yes" : "no")

      [Install]
      WantedBy=timers.target

      """
  }

  /// A word of a unit file: quoted, with its specifiers taken literally and, in a command, its variables.
  private static func unitWord(_ text: String, ofCommand: Bool = false) -> String {
    var escaped = ""
    for character in text {
      switch character {
      case "%": escaped += "%%"
      case "$" where ofCommand: escaped += "$$"
      case "\\", "\"": escaped += "\\" + String(character)
      default: escaped.append(character)
      }
    }
    return escaped == text && !text.contains(" ") ? text : "\"\(escaped)\""
  }

  // MARK: Kubernetes

  private static func kubernetes(_ pipeline: ScheduledPipeline, image: String) -> String {
    // JSON's strings are YAML's, too.
    func quoted(_ text: String) -> String { JSONValue.string(text).text() }
    // A name ends in a letter or digit, also a shortened one.
    var name = "acervo-" + String(pipeline.name.prefix(45))
    while name.hasSuffix("-") { name.removeLast() }
    let file = String(pipeline.path.split(separator: "/").last ?? "")
    // A controller that finds more than a hundred missed times within the deadline may start nothing at all.
    let catchUp = pipeline.schedule.cron.timesADay <= 96 ? 86_400 : 3_600
    return """
      apiVersion: batch/v1
      kind: CronJob
      metadata:
        name: \(quoted(name))
      spec:
        schedule: \(quoted(pipeline.schedule.cron.description))
        timeZone: \(quoted(pipeline.schedule.timeZone))
        concurrencyPolicy: Forbid
        startingDeadlineSeconds: \(pipeline.schedule.catchesUp ? catchUp : 60)
        jobTemplate:
          spec:
            backoffLimit: 2
            podFailurePolicy:
              rules:
                # A second try would end the same way: gate, failures, usage, pipeline file, missing file.
                - action: FailJob
                  onExitCodes: { containerName: index, operator: In, values: [4, 5, 64, 65, 66] }
            template:
              spec:
                restartPolicy: Never
                terminationGracePeriodSeconds: 30
                securityContext: { runAsNonRoot: true, runAsUser: 10001, fsGroup: 10001 }
                containers:
                  - name: index
                    image: \(quoted(image))
                    args: ["index", "--zero-when-unchanged", \(quoted("/pipelines/" + file))]
                    # kubectl create secret generic \(name) --from-env-file=\(pipeline.name).env
                    envFrom: [{ secretRef: { name: \(quoted(name)), optional: true } }]
                    securityContext:
                      allowPrivilegeEscalation: false
                      readOnlyRootFilesystem: true
                      capabilities: { drop: [ALL] }
                    volumeMounts:
                      - { name: pipelines, mountPath: /pipelines, readOnly: true }
                      - { name: snapshots, mountPath: \(quoted(pipeline.file.publish.to)) }
                      - { name: temporary, mountPath: /tmp }
                volumes:
                  - { name: temporary, emptyDir: {} }
                  - { name: pipelines, configMap: { name: acervo-pipelines } }
                  - { name: snapshots, persistentVolumeClaim: { claimName: acervo-snapshots } }

      """
  }

  // MARK: cron

  private static let cronHead = """
    # For the crontab of the user that owns the snapshots. cron knows the machine's time zone only, and neither
    # jitter nor catching up.

    """

  private static func cron(_ pipeline: ScheduledPipeline) -> String {
    // cron takes % for a line break.
    let words = [program, "index", "--quiet", "--zero-when-unchanged", pipeline.path].map(shellWord)
    let command = words.joined(separator: " ").split(separator: "%", omittingEmptySubsequences: false)
      .joined(separator: "\\%")
    return "# \(pipeline.name), in \(pipeline.schedule.timeZone)\n\(pipeline.schedule.cron) \(command)\n"
  }

  private static func shellWord(_ text: String) -> String {
    let isPlain = text.utf8.allSatisfy { byte in
      0x30...0x39 ~= byte || 0x41...0x5A ~= byte || 0x61...0x7A ~= byte || "-_./%+,:@".utf8.contains(byte)
    }
    guard !isPlain else { return text }
    return "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
  }
}
