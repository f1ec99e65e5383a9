using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using CsCheck;
using EventSubscriptions.Storage;

namespace EventSubscriptions.Tests.Fuzzing;

/// <summary>
/// The running app responds to every request in time and without a server error; what it accepts can be read, listed, changed, replayed,
/// delivered and deleted. Each case is some 20 requests.
/// </summary>
public sealed class HttpFuzzTests(HttpFuzzTests.OwnApp shared) : IClassFixture<HttpFuzzTests.OwnApp>
{
    private const int Cases = 150;

    private static readonly HttpClient s_http = new(new SocketsHttpHandler { UseProxy = false }) { Timeout = TimeSpan.FromSeconds(20) };

    /// <summary>A payload may have 64 levels; the response adds its own around them.</summary>
    private static readonly JsonDocumentOptions s_deep = new() { MaxDepth = 128 };

    [Fact]
    public async Task App_returns_no_server_error_when_subscriptions_keys_and_replays_are_hostile()
    {
        var subscriptions = Hostile.Object(
            ("name", Hostile.Raw.Select(Hostile.Quoted)),
            ("description", Hostile.Raw.Select(Hostile.Quoted)),
            ("url", Hostile.Url.Select(Hostile.Quoted)),
            ("token", Gen.Const("\"token-0123456789\"")),
            ("events", Gen.OneOf("[\"*\"]", "[\"CaseClosedEvent\"]")),
            ("urlIsSecret", Gen.OneOf("true", "false")),
            ("clientCertificate", Hostile.Object(("certificate", HostileCertificate.Pem), ("privateKey", HostileCertificate.Key))),
            ("rateLimitPerSecond", Hostile.Number)
        );
        var replays = Hostile.Object(
            ("from", Hostile.Time.Select(Hostile.Quoted)),
            ("to", Hostile.Time.Select(Hostile.Quoted)),
            ("dryRun", Gen.Const("true"))
        );
        var keys = Hostile.Object(
            ("name", Hostile.Raw.Select(Hostile.Quoted)),
            ("role", Gen.OneOf("\"read\"", "\"publish\"")),
            ("organizationId", Hostile.Number),
            ("expiresAt", Hostile.Time.Select(Hostile.Quoted))
        );

        await Gen.Select(
                Hostile.Bytes(subscriptions),
                Hostile.Bytes(subscriptions),
                Hostile.Bytes(replays),
                Hostile.Bytes(keys),
                HostileRequest.ContentType,
                HostileRequest.Header,
                HostileRequest.Query,
                Hostile.Raw
            )
            .SampleAsync(
                async (subscription, patch, replay, key, contentType, header, query, path) =>
                {
                    // No event is published in this organization, so no receiver is called.
                    var organization = Organization.New(shared.App).Path;
                    var all = $"{organization}/subscriptions";
                    await Send("POST", all + query, subscription, contentType, header);
                    var created = await Send("POST", all, subscription);
                    created =
                        created.Status == 201
                            ? created
                            : await Expect(
                                201,
                                "POST",
                                all,
                                """{"name":"n","url":"https://example.com/","token":"t","events":["*"]}"""u8.ToArray()
                            );
                    var one = $"{all}/{created.Json!["id"]}";

                    await Send("PATCH", one + query, patch, contentType, header);
                    await Send("PATCH", one, patch);
                    Assert.Equal((string)created.Json["id"]!, (string)(await Expect(200, "GET", one)).Json!["id"]!);
                    Assert.Contains(
                        (await Expect(200, "GET", all)).Json!["items"]!.AsArray(),
                        item => (string)item!["id"]! == (string)created.Json["id"]!
                    );

                    var started = await Send("POST", one + "/replays", replay);
                    if (started.Status == 202)
                    {
                        await Expect(200, "GET", $"{one}/replays/{started.Json!["id"]}");
                        await Send("DELETE", $"{one}/replays/{started.Json["id"]}", headers: header);
                    }

                    await Expect(200, "GET", $"{one}/replays");
                    await Expect(200, "GET", $"{one}/deliveries");
                    foreach (
                        var list in (string[])
                            [
                                all,
                                $"{one}/deliveries",
                                $"{one}/replays",
                                $"{organization}/audit-logs",
                                "/api/event-types",
                                "/api/keys",
                                "/api/health",
                                "/api/audit-logs",
                            ]
                    )
                    {
                        await Send("GET", list + query, headers: header);
                    }

                    await Send("GET", $"{all}/{Uri.EscapeDataString(HostileRequest.Shortened(path))}");
                    await Send(
                        "GET",
                        $"{all}?continuationToken={new PageRequest($"subscriptions/{organization.Split('/')[^1]}", 1, null).ToPage<string>([], path).ContinuationToken}"
                    );
                    await Send("POST", $"{one}/rotate-secret", patch, contentType, header);
                    await Expect(204, "DELETE", one);
                    await Expect(404, "GET", one);
                    Assert.NotEmpty((await Expect(200, "GET", $"{organization}/audit-logs")).Json!["items"]!.AsArray());

                    var issued = await Send("POST", "/api/keys", key, contentType);
                    if (issued.Status == 201)
                    {
                        await Expect(204, "DELETE", $"/api/keys/{issued.Json!["id"]}");
                    }
                },
                iter: Cases,
                threads: 4
            );
    }

    [Fact]
    public async Task Events_are_delivered_or_dead_lettered_when_published_data_is_hostile()
    {
        var organization = Organization.New(shared.App);
        var subscription = await organization.Subscribe(shared.Receiver.NewHook());
        var data = Hostile.Object(("id", Hostile.Raw.Select(Hostile.Quoted)), ("name", Hostile.Raw.Select(Hostile.Quoted)));
        var events = Hostile.Object(("eventName", Gen.Const("\"CaseArchivedEvent\"")), ("data", data));
        var messages = Hostile.Object(
            ("eventName", Gen.OneOf(Gen.Const("\"CaseArchivedEvent\""), Hostile.Raw.Select(Hostile.Quoted))),
            (
                "organizationId",
                Gen.OneOf(
                    $"{organization.Id}",
                    $"{organization.Id}.0",
                    $"{organization.Id}e0",
                    "2147483647",
                    "0",
                    "-1",
                    "1.5",
                    "1e99",
                    "\"1\""
                )
            ),
            ("data", Gen.OneOf(data, Hostile.Json))
        );
        var brokerProperties = Gen.OneOf(
            Gen.Const(""),
            Hostile.Raw.Select(raw => $$"""{"MessageId":"{{raw}}"}"""),
            Hostile.Time.Select(time => $$"""{"ScheduledEnqueueTimeUtc":"{{time}}"}""")
        );

        await Gen.Select(
                Hostile.Bytes(events),
                Hostile.Bytes(messages).Array[3],
                brokerProperties,
                HostileRequest.ContentType,
                HostileRequest.Header,
                HostileRequest.Property.Array[2]
            )
            .SampleAsync(
                async (published, queued, broker, contentType, header, properties) =>
                {
                    await Send("POST", $"{organization.Path}/events", published, contentType, header);
                    await Send("POST", $"{organization.Path}/events", published);
                    foreach (var message in queued)
                    {
                        await Send(
                            "POST",
                            "/_servicebus/events/messages",
                            message,
                            contentType,
                            [("BrokerProperties", HostileRequest.Ascii(broker)), .. properties]
                        );
                    }

                    foreach (var queue in (string[])["deliveries", "replays"])
                    {
                        await Send("POST", $"/_servicebus/{queue}/messages", queued[0], contentType, properties);
                    }
                },
                iter: Cases,
                threads: 4
            );

        // Published last: when it is delivered, all messages before it have been received.
        var last = await organization.PublishCase();
        await Eventually.Until(
            async () => (await subscription.Attempts("delivered")).Any(attempt => attempt.EventId == last),
            () => "the last event"
        );
        await Eventually.Until(
            async () => (await AppQueues.Of(shared.App.AsAdmin())).All(queue => queue.Active + queue.DeadLetters == 0),
            () => "empty queues"
        );
        Assert.NotEmpty(await organization.AuditLog("event.deadLettered"));
        var delivered = (await subscription.Attempts()).Select(attempt => attempt.EventId).Distinct(StringComparer.Ordinal).ToList();
        Assert.True(delivered.Count > Cases / 3, $"{delivered.Count} events were delivered.");
        foreach (var id in delivered)
        {
            Assert.NotNull((await Expect(200, "GET", $"{subscription.Path}/deliveries/{id}")).Json!["payload"]);
        }
    }

    private async Task<(int Status, JsonNode? Json)> Expect(int status, string method, string path, byte[]? body = null)
    {
        var response = await Send(method, path, body);
        Assert.True(response.Status == status, $"{method} {path} returned {response.Status} {response.Json?.ToJsonString()}, not {status}");
        return response;
    }

    private async Task<(int Status, JsonNode? Json)> Send(
        string method,
        string path,
        byte[]? body = null,
        string contentType = "application/json",
        params (string Name, string Value)[] headers
    )
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(shared.App.Address, path));
        request.Headers.TryAddWithoutValidation("x-api-key", shared.App.AdminKey);
        if (body is not null)
        {
            request.Content = new ByteArrayContent(body);
            request.Content.Headers.TryAddWithoutValidation("Content-Type", contentType);
        }

        foreach (var (name, value) in headers)
        {
            if (!request.Headers.TryAddWithoutValidation(name, value))
            {
                request.Content?.Headers.TryAddWithoutValidation(name, value);
            }
        }

        using var response = await s_http.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(
            (int)response.StatusCode < 500,
            $"{method} {path} {(body is null ? "" : Encoding.UTF8.GetString(body))} returned {(int)response.StatusCode}: {text}"
        );
        return (
            (int)response.StatusCode,
            response.Content.Headers.ContentType?.MediaType?.EndsWith("json", StringComparison.Ordinal) is true
                ? JsonNode.Parse(text, documentOptions: s_deep)
                : null
        );
    }

    /// <summary>Not shared: messages scheduled for the far future stay on its queues.</summary>
    public sealed class OwnApp : IAsyncLifetime
    {
        internal AppProcess App { get; private set; } = null!;

        internal Receiver Receiver { get; private set; } = null!;

        public async Task InitializeAsync()
        {
            Receiver = await Receiver.Start();
            App = await AppProcess.Start();
        }

        public async Task DisposeAsync()
        {
            await App.DisposeAsync();
            await Receiver.DisposeAsync();
        }
    }
}
