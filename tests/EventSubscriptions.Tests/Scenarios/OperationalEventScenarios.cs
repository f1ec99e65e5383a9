using System.Text.Json;

namespace EventSubscriptions.Tests.Scenarios;

/// <summary>Operational events, from a receiver that fails to the receiver that is told.</summary>
public sealed class OperationalEventScenarios
{
    private static readonly string[] s_names =
    [
        "SubscriptionFailingEvent",
        "SubscriptionDeactivatedEvent",
        "SubscriptionRecoveredEvent",
        "DeliveryDeadLetteredEvent",
    ];

    [Fact]
    public async Task Subscription_that_names_them_is_told_when_another_fails_recovers_and_is_deactivated()
    {
        await using var app = await Start(retries: "00:00:00.050,00:00:00.050", minFailures: 6);
        await using var receiver = await Receiver.Start();
        var organization = Organization.New(app);
        var dying = await organization.Subscribe(receiver.NewHook().Responds(500, 500, 500, 200, 500), "*");
        var told = receiver.NewHook();
        await organization.Subscribe(told, s_names);
        var teams = receiver.NewHook();
        await (await organization.Subscribe(teams, s_names)).Change(new { format = new { type = "template", preset = "teams" } });

        var lost = await organization.PublishCase();
        await told.Received(2);
        await organization.PublishCase();
        await told.Received(3);
        await organization.PublishCase();
        await organization.Audited("delivery.deadLettered", 2);
        await organization.PublishCase();
        var payloads = (await told.Received(6)).Select(request => request.Payload).ToList();

        Assert.Equal(
            [
                "DeliveryDeadLetteredEvent 1",
                "SubscriptionDeactivatedEvent ",
                "SubscriptionFailingEvent 50",
                "SubscriptionFailingEvent 50",
                "SubscriptionFailingEvent 70",
                "SubscriptionRecoveredEvent ",
            ],
            payloads.Select(payload => $"{payload.EventName} {Number(payload)}").Order(StringComparer.Ordinal)
        );
        Assert.All(payloads, payload => Assert.Equal(dying.Id, payload.Data.GetProperty("subscriptionId").GetString()));
        var deadLettered = payloads.Single(payload => payload.EventName == "DeliveryDeadLetteredEvent");
        Assert.Equal(lost, deadLettered.Data.GetProperty("eventId").GetString());
        var cards = (await teams.Received(6)).Select(request =>
            JsonElement.Parse(request.Body).GetProperty("attachments")[0].GetProperty("content")
        );
        Assert.Equal(
            payloads.Select(payload => payload.EventName).Order(StringComparer.Ordinal),
            cards.Select(card => card.GetProperty("body")[0].GetProperty("text").GetString()!).Order(StringComparer.Ordinal)
        );
        Assert.All(cards, card => Assert.Contains(dying.Id, card.GetRawText(), StringComparison.Ordinal));
        Assert.False((await dying.Get()).IsActive);
        Assert.DoesNotContain(await dying.Attempts(), attempt => s_names.Contains(attempt.EventName, StringComparer.Ordinal));
        Assert.Equal(0, await app.Stop());
    }

    [Fact]
    public async Task Nobody_is_told_when_the_receiver_that_is_told_is_dead_too()
    {
        await using var app = await Start(retries: "00:00:00.050", minFailures: 2);
        await using var receiver = await Receiver.Start();
        var organization = Organization.New(app);
        var dying = await organization.Subscribe(receiver.NewHook().Responds(500), Some.CaseEvent);
        var dead = await organization.Subscribe(receiver.NewHook().Responds(500), s_names);

        await organization.PublishCase();
        await organization.Audited("subscription.deactivated", 2);
        await Eventually.QueuesAreEmpty(app);

        Assert.False((await dead.Get()).IsActive);
        var events = await organization.Api.GetAll<EventSummaryResult>($"{organization.Path}/events?source=system");
        Assert.Equal(
            ["DeliveryDeadLetteredEvent", "SubscriptionDeactivatedEvent", "SubscriptionFailingEvent"],
            events.Select(item => item.EventName).Order(StringComparer.Ordinal)
        );
        Assert.All(events, item => Assert.StartsWith($"sys_{dying.Id}_", item.Id, StringComparison.Ordinal));
        Assert.Equal(0, await app.Stop());
    }

    /// <summary>Starts an app that deactivates a subscription after some failures, however soon they come.</summary>
    private static Task<AppProcess> Start(string retries, int minFailures) =>
        AppProcess.Start(
            ("Deliveries__RetrySchedule", retries),
            ("Deliveries__DeactivateAfter", "00:00:00"),
            ("Deliveries__DeactivateMinFailures", $"{minFailures}")
        );

    private static string Number(PayloadResult payload) =>
        payload.Data.TryGetProperty("percent", out var percent) ? percent.GetRawText()
        : payload.Data.TryGetProperty("count", out var count) ? count.GetRawText()
        : "";
}
