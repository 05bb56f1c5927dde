internal import Settings

extension TraceSettings {
  private typealias Field = SettingsField<TraceSettings>

  static let definition = SettingsObject(
    initial: TraceSettings(),
    fields: [
      Field(
        "endpoint", \.endpoint, .webAddress,
        "An OpenTelemetry collector (OTLP over HTTP), such as http://127.0.0.1:4318; $OTEL_EXPORTER_OTLP_ENDPOINT by "
          + "default."),
      Field("ratio", \.ratio, .percentage, "The share of traces that are sent where the caller does not say."),
      Field("service", \.service, .string(), "What the service is called in traces; $OTEL_SERVICE_NAME by default."),
    ])
}
