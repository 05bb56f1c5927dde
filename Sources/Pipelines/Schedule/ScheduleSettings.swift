internal import Settings

/// When a pipeline is run by itself.
public struct ScheduleSettings: Sendable, Equatable {
  /// The times.
  public var cron: CronExpression
  /// The zone of the tz database whose clocks they mean; `UTC` by default.
  public var timeZone: String
  /// The longest delay after each time, in seconds; 0 by default.
  public var jitter: Double
  /// Whether a time that passed while nobody was there is made up for, once; yes by default.
  public var catchesUp: Bool

  /// Makes a schedule with the defaults.
  public init(cron: CronExpression, timeZone: String = "UTC", jitter: Double = 0, catchesUp: Bool = true) {
    self.cron = cron
    self.timeZone = timeZone
    self.jitter = jitter
    self.catchesUp = catchesUp
  }
}

/// A schedule while it is being read.
private struct ScheduleDraft: Sendable {
  var cron: CronExpression?
  var timeZone = "UTC"
  var jitter = 0.0
  var catchesUp = true

  private typealias Field = SettingsField<ScheduleDraft>

  static let definition = SettingsObject(
    initial: ScheduleDraft(),
    fields: [
      Field(
        "cron", \.cron, ScheduleSettings.cronType, isRequired: true,
        "Minute, hour, day of the month, month, day of the week."),
      Field("time_zone", \.timeZone, timeZoneType, "The time zone that the times are in, such as Europe/Madrid."),
      Field(
        "jitter", \.jitter, .duration(in: 0...86_400),
        "Each run begins up to so much later, so that not all pipelines ask at the same moment."),
      Field(
        "catch_up", \.catchesUp, .boolean,
        "Whether a time that passed while the scheduler was down is made up for, once."),
    ])

  private static var timeZoneType: SettingType<String> {
    .string(needs: "the name of a time zone").checked { name, node, reader in
      guard ClockZone(name) == nil else { return name }
      if let reference = node.reference {
        reader.report(
          at: node, "“\(reference)” is no time zone of the tz database (its value comes from the environment)",
          mend: "let it be one such as UTC or Europe/Madrid; the package tzdata has them")
        return nil
      }
      reader.report(
        at: node, "“\(name)” is no time zone of the tz database",
        mend: "write one such as UTC or Europe/Madrid; the package tzdata has them")
      return nil
    }
  }
}

extension ScheduleSettings {
  /// A cron expression by itself, or a mapping with more.
  static var type: SettingType<ScheduleSettings> {
    ScheduleDraft.definition.type
      .mapped(
        { draft, _, _ in
          draft.cron.map {
            ScheduleSettings(cron: $0, timeZone: draft.timeZone, jitter: draft.jitter, catchesUp: draft.catchesUp)
          }
        },
        back: { settings in
          var draft = ScheduleDraft()
          (draft.cron, draft.timeZone) = (settings.cron, settings.timeZone)
          (draft.jitter, draft.catchesUp) = (settings.jitter, settings.catchesUp)
          return draft
        }
      )
      .orShort(cronType) { ScheduleSettings(cron: $0) }
  }

  fileprivate static var cronType: SettingType<CronExpression> {
    SettingType<String>.string(needs: "a cron expression such as \"0 */6 * * *\"").mapped(
      { text, node, reader in
        do throws(CronError) {
          return try CronExpression(text)
        } catch {
          // What is wrong with it would show it.
          if let reference = node.reference {
            reader.report(
              at: node, "“\(reference)” is no cron expression (its value comes from the environment)",
              mend: "let it be one such as 0 */6 * * *")
            return nil
          }
          reader.report(at: node, "“\(text.prefix(80))” is no cron expression: \(error.message)", mend: error.mend)
          return nil
        }
      }, back: { $0.description })
  }
}
