using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Azure.Messaging.ServiceBus;
using EventSubscriptions.Organizations;
using EventSubscriptions.Queues;

namespace EventSubscriptions.Replays;

/// <summary>A slice of a replay as a message of the queue <c>replays</c>: which replay, and how far it is.</summary>
public sealed record ReplayMessage : IQueueMessage
{
    public required OrganizationId OrganizationId { get; init; }

    public required SubscriptionId SubscriptionId { get; init; }

    public required ReplayId ReplayId { get; init; }

    /// <summary>Whether it sends; before that it counts.</summary>
    public bool Sends { get; init; }

    /// <summary>From 1, over both phases.</summary>
    public int Slice { get; init; } = 1;

    /// <summary>How often this slice was postponed.</summary>
    public int Postponements { get; init; }

    /// <summary>The row key that the previous slice ended at, or null at the start.</summary>
    public string? After { get; init; }

    /// <summary>How many events the previous slices have found.</summary>
    public long Matched { get; init; }

    /// <summary>How many events the previous slices have sent.</summary>
    public long Sent { get; init; }

    /// <summary>How many rows of the delivery log the previous slices have read.</summary>
    public long LogRows { get; init; }

    /// <summary>Whether the replay has passed this slice.</summary>
    public bool IsDoneIn(Replay replay) => replay.Slices >= Slice;

    /// <summary>The slice that follows this one.</summary>
    public ReplayMessage Next() => this with { Slice = Slice + 1, Postponements = 0 };

    /// <summary>The message of a replay's first slice.</summary>
    public static ReplayMessage First(Replay replay) =>
        new()
        {
            OrganizationId = replay.OrganizationId,
            SubscriptionId = replay.SubscriptionId,
            ReplayId = replay.Id,
        };

    /// <inheritdoc/>
    public ServiceBusMessage ToPostponed(DateTimeOffset until)
    {
        var message = (this with { Postponements = Postponements + 1 }).ToServiceBusMessage();
        message.ScheduledEnqueueTime = until;
        return message;
    }

    public override string ToString() => $"slice {Slice} of replay {ReplayId}";

    /// <summary>Creates the message. A slice that runs twice creates the next one once, by its <c>MessageId</c>.</summary>
    public ServiceBusMessage ToServiceBusMessage()
    {
        var message = new ServiceBusMessage
        {
            MessageId = string.Create(CultureInfo.InvariantCulture, $"{ReplayId}.{Slice}.{Postponements}"),
        };
        var properties = message.ApplicationProperties;
        properties["organizationId"] = OrganizationId.Value;
        properties["subscriptionId"] = SubscriptionId.ToString();
        properties["replayId"] = ReplayId.ToString();
        properties["sends"] = Sends;
        properties["slice"] = Slice;
        properties["postponements"] = Postponements;
        properties["matched"] = Matched;
        properties["sent"] = Sent;
        properties["logRows"] = LogRows;
        if (After is not null)
        {
            properties["after"] = After;
        }

        return message;
    }

    /// <summary>Parses a message of the queue <c>replays</c>.</summary>
    public static bool TryParse(
        ServiceBusReceivedMessage message,
        [NotNullWhen(true)] out ReplayMessage? replay,
        [NotNullWhen(false)] out Settlement.DeadLetter? malformed
    )
    {
        var properties = message.ApplicationProperties;
        replay =
            OrganizationId.TryFrom(Number("organizationId"), out var organization)
            && SubscriptionId.TryParse(Text("subscriptionId"), out var subscription)
            && ReplayId.TryParse(Text("replayId"), out var id)
            && properties.TryGetValue("sends", out var sends)
            && sends is bool isSending
            && Number("slice") is >= 1 and <= int.MaxValue and var slice
            && (Number("postponements") ?? Number("hold") ?? 0) is >= 0 and < int.MaxValue and var postponements
            && Number("matched") is >= 0 and var matched
            && Number("sent") is >= 0 and var sent
            && (Number("logRows") ?? 0) is >= 0 and var logRows
                ? new ReplayMessage
                {
                    OrganizationId = organization,
                    SubscriptionId = subscription,
                    ReplayId = id,
                    Sends = isSending,
                    Slice = (int)slice,
                    Postponements = (int)postponements,
                    After = Text("after"),
                    Matched = matched,
                    Sent = sent,
                    LogRows = logRows,
                }
                : null;
        malformed = replay is null
            ? new(DeadLetterReason.MalformedReplay, "The message's properties are not those of a slice of a replay.")
            : null;
        return replay is not null;

        string? Text(string name) => properties.TryGetValue(name, out var value) ? value as string : null;

        long? Number(string name) =>
            properties.TryGetValue(name, out var value)
                ? value switch
                {
                    int number => number,
                    long number => number,
                    _ => null,
                }
                : null;
    }
}
