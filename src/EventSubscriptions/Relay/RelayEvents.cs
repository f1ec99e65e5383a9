using System.Security.Cryptography;
using System.Text;
using EventSubscriptions.Events;

namespace EventSubscriptions.Relay;

/// <summary>The operational events about Relay, of the subscriber's organization.</summary>
internal static class RelayEvents
{
    /// <summary>The event about the last change of state. Creating it again results in the same event.</summary>
    public static OperationalEvent Changed(RelaySubscriber subscriber, RelayState state, Uri url)
    {
        var changedAt = state.ChangedAt!.Value;
        var name = state.Failure is null ? OperationalEvents.RelayPollRecovered : OperationalEvents.RelayPollFailing;
        return OperationalEvent.Create(
            subscriber.OrganizationId,
            name,
            SubjectOf(subscriber),
            changedAt,
            state.Failure is null ? "recovered" : "failing",
            json =>
            {
                json.WriteString("subscriberId", subscriber.Id);
                json.WriteString("url", url.AbsoluteUri);
                if (state.FailingSince is { } since)
                {
                    json.WriteString("failingSince", since.UtcDateTime);
                }

                if (state.Failure is not { } failure)
                {
                    json.WriteString("recoveredAt", changedAt.UtcDateTime);
                    return;
                }

                if (failure.StatusCode is { } status)
                {
                    json.WriteNumber("statusCode", status);
                }

                json.WriteString("errorKind", failure.Kind.ToName());
                json.WriteString("errorDetail", OperationalEvent.Shortened(failure.Detail));
                json.WriteString("errorHint", failure.Hint);
            }
        );
    }

    /// <summary>Ids of subscribers may be longer than those of events.</summary>
    private static string SubjectOf(RelaySubscriber subscriber) =>
        $"relay-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(subscriber.Id)).AsSpan(0, 10))}";
}
