using System.Net;
using System.Text.RegularExpressions;
using EventSubscriptions.Tests.Scenarios.Harness;

namespace EventSubscriptions.Tests.Scenarios;

public sealed class RetentionScenarios
{
    private static readonly Regex s_purgedAttempt = new("Removed [12] rows from before .* from the table deliverylog", RegexOptions.None, TimeSpan.FromSeconds(1));

    [Fact]
    public async Task What_is_older_than_its_retention_goes_on_schedule()
    {
        await using var receiver = await Receiver.Start();
        await using var app = await AppProcess.Start(
            ("RetentionSchedule", "* * * * * *"), ("Retention__DeliveryLog", "00:00:02"), ("Retention__EventArchive", "00:00:02"));
        var organization = Organization.New(app);
        var hook = receiver.NewHook();
        var subscription = await organization.Subscribe(hook);
        var eventId = await organization.PublishCase();
        await hook.Received(1);
        await Eventually.Until(() => s_purgedAttempt.IsMatch(app.Output), () => $"the attempt's purge in {app.Output}");
        Assert.Empty(await subscription.Attempts());
        await Eventually.Until(
            async () => (await organization.Api.Send(HttpMethod.Post, $"{subscription.Path}/deliveries/{eventId}/resend")).Status == HttpStatusCode.NotFound,
            () => "no payload any more");

        Assert.Single(await organization.AuditLog("subscription.created"));
        Assert.Equal(0, await app.Stop());
        Assert.Matches("Removed [12] rows from before .* from the table eventarchive", app.Output);
    }

    [Fact]
    public async Task Start_refuses_a_log_that_forgets_before_the_archive()
    {
        await using var app = AppProcess.Create(("Retention__DeliveryLog", "1.00:00:00"), ("Retention__AuditLog", "90"));

        Assert.NotEqual(0, await app.RunToEnd());

        Assert.Contains("Retention__DeliveryLog must be at least as long as Retention__EventArchive", app.Output, StringComparison.Ordinal);
        Assert.Contains("Retention__AuditLog", app.Output, StringComparison.Ordinal);
    }
}
