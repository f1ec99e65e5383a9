namespace LocalHost.Triggers;

/// <summary>The section <c>extensions.serviceBus</c> of <c>host.json</c>, with the Functions host's defaults.</summary>
internal sealed record ServiceBusOptions
{
    /// <summary>Invocations at once of each function that takes single messages.</summary>
    public int MaxConcurrentCalls { get; init; } = 16 * Environment.ProcessorCount;

    /// <summary>Messages at most in one invocation of a function that takes batches.</summary>
    public int MaxMessageBatchSize { get; init; } = 1000;

    public int PrefetchCount { get; init; }

    /// <summary>How long the lock of a message in flight is kept renewed. Batches are not renewed.</summary>
    public TimeSpan MaxAutoLockRenewalDuration { get; init; } = TimeSpan.FromMinutes(5);
}
