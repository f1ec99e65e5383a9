using EventSubscriptions.Options;
using EventSubscriptions.Telemetry;
using Microsoft.Extensions.Configuration;

namespace EventSubscriptions.Tests.Telemetry;

public sealed class TelemetryOptionsTests
{
    [Theory]
    [InlineData(null, null)]
    [InlineData("", null)]
    [InlineData("http://127.0.0.1:4317", "http://127.0.0.1:4317/")]
    [InlineData("https://collector.example/otlp", "https://collector.example/otlp")]
    public void Endpoint_is_that_of_the_setting(string? value, string? endpoint)
    {
        var reader = Reader(value);

        Assert.Equal(endpoint, TelemetryOptions.Read(reader).OtlpEndpoint?.AbsoluteUri);
        Assert.Empty(reader.Errors);
    }

    [Theory]
    [InlineData("collector:4317")]
    [InlineData("127.0.0.1:4317")]
    [InlineData("/otlp")]
    [InlineData("ftp://collector")]
    public void Endpoint_without_an_address_is_an_error(string value)
    {
        var reader = Reader(value);

        Assert.Null(TelemetryOptions.Read(reader).OtlpEndpoint);
        Assert.Equal(["OTEL_EXPORTER_OTLP_ENDPOINT must be an absolute http or https URI"], reader.Errors);
    }

    private static OptionsReader Reader(string? endpoint) =>
        new(new ConfigurationBuilder().AddInMemoryCollection([KeyValuePair.Create("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint)]).Build());
}
