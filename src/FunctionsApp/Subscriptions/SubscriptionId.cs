using System.Diagnostics.CodeAnalysis;

namespace EventSubscriptions.Subscriptions;

/// <summary>A subscription's id: <c>sub_</c> and a UUIDv7 in lower-case base32, so that ids sort by the time they were made.</summary>
public readonly record struct SubscriptionId
{
    private readonly string? _value;

    private SubscriptionId(string value) => _value = value;

    /// <summary>Makes a new id.</summary>
    public static SubscriptionId New(TimeProvider time) => throw new NotImplementedException();

    /// <summary>Parses an id, or says that the text isn't one.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out SubscriptionId id) => throw new NotImplementedException();

    /// <inheritdoc/>
    public override string ToString() => _value ?? "";
}
