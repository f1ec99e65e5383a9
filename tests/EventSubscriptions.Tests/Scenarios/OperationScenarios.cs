using System.Diagnostics;
using System.Net;
using EventSubscriptions.Subscriptions.Authentication;
using EventSubscriptions.Tests.Scenarios.Harness;

namespace EventSubscriptions.Tests.Scenarios;

/// <summary>What an operator does with the process.</summary>
public sealed class OperationScenarios
{
    [Fact]
    public async Task Restart_keeps_subscriptions_keys_logs_and_waiting_deliveries()
    {
        await using var receiver = await Receiver.Start();
        await using var app = await AppProcess.Start(("Deliveries__RetrySchedule", "00:00:03"));
        var organization = Organization.New(app);
        var hook = receiver.NewHook().Responds(500, 200);
        var subscription = await organization.Subscribe(hook);
        var key = await Keys.Create(app, "manage", organization.Id);
        var eventId = await organization.PublishCase();
        await organization.Audited("delivery.failed", 1);

        Assert.Equal(0, await app.Stop());
        await app.StartAgain();

        await hook.Received(2);
        Assert.Equal(eventId, (await subscription.Attempted("delivered", 1))[0].EventId);
        var mine = organization.SeenBy(app.As(key));
        var listed = Assert.Single(await mine.Subscriptions());
        Assert.Equal(subscription.Id, listed.Id);
        Assert.Equal(subscription.Created.ETag, (await mine.Api.Get(subscription.Path)).ETag);
        Assert.Single(await mine.AuditLog("delivery.failed"));
        Assert.Single(await mine.AuditLog("subscription.created"));
        await hook.Received(await mine.PublishCase());
        Assert.Equal("Bearer " + subscription.Token, hook.Requests[^1].Authorization);
    }

    [Fact]
    public async Task Stop_waits_for_deliveries_in_flight()
    {
        await using var receiver = await Receiver.Start();
        await using var app = await AppProcess.Start();
        var organization = Organization.New(app);
        var hook = receiver.NewHook().After(TimeSpan.FromSeconds(2));
        await organization.Subscribe(hook);
        await organization.PublishCase();
        await hook.Received(1);

        var watch = Stopwatch.StartNew();
        Assert.Equal(0, await app.Stop());

        Assert.InRange(watch.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(10));
        await app.StartAgain();
        await Eventually.QueuesAreEmpty(app);
        Assert.Equal(1, hook.Count);
    }

    [Fact]
    public async Task Second_process_on_the_same_folder_is_refused()
    {
        await using var app = await AppProcess.Start();
        await using var second = app.CreateOnSameFolder();

        var code = await second.RunToEnd();

        Assert.NotEqual(0, code);
        Assert.Contains(app.Folder, second.Output, StringComparison.Ordinal);
        Assert.Contains("another process", second.Output, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("   at ", second.Output, StringComparison.Ordinal);
        (await app.AsAdmin().Get("/api/health")).Expect(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Start_fails_with_all_invalid_settings_at_once()
    {
        await using var app = AppProcess.Create(
            ("Access__AdminKey", "too short"),
            ("Secrets__Keys", "nonsense"),
            ("Deliveries__RetrySchedule", "soon"),
            ("Deliveries__Deadline", "-00:00:01"),
            ("Deliveries__ProbeInterval", "00:00:00.999"),
            ("Deliveries__AllowInsecureDestinations", "perhaps"),
            ("Deliveries__AllowedNetworks", "10.0.0.0"),
            ("Deliveries__TrustedCertificates", "/etc/ssl/authority.pem"),
            ("Deliveries__Proxy", "http://user:password-of-the-proxy@proxy/path"),
            ("Deliveries__ManagedIdentities__0__Resource", "api://receiver")
        );

        var code = await app.RunToEnd();

        Assert.NotEqual(0, code);
        Assert.All(
            [
                "Access__AdminKey",
                "Secrets__Keys",
                "Deliveries__RetrySchedule",
                "Deliveries__Deadline",
                "Deliveries__ProbeInterval",
                "Deliveries__AllowInsecureDestinations",
                "Deliveries__AllowedNetworks",
                "Deliveries__TrustedCertificates",
                "Deliveries__Proxy",
                "Deliveries__ManagedIdentities__0__ClientId",
                "Deliveries__ManagedIdentities__0__Hosts",
            ],
            setting => Assert.Contains(setting, app.Output, StringComparison.Ordinal)
        );
        Assert.DoesNotContain("password-of-the-proxy", app.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", app.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Output_has_no_key_token_or_payload()
    {
        await using var receiver = await Receiver.Start();
        await using var app = await AppProcess.Start(
            ("Deliveries__RetrySchedule", "00:00:00.100"),
            ("Logging__LogLevel__Default", "Trace"),
            ("Logging__LogLevel__Microsoft", "Trace"),
            ("Logging__LogLevel__Azure", "Trace"),
            ("Logging__LogLevel__System", "Trace")
        );
        var organization = Organization.New(app);
        var key = await Keys.Create(app, "manage", organization.Id);
        var failing = receiver.NewHook().Responds(500);
        using var down = new ClosedPort();
        var subscriptions = new[]
        {
            await organization.Subscribe(receiver.NewHook()),
            await organization.Subscribe(failing),
            await organization.Subscribe(down.Url),
        };

        using var certificates = new TestCertificates();
        var certificate = certificates.OfClient();
        var credentials = await SubscribeWithEveryCredential(organization, receiver, certificate);

        await organization.SeenBy(app.As(key)).PublishCase("payload-that-is-private");
        (await app.AsAdmin().PutOnQueue("events", "poison-that-is-private"u8.ToArray())).Expect(HttpStatusCode.Created);
        await organization.Audited("delivery.deadLettered", 2 + credentials.Failing);
        await subscriptions[0].Change(new { token = "token-that-is-newer" });
        var rotation = await subscriptions[0].RotateSecret();
        string[] signingSecrets = [rotation, .. subscriptions.Select(s => s.SigningSecret)];
        Assert.Equal(0, await app.Stop());

        Assert.Contains("trce:", app.Output, StringComparison.Ordinal);
        var keyLine = certificate.PrivateKey.Reveal().Split('\n')[1];
        var responses = string.Join('\n', [credentials.Responses, .. subscriptions.Select(subscription => subscription.Created.Text)]);
        Assert.All(
            [
                app.AdminKey,
                key,
                "token-that-is-newer",
                "payload-that-is-private",
                "poison-that-is-private",
                "credential-that-is-private",
                keyLine,
                .. subscriptions.Select(s => s.Token),
            ],
            secret =>
            {
                Assert.DoesNotContain(secret, app.Output, StringComparison.Ordinal);
                Assert.DoesNotContain(secret, responses, StringComparison.Ordinal);
            }
        );
        Assert.All(signingSecrets, secret => Assert.DoesNotContain(secret["whsec_".Length..], app.Output, StringComparison.Ordinal));
        var files = Directory.EnumerateFiles(app.Folder, "*", SearchOption.AllDirectories).Select(File.ReadAllText).ToList();
        Assert.All(
            [
                key,
                "token-that-is-newer",
                "credential-that-is-private",
                keyLine,
                .. subscriptions.Select(s => s.Token),
                .. signingSecrets.Select(secret => secret["whsec_".Length..]),
            ],
            secret => Assert.DoesNotContain(files, file => file.Contains(secret, StringComparison.Ordinal))
        );
    }

    /// <summary>
    /// Subscribes with each kind of credential, all with the text <c>credential-that-is-private</c>, and returns all responses about them.
    /// </summary>
    private static async Task<(int Failing, string Responses)> SubscribeWithEveryCredential(
        Organization organization,
        Receiver receiver,
        ClientCertificate certificate
    )
    {
        const string Secret = "credential-that-is-private";
        using var closed = new ClosedPort();
        object[] changes =
        [
            new { token = Secret },
            new
            {
                authentication = new
                {
                    type = "basic",
                    username = "user",
                    password = Secret,
                },
            },
            new
            {
                authentication = new
                {
                    type = "header",
                    name = "X-Api-Key",
                    value = Secret,
                },
            },
            new
            {
                format = new
                {
                    type = "template",
                    body = """{"key":{{ secrets.key | json }}}""",
                    secrets = new { key = Secret },
                },
            },
            new { headers = new Dictionary<string, string>(StringComparer.Ordinal) { ["X-Other"] = Secret } },
            new
            {
                urlIsSecret = true,
                url = $"{closed.Url}{Secret}",
                token = "t",
            },
            new
            {
                authentication = new
                {
                    type = "oauth2",
                    tokenUrl = closed.Url,
                    clientId = "client",
                    clientSecret = Secret,
                },
            },
            new
            {
                url = closed.Url.ToString().Replace("http:", "https:", StringComparison.Ordinal),
                token = Secret,
                clientCertificate = new { certificate = certificate.Certificate, privateKey = certificate.PrivateKey.Reveal() },
            },
        ];
        var responses = "";
        foreach (var change in changes)
        {
            var subscription = await organization.Subscribe(receiver.NewHook());
            responses += (await organization.Api.Patch(subscription.Path, change)).Expect(HttpStatusCode.OK).Text;
            responses += (await organization.Api.Get(subscription.Path)).Text;
        }

        responses += await organization.AuditLogText();
        return (3, responses);
    }
}
