using System.Text.Json.Serialization;
using EventSubscriptions.Audit;
using EventSubscriptions.Http;
using EventSubscriptions.Storage;
using Microsoft.Extensions.Logging;

namespace EventSubscriptions.Relay;

/// <summary>The state of the polls as stored in the table, since the timer may run on another instance. Cached for 2 s.</summary>
public sealed partial class RelayHealth(RelayStore store, RelayOptions options, TimeProvider time, ILogger<RelayHealth> logger)
{
    private static readonly TimeSpan s_lifetime = TimeSpan.FromSeconds(2);

    // Like the other checks, so that health responds within 5 s.
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(3);

    private readonly ExpiringCache<string, RelayState> _states = new(s_lifetime, Math.Max(1, options.Subscribers.Count), time);

    /// <summary>The subscribers that the caller may see, in the order of the settings; null if the table can't be read.</summary>
    internal async Task<IReadOnlyList<RelayHealthResponse>?> ListAsync(Caller caller, CancellationToken cancellationToken)
    {
        try
        {
            return await Task.WhenAll(
                    options
                        .Subscribers.Where(subscriber => caller.Sees(subscriber.OrganizationId))
                        .Select(async subscriber =>
                            ToResponse(
                                subscriber,
                                await _states.GetAsync(
                                    subscriber.Id,
                                    store,
                                    static (id, store) => store.GetAsync(id, CancellationToken.None),
                                    cancellationToken
                                )
                            )
                        )
                )
                .WaitAsync(s_patience, time, cancellationToken);
        }
        catch (Exception exception) when (TransientFaults.IsTransient(exception) && !cancellationToken.IsCancellationRequested)
        {
            Log.NotRead(logger, exception);
            return null;
        }
    }

    private RelayHealthResponse ToResponse(RelaySubscriber subscriber, RelayState state) =>
        new()
        {
            SubscriberId = subscriber.Id,
            OrganizationId = subscriber.OrganizationId.Value,
            State = state switch
            {
                { Failure: not null } => "failing",
                { LastSuccessAt: not null } => "healthy",
                _ => "waiting",
            },
            LastSuccessfulPollAt = state.LastSuccessAt,
            LagSeconds = state.ReadUpTo is { } readUpTo ? Math.Max(0, (long)(time.GetUtcNow() - readUpTo).TotalSeconds) : null,
            Error = state.Failure is { } failure ? new AuditError(failure.Kind.ToName(), failure.Detail, failure.Hint) : null,
        };

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "Could not read the states of the Relay polls.")]
        public static partial void NotRead(ILogger logger, Exception exception);
    }
}

/// <summary>The state of a subscriber's polls.</summary>
internal sealed record RelayHealthResponse
{
    public required string SubscriberId { get; init; }

    public required int OrganizationId { get; init; }

    /// <summary><c>waiting</c> before the first poll, then <c>healthy</c> or <c>failing</c>.</summary>
    public required string State { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public required DateTimeOffset? LastSuccessfulPollAt { get; init; }

    /// <summary>How long ago everything up to then was read.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public required long? LagSeconds { get; init; }

    public AuditError? Error { get; init; }
}
