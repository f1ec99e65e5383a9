using System.Net;
using System.Security.Cryptography.X509Certificates;
using EventSubscriptions.Deliveries.Sending;
using EventSubscriptions.Deliveries.Throttling;
using EventSubscriptions.Options;

namespace EventSubscriptions.Deliveries;

/// <summary>The settings <c>Deliveries__…</c>.</summary>
public sealed record DeliveriesOptions
{
    /// <summary>10 attempts over about 75 hours.</summary>
    public static readonly IReadOnlyList<TimeSpan> DefaultRetrySchedule =
    [
        TimeSpan.FromSeconds(5),
        TimeSpan.FromMinutes(5),
        TimeSpan.FromMinutes(30),
        TimeSpan.FromHours(2),
        TimeSpan.FromHours(5),
        TimeSpan.FromHours(10),
        TimeSpan.FromHours(14),
        TimeSpan.FromHours(20),
        TimeSpan.FromHours(24),
    ];

    /// <summary>The delays after attempt 1, 2 and so on; there is one attempt more than delays.</summary>
    public IReadOnlyList<TimeSpan> RetrySchedule { get; init; } = DefaultRetrySchedule;

    /// <summary>The time limit of an attempt, from name resolution to the end of the response.</summary>
    public TimeSpan Deadline { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>The most concurrent requests to one subscription.</summary>
    public int MaxInFlightPerSubscription { get; init; } = 16;

    /// <summary>
    /// The most concurrent deliveries of the host: <c>maxConcurrentCalls</c> in <c>host.json</c>, unless a setting overrides it.
    /// </summary>
    public int Invocations { get; init; } = 256;

    /// <summary>The time between two probes of an open circuit breaker.</summary>
    public TimeSpan ProbeInterval { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long all deliveries to a subscription must have failed before it is deactivated.</summary>
    public TimeSpan DeactivateAfter { get; init; } = TimeSpan.FromDays(5);

    /// <summary>How many attempts must have failed before a subscription is deactivated.</summary>
    public int DeactivateMinFailures { get; init; } = 10;

    /// <summary>Internal authorities that are trusted in addition to those of the system.</summary>
    public X509Certificate2Collection TrustedCertificates { get; init; } = [];

    /// <summary>The proxy that all requests go through, or null.</summary>
    public WebProxy? Proxy { get; init; }

    /// <summary>Reads and checks the settings.</summary>
    public static DeliveriesOptions Read(OptionsReader reader) =>
        new()
        {
            RetrySchedule = ReadRetrySchedule(reader),
            // Well below the lock of a message.
            Deadline = reader.Duration(
                "Deliveries__Deadline",
                TimeSpan.FromSeconds(15),
                TimeSpan.FromMilliseconds(100),
                TimeSpan.FromMinutes(2)
            ),
            MaxInFlightPerSubscription = reader.Number("Deliveries__MaxInFlightPerSubscription", 16, 1, 256),
            Invocations = reader.Number("AzureFunctionsJobHost__extensions__serviceBus__maxConcurrentCalls", 256, 1, 100_000),
            ProbeInterval = reader.Duration(
                "Deliveries__ProbeInterval",
                TimeSpan.FromSeconds(30),
                TimeSpan.FromSeconds(1),
                DeferralSchedule.Horizon
            ),
            DeactivateAfter = reader.Duration("Deliveries__DeactivateAfter", TimeSpan.FromDays(5), TimeSpan.Zero, TimeSpan.FromDays(365)),
            DeactivateMinFailures = reader.Number("Deliveries__DeactivateMinFailures", 10, min: 1, max: 1_000_000),
            TrustedCertificates = TransportSettings.ReadTrustedCertificates(reader),
            Proxy = TransportSettings.ReadProxy(reader),
        };

    /// <summary>Reads and checks <see cref="RetrySchedule"/> alone.</summary>
    internal static IReadOnlyList<TimeSpan> ReadRetrySchedule(OptionsReader reader) =>
        reader.Durations("Deliveries__RetrySchedule", DefaultRetrySchedule, TimeSpan.Zero, TimeSpan.FromDays(7), maxCount: 100);
}
