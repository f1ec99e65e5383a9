using System.Collections.Concurrent;
using System.Globalization;
using Azure.Data.Tables;
using EventSubscriptions.Audit;
using EventSubscriptions.Deliveries.Outcome;
using EventSubscriptions.Destinations;
using EventSubscriptions.Organizations;
using EventSubscriptions.Storage;
using EventSubscriptions.Subscriptions;

namespace EventSubscriptions.Deliveries.Throttling;

/// <summary>
/// Isolates receivers from each other: it is asked before each request. Its state is per instance and in memory, except cooldowns longer
/// than a minute.
/// </summary>
public sealed class DeliveryGate(
    TableServiceClient tables,
    AuditLog audit,
    ShortRetry shortRetry,
    DeliveriesOptions options,
    TimeProvider time
)
{
    /// <summary>Longer cooldowns are stored.</summary>
    public static readonly TimeSpan LongCooldown = TimeSpan.FromMinutes(1);

    private const int MinGates = 1024;
    private const int MaxGates = 50_000;

    private static readonly TimeSpan s_forgetAfter = TimeSpan.FromHours(1);

    private readonly ConcurrentDictionary<SubscriptionId, SubscriptionGate> _gates = new();
    private readonly ConcurrentDictionary<OrganizationId, OrganizationBudget> _organizations = new();
    private readonly MonotonicClock _clock = new(time);
    private readonly ConcurrencyBudget _share = new(options.Invocations);
    private readonly Lock _sweeping = new();
    private readonly CooldownStore _cooldowns = new(tables, time);
    private int _sweepAt = MinGates;

    /// <summary>How many subscriptions have state.</summary>
    internal int Count => _gates.Count;

    /// <summary>How many circuit breakers are open.</summary>
    internal int OpenBreakers => _gates.Count(gate => gate.Value.IsOpen);

    /// <summary>Asks to send a request. A pass must be disposed.</summary>
    /// <param name="postponements">How often the message was postponed before.</param>
    internal async ValueTask<GateDecision> EnterAsync(Subscription subscription, int postponements, CancellationToken cancellationToken)
    {
        var rest = await _cooldowns.GetAsync(subscription, cancellationToken);
        while (true)
        {
            var gate = GateOf(subscription);
            if (gate.Update(subscription.UpdatedAt, subscription.RateLimitPerSecond, rest) is not BreakerChange.None and var change)
            {
                await RecordAsync(subscription, change, error: null, cancellationToken);
            }

            if (gate.EnterAsync(postponements, cancellationToken) is { } decision)
            {
                return await decision;
            }
        }
    }

    /// <summary>Reports how a request ended and lets the next one in. Returns once what must survive this process is stored.</summary>
    internal Task LeaveAsync(
        GatePass pass,
        Subscription subscription,
        DeliveryResult result,
        DateTimeOffset? cooldownUntil,
        CancellationToken cancellationToken
    )
    {
        // An immediate rejection doesn't tell how long the receiver takes.
        TimeSpan? duration = result.Error?.Kind
            is ErrorKind.Dns
                or ErrorKind.Connect
                or ErrorKind.Tls
                or ErrorKind.Authentication
                or ErrorKind.Template
                or ErrorKind.Forbidden
            ? null
            : result.Duration;
        var change = pass.End(ReachedBy(result), duration, cooldownUntil);
        var recording =
            change == BreakerChange.None ? Task.CompletedTask : RecordAsync(subscription, change, result.Error, cancellationToken);
        return cooldownUntil is { } until && until - time.GetUtcNow() > LongCooldown
            ? Task.WhenAll(
                recording,
                shortRetry.ExecuteAsync(token => _cooldowns.WriteAsync(subscription, until, token), cancellationToken)
            )
            : recording;
    }

    private static Reachability ReachedBy(DeliveryResult result) =>
        result switch
        {
            { IsUrlForbidden: true } or { Error.Kind: ErrorKind.Template } => Reachability.Unknown,
            {
                Error.Kind: ErrorKind.Dns
                    or ErrorKind.Connect
                    or ErrorKind.Tls
                    or ErrorKind.Timeout
                    or ErrorKind.Authentication
                    or ErrorKind.Forbidden
            } => Reachability.No,
            _ => Reachability.Yes,
        };

    private Task RecordAsync(Subscription subscription, BreakerChange change, DeliveryError? error, CancellationToken cancellationToken)
    {
        var entry = new AuditEntry
        {
            Type = change == BreakerChange.Opened ? AuditType.BreakerOpened : AuditType.BreakerClosed,
            Timestamp = time.GetUtcNow(),
            OrganizationId = subscription.OrganizationId,
            SubscriptionId = subscription.Id,
            Url = DisplayUrl.Of(subscription),
            Error = error is null ? null : new AuditError(error.Kind.ToName(), Describe(error), FailureHint.For(error.Kind, status: null)),
        };
        return shortRetry.ExecuteAsync(token => audit.AppendAsync(entry, token), cancellationToken);
    }

    private string Describe(DeliveryError error) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{CircuitBreaker.FailuresToOpen} requests in a row did not reach the receiver; one is sent as a probe every {options.ProbeInterval.TotalSeconds:0} s, and the others wait. The last failure: {error.Detail}"
        );

    private SubscriptionGate GateOf(Subscription subscription)
    {
        if (_gates.TryGetValue(subscription.Id, out var gate))
        {
            return gate;
        }

        MakeRoom();
        var organization = _organizations.GetOrAdd(subscription.OrganizationId, static (_, share) => new OrganizationBudget(share), _share);
        return _gates.GetOrAdd(
            subscription.Id,
            static (_, self) => new SubscriptionGate(self.Options, self.Organization, self.Clock),
            (Options: options, Organization: organization, Clock: _clock)
        );
    }

    private void MakeRoom()
    {
        if (_gates.Count < Volatile.Read(ref _sweepAt) || !_sweeping.TryEnter())
        {
            return;
        }

        try
        {
            Sweep(s_forgetAfter);
            if (_gates.Count >= MaxGates)
            {
                Sweep(TimeSpan.Zero);
            }

            Volatile.Write(ref _sweepAt, Math.Clamp(_gates.Count * 2, MinGates, MaxGates));
        }
        finally
        {
            _sweeping.Exit();
        }
    }

    private void Sweep(TimeSpan unusedFor)
    {
        foreach (var pair in _gates)
        {
            if (pair.Value.TryRetire(unusedFor))
            {
                _gates.TryRemove(pair);
            }
        }
    }
}
