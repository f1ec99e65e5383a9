using System.Reflection;
using Microsoft.Azure.Functions.Worker;

namespace LocalHost.Triggers;

/// <summary>The section <c>extensions.serviceBus</c> of <c>host.json</c>, with the defaults of the Functions host.</summary>
internal sealed record ServiceBusOptions
{
    /// <summary>The concurrent invocations of each function that receives single messages.</summary>
    public int MaxConcurrentCalls { get; init; } = 16 * Environment.ProcessorCount;

    /// <summary>The maximum number of messages in an invocation of a function that receives batches.</summary>
    public int MaxMessageBatchSize { get; init; } = 1000;

    /// <summary>How long the lock of a single message is renewed. Locks of batches are not renewed.</summary>
    public TimeSpan MaxAutoLockRenewalDuration { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Whether messages are completed when the invocation succeeds, unless the trigger's attribute says otherwise.</summary>
    public bool AutoCompleteMessages { get; init; } = true;

    /// <summary>
    /// Whether messages are completed for this trigger. Reads the attribute's metadata, because the property is false if it is absent too,
    /// which the Functions host distinguishes.
    /// </summary>
    public bool AutoCompletes(ParameterInfo trigger)
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
