using System.Text;
using System.Text.Json;
using Azure;
using Azure.Data.Tables;
using CsCheck;
using EventSubscriptions.Access;
using EventSubscriptions.Audit;
using EventSubscriptions.Destinations;
using EventSubscriptions.Events;
using EventSubscriptions.Events.Catalogue;
using EventSubscriptions.Events.Publishing;
using EventSubscriptions.Http;
using EventSubscriptions.Organizations;
using EventSubscriptions.Replays;
using EventSubscriptions.Storage;
using EventSubscriptions.Subscriptions;
using EventSubscriptions.Tests.Http;
using LocalHost.Tables;
using static EventSubscriptions.Tests.Fuzzing.Checks;

namespace EventSubscriptions.Tests.Fuzzing;

/// <summary>
/// Whatever is sent, the readers say what is wrong with it, and never throw; and what they take can be stored within the limits of Table
/// Storage, read back, audited and shown. A failure prints the smallest case that was found, and its seed: set it as CsCheck_Seed to run
/// that case first.
/// </summary>
public sealed class ReaderFuzzTests
{
    private static readonly TestClock s_clock = new(new DateTimeOffset(2026, 1, 31, 10, 0, 0, TimeSpan.Zero));
    private static readonly EventCatalogue s_catalogue = EventCatalogue.Load();
    private static readonly OrganizationId s_organization = Given.Organization();
    private static readonly DestinationGuard s_guard = new(new DestinationOptions());
    private static readonly DestinationGuard s_open = new(new DestinationOptions { AllowInsecureDestinations = true });
    private static readonly TimeSpan s_retention = TimeSpan.FromDays(30);

    [Fact]
    public void Subscription_is_refused_or_can_be_stored_audited_and_shown()
    {
        var before = Given.Subscription(s_organization, s_clock);
        var bodies = Hostile.Object(
            ("name", Hostile.Raw.Select(Hostile.Quoted)),
            ("description", Hostile.Raw.Select(Hostile.Quoted)),
            ("url", Hostile.Url.Select(Hostile.Quoted)),
            ("token", Gen.OneOf("\"token-0123456789\"", "\"t\"")),
            ("events", Gen.OneOf("[\"*\"]", "[\"CaseClosedEvent\",\"CaseArchivedEvent\"]")),
            ("isActive", Gen.OneOf("true", "false")),
            ("rateLimitPerSecond", Hostile.Number),
            ("labels", Hostile.Object(("team", Hostile.Raw.Select(Hostile.Quoted)), ("a-b.c_1", Hostile.Json))),
            ("externalId", Gen.OneOf(Gen.Const("\"id~1\""), Hostile.Raw.Select(Hostile.Quoted))),
            ("urlIsSecret", Gen.OneOf("true", "false")),
            (
                "clientCertificate",
                Gen.OneOf(Hostile.Object(("certificate", HostileCertificate.Pem), ("privateKey", HostileCertificate.Key)), Hostile.Json)
            ),
            ("headers", Hostile.Object(("X-One", Hostile.Raw.Select(Hostile.Quoted)), ("x-two", Hostile.Json))),
            (
                "filter",
                Hostile.Object(("data.x", Hostile.Json), ("$not", Hostile.Object(("eventName", Hostile.Json))), ("$or", Hostile.Json))
            ),
            ("retrySchedule", Gen.OneOf(Gen.Const("[\"00:00:05\"]"), Hostile.Json)),
            ("deadline", Gen.OneOf(Gen.Const("\"00:00:05\""), Hostile.Raw.Select(Hostile.Quoted)))
        );

        Hostile
            .Bytes(bodies)
            .Sample(
                bytes =>
                {
                    if (Parsed(bytes) is not { } body)
                    {
                        return;
                    }

                    foreach (var guard in (DestinationGuard[])[s_guard, s_open])
                    {
                        var (newErrors, patchErrors) = (new FieldErrors(), new FieldErrors());
                        var fields = SubscriptionFields.ReadNew(new FieldReader(body, newErrors), s_catalogue, Given.Rules(guard));
                        var patch = SubscriptionFields.ReadPatch(new FieldReader(body, patchErrors), s_catalogue, Given.Rules(guard));
                        if (!newErrors.Any)
                        {
                            Check(fields.ApplyTo(before), before);
                        }

                        if (!patchErrors.Any)
                        {
                            Check(patch.ApplyTo(before), before);
                        }
                    }
                },
                iter: 25_000,
                print: Encoding.UTF8.GetString
            );
    }

    [Fact]
    public void Event_from_the_queue_is_refused_or_can_be_shown_as_it_was_sent()
    {
        var bodies = Hostile.Object(
            ("eventName", Gen.Frequency<string>((3, Gen.Const("\"CaseClosedEvent\"")), (1, Hostile.Raw.Select(Hostile.Quoted)))),
            ("organizationId", Gen.Frequency<string>((3, Gen.OneOf("1", "1.0", "2147483647")), (1, Hostile.Number))),
            ("data", Gen.Select(Hostile.Raw, Hostile.Json, (name, value) => $"{{{Hostile.Quoted(name)}:{value}}}"))
        );

        Hostile
            .Bytes(bodies)
            .Sample(
                bytes =>
                {
                    var envelope = EventEnvelope.Read(bytes);
                    if (envelope.Problem is not null)
                    {
                        Assert.True(envelope.Payload.IsEmpty);
                        return;
                    }

                    var payload = JsonElement.Parse(envelope.Payload.Span);
                    Assert.Equal(envelope.EventName.ToString(), payload.GetProperty("eventName").GetString());
                    Assert.Equal(envelope.Organization!.Value.Value, payload.GetProperty("organizationId").GetInt32());
                    Written(payload);
                    Fits(new TableEntity("1", "e:1") { ["eventName"] = envelope.EventName });
                },
                iter: 30_000,
                print: Encoding.UTF8.GetString
            );
    }

    [Fact]
    public void Events_to_publish_are_refused_or_make_payloads_that_the_queue_takes()
    {
        var reader = new PublishRequest(s_catalogue, s_clock);
        var one = Hostile.Object(
            ("eventName", Gen.OneOf("\"CaseArchivedEvent\"", "\"CaseClosedEvnt\"")),
            ("id", Gen.OneOf(Gen.OneOf("\"id-1\"", "null"), Hostile.Raw.Select(Hostile.Quoted))),
            ("data", Hostile.Object(("id", Hostile.Raw.Select(Hostile.Quoted)), ("name", Hostile.Raw.Select(Hostile.Quoted))))
        );
        var bodies = Gen.Frequency<string>((3, one), (1, one.Array[0, 3].Select(events => $"[{string.Join(',', events)}]")));

        Gen.Select(
                Hostile.Bytes(bodies),
                Gen.OneOf(Gen.Const((string?)null), Gen.Const((string?)"\"key\""), Hostile.Raw.Select(raw => (string?)raw))
            )
            .Sample(
                (bytes, idempotencyKey) =>
                {
                    if (Parsed(bytes) is not { } body)
                    {
                        return;
                    }

                    var errors = new FieldErrors();
                    var events = reader.Read(body, s_organization, idempotencyKey, errors);
                    Written(errors);
                    foreach (var (_, _, payload) in errors.Any ? [] : events)
                    {
                        Assert.Null(EventEnvelope.Read(payload).Problem);
                        Assert.InRange(payload.Length, 1, EventPayload.MaxBytes);
                    }
                },
                iter: 15_000
            );
    }

    [Fact]
    public void Replay_is_refused_or_can_be_stored_audited_and_shown()
    {
        var bodies = Hostile.Object(
            ("from", Hostile.Time.Select(Hostile.Quoted)),
            ("to", Gen.OneOf(Hostile.Time.Select(Hostile.Quoted), Gen.Const("null"))),
            ("events", Gen.OneOf("[\"CaseClosedEvent\"]", "null")),
            ("only", Gen.OneOf("\"all\"", "\"missed\"")),
            ("dryRun", Gen.OneOf("true", "false"))
        );

        Hostile
            .Bytes(bodies)
            .Sample(
                bytes =>
                {
                    var errors = new FieldErrors();
                    if (
                        Parsed(bytes) is not { } body
                        || ReplayRequest.Read(new FieldReader(body, errors), s_catalogue, s_clock.GetUtcNow(), s_retention) is not { } asked
                    )
                    {
                        return;
                    }

                    Assert.InRange(asked.To, asked.From, s_clock.GetUtcNow());
                    var replay = new Replay
                    {
                        OrganizationId = s_organization,
                        SubscriptionId = SubscriptionId.New(s_clock),
                        Id = ReplayId.New(s_clock),
                        From = asked.From,
                        To = asked.To,
                        Events = asked.Events,
                        Only = asked.Only,
                        DryRun = asked.DryRun,
                        State = ReplayState.Counting,
                        CreatedAt = s_clock.GetUtcNow(),
                        StartedBy = Given.Actor("somebody"),
                    };
                    var row = Fits(ReplayRow.Make(replay));
                    Assert.Equal(
                        (replay.From, replay.To, replay.StartedBy),
                        (ReplayRow.Read(row).From, ReplayRow.Read(row).To, ReplayRow.Read(row).StartedBy)
                    );
                    Fits(ReplayAudit.Started(replay, s_clock));
                    JsonSerializer.Serialize(ReplayResponse.Of(replay), ReplayJson.Default.ReplayResponse);
                },
                iter: 15_000,
                print: Encoding.UTF8.GetString
            );
    }

    [Fact]
    public void Query_and_headers_are_refused_or_make_keys_that_tables_take()
    {
        var texts = Gen.OneOf(Hostile.Raw, Hostile.Time, Hostile.Number, Hostile.Url);

        Gen.Select(texts, texts, texts, texts)
            .Sample(
                (from, to, size, other) =>
                {
                    var request = Requests.Get(
                        $"?from={Uri.EscapeDataString(from)}&to={Uri.EscapeDataString(to)}&pageSize={Uri.EscapeDataString(size)}&continuationToken={new PageRequest("list", 1, null).ToPage<string>([], other).ContinuationToken}&{other}"
                    );
                    request.Headers.IfMatch = other;
                    request.Headers.Authorization = other;
                    request.Headers["x-api-key"] = size;
                    var errors = new FieldErrors();
                    var query = new QueryReader(request, errors);
                    var times = query.TimeRange();
                    Assert.False(query.Page("list").After.AsSpan().ContainsAnyExceptInRange('!', '~'));
                    query.ReportUnknown();
                    IfMatch.Read(request, errors).Accepts(new ETag("row"));
                    Written(errors);
                    if (InvertedTicks.KeyRange(times.From, times.To) is { AtLeast: { } atLeast, Below: { } below } && times.From < times.To)
                    {
                        Assert.True(string.CompareOrdinal(atLeast, below) < 0, $"{atLeast} {below}");
                    }

                    Assert.False(ApiKey.TryParseText(RequestKey.Of(request) ?? "", Given.Mark, out _, out _));
                    Assert.False(ApiKey.TryParseText("es_" + other, Given.Mark, out _, out _));
                    Assert.False(
                        SubscriptionId.TryParse(other, out _) || ReplayId.TryParse(other, out _) || ApiKeyId.TryParse(other, out _)
                    );
                    if (EventId.TryParse(other, out var id))
                    {
                        Assert.Null(EntityLimits.CheckKey($"e:{id}"));
                    }

                    if (OrganizationId.TryParse(size, out var organization))
                    {
                        Assert.Equal(size, organization.ToString());
                    }
                },
                iter: 15_000
            );
    }

    private static void Check(Subscription subscription, Subscription before)
    {
        // The name that DNS is asked for: Uri finds it late.
        Assert.InRange(subscription.Url.IdnHost.Length, 1, 254);
        using var request = new HttpRequestMessage(HttpMethod.Post, subscription.Url);
        var row = Fits(SubscriptionRow.Make(subscription, Given.Protector));
        var read = SubscriptionRow.Read(row, Given.Protector);
        Assert.Equal(
            (subscription.Name, subscription.Description, subscription.Url.OriginalString, subscription.Labels, subscription.ExternalId),
            (read.Name, read.Description, read.Url.OriginalString, read.Labels, read.ExternalId)
        );
        Assert.Equal((subscription.UrlIsSecret, subscription.ClientCertificate), (read.UrlIsSecret, read.ClientCertificate));
        if (subscription.ExternalId is not null)
        {
            Fits(SubscriptionRow.MakeExternalId(subscription));
        }

        foreach (
            var entry in SubscriptionAudit
                .Changed(before, subscription, Given.Actor("somebody"))
                .Append(SubscriptionAudit.Created(subscription, Given.Actor("somebody")))
        )
        {
            JsonSerializer.Serialize(AuditRow.Read(Fits(AuditRow.Make(entry, s_clock))), AuditJson.Default.AuditEntryResponse);
        }

        JsonSerializer.Serialize(
            SubscriptionResponse.Of(subscription, SubscriptionHealth.Healthy),
            SubscriptionJson.Default.SubscriptionResponse
        );
    }
}
