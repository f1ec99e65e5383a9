namespace EventSubscriptions.Tests.Scenarios.Harness;

/// <summary>
/// One app and one receiver for all scenarios that need no settings of their own and do it no harm. Each test takes a new
/// organization, so that they run side by side.
/// </summary>
public sealed class SharedApp : IAsyncLifetime
{
    private static readonly Lazy<Task<AppProcess>> s_app = new(StartAsync);
    private static readonly Lazy<Task<Receiver>> s_receiver = new(Receiver.Start);

    internal AppProcess App { get; private set; } = null!;

    internal Receiver Receiver { get; private set; } = null!;

    /// <summary>An organization that no other test uses.</summary>
    internal Organization NewOrganization() => Organization.New(App);

    public async Task InitializeAsync()
    {
        App = await s_app.Value;
        Receiver = await s_receiver.Value;
    }

    public Task DisposeAsync() => Task.CompletedTask;

    private static async Task<AppProcess> StartAsync()
    {
        var app = AppProcess.Create(("Deliveries__RetrySchedule", "00:00:00.200,00:00:00.200,00:00:00.200"));
        AppDomain.CurrentDomain.ProcessExit += (_, _) => app.Abandon();
        await app.StartAgain();
        return app;
    }
}
