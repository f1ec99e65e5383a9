using System.Net;
using System.Net.Sockets;
using System.Text;
using EventSubscriptions.Subscriptions.Authentication;
using EventSubscriptions.Tests.Scenarios.Harness;

namespace EventSubscriptions.Tests.Scenarios;

/// <summary>What an app with a collector tells about its work.</summary>
public sealed class TelemetryScenarios : IClassFixture<TelemetryScenarios.ObservedApp>
{
    private static readonly Dictionary<string, (string Unit, string[] Dimensions)> s_instruments = new(StringComparer.Ordinal)
    {
        ["event_subscriptions.events.published"] = ("{event}", ["source=http", "source=external", "source=system"]),
        ["event_subscriptions.deliveries.created"] = ("{delivery}", ["cause=event", "cause=resend", "cause=replay"]),
        ["event_subscriptions.attempts"] = (
            "{attempt}",
            ["outcome=delivered", "outcome=failed error.type=status", "outcome=failed error.type=connect", "outcome=skipped"]
        ),
        ["event_subscriptions.attempt.duration"] = ("s", ["outcome=delivered", "outcome=failed"]),
        ["event_subscriptions.delivery.latency"] = ("s", [""]),
        ["event_subscriptions.queue.wait"] = ("s", ["queue=events", "queue=fanout", "queue=deliveries", "queue=replays"]),
        ["event_subscriptions.messages.postponed"] = ("{message}", ["queue=deliveries reason=throttled"]),
        ["event_subscriptions.breakers.open"] = ("{breaker}", [""]),
        ["event_subscriptions.replays"] = ("{replay}", ["state=started", "state=completed"]),
        ["event_subscriptions.dead_letters.recorded"] = (
            "{message}",
            ["queue=events reason=MalformedEvent", "queue=deliveries reason=RetriesExhausted"]
        ),
    };

    private readonly ObservedApp _observed;

    public TelemetryScenarios(ObservedApp observed) => _observed = observed;

    [Fact]
    public void Trace_spans_the_request_of_the_caller_and_every_attempt()
    {
        var spans = _observed.Collector.Spans.Where(span => span.TraceId == ObservedApp.CallersTrace).ToList();

        var publish = Assert.Single(spans, span => span.Name == "publish");
        Assert.Equal(ObservedApp.CallersSpan, publish.ParentSpanId);
        var fanOut = Assert.Single(spans, span => span.Name == "fan out");
        Assert.Equal(publish.SpanId, fanOut.ParentSpanId);
        var attempts = spans.Where(span => span.Name == "attempt").ToList();
        Assert.Equal(["failed", "delivered"], attempts.Select(attempt => attempt.Attributes["event_subscriptions.outcome"]));
        Assert.All(attempts, attempt => Assert.Equal(fanOut.SpanId, attempt.ParentSpanId));
        Assert.Equal(attempts.Select(attempt => attempt.TraceParent), _observed.Traced.Select(request => request.Headers["traceparent"]));
        Assert.Equal(4, spans.Count);
        Assert.All(spans, span => Assert.Equal("EventSubscriptions", span.Scope));
    }

    [Fact]
    public void Event_of_an_external_producer_continues_its_trace()
    {
        var spans = _observed.Collector.Spans.Where(span => span.TraceId == ObservedApp.ProducersTrace).ToList();

        Assert.Equal(["fan out", "attempt"], spans.Select(span => span.Name).OrderDescending());
        Assert.Equal(ObservedApp.CallersSpan, spans.Single(span => span.Name == "fan out").ParentSpanId);
    }

    [Fact]
    public void Instruments_are_exported_with_their_units_and_known_dimensions_only()
    {
        var metrics = _observed.Collector.Metrics.ToLookup(metric => metric.Name, StringComparer.Ordinal);

        Assert.Equal(
            s_instruments.Keys.Order(),
            metrics.Select(metric => metric.Key).Where(name => !name.Contains("relay", StringComparison.Ordinal)).Order()
        );
        foreach (var (name, (unit, dimensions)) in s_instruments)
        {
            Assert.All(metrics[name], metric => Assert.Equal(("EventSubscriptions", unit), (metric.Scope, metric.Unit)));
            Assert.Equal(
                dimensions.Order(StringComparer.Ordinal),
                metrics[name]
                    .SelectMany(metric => metric.Points)
                    .Select(Text)
                    .Distinct(StringComparer.Ordinal)
                    .Order(StringComparer.Ordinal)
            );
        }
    }

    [Fact]
    public void Logs_are_exported_at_the_configured_levels()
    {
        Assert.Contains(_observed.Collector.Logs, log => log.Attributes.ContainsKey("SubscriptionId"));
    }

    [Fact]
    public void Resource_has_the_name_and_the_version_of_the_app()
    {
        Assert.All(
            _observed.Collector.Resources,
            resource =>
            {
                Assert.Equal("event-subscriptions", resource.Attributes["service.name"]);
                Assert.Matches(@"^\d+\.\d+\.\d+$", resource.Attributes["service.version"]);
                Assert.Equal("test", resource.Attributes["deployment.environment.name"]);
            }
        );
    }

    [Fact]
    public void No_secret_payload_or_url_is_exported()
    {
        Assert.NotEmpty(_observed.Collector.Exports);
        foreach (var export in _observed.Collector.Exports.Select(Encoding.UTF8.GetString))
        {
            Assert.All(_observed.Secrets, secret => Assert.DoesNotContain(secret, export, StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task App_works_and_stops_in_time_when_the_collector_does_not_respond()
    {
        using var collector = new TcpListener(IPAddress.Loopback, 0);
        collector.Start();
        await using var receiver = await Receiver.Start();
        await using var app = await AppProcess.Start(
            ("OTEL_EXPORTER_OTLP_ENDPOINT", $"http://{collector.LocalEndpoint}"),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"),
            ("OTEL_BSP_SCHEDULE_DELAY", "50")
        );
        var organization = Organization.New(app);
        var hook = receiver.NewHook();
        await organization.Subscribe(hook);
        await organization.PublishCase();
        await hook.Received(1);

        Assert.Equal(0, await app.Stop());
    }

    private static string Text(IReadOnlyDictionary<string, string> dimensions) =>
        string.Join(
            ' ',
            dimensions
                .Select(tag => $"{tag.Key}={tag.Value}")
                .OrderBy(text => text.StartsWith("error", StringComparison.Ordinal))
                .ThenBy(text => text, StringComparer.Ordinal)
        );

    /// <summary>An app that has lived through a little of everything, and has ended.</summary>
    public sealed class ObservedApp : IAsyncLifetime
    {
        internal const string CallersTrace = "0af7651916cd43dd8448eb211c80319c";
        internal const string ProducersTrace = "4bf92f3577b34da6a3ce929d0e0e4736";
        internal const string CallersSpan = "b7ad6b7169203331";
        private const string Payload = "something-that-nobody-else-may-see";
        private const string Credential = "credential-that-nobody-else-may-see";

        internal Collector Collector { get; private set; } = null!;

        /// <summary>What the receiver got of the event that was published with a trace context.</summary>
        internal IReadOnlyList<ReceivedRequest> Traced { get; private set; } = [];

        internal IReadOnlyList<string> Secrets { get; private set; } = [];

        public async Task InitializeAsync()
        {
            Collector = await Collector.Start();
            await using var receiver = await Receiver.Start();
            using var closed = new ClosedPort();
            await using var app = await AppProcess.Start(
                ("OTEL_EXPORTER_OTLP_ENDPOINT", Collector.Address),
                ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"),
                ("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=test"),
                ("Logging__LogLevel__EventSubscriptions", "Debug"),
                ("Deliveries__RetrySchedule", "00:00:00.050,00:00:00.050,00:00:00.050")
            );

            var organization = Organization.New(app);
            var hook = receiver.NewHook().Responds(500, 200);
            var subscription = await organization.Subscribe(hook);
            await PublishTraced(organization);
            Traced = await hook.Received(2);

            await app.AsAdmin()
                .PutOnQueue(
                    "events",
                    Encoding.UTF8.GetBytes($$$"""{"eventName":"OtherEvent","organizationId":{{{organization.Id}}},"data":{}}"""),
                    "outside",
                    ("Diagnostic-Id", $"\"00-{ProducersTrace}-{CallersSpan}-01\"")
                );
            await hook.Received("outside");
            await app.AsAdmin().PutOnQueue("events", "not an event"u8.ToArray());
            (await organization.Api.Post($"{subscription.Path}/deliveries/outside/resend", new { })).Expect(HttpStatusCode.Accepted);
            await hook.Received(4);
            await Replay(organization, subscription);
            await hook.Received(6);

            using var certificates = new TestCertificates();
            var certificate = certificates.OfClient();
            await SubscribeWithCredentials(organization, closed, certificate);
            await AskForMore(app, organization, closed, receiver);
            await Eventually.Get(
                () => app.AsAdmin().GetAll<AuditLogEntry>("/api/audit-logs?type=event.deadLettered"),
                entries => entries.Count == 1,
                entries => $"a dead letter, {entries.Count} are there"
            );
            await Eventually.Get(
                () => organization.Api.GetAll<EventSummaryResult>($"{organization.Path}/events?source=system"),
                events => events.Count > 0,
                _ => "an operational event"
            );
            Secrets =
            [
                Payload,
                Credential,
                certificate.PrivateKey.Reveal().Split('\n')[1],
                subscription.Token,
                subscription.SigningSecret,
                app.AdminKey,
                hook.Url.AbsolutePath,
                hook.Url.Authority,
            ];
            Assert.Equal(0, await app.Stop());
        }

        public async Task DisposeAsync() => await Collector.DisposeAsync();

        private static async Task PublishTraced(Organization organization)
        {
            var body = new { eventName = Some.CaseEvent, data = Some.CaseData(Payload) };
            var response = await organization.Api.Send(
                HttpMethod.Post,
                $"{organization.Path}/events",
                Encoding.UTF8.GetBytes(ClientJson.Write(body)),
                "application/json",
                ifMatch: null,
                ("traceparent", $"00-{CallersTrace}-{CallersSpan}-01")
            );
            response.Expect(HttpStatusCode.Accepted);
        }

        private static async Task Replay(Organization organization, SubscriptionHandle subscription)
        {
            var from = TimeProvider.System.GetUtcNow().AddHours(-1);
            (await organization.Api.Post($"{subscription.Path}/replays", new { from })).Expect(HttpStatusCode.Accepted);
            await organization.Audited("replay.ended", 1);
        }

        /// <summary>Subscribes with each kind of credential to an event that is published later.</summary>
        private static async Task SubscribeWithCredentials(Organization organization, ClosedPort closed, ClientCertificate certificate)
        {
            object[] changes =
            [
                new
                {
                    authentication = new
                    {
                        type = "basic",
                        username = "user",
                        password = Credential,
                    },
                },
                new
                {
                    authentication = new
                    {
                        type = "header",
                        name = "X-Api-Key",
                        value = Credential,
                    },
                },
                new { headers = new Dictionary<string, string>(StringComparer.Ordinal) { ["X-Other"] = Credential } },
                new
                {
                    url = $"{closed.Url}{Credential}",
                    token = Credential,
                    urlIsSecret = true,
                },
                new
                {
                    url = closed.Url.ToString().Replace("http:", "https:", StringComparison.Ordinal),
                    token = Credential,
                    clientCertificate = new { certificate = certificate.Certificate, privateKey = certificate.PrivateKey.Reveal() },
                },
            ];
            foreach (var change in changes)
            {
                await (await organization.Subscribe(closed.Url, "CaseCreatedEvent")).Change(change);
            }
        }

        /// <summary>Other outcomes at other receivers: dead-lettered, skipped, postponed.</summary>
        private static async Task AskForMore(AppProcess app, Organization organization, ClosedPort closed, Receiver receiver)
        {
            var failing = await organization.Subscribe(receiver.NewHook().Responds(500), "TaskDeletedEvent");
            var slow = receiver.NewHook();
            var deactivated = await Organization.New(app).Subscribe(slow, rateLimitPerSecond: 1);
            var unreachable = await organization.Subscribe(closed.Url, "CaseCreatedEvent");
            (await organization.Api.Post($"{failing.Path}/test", new { })).Expect(HttpStatusCode.OK);
            await organization.Publish(
                "TaskDeletedEvent",
                new
                {
                    taskId = "1",
                    taskName = "n",
                    taskType = "t",
                }
            );
            for (var n = 0; n < 3; n++)
            {
                await organization.Publish(
                    "CaseCreatedEvent",
                    new
                    {
                        id = "1",
                        name = "n",
                        ownerUser = "u",
                    }
                );
            }

            // They would take a minute.
            await deactivated.Organization.PublishCases(60, "case");
            await slow.Received(1);
            await deactivated.Change(new { isActive = false });
            await unreachable.Attempted("failed", 5);
            await organization.Audited("delivery.deadLettered", 1);
            await deactivated.Attempted("skipped", 1);
        }
    }
}
