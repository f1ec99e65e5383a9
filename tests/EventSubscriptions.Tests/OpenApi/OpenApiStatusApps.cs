namespace EventSubscriptions.Tests.OpenApi;

/// <summary>An app whose replays take their time, and what an app responds whose tables are away.</summary>
public sealed class OpenApiStatusApps : IAsyncLifetime
{
    internal AppProcess App { get; private set; } = null!;

    /// <summary>An app that allows each organization one of everything.</summary>
    internal AppProcess Limited { get; private set; } = null!;

    internal Receiver Receiver { get; private set; } = null!;

    /// <summary>The status of each operation, with a key that was issued.</summary>
    internal IReadOnlyDictionary<string, int> InOutage { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        Receiver = await Receiver.Start();
        App = await AppProcess.Start(("Replays__RatePerSecond", "1"));
        Limited = await AppProcess.Start(
            ("Limits__SubscriptionsPerOrganization", "1"),
            ("Limits__TestsPerOrganization", "1"),
            ("Limits__EventsPerSecondPerOrganization", "1"),
            ("Deliveries__Deadline", "00:00:01")
        );
        InOutage = await StatusesInOutage();
    }

    public async Task DisposeAsync()
    {
        await App.DisposeAsync();
        await Limited.DisposeAsync();
        await Receiver.DisposeAsync();
    }

    private static async Task<Dictionary<string, int>> StatusesInOutage()
    {
        await using var azurite = await AzuriteServer.StartAsync();
        await using var app = await AppProcess.Start(("Tables", azurite.ConnectionString));
        var key = await Keys.Create(app, "admin");
        await azurite.StopAsync();
        var responses = await Task.WhenAll(
            Description.Operations.Select(async operation =>
                (
                    operation.Id,
                    Status: (int)
                        (
                            await app.As(key)
                                .Send(new HttpMethod(operation.Method), operation.ExamplePath, operation.Body is null ? null : "{}")
                        ).Status
                )
            )
        );
        return responses.ToDictionary(response => response.Id, response => response.Status, StringComparer.Ordinal);
    }
}
