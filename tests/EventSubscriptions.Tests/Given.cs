using System.Security.Cryptography;
using System.Text;
using Azure.Data.Tables;
using EventSubscriptions.Access;
using EventSubscriptions.Audit;
using EventSubscriptions.Deliveries;
using EventSubscriptions.Deliveries.Log;
using EventSubscriptions.Destinations;
using EventSubscriptions.Events;
using EventSubscriptions.Events.Archive;
using EventSubscriptions.Events.Catalogue;
using EventSubscriptions.Http;
using EventSubscriptions.Organizations;
using EventSubscriptions.Queues;
using EventSubscriptions.Secrets;
using EventSubscriptions.Storage;
using EventSubscriptions.Subscriptions;
using EventSubscriptions.Subscriptions.Authentication;
using EventSubscriptions.Subscriptions.Formats;
using EventSubscriptions.Telemetry;
using EventSubscriptions.Tests.Telemetry;
using Microsoft.Extensions.Logging.Abstractions;

namespace EventSubscriptions.Tests;

/// <summary>Things that tests need and don't care about.</summary>
internal static class Given
{
    // Apps that share Azurite with the stores take the numbers from 1 on, and have keys of their own.
    private static int s_lastOrganization = 1_000_000;

    private static readonly SecretKey s_newKey = new("new", RandomNumberGenerator.GetBytes(32));

    private static readonly SecretKey s_key = new("test", RandomNumberGenerator.GetBytes(32));

    /// <summary>The rules of subscriptions with default settings.</summary>
    public static SubscriptionRules Rules(DestinationGuard? guard = null, TimeProvider? time = null) =>
        new(
            guard ?? new DestinationGuard(new DestinationOptions()),
            new ArchiveOptions { Retention = TimeSpan.FromDays(30) },
            new ManagedIdentityOptions(),
            time ?? TimeProvider.System
        );

    /// <summary>The keys of the app's secrets.</summary>
    public static SecretOptions Secrets { get; } = new([s_key]);

    public static SecretProtector Protector { get; } = new(Secrets);

    public static KeyMark Mark { get; } = new(Secrets);

    /// <summary>The same after its operator has put a new key before the old one.</summary>
    public static SecretProtector ProtectorWithNewKey { get; } = new(new SecretOptions([s_newKey, s_key]));

    /// <summary>The same after the old key has gone.</summary>
    public static SecretProtector ProtectorWithNewKeyAlone { get; } = new(new SecretOptions([s_newKey]));

    /// <summary>Has another key of the same id.</summary>
    public static SecretProtector OtherProtector { get; } =
        new(new SecretOptions([new SecretKey("test", RandomNumberGenerator.GetBytes(32))]));

    /// <summary>Metrics that nobody looks at.</summary>
    public static QueueWorker Worker(TimeProvider time, AppMetrics? metrics = null) =>
        new(metrics ?? Metrics, time, new Random(1), NullLogger<QueueWorker>.Instance);

    public static AppMetrics Metrics { get; } = MetricsRecorder.Start().Metrics;

    /// <summary>The built-in event types and the custom ones of a table.</summary>
    public static EventTypes EventTypes(TableServiceClient tables, TimeProvider time) =>
        new(EventCatalogue.Load(), new EventTypeStore(tables, NullLogger<EventTypeStore>.Instance), time, NullLogger<EventTypes>.Instance);

    /// <summary>Activities that nobody listens to.</summary>
    public static AppTracing Tracing { get; } = new();

    /// <summary>An organization that no other test uses.</summary>
    public static OrganizationId Organization()
    {
        Assert.True(OrganizationId.TryFrom(Interlocked.Increment(ref s_lastOrganization), out var id));
        return id;
    }

    public static Actor Actor(string name) => new($"id of {name}", name);

    /// <summary>The event <c>evt_1</c> of organization 1.</summary>
    public static EventContent EventContent(string payload) => EventContent(Encoding.UTF8.GetBytes(payload));

    public static EventContent EventContent(ReadOnlyMemory<byte> payload)
    {
        Assert.True(OrganizationId.TryFrom(1, out var organization));
        return new(
            organization,
            EventId("evt_1"),
            EventName.Parse("CaseCreatedEvent"),
            new DateTimeOffset(2026, 1, 31, 8, 30, 0, 123, TimeSpan.Zero),
            payload
        );
    }

    public static EventId EventId(string text)
    {
        Assert.True(EventSubscriptions.Events.EventId.TryParse(text, out var id));
        return id;
    }

    public static Subscription Subscription(OrganizationId organization, TimeProvider time, params string[] events) =>
        new()
        {
            OrganizationId = organization,
            Id = SubscriptionId.New(time),
            Name = "name",
            Url = new Uri("https://example.com/hook?code=s3cret"),
            Authentication = new SubscriptionAuthentication.Bearer(new Secret("t0ken-of-some-length")),
            SigningSecrets = SigningSecrets.New(),
            Events = events.Length == 0 ? ["*"] : events,
            IsActive = true,
            CreatedAt = time.GetUtcNow(),
            UpdatedAt = time.GetUtcNow(),
        };

    public static DeliveryRun Run(string text) => DeliveryRun.TryParse(text, out var run) ? run : throw new FormatException(text);

    public static DeliveryMessage Delivery(SubscriptionId subscription, string eventId) =>
        new()
        {
            OrganizationId = Organization(),
            SubscriptionId = subscription,
            EventId = EventId(eventId),
            EventName = EventName.Parse("CaseCreatedEvent"),
        };

    /// <summary>How many deliveries to the subscription are logged as waiting.</summary>
    public static async Task<int> CountWaitingAsync(TableServiceClient tables, SubscriptionId subscription) =>
        await tables
            .GetTableClient(TableNames.DeliveryLog)
            .QueryAsync<TableEntity>(RowRange.StartingWith(subscription.ToString(), DeliveryLogRow.WaitPrefix).ToFilter())
            .CountAsync();

    public static AuditEntry Entry(Subscription subscription, AuditType type = AuditType.SubscriptionUpdated) =>
        new()
        {
            Type = type,
            Timestamp = subscription.UpdatedAt,
            OrganizationId = subscription.OrganizationId,
            SubscriptionId = subscription.Id,
            Actor = Actor("somebody"),
        };

    public static SubscriptionStore SubscriptionStore(TableServiceClient tables, TimeProvider time) =>
        new(tables, Protector, new AuditLog(tables, time), time, NullLogger<SubscriptionStore>.Instance);

    public static async Task<TableServiceClient> WithTablesAsync(TableServiceClient tables)
    {
        foreach (var name in TableNames.All)
        {
            await tables.GetTableClient(name).CreateIfNotExistsAsync();
        }

        return tables;
    }
}
