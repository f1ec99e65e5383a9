using System.Diagnostics.CodeAnalysis;
using EventSubscriptions.Storage;

namespace EventSubscriptions;

/// <summary>The id of a subscription: <c>sub_</c> and a UUIDv7 in lower-case base32, so that ids sort by creation time.</summary>
public readonly record struct SubscriptionId
{
    private const string Prefix = "sub_";

    private readonly string? _value;

    private SubscriptionId(string value) => _value = value;

    /// <summary>Creates an id.</summary>
    public static SubscriptionId New(TimeProvider time) => new(Base32Id.New(Prefix, time));

    /// <summary>Parses an id; returns false if the text is not valid.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out SubscriptionId id)
    {
        var valid = Base32Id.IsValid(Prefix, text);
        id = valid ? new SubscriptionId(text!) : default;
        return valid;
    }

    /// <summary>The id without its prefix.</summary>
    public string Unique => ToString()[Prefix.Length..];

    /// <inheritdoc/>
    public override string ToString() => _value ?? "";
}
