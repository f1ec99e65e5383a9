using EventSubscriptions.Events;
using EventSubscriptions.Storage;

namespace EventSubscriptions.Deliveries;

/// <summary>Why a delivery was created. An event has at most one delivery to a subscription in each run.</summary>
public readonly record struct DeliveryRun
{
    private const string ResendPrefix = "rsd_";

    private readonly string? _value;

    private DeliveryRun(string value) => _value = value;

    /// <summary>The first fan-out of the event.</summary>
    public static DeliveryRun Event { get; } = new("event");

    /// <summary>A test, which doesn't use the queue.</summary>
    public static DeliveryRun Test { get; } = new("test");

    /// <summary>Creates the run of a resend: <c>rsd_</c> and a UUIDv7 in lower-case base32.</summary>
    public static DeliveryRun NewResend(TimeProvider time) => new(Base32Id.New(ResendPrefix, time));

    /// <summary>Parses a run, such as the id of a replay: it has the syntax of an event id.</summary>
    public static bool TryParse(string? text, out DeliveryRun run)
    {
        var valid = EventId.TryParse(text, out var id);
        run = valid ? new DeliveryRun(id.ToString()) : default;
        return valid;
    }

    /// <inheritdoc/>
    public override string ToString() => _value ?? "";
}
