using System.Net;

namespace EventSubscriptions.Tests.Scenarios;

public sealed class RetentionScenarios
{
    [Fact]
    public async Task Expired_data_is_deleted_on_schedule()
    {
        await using var receiver = await Receiver.Start();
        await using var app = await AppProcess.Start(("RetentionSchedule", "* * * * * *"), ("Retention__AuditLog", "00:00:02"));
        var organization = Organization.New(app);
        var hook = receiver.NewHook();
        var subscription = await organization.Subscribe(hook);
        var eventId = await organization.PublishCase();
        await subscription.Attempted("delivered", 1);

        await Eventually.Until(
            async () => !(await organization.AuditLog("subscription.created")).Any(),
            () => $"the entry's purge in {app.Output}"
        );

        Assert.Equal(HttpStatusCode.OK, (await organization.Api.Send(HttpMethod.Get, $"{subscription.Path}/deliveries/{eventId}")).Status);
        Assert.Equal(0, await app.Stop());
        Assert.Matches("Removed [1-9] rows from before .* from the table auditlog", app.Output);
    }

    [Fact]
    public async Task Start_fails_when_the_delivery_log_is_kept_shorter_than_the_archive()
    {
        await using var app = AppProcess.Create(("Retention__DeliveryLog", "1.00:00:00"), ("Retention__AuditLog", "90"));

        Assert.NotEqual(0, await app.RunToEnd());

        Assert.Contains("Retention__DeliveryLog must be at least as long as Retention__EventArchive", app.Output, StringComparison.Ordinal);
        Assert.Contains("Retention__AuditLog", app.Output, StringComparison.Ordinal);
    }
}
