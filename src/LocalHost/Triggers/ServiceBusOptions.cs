using System.Reflection;
using Microsoft.Azure.Functions.Worker;

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

    /// <summary>Whether messages are completed when the invocation succeeds, for functions that don't say so themselves.</summary>
    public bool AutoCompleteMessages { get; init; } = true;

    /// <summary>
    /// What the trigger's attribute says, if it says anything: the property is false both when it is absent and when it is set to false,
    /// and the Functions host tells the two apart.
    /// </summary>
    public bool CompletesMessages(ParameterInfo trigger)
    {
        var attribute = trigger.GetCustomAttributesData().Single(data => data.AttributeType == typeof(ServiceBusTriggerAttribute));
        foreach (var argument in attribute.NamedArguments)
        {
            if (argument.MemberName == nameof(ServiceBusTriggerAttribute.AutoCompleteMessages))
            {
                return (bool)argument.TypedValue.Value!;
            }
        }

        return AutoCompleteMessages;
    }
}
