using EventSubscriptions.Tests.Deliveries.Sending;

namespace EventSubscriptions.Tests.Scenarios.Harness;

/// <summary>
/// An app with a short deadline and one attempt within the time of a test, that trusts the tests' authority, and whose environment names a
/// proxy.
/// </summary>
public sealed class HostileApp : IAsyncLifetime
{
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(4);

    internal AppProcess App { get; private set; } = null!;

    internal TestCertificates Certificates { get; } = new();

    /// <summary>The proxy that nobody must use.</summary>
    internal RawReceiver Proxy { get; } = new(RawReceiver.Ok("from the proxy"));

    public async Task InitializeAsync()
    {
        var proxy = $"http://{Proxy.Url.Authority}";
        App = await AppProcess.Start(
            ("Deliveries__Deadline", Deadline.ToString("c")),
            ("Deliveries__RetrySchedule", "01:00:00"),
            ("SSL_CERT_FILE", Certificates.TrustFile),
            ("http_proxy", proxy),
            ("HTTP_PROXY", proxy),
            ("https_proxy", proxy),
            ("HTTPS_PROXY", proxy),
            ("all_proxy", proxy),
            ("ALL_PROXY", proxy),
            ("no_proxy", ""),
            ("NO_PROXY", "")
        );

        // The first secure connection of a process reads all certificates that the machine trusts, which takes a while where it is busy.
        await using var server = await Http2Server.Start(Certificates.Valid(), _ => Task.CompletedTask);
        var subscription = await Organization.New(App).Subscribe(server.Url);
        await subscription.Organization.PublishCase();
        await Eventually.Until(async () => (await subscription.Attempts()).Count > 0, () => "a first attempt");
    }

    public async Task DisposeAsync()
    {
        await App.DisposeAsync();
        await Proxy.DisposeAsync();
        Certificates.Dispose();
    }
}
