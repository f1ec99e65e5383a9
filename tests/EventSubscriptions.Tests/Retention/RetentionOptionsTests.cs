using EventSubscriptions.Options;
using EventSubscriptions.Retention;
using Microsoft.Extensions.Configuration;

namespace EventSubscriptions.Tests.Retention;

public sealed class RetentionOptionsTests
{
    [Theory]
    [InlineData("4.18:00:00", null, false)]
    [InlineData("5.00:00:00", null, true)]
    [InlineData("1.12:00:00", "10:00:00", false)]
    [InlineData("1.12:00:01", "10:00:00", true)]
    [InlineData("30.00:00:00", "7.00:00:00,7.00:00:00,7.00:00:00,7.00:00:00", false)]
    public void Archive_must_be_kept_longer_than_the_retry_schedule(string archive, string? schedule, bool isValid)
    {
        var reader = new OptionsReader(
            new ConfigurationBuilder()
                .AddInMemoryCollection([new("Retention:EventArchive", archive), new("Deliveries:RetrySchedule", schedule)])
                .Build()
        );

        RetentionOptions.Read(reader);

        Assert.Equal(isValid, reader.Errors.Count == 0);
        Assert.All(
            reader.Errors,
            error => Assert.StartsWith("Retention__EventArchive must be longer than ", error, StringComparison.Ordinal)
        );
    }

    /// <summary>A replay of missed events would otherwise repeat those whose attempts are no longer in the log.</summary>
    [Theory]
    [InlineData("30.00:00:00", true)]
    [InlineData("29.23:59:59", false)]
    public void Delivery_log_must_be_kept_as_long_as_the_archive(string log, bool isValid)
    {
        var reader = new OptionsReader(
            new ConfigurationBuilder()
                .AddInMemoryCollection([new("Retention:EventArchive", "30.00:00:00"), new("Retention:DeliveryLog", log)])
                .Build()
        );

        RetentionOptions.Read(reader);

        Assert.Equal(
            isValid ? [] : ["Retention__DeliveryLog must be at least as long as Retention__EventArchive"],
            reader.Errors.Select(error => error.TrimEnd('.'))
        );
    }
}
