namespace EventSubscriptions.Portal.Tests.Harness;

/// <summary>One app and one receiver for all tests that do them no harm. Each test takes a new organization.</summary>
public sealed class PortalApp : IAsyncLifetime
{
    private static readonly Lazy<Task<AppProcess>> s_app = new(StartAsync);
    private static readonly Lazy<Task<Receiver>> s_receiver = new(Receiver.Start);

    internal AppProcess App { get; private set; } = null!;

    internal Receiver Receiver { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        App = await s_app.Value;
        Receiver = await s_receiver.Value;
    }

    public Task DisposeAsync() => Task.CompletedTask;

    /// <summary>An organization that no other test uses.</summary>
    internal Organization NewOrganization() => Organization.New(App);

    /// <summary>A subscription in a new organization.</summary>
    internal Task<SubscriptionHandle> Subscribe(string url) => NewOrganization().Subscribe(new Uri(url));

    /// <summary>A browser tab that is signed in with the admin key.</summary>
    internal Task<Tab> OpenAsAdmin(TabOptions? options = null) => Tab.Open(App, App.AdminKey, options);

    /// <summary>A browser tab that is signed in with a new key.</summary>
    internal async Task<Tab> OpenAs(string role, int? organizationId = null) =>
        await Tab.Open(App, await Keys.Create(App, role, organizationId));

    private static async Task<AppProcess> StartAsync()
    {
        var app = AppProcess.Create(("Deliveries__RetrySchedule", "00:00:00.200,01:00:00"));
        AppDomain.CurrentDomain.ProcessExit += (_, _) => app.Abandon();
        await app.StartAgain();
        return app;
    }
}
